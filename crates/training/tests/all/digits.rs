//! The group `digits` with its own settings: twenty-one rounds in a row must each be won.

use evaluator::{Checkpoint, Examples, accuracy, draw, evaluate};
use training::Settings;

use crate::sets::{GENESIS, digits, plan, train};

const DELTA_A: (&str, &str) = ("delta-a.csv", include_str!("../../../../data/digits/delta-a.csv"));
const DELTA_B: (&str, &str) = ("delta-b.csv", include_str!("../../../../data/digits/delta-b.csv"));
const HELD_OUT: (&str, &str) = ("heldout.csv", include_str!("../../../../data/digits/heldout.csv"));

const ROUNDS: u64 = 21;
/// Steps of a round, as configs/groups/digits.toml has it.
const STEPS: u32 = 400;
/// A claim must be better than its base by `base >> IMPROVE`, the default of a group.
const IMPROVE: u32 = 10;
/// How many times the least improvement even the worse of two trainers must reach.
const MARGIN: u32 = 10;

fn mean(checkpoint: &Checkpoint, examples: &Examples, round: u64) -> u32 {
    let drawn = draw([round as u8; 32], 1, round, examples.len() as u32, digits().eval_max());
    evaluate(checkpoint, examples, &drawn).unwrap().mean
}

/// The better of two trainers after one round; both must have improved far enough.
fn play(round: u64, base: &Checkpoint, examples: &Examples, seed: u64) -> Checkpoint {
    let before = mean(base, examples, round);
    let run = |trainer: u64| {
        let seed = (seed * ROUNDS + round) * 2 + trainer;
        train(base, examples, &plan(Settings::default(), seed, STEPS)).unwrap()
    };
    let claims = [run(0), run(1)].map(|checkpoint| (mean(&checkpoint, examples, round), checkpoint));
    for (loss, _) in &claims {
        let least = (before >> IMPROVE).max(1) * MARGIN;
        assert!(loss + least <= before, "round {round} of seed {seed}: from {before} to {loss}");
    }
    let [first, second] = claims;
    if first.0 <= second.0 { first.1 } else { second.1 }
}

/// Plays all rounds; the two deltas come in rounds 5 and 9.
fn check(seed: u64) {
    let manifest = digits();
    let sets = [&[GENESIS][..], &[GENESIS, DELTA_A], &[GENESIS, DELTA_A, DELTA_B]];
    let sets = sets.map(|files| Examples::parse(&manifest, files.iter().copied()).unwrap());
    let held_out = Examples::parse(&manifest, [HELD_OUT]).unwrap();
    let mut checkpoint = Checkpoint::initial(&manifest, [seed as u8; 32]);
    for round in 0..ROUNDS {
        let set = &sets[usize::from(round >= 5) + usize::from(round >= 9)];
        checkpoint = play(round, &checkpoint, set, seed);
        let loss = mean(&checkpoint, set, round);
        assert!(loss > 20_000, "round {round} of seed {seed}: nothing is left to learn at {loss}");
        let share = accuracy(&checkpoint, &held_out).unwrap().share();
        assert!(round < 4 || share > 0.93, "round {round} of seed {seed}: {share} of the held-out digits");
    }
}

#[test]
fn every_round_of_the_digits_is_won_with_room_to_spare() {
    (0..2).for_each(check);
}

#[test]
#[ignore = "fifty groups of twenty-one rounds: a minute"]
fn every_round_of_fifty_groups_is_won() {
    (2..52).for_each(check);
}
