//! Bounties of honest sponsors, with jurors that measure, and sponsors who never open.

use protocol::chain::ChainEvent;
use sim::calling::Calling;
use sim::plan::Plan;
use sim::vice::Vice;

use crate::played::{Played, run};

const ROUNDS: u64 = 34;

/// Three sponsors, and epochs of four rounds.
fn sponsored(seed: u64, vices: Vec<Vice>) -> Played {
    let short = Plan { people: vec![Calling::Sponsor; 3], period_rounds: 3, epoch_rounds: 4, vices, ..Plan::calm(seed, ROUNDS) };
    let played = run(Plan { maturity_rounds: short.maturity_rounds.min(3), ..short });
    assert!(played.report.failures.is_empty(), "{seed}: {:?}", played.report.failures);
    played
}

#[test]
fn bounties_are_funded_opened_measured_and_paid_to_the_wei() {
    let (mut measured, mut lost) = (0, 0);
    for seed in 0..3 {
        let game = sponsored(seed, Vec::new());
        let funded = game.events(|event| matches!(event, ChainEvent::Funded { .. }).then_some(())).len();
        let found = game.events(|event| match event {
            ChainEvent::Resolved { findings, .. } => Some(findings.failed),
            _ => None,
        });
        let returned = game.events(|event| matches!(event, ChainEvent::Returned { .. }).then_some(())).len();
        assert!(funded >= 3 && found.len() == funded && returned == funded, "{seed}: {funded} funded, {found:?}, {returned} over");
        measured += found.iter().filter(|failed| !**failed).count();
        lost += found.iter().filter(|failed| **failed).count();
    }
    assert!(measured >= 6, "{measured} measured, {lost} failed");
}

#[test]
fn a_lazy_validator_changes_no_finding() {
    let game = sponsored(1, vec![Vice::Lazy]);
    assert!(!game.events(|event| matches!(event, ChainEvent::Resolved { .. }).then_some(())).is_empty());
    assert!(game.slashed().is_empty());
}
