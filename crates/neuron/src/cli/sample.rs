//! A group for tests.

use protocol::{
    DeltaNumber, Digest, GroupId, Micronats, PeriodNumber, Wei,
    chain::{GroupView, PositionView, Times},
};

/// Group 1 of short rounds, with these positions.
pub fn group(admitted: bool, positions: Vec<PositionView>) -> GroupView {
    GroupView {
        id: GroupId(1),
        name: Digest::ZERO,
        genesis_s: 0,
        times: Times { train_s: 60, reveal_s: 20, judge_s: 20 },
        improve: 10,
        least: Micronats(1_000),
        manifest: Digest::ZERO,
        checkpoint: Digest::ZERO,
        head: Digest::ZERO,
        admitted,
        parent: GroupId::default(),
        voids: 0,
        opened: None,
        counted: 0,
        newest: Vec::new(),
        recent: Vec::new(),
        applied: DeltaNumber(0),
        period_s: 400,
        period_next_s: 400,
        period_number: PeriodNumber(1),
        period_end_s: 400,
        extended_s: 0,
        maturity_s: 100,
        min_deposit: Wei(1),
        least_deposit: Wei(1),
        epoch_s: 100,
        exit_s: 1_000,
        positions,
    }
}
