//! What races for a lower loss have seen, on curves and with real files.

use protocol::chain::ChainEvent;
use sim::depth::Depth;
use sim::vice::Vice;

use crate::played::{Played, calm_in, play_in};

const ROUNDS: u64 = 12;
const SEEDS: [u64; 2] = [0, 1];

/// In each depth and of each seed: the network without the vice and the one with it.
fn games(vice: Vice) -> impl Iterator<Item = (Played, Played)> {
    let plans = Depth::ALL.into_iter().flat_map(|depth| SEEDS.map(|seed| (depth, seed)));
    plans.map(move |(depth, seed)| (calm_in(depth, seed, ROUNDS), play_in(depth, vice, seed, ROUNDS)))
}

/// Wei that were issued to it for rounds that it won.
fn issued(game: &Played) -> i128 {
    let issued = game.events(|event| match event {
        ChainEvent::Collected { winner, issued, .. } if game.is_its(winner) => Some(issued.0 as i128),
        _ => None,
    });
    issued.into_iter().sum()
}

/// Micronats that the last winner claimed.
fn last_loss(game: &Played) -> u32 {
    let winners = game.events(|event| match event {
        ChainEvent::Decided { round, winner, .. } => Some((*round, *winner)),
        _ => None,
    });
    let won = game.events(|event| match event {
        ChainEvent::Revealed(claim) if winners.contains(&(claim.round, claim.trainer)) => Some(claim.loss.0),
        _ => None,
    });
    won.last().copied().expect("somebody won")
}

/// As long as a group is young, an eighth of the digits known by heart is true progress, and paid as such; others then find less to improve.
#[test]
fn what_was_learnt_by_heart_is_paid_for_what_it_is_worth_on_examples_that_nobody_knew() {
    for (calm, game) in games(Vice::Memoriser) {
        let committed = game.sixteenths().len();
        assert!(committed > 3 && 2 * game.wins() <= committed, "{} of {committed}", game.wins());
        assert!(game.gain() <= issued(&game) && game.sixteenths().iter().all(|taken| *taken <= 3), "{:?}", game.sixteenths());
        assert!(game.wins() > 0 || game.report.won + 2 >= calm.report.won, "{:?}", game.report);
        assert!(5 * last_loss(&game) <= 6 * last_loss(&calm), "{} {}", last_loss(&game), last_loss(&calm));
    }
}

#[test]
fn weights_that_are_padded_are_none_and_win_once_as_they_are_or_not_at_all() {
    for (calm, game) in games(Vice::ZeroPadding) {
        let lost = game.sixteenths().into_iter().filter(|taken| *taken == 16).count();
        let winners = game.events(|event| match event {
            ChainEvent::Decided { winner, .. } if game.is_its(winner) => Some(*winner),
            _ => None,
        });
        assert!(winners.iter().all(|winner| *winner == game.vicious().account), "{winners:?}");
        // What ranks behind the winner is not read.
        assert!(lost > 1 && lost >= 2 * winners.len(), "{lost} of {:?}", game.sixteenths());
        assert!(game.gain() < issued(&game) && game.report.won >= calm.report.won, "{:?}", game.report);
    }
}

#[test]
fn monsters_win_nothing_cost_their_deposits_and_keep_nobody_from_winning() {
    for (calm, game) in games(Vice::Monster) {
        let lost = game.sixteenths().into_iter().filter(|taken| *taken == 16).count();
        assert!(game.reveals() > 7 && game.wins() == 0 && lost > 3, "{} {lost}", game.reveals());
        assert!(game.gain() < 0 && game.report.won >= calm.report.won, "{:?}", game.report);
    }
}
