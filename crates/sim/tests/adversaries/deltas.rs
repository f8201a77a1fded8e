//! Deltas of honest authors, with honest voters and against whoever votes noise.

use protocol::chain::ChainEvent;
use protocol::ids::DeltaNumber;
use sim::calling::Calling;
use sim::plan::Plan;
use sim::vice::Vice;

use crate::played::{Played, run};

const ROUNDS: u64 = 40;

/// Two authors, and periods of three rounds.
fn authored(seed: u64, vices: Vec<Vice>) -> Played {
    let played = run(Plan { people: vec![Calling::Author; 2], period_rounds: 3, vices, ..Plan::calm(seed, ROUNDS) });
    assert!(played.report.failures.is_empty(), "{seed}: {:?}", played.report.failures);
    played
}

fn applied(game: &Played) -> usize {
    let applied = |event: &ChainEvent| matches!(event, ChainEvent::Turned { applied, .. } if *applied != DeltaNumber(0)).then_some(());
    game.events(applied).len()
}

#[test]
fn patches_that_help_are_proposed_voted_for_applied_and_paid() {
    for seed in 0..3 {
        let game = authored(seed, Vec::new());
        let paid = game.events(|event| matches!(event, ChainEvent::Refunded { issued, .. } if !issued.is_zero()).then_some(()));
        let cast = game.events(|event| matches!(event, ChainEvent::Cast { .. }).then_some(()));
        assert!(applied(&game) >= 2 && paid.len() == applied(&game), "{seed}: {} applied, {} paid", applied(&game), paid.len());
        assert!(cast.len() >= 3, "{seed}: {} batches of votes", cast.len());
    }
}

#[test]
fn who_poisons_with_little_stake_changes_nothing_for_honest_authors() {
    for seed in 0..2 {
        assert!(applied(&authored(seed, vec![Vice::Poisoner])) >= 1, "{seed}");
    }
}
