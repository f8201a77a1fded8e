//! Vices of whoever judges, and of whoever stands between those who do.

use protocol::chain::{ChainEvent, Outcome};
use protocol::ids::PositionNumber;
use protocol::log::{MAX_ENVELOPE, RING_BYTES};
use sim::vice::Vice;

use crate::played::{Played, calm, play};

const ROUNDS: u64 = 12;
/// Rounds in which somebody can be put to sleep and the others go on.
const LONG: u64 = 32;
const SEEDS: [u64; 2] = [0, 1];
const ITS: PositionNumber = PositionNumber(5);

/// Pay for a stake of a million wei of a validator with that position.
fn paid(game: &Played, node: usize) -> i128 {
    let before = game.world.nodes()[node].account;
    let stake = game.events(|event| match event {
        ChainEvent::Seated { signer, position, .. } if *signer == before => Some(*position),
        _ => None,
    });
    let bonded = game.events(|event| match event {
        ChainEvent::Bonded { position, amount, .. } if stake.contains(position) => Some(amount.0 as i128),
        _ => None,
    });
    game.gain_of(node) * 1_000_000 / bonded.iter().sum::<i128>()
}

#[test]
fn copied_probes_are_told_in_every_round() {
    for seed in SEEDS {
        let game = play(Vice::Lazy, seed, ROUNDS);
        assert!(game.report.alarms >= game.report.won, "{:?}", game.report);
        assert!(paid(&game, 6) <= paid(&game, 2) && game.slashed().is_empty());
    }
}

#[test]
fn who_signs_both_ways_is_slashed_once_an_epoch() {
    for seed in SEEDS {
        let game = play(Vice::Equivocator, seed, ROUNDS);
        let slashes = game.slashed().len() as u32;
        assert!((1..=4).contains(&slashes), "{slashes}");
        let left = (0..slashes).fold(game.before(), |left, _| left - (left / 3) * 55 / 1000);
        assert!(game.before() + game.gain() <= left && game.gain() < 0, "{} {left}", game.before() + game.gain());
        assert!(game.report.won >= calm(seed, ROUNDS).report.won);
    }
}

#[test]
fn verdicts_of_the_last_second_put_nobody_to_sleep_and_take_nobodys_pay() {
    for seed in SEEDS {
        let game = play(Vice::LastSecond, seed, ROUNDS);
        assert!(game.dozed().is_empty() && game.report.won > ROUNDS / 2, "{:?}", game.report);
        let (its, honest) = (paid(&game, 6), (2..6).map(|node| paid(&game, node)).min().expect("four"));
        assert!(honest * 100 >= its * 99, "{honest} {its}");
    }
}

#[test]
fn a_silent_third_is_put_to_sleep_and_the_others_go_on() {
    for seed in SEEDS {
        let game = play(Vice::Silent, seed, LONG);
        assert!(game.dozed().iter().all(|position| *position == ITS) && !game.dozed().is_empty());
        assert!(game.report.won > 0 && game.gain() == 0, "{:?}", game.report);
    }
}

/// It is not solved: what it costs is the pay forgone.
#[test]
fn a_third_that_signs_too_late_stalls_in_public_and_earns_nothing() {
    for seed in SEEDS {
        let game = play(Vice::Spiteful, seed, LONG);
        assert_eq!((game.report.won, game.gain(), game.dozed()), (0, 0, Vec::new()), "{:?}", game.report);
        let deposits = game.events(|event| match event {
            ChainEvent::Opened { deposit, .. } => Some(deposit.0),
            _ => None,
        });
        assert!(deposits.iter().all(|deposit| *deposit <= 257 * deposits[0]), "{deposits:?}");
    }
}

/// The same with a friend who is let through.
#[test]
fn a_greedy_third_lets_its_friend_alone_win_and_forgoes_the_pay_of_all_other_rounds() {
    for seed in SEEDS {
        let game = play(Vice::Greedy, seed, ROUNDS);
        let winners = game.events(|event| match event {
            ChainEvent::Decided { outcome: Outcome::Won, winner, .. } => Some(*winner),
            _ => None,
        });
        assert!(winners.iter().all(|winner| *winner == winners[0]) && game.report.void > 0, "{:?}", game.report);
        assert!(paid(&game, 6) <= (paid(&game, 2) * 101).div_euclid(100) + 1);
    }
}

#[test]
fn a_flood_keeps_no_round_from_being_decided_and_is_held_in_bounds() {
    for seed in SEEDS {
        let (game, undisturbed) = (play(Vice::Flooder, seed, ROUNDS), calm(seed, ROUNDS));
        assert_eq!((game.report.won, game.gain()), (undisturbed.report.won, 0));
        for node in &game.world.nodes()[..6] {
            let log = node.replica.log();
            let strangers = log.since(0).filter(|kept| kept.account.is_none());
            let bytes: u64 = strangers.map(|kept| u64::from(kept.bytes)).sum();
            assert!((RING_BYTES / 2..RING_BYTES + MAX_ENVELOPE as u64).contains(&bytes), "{seed} {}: {bytes}", node.name);
            for validator in &game.world.nodes()[2..6] {
                assert_eq!(
                    log.speaks_for(&validator.replica.author()),
                    Some(validator.account),
                    "{seed} {}: {}",
                    node.name,
                    validator.name
                );
            }
        }
    }
}

#[test]
fn who_is_cut_off_or_lied_to_loses_pay_and_nothing_else() {
    for (vice, seed) in [Vice::Eclipser, Vice::LyingRpc].into_iter().flat_map(|vice| SEEDS.map(|seed| (vice, seed))) {
        let (game, undisturbed) = (play(vice, seed, LONG), calm(seed, LONG));
        assert!(game.report.won + 2 >= undisturbed.report.won, "{vice:?} {seed}: {:?}", game.report);
        assert!(game.gain_of(2) >= 0 && game.gain_of(2) < undisturbed.gain_of(2), "{vice:?} {seed}");
        assert!((3..6).all(|node| game.gain_of(node) * 10 >= undisturbed.gain_of(node) * 9), "{vice:?} {seed}");
        assert!(game.slashed().is_empty() && game.dozed().iter().all(|position| *position == PositionNumber(1)), "{vice:?} {seed}");
    }
}
