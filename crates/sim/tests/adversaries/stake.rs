//! Vices of whoever has stake, or would like to be taken for somebody who has.

use protocol::chain::ChainEvent;
use protocol::ids::DeltaNumber;
use sim::vice::Vice;

use crate::played::{calm, play};

const ROUNDS: u64 = 24;
const SEEDS: [u64; 2] = [0, 1];

#[test]
fn what_is_no_majority_of_all_enacts_nothing_however_often_it_tries() {
    for seed in SEEDS {
        let game = play(Vice::EarlyTenth, seed, ROUNDS);
        let enacted = game.events(|event| match event {
            ChainEvent::Enacted { kind, .. } => Some(*kind),
            ChainEvent::Shown { .. } => Some(5),
            _ => None,
        });
        assert_eq!(enacted, [2], "only that the group was admitted in the beginning");
        assert!(game.events(|event| matches!(event, ChainEvent::Assented { .. }).then_some(())).len() > 50);
    }
}

#[test]
fn dust_is_not_awake_and_bonds_to_nobody_elses_key() {
    for seed in SEEDS {
        let (game, undisturbed) = (play(Vice::DustStaker, seed, ROUNDS), calm(seed, ROUNDS));
        let woken = game.events(|event| matches!(event, ChainEvent::Woken { .. }).then_some(()));
        let seated = game.events(|event| matches!(event, ChainEvent::Seated { .. }).then_some(()));
        assert_eq!((woken.len(), seated.len(), game.gain()), (4, 8, 0));
        assert_eq!(game.report.won, undisturbed.report.won);
    }
}

#[test]
fn poison_that_few_want_is_not_applied_and_its_bonds_come_back() {
    for seed in SEEDS {
        let game = play(Vice::Poisoner, seed, ROUNDS);
        let applied = game.events(|event| match event {
            ChainEvent::Turned { applied, .. } => Some(*applied),
            _ => None,
        });
        assert!(applied.len() > 1 && applied.iter().all(|delta| *delta == DeltaNumber(0)), "{applied:?}");
        assert!(game.gain() > 0, "its pay as a validator: {}", game.gain());
    }
}

#[test]
fn who_applies_noise_and_takes_it_back_loses_each_bond() {
    for seed in SEEDS {
        let game = play(Vice::NoiseVoters, seed, ROUNDS);
        let bonds = game.events(|event| match event {
            ChainEvent::Taken { burned, .. } => Some(burned.0),
            _ => None,
        });
        let issued = game.events(|event| match event {
            ChainEvent::Refunded { author, issued, .. } if game.is_its(author) => Some(issued.0),
            _ => None,
        });
        assert!(!bonds.is_empty() && bonds.iter().all(|bond| *bond > 0), "{bonds:?}");
        assert!(issued.iter().all(|issued| *issued == 0), "{issued:?}");
    }
}

#[test]
fn who_displaces_in_the_last_second_pays_and_is_displaced_again() {
    for seed in SEEDS {
        let game = play(Vice::Displacer, seed, ROUNDS);
        let displaced = game.events(|event| match event {
            ChainEvent::Displaced { delta, by, .. } => Some((*delta, *by)),
            _ => None,
        });
        let charged: u128 = game
            .events(|event| match event {
                ChainEvent::Charged { burned, .. } => Some(burned.0),
                _ => None,
            })
            .into_iter()
            .sum();
        assert!(displaced.len() >= 2 && charged > 0, "{displaced:?}");
        assert_eq!(game.gain(), -(charged as i128));
    }
}
