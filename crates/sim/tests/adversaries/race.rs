//! Vices of whoever races.

use protocol::chain::ChainEvent;
use sim::vice::Vice;

use crate::played::{Played, calm, play};

const ROUNDS: u64 = 12;
const SEEDS: [u64; 2] = [0, 1];

fn games(vice: Vice) -> impl Iterator<Item = Played> {
    SEEDS.into_iter().map(move |seed| play(vice, seed, ROUNDS))
}

#[test]
fn a_copied_seal_opens_for_nobody_and_costs_its_deposit() {
    for game in games(Vice::Copier) {
        assert_eq!((game.reveals(), game.wins()), (0, 0));
        assert!(
            game.sixteenths().contains(&16) && game.sixteenths().iter().all(|taken| [1, 16].contains(taken)),
            "{:?}",
            game.sixteenths()
        );
    }
}

#[test]
fn a_squatter_reveals_the_leaked_file_and_pays_a_sixteenth_for_it_each_time() {
    for (seed, game) in SEEDS.into_iter().zip(games(Vice::Squatter)) {
        assert!(game.reveals() > 3 && game.wins() == 0, "{} {}", game.reveals(), game.wins());
        assert!(game.sixteenths().iter().all(|taken| *taken <= 2), "{:?}", game.sixteenths());
        assert!(game.report.won + 1 >= calm(seed, ROUNDS).report.won);
    }
}

#[test]
fn more_draws_of_the_exam_cost_a_sixteenth_more_each() {
    for game in games(Vice::ExamShopper) {
        let most = game.sixteenths().into_iter().max();
        assert!(most >= Some(7) && most <= Some(10), "{:?}", game.sixteenths());
        assert!(game.gain() < 0 && game.gain() < game.gain_of(0).min(game.gain_of(1)), "{}", game.gain());
    }
}

#[test]
fn files_designed_to_lose_raise_the_bar_for_what_their_concessions_cost() {
    for (seed, game) in SEEDS.into_iter().zip(games(Vice::DesignedToLose)) {
        let opened: u128 = game.sixteenths().iter().sum();
        assert!(opened >= 40 * u128::from(game.report.won), "{opened} of {}", game.report.won);
        assert_eq!((game.reveals(), game.wins()), (0, 0));
        assert!(2 * game.report.won >= calm(seed, ROUNDS).report.won, "{:?}", game.report);
    }
}

#[test]
fn what_is_false_or_cannot_be_had_wins_nothing_and_costs_its_deposit() {
    for vice in [Vice::Shader, Vice::Withholder, Vice::Oversized, Vice::Exploded] {
        for (seed, game) in SEEDS.into_iter().zip(games(vice)) {
            let lost = game.sixteenths().into_iter().filter(|taken| *taken == 16).count();
            // After the last round it races as honestly as the machine that it wraps.
            assert!(game.reveals() > 3 && game.wins() <= 1, "{vice:?} {seed}: {} reveals, {} wins", game.reveals(), game.wins());
            // A false claim that ranks behind the winner's is not found out.
            assert!(lost > 0 && lost <= game.reveals(), "{vice:?} {seed}: {:?}", game.sixteenths());
            assert!(game.gain() < 0 && game.report.won + 1 >= calm(seed, ROUNDS).report.won, "{vice:?} {seed}: {:?}", game.report);
        }
    }
}

#[test]
fn a_file_that_some_got_is_there_for_all_or_for_none() {
    for game in games(Vice::ServerToSome) {
        let lost = game.sixteenths().into_iter().filter(|taken| *taken == 16).count();
        assert!(game.wins() > 0 || lost > 0, "{:?}", game.sixteenths());
        assert_eq!(game.report.void, 0);
    }
}

#[test]
fn a_lead_is_worth_no_more_in_drips_or_in_one_leap_than_the_rounds_that_it_wins() {
    for vice in [Vice::DripFeeder, Vice::Hoarder] {
        for game in games(vice) {
            let issued = game.events(|event| match event {
                ChainEvent::Collected { winner, issued, .. } if game.is_its(winner) => Some(issued.0 as i128),
                _ => None,
            });
            assert_eq!(issued.len(), game.wins(), "{vice:?}");
            assert!(game.gain() <= issued.iter().sum(), "{vice:?}");
            assert!(game.sixteenths().iter().all(|taken| *taken <= 3), "{vice:?}: {:?}", game.sixteenths());
        }
    }
}

/// What a trainer has learned in a round that it could not commit to is the only loss.
#[test]
fn what_is_kept_out_of_two_blocks_is_taken_by_the_third_and_costs_nobody_a_deposit() {
    for (seed, game) in SEEDS.into_iter().zip(games(Vice::Censor)) {
        let undisturbed = calm(seed, ROUNDS);
        let number_of = |game: &Played| game.world.chain().head().block.number;
        assert_eq!((game.gain(), number_of(&game)), (0, number_of(&undisturbed)));
        assert!(game.report.won + 2 >= undisturbed.report.won, "{:?}", game.report);
        let burned = game.events(|event| match event {
            ChainEvent::Settled { refunded, burned, .. } => Some((refunded.0, burned.0)),
            _ => None,
        });
        assert!(burned.iter().all(|(refunded, burned)| *burned <= refunded / 3), "{burned:?}");
    }
}

/// Nothing stands against it yet; it needs a true claim all the same.
#[test]
fn who_draws_the_exam_wins_by_true_claims_only() {
    for game in games(Vice::Sequencer) {
        assert!(game.sixteenths().iter().all(|taken| *taken <= 3), "{:?}", game.sixteenths());
    }
}
