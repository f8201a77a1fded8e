//! The books of a network, kept beside the contracts' from their events, and compared with what the contracts say: to the wei.

use std::fmt::Debug;

use ::chain::{ChainError, Log};
use protocol::chain::GroupView;
use protocol::ids::{Digest, GroupId, PositionNumber};
use protocol::money::Wei;
use views::{Contracts, Views};

use super::engine::Engine;
use super::folded;
use super::ledger::{Ledger, Sum};
use super::{Chain, SimError};

/// Parts of the schedule: so many millionths of the supply an hour may be issued.
const SCHEDULE: u128 = 13;
const SCHEDULE_PARTS: u128 = 3_600 * 1_000_000;
/// Of the supply so small a part may be nobody's, once stake was slashed between a verdict and its pay.
const NOBODYS_PARTS: Sum = 1_000;

/// See the module. Blocks that may still be taken back are not for the books.
#[derive(Clone)]
pub struct Books {
    views: Views,
    ledger: Ledger,
    /// The last block that was taken in.
    last: Option<(u64, Digest)>,
    /// What stood when all was compared last.
    version: Option<u64>,
    most_supply: Wei,
}

impl Books {
    /// Empty books: [`Books::check`] takes in all from block 0 on.
    pub fn new(chain: &Chain) -> Self {
        let at = chain.addresses();
        let contracts = Contracts { neuron: at.neuron, emission: at.emission, sale: at.sale, purse: at.purse, network: at.network };
        let ledger = Ledger::new(at.network);
        Self { views: Views::new(contracts), ledger, last: None, version: None, most_supply: Wei::ZERO }
    }

    /// What the contracts' events come to.
    pub fn views(&self) -> &Views {
        &self.views
    }

    /// Takes in what has happened up to block `number`, and compares if something has. Of blocks before the last that was taken in
    /// nothing is compared: the books know more than they said.
    ///
    /// # Errors
    /// [`SimError::Books`] with what differs; [`SimError::Block`] for a block that is not there, is no longer known in full, or
    /// was taken in and then taken back.
    pub fn check(&mut self, chain: &mut Chain, number: u64) -> Result<(), SimError> {
        if let Some((last, hash)) = self.last {
            chain.block(last).filter(|mined| mined.block.hash == hash).ok_or(SimError::Block(last))?;
            if number < last {
                return Ok(());
            }
        }
        for next in self.last.map_or(0, |(last, _)| last + 1)..=number {
            self.take(chain, next)?;
        }
        let mined = chain.block(number).ok_or(SimError::Block(number))?;
        let (now_s, version) = (mined.block.time_s, mined.version);
        if self.version == Some(version) {
            return Ok(());
        }
        self.compare(chain, number, now_s)?;
        self.version = Some(version);
        Ok(())
    }

    fn take(&mut self, chain: &Chain, number: u64) -> Result<(), SimError> {
        let mined = chain.block(number).ok_or(SimError::Block(number))?;
        for log in &mined.logs {
            self.views.apply(&plain(log, number, mined.block.time_s)).map_err(|error| SimError::Books(error.to_string()))?;
        }
        mined.events.iter().for_each(|event| self.ledger.note(event));
        self.last = Some((number, mined.block.hash));
        self.most_supply = self.most_supply.max(self.views.supply());
        Ok(())
    }

    fn compare(&self, chain: &mut Chain, number: u64, now_s: u64) -> Result<(), SimError> {
        let (supply, held, schedule, groups) = chain.as_of(number, read)?;
        self.compare_supply(supply, schedule, now_s)?;
        let mut owned = 0;
        for group in (1..=groups).map(GroupId) {
            let view = chain.view(group, number)?;
            let folded = folded::view(&self.views, group, now_s);
            same(&format!("group {group}"), folded.as_ref(), Some(view.as_ref()))?;
            owned += chain.as_of(number, |engine| owned_in(engine, &view))?;
            self.compare_sums(&view, now_s)?;
        }
        self.compare_held(owned, amount(held), amount(supply))
    }

    fn compare_supply(&self, supply: Wei, schedule: Wei, now_s: u64) -> Result<(), SimError> {
        let Ledger { sold, issued, burned, .. } = self.ledger;
        same("supply", sold + issued - burned, amount(supply))?;
        same("supply by transfers", self.views.supply(), supply)?;
        same("what the schedule allows", self.views.allowance(now_s), schedule)?;
        let seconds = now_s.saturating_sub(self.views.start_s());
        let most = self.most_supply.mul_div(SCHEDULE * u128::from(seconds), SCHEDULE_PARTS);
        match issued + amount(schedule) <= amount(most) {
            true => Ok(()),
            false => Err(SimError::Books(format!("{issued} wei were issued and {schedule} may be, of {most} by the schedule"))),
        }
    }

    /// Whether sums of stake are those of positions.
    fn compare_sums(&self, view: &GroupView, now_s: u64) -> Result<(), SimError> {
        let sums = self.views.stake(view.id, now_s);
        let next = |is_counted: fn(&protocol::chain::PositionView) -> bool| -> Wei {
            view.positions.iter().filter(|position| is_counted(position)).map(|position| position.next).sum()
        };
        let counted = (view.bonded(), view.awake(), next(|_| true), next(|position| position.awake_next));
        same(&format!("stake of group {}", view.id), (sums.bonded, sums.awake, sums.bonded_next, sums.awake_next), counted)
    }

    fn compare_held(&self, owned: Sum, held: Sum, supply: Sum) -> Result<(), SimError> {
        let Ledger { deposits, bonds, bounties, to_issue, is_slashed, .. } = self.ledger;
        let due = owned - to_issue + deposits + bonds + bounties;
        let is_right = if is_slashed { (due..=due + supply / NOBODYS_PARTS).contains(&held) } else { held == due };
        let parts = format!("{owned} owned − {to_issue} to be issued + {deposits} deposits + {bonds} bonds + {bounties} bounties");
        if is_right { Ok(()) } else { Err(SimError::Books(format!("the network holds {held} wei, not {due} = {parts}"))) }
    }
}

/// Supply, what the network holds, what the schedule allows, and the number of groups.
fn read(engine: &mut Engine) -> Result<(Wei, Wei, Wei, u64), ChainError> {
    let network = engine.at.network;
    Ok((engine.supply()?, engine.balance(network)?, engine.schedule()?, engine.groups()?))
}

/// What the positions of a group own: stake from the next epoch on, pay, exits.
fn owned_in(engine: &mut Engine, view: &GroupView) -> Result<Sum, ChainError> {
    let mut owned = 0;
    for number in view.positions.iter().map(|position| position.number) {
        let position = engine.position(view.id, PositionNumber(number.0))?;
        owned += [position.next, position.earned, position.exiting, position.exiting_later].map(amount).iter().sum::<Sum>();
    }
    Ok(owned)
}

fn amount(amount: Wei) -> Sum {
    i128::try_from(amount.0).unwrap_or(i128::MAX)
}

fn same<T: PartialEq + Debug>(what: &str, ours: T, theirs: T) -> Result<(), SimError> {
    if ours == theirs { Ok(()) } else { Err(SimError::Books(format!("{what}: the books say {ours:?}, the contracts {theirs:?}"))) }
}

fn plain(log: &Log, block: u64, time_s: u64) -> views::Log {
    use ::chain::convert::{address, digest};
    let topics = log.topics().iter().copied().map(digest).collect();
    views::Log { address: address(log.address()), topics, data: log.data().data.to_vec(), block, time_s }
}
