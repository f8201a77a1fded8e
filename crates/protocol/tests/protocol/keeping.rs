//! Which files of a group are kept, event by event.

use std::collections::BTreeSet;

use protocol::chain::{ChainEvent, Outcome, RevealedClaim};
use protocol::keeping::{CLAIMS_KEPT, Keeping, Reason, WINNERS_KEPT};
use protocol::{BountyNumber, DeltaNumber, Digest, Micronats, PeriodNumber, RoundNumber, Wei};

use crate::world::*;

fn file(number: u64) -> Digest {
    digest(&format!("file {number}"))
}

fn keeping() -> Keeping {
    let mut keeping = Keeping::default();
    keeping.see(&group());
    keeping
}

fn won(round: u64) -> ChainEvent {
    let (file, winner) = (file(round), account(1));
    ChainEvent::Decided {
        group: GROUP,
        round: RoundNumber(round),
        outcome: Outcome::Won,
        claim: digest("claim"),
        winner,
        file,
        checkpoint: file,
    }
}

fn revealed(round: u64, number: u64, loss: u32) -> ChainEvent {
    let claim = claim(RoundNumber(round), 1, Micronats(2_000_000), Micronats(loss), "x");
    ChainEvent::Revealed(RevealedClaim { number, file: file(number), ..claim })
}

fn funded(first: u64, last: u64) -> ChainEvent {
    ChainEvent::Funded {
        bounty: BountyNumber(1),
        group: GROUP,
        sponsor: account(9),
        root: digest("root"),
        count: 40,
        target: Micronats(1),
        amount: Wei(1),
        bond: Wei(1),
        head: digest("head"),
        first: RoundNumber(first),
        last: RoundNumber(last),
        windows: 1,
    }
}

fn check(events: &[ChainEvent], reason: Reason, expected: &[Digest]) {
    let mut keeping = keeping();
    events.iter().for_each(|event| keeping.note(event));
    assert_eq!(keeping.files(reason), expected.iter().copied().collect::<BTreeSet<_>>(), "{reason:?} of {events:?}");
}

#[test]
fn each_reason_keeps_what_it_says_and_no_longer_than_it_says() {
    let opened = |round| opened_event(RoundNumber(round), digest("base"));
    check(&[], Reason::Current, &[group().manifest, group().checkpoint]);
    check(&[won(1), won(2)], Reason::Winners, &[file(1), file(2)]);
    check(&[opened(3), revealed(3, 1, 9), opened(4), revealed(4, 2, 9)], Reason::Claims, &[file(1), file(2)]);
    check(&[opened(3), revealed(3, 1, 9), opened(5)], Reason::Claims, &[]);
    let term = [opened(1), won(1), funded(2, 4), opened(2), won(2), opened(4), won(4), opened(5), won(5)];
    check(&term, Reason::Bounties, &[digest("base"), file(2), file(4)]);
    let unsealed = ChainEvent::Unsealed { group: GROUP, bounty: BountyNumber(1), file: digest("hidden") };
    check(&[funded(2, 4), unsealed.clone()], Reason::Bounties, &[digest("hidden")]);
    let returned = ChainEvent::Returned { group: GROUP, bounty: BountyNumber(1), amount: Wei(1), burned: Wei(0) };
    check(&[funded(2, 4), unsealed, won(3), returned], Reason::Bounties, &[]);
}

#[test]
fn a_bounty_whose_term_ends_before_it_begins_does_no_harm() {
    check(&[funded(4, 2), won(3)], Reason::Bounties, &[]);
}

#[test]
fn what_is_kept_is_bounded_and_the_best_claims_and_newest_winners_are() {
    let many = CLAIMS_KEPT as u64 + 5;
    let claims: Vec<ChainEvent> = (0..many).map(|number| revealed(3, number, 1_000 + number as u32)).collect();
    let best: Vec<Digest> = (0..CLAIMS_KEPT as u64).map(file).collect();
    check(&claims, Reason::Claims, &best);
    let winners: Vec<ChainEvent> = (1..=20).map(won).collect();
    let newest: Vec<Digest> = (21 - WINNERS_KEPT as u64..=20).map(file).collect();
    check(&winners, Reason::Winners, &newest);
}

#[test]
fn proposals_of_this_period_and_of_the_one_before_are_kept() {
    let proposed = |delta, period| ChainEvent::Proposed {
        group: GROUP,
        delta: DeltaNumber(delta),
        author: account(1),
        digest: file(delta),
        parent: digest("any"),
        period: PeriodNumber(period),
        bond: Wei(1),
    };
    check(&[proposed(1, 1), proposed(2, 2), proposed(3, 3)], Reason::Patches, &[file(2), file(3)]);
}
