//! Gathers what a log has to know of its group from what a chain tells: who has stake, what can still be shown, what is still open.

use std::collections::BTreeMap;

use crate::bounty::{Calendar, Term, WINDOWS};
use crate::chain::{Block, ChainEvent, GroupView};
use crate::eip712::Domain;
use crate::ids::{Address, BountyNumber, PositionNumber, RoundNumber};
use crate::log::{Known, Standing};
use crate::machine::Heard;

/// Bounties that are remembered at once, the oldest.
const MAX_BOUNTIES: usize = 1024;

/// See the module. It is told what a machine is told, in that order, and knows nothing before history is over.
#[derive(Debug, Clone)]
pub struct Census {
    domain: Domain,
    group: Option<GroupView>,
    /// Owner and signer of each position, as events told them.
    seats: BTreeMap<PositionNumber, (Address, Address)>,
    /// Accounts whose stake or key changed since the last block.
    changed: Vec<Address>,
    /// The second at which an account was seen last with stake.
    seen: BTreeMap<Address, u64>,
    bounties: BTreeMap<BountyNumber, Term>,
    last: Option<Block>,
    is_live: bool,
}

impl Census {
    /// Nothing was told yet.
    pub fn new(domain: Domain) -> Self {
        let (seats, seen, bounties) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { domain, group: None, seats, changed: Vec::new(), seen, bounties, last: None, is_live: false }
    }

    /// Takes one thing heard; whether [`Census::standing`] may be another now.
    pub fn hear(&mut self, heard: &Heard) -> bool {
        match heard {
            Heard::Restart => *self = Self::new(self.domain),
            Heard::Group(view) => self.group = Some(view.clone()),
            Heard::Event { event, .. } => self.event(event),
            Heard::Block(block) => self.block(*block),
            Heard::Live => self.is_live = true,
            Heard::Log { .. } | Heard::Double { .. } => {}
        }
        matches!(heard, Heard::Restart | Heard::Block(_) | Heard::Live)
    }

    fn event(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Funded { bounty, first, last, windows, .. } if self.bounties.len() < MAX_BOUNTIES => {
                self.bounties.insert(*bounty, Term { first: *first, last: *last, windows: *windows });
            }
            ChainEvent::Returned { bounty, .. } => _ = self.bounties.remove(bounty),
            ChainEvent::Seated { position, owner, signer, .. } => _ = self.seats.insert(*position, (*owner, *signer)),
            ChainEvent::Rotated { position, signer, .. } => self.change(*position, |seat| seat.1 = *signer),
            ChainEvent::OwnerChanged { position, owner, .. } => self.change(*position, |seat| seat.0 = *owner),
            ChainEvent::Unbonded { position, .. } | ChainEvent::Slashed { position, .. } | ChainEvent::Moved { position, .. } => {
                self.change(*position, |_| {});
            }
            _ => {}
        }
    }

    /// What who had the position before has signed counts for a while.
    fn change(&mut self, position: PositionNumber, change: impl FnOnce(&mut (Address, Address))) {
        if let Some(seat) = self.seats.get_mut(&position) {
            self.changed.extend([seat.0, seat.1]);
            change(seat);
        }
    }

    /// What was told before holds at its time. Accounts that lost their stake longer ago than anything can be shown are forgotten, and so
    /// are bounties whose windows are over.
    fn block(&mut self, block: Block) {
        self.last = Some(block);
        let Some(group) = &self.group else { return };
        let has_stake = group.positions.iter().filter(|position| !(position.live.is_zero() && position.next.is_zero()));
        let staked = has_stake.flat_map(|position| [position.signer, position.signer_next, position.owner]);
        for account in staked.chain(self.changed.drain(..)).filter(|account| *account != Address::ZERO) {
            self.seen.insert(account, block.time_s);
        }
        let (forgets_s, calendar) = (group.exit_s.saturating_add(group.times.length_s().max(group.epoch_s)), Calendar::from(group));
        self.seen.retain(|_, seen_s| seen_s.saturating_add(forgets_s) >= block.time_s);
        self.bounties.retain(|_, term| term.window_start_s(WINDOWS, calendar) > block.time_s);
    }

    /// What is known now.
    pub fn standing(&self) -> Standing {
        let told = self.group.as_ref().zip(self.last).filter(|_| self.is_live);
        let known = told.map(|(group, now)| Known {
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
