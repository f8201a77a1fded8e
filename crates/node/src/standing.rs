//! What a feed tells its log of the group's accounts, and when.

use protocol::{
    census::Census,
    eip712::Domain,
    log::{Known, Standing},
};

use crate::feed::Heard;

/// A log for which nothing changes but the time is told it so often, in seconds of the chain.
const TIME_S: u64 = 60;

/// Listens to a feed; says what has changed since it was asked last.
pub(crate) struct Stands {
    census: Census,
    told: Option<Known>,
}

impl Stands {
    pub(crate) fn new(domain: Domain) -> Self {
        Self { census: Census::new(domain), told: None }
    }

    /// What the log is to be told now; nothing before history is over.
    pub(crate) fn hear(&mut self, heard: &Heard) -> Option<Standing> {
        if !self.census.hear(heard) {
            return None;
        }
        let standing = self.census.standing();
        let known = standing.known.as_ref()?;
        if self.told.as_ref().is_some_and(|told| is_same(told, known)) {
            return None;
        }
        self.told = Some(known.clone());
        Some(standing)
    }
}

/// Whether nothing is another but the time, and that only a little.
fn is_same(told: &Known, known: &Known) -> bool {
    let is_recent = told.time_s <= known.time_s && known.time_s < told.time_s.saturating_add(TIME_S);
    is_recent && Known { time_s: told.time_s, ..known.clone() } == *told
}

#[cfg(test)]
mod tests {
    use protocol::{
        chain::{Block, GroupView, PositionView},
        ids::{Address, Digest},
        money::Wei,
    };

    use super::*;

    fn block(number: u64, time_s: u64) -> Heard {
        Heard::Block(Block { number, time_s, hash: Digest::ZERO })
    }

    fn group(signers: &[u8], base: &GroupView) -> Heard {
        let position = |signer: &u8| PositionView { signer: Address([*signer; 20]), live: Wei(1), ..PositionView::default() };
        Heard::Group(GroupView { positions: signers.iter().map(position).collect(), ..base.clone() })
    }

    fn accounts(standing: Option<Standing>) -> Option<usize> {
        standing.map(|standing| standing.known.expect("something is known").accounts.len())
    }

    #[test]
    fn a_log_is_told_after_history_and_whenever_something_changes() {
        let base = view();
        let mut stands = Stands::new(Domain { chain_id: 1, network: Address([1; 20]) });
        let story = [
            (group(&[1], &base), None),
            (block(1, 1_000), None),
            (Heard::Live, Some(1)),
            (block(2, 1_012), None),
            (block(3, 1_072), Some(1)),
            (group(&[1, 2], &base), None),
            (block(4, 1_073), Some(2)),
            (block(5, 1_074), None),
            (Heard::Restart, None),
            (group(&[3], &base), None),
            (block(5, 1_074), None),
            (Heard::Live, Some(1)),
            (Heard::Live, None),
        ];
        for (index, (heard, expected)) in story.into_iter().enumerate() {
            assert_eq!(accounts(stands.hear(&heard)), expected, "{index}");
        }
    }

    /// One that has nothing but long times.
    fn view() -> GroupView {
        let times = protocol::chain::Times { train_s: 1_000_000, reveal_s: 10, judge_s: 10 };
        GroupView {
            id: protocol::ids::GroupId(1),
            name: Digest::ZERO,
            genesis_s: 0,
            times,
            improve: 6,
            least: protocol::money::Micronats(1),
            manifest: Digest::ZERO,
            checkpoint: Digest::ZERO,
            head: Digest::ZERO,
            admitted: true,
            parent: protocol::ids::GroupId(0),
            voids: 0,
            opened: None,
            counted: 0,
            newest: Vec::new(),
            recent: Vec::new(),
            applied: protocol::ids::DeltaNumber(0),
            period_s: 1_000_000,
            period_next_s: 1_000_000,
            period_number: protocol::ids::PeriodNumber(0),
            period_end_s: 1_000_000,
            extended_s: 0,
            maturity_s: 0,
            min_deposit: Wei::default(),
            least_deposit: Wei::default(),
            epoch_s: 1_000_000,
            exit_s: 1_000_000,
            positions: Vec::new(),
        }
    }
}
