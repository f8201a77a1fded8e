//! Gathers what a log has to know of its group from what a chain tells: who has stake, what can still be shown, what is still open.

use std::collections::BTreeMap;

use super::standing::{Known, Standing};
use crate::bounty::{Calendar, Term, WINDOWS};
use crate::chain::{Block, ChainEvent, GroupView};
use crate::eip712::Domain;
use crate::ids::{Address, BountyNumber, RoundNumber};

/// Bounties that are remembered at once, the oldest.
const MAX_BOUNTIES: usize = 1024;

/// See the module. Told in the order of the chain: the group, what happened in a block, the block.
#[derive(Debug, Clone)]
pub struct Census {
    domain: Domain,
    group: Option<GroupView>,
    /// The second at which an account was seen last with stake.
    seen: BTreeMap<Address, u64>,
    bounties: BTreeMap<BountyNumber, Term>,
    last: Option<Block>,
}

impl Census {
    /// Nothing was told yet.
    pub fn new(domain: Domain) -> Self {
        Self { domain, group: None, seen: BTreeMap::new(), bounties: BTreeMap::new(), last: None }
    }

    /// The group as it is from the next block on.
    pub fn group(&mut self, group: &GroupView) {
        self.group = Some(group.clone());
    }

    /// Something happened to the group.
    pub fn event(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Funded { bounty, first, last, windows, .. } if self.bounties.len() < MAX_BOUNTIES => {
                self.bounties.insert(*bounty, Term { first: *first, last: *last, windows: *windows });
            }
            ChainEvent::Returned { bounty, .. } => _ = self.bounties.remove(bounty),
            _ => {}
        }
    }

    /// A block: what was told before holds at its time. Accounts that lost their stake longer ago than anything can be shown are
    /// forgotten, and so are bounties whose windows are over.
    pub fn block(&mut self, block: Block) {
        self.last = Some(block);
        let Some(group) = &self.group else { return };
        let has_stake = group.positions.iter().filter(|position| !(position.live.is_zero() && position.next.is_zero()));
        for position in has_stake {
            [position.signer, position.signer_next, position.owner].into_iter().for_each(|account| _ = self.seen.insert(account, block.time_s));
        }
        self.seen.remove(&Address::ZERO);
        let (forgets_s, calendar) = (group.exit_s.saturating_add(group.times.length_s().max(group.epoch_s)), Calendar::from(group));
        self.seen.retain(|_, seen_s| seen_s.saturating_add(forgets_s) >= block.time_s);
        self.bounties.retain(|_, term| term.window_start_s(WINDOWS, calendar) > block.time_s);
    }

    /// What is known now.
    pub fn standing(&self) -> Standing {
        let known = self.group.as_ref().zip(self.last).map(|(group, now)| Known {
            accounts: self.seen.keys().copied().collect(),
            round: group.clock(now.time_s).round,
            oldest: oldest(group, now.time_s),
            period: group.period_number,
            time_s: now.time_s,
            bounties: self.bounties.iter().map(|(bounty, term)| (*bounty, term.last)).collect(),
        });
        Standing { domain: self.domain, known }
    }
}

/// The first round whose end is not older than an exit: two claims signed in it can be shown still.
fn oldest(group: &GroupView, now_s: u64) -> RoundNumber {
    let since_s = now_s.saturating_sub(group.exit_s).saturating_sub(group.genesis_s);
    RoundNumber((since_s / group.times.length_s().max(1)).saturating_sub(1))
}
