//! The group `digits` with its own settings: twenty-one rounds in a row must each be won.

use std::sync::atomic::AtomicBool;

use evaluator::{Checkpoint, Examples, Manifest, accuracy, draw, evaluate};
use training::{Progress, Settings, train};

const MANIFEST: &str = r#"{"version":1,"model":{"family":"mlp","inputs":64,"hidden":[32],"outputs":10,"activation":"relu"},"data":{"format":"csv","divisor":16},"loss":"cross_entropy","eval_max":1024,"weight_max":16}"#;
const GENESIS: (&str, &str) = ("genesis.csv", include_str!("../../../../data/digits/genesis.csv"));
const DELTA_A: (&str, &str) = ("delta-a.csv", include_str!("../../../../data/digits/delta-a.csv"));
const DELTA_B: (&str, &str) = ("delta-b.csv", include_str!("../../../../data/digits/delta-b.csv"));
const HELD_OUT: (&str, &str) = ("heldout.csv", include_str!("../../../../data/digits/heldout.csv"));

const ROUNDS: u64 = 21;
/// A claim must be better than its base by `base >> IMPROVE`, the default of a group.
const IMPROVE: u32 = 10;
/// How many times the least improvement even the worse of two trainers must reach.
const MARGIN: u32 = 10;

pub fn manifest() -> Manifest {
    Manifest::from_bytes(MANIFEST.as_bytes()).unwrap()
}

pub fn with_hidden(hidden: &str) -> Manifest {
    Manifest::from_bytes(MANIFEST.replace("[32]", hidden).as_bytes()).unwrap()
}

pub fn genesis(manifest: &Manifest) -> Examples {
    Examples::parse(manifest, [GENESIS]).unwrap()
}

fn mean(checkpoint: &Checkpoint, examples: &Examples, round: u64) -> u32 {
    let drawn = draw([round as u8; 32], 1, round, examples.len() as u32, manifest().eval_max());
    evaluate(checkpoint, examples, &drawn).unwrap().mean
}

/// The better of two trainers after one round; both must have improved far enough.
fn play(round: u64, base: &Checkpoint, examples: &Examples, seed: u64) -> Checkpoint {
    let before = mean(base, examples, round);
    let run = |trainer: u64| {
        let seed = (seed * ROUNDS + round) * 2 + trainer;
        train(base, examples, &Settings::default(), seed, &AtomicBool::new(false), |_| ()).unwrap()
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
    let manifest = manifest();
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

#[test]
fn equal_seeds_train_equal_checkpoints_and_report_each_step() {
    let (manifest, settings) = (manifest(), Settings { steps: 7, ..Settings::default() });
    let (examples, base) = (genesis(&manifest), Checkpoint::initial(&manifest, [1; 32]));
    let mut steps = Vec::new();
    let mut run = |seed| {
        let report = |progress: Progress| steps.push((progress.step, progress.steps));
        train(&base, &examples, &settings, seed, &AtomicBool::new(false), report).unwrap()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    assert_eq!(steps[..8], [(1, 7), (2, 7), (3, 7), (4, 7), (5, 7), (6, 7), (7, 7), (1, 7)]);
}
