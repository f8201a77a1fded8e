//! Steps of exact training, with every gradient and all that a rule remembers.

use cuda::{Settings, Tiles, Training};
use evaluator::{AdamW, Compute, Exact, Rule, Sgd};

use crate::cases::{Case, frozen, golden, odd};
use crate::shim::Shim;

/// Both rules, with clipping and without.
fn rule(step: u32) -> Rule {
    let clip = step.is_multiple_of(2).then_some(0.1);
    match step % 3 {
        2 => Rule::Sgd(Sgd { learning_rate: 0.01, weight_decay: 0.1, clip }),
        _ => Rule::AdamW(AdamW { learning_rate: 0.01, clip, ..AdamW::default() }),
    }
}

/// Examples that follow in no order, some of them twice.
fn batch(case: &Case, step: u32) -> Vec<u32> {
    let count = case.examples.len() as u32;
    (0..count.min(70)).map(|place| (step * 5 + place * 3) % count).collect()
}

/// Bits of all values.
fn bits(tensors: &[Vec<f32>]) -> Vec<Vec<u32>> {
    tensors.iter().map(|values| values.iter().map(|value| value.to_bits()).collect()).collect()
}

fn check(case: &Case, settings: Settings, steps: u32) {
    let (base, shim) = (case.checkpoint(), Shim::default());
    let mut exact = Exact::new(Compute::detect(), &base).unwrap();
    let mut training = Training::new(&shim, &base, settings).unwrap();
    for step in 0..steps {
        let (batch, rule) = (batch(case, step), rule(step));
        let expected = exact.step(&case.examples, &batch, &rule).unwrap();
        assert_eq!(training.step(&case.examples, &batch, &rule), Ok(expected), "{} {settings:?}, step {step}", case.name);
        let (found, names) = (bits(&training.gradients().unwrap()), case.manifest.tensors());
        for ((found, expected), spec) in found.iter().zip(bits(exact.gradients())).zip(names) {
            assert!(
                *found == expected,
                "{} {:?} {settings:?}: gradients of {} at step {step}",
                case.name,
                case.manifest.frozen(),
                spec.name
            );
        }
        assert!(training.snapshot().unwrap() == exact.snapshot(), "{} {settings:?}, after step {step}", case.name);
    }
    assert_eq!(training.checkpoint().unwrap(), exact.checkpoint(), "{}", case.name);
}

#[test]
fn ten_steps_of_each_family_have_the_bits_of_the_evaluator() {
    for golden in golden() {
        check(&golden.case, Settings { rows: 25, tiles: Tiles::Small }, 10);
    }
}

#[test]
fn steps_of_odd_sizes_have_the_bits_of_the_evaluator() {
    for case in odd() {
        check(&case, Settings { rows: 90, tiles: Tiles::Small }, 3);
        check(&case, Settings { rows: 1 << 12, tiles: Tiles::Large }, 2);
    }
}

#[test]
fn steps_around_frozen_tensors_have_the_bits_of_the_evaluator_and_leave_them_alone() {
    for case in frozen() {
        check(&case, Settings { rows: 60, tiles: Tiles::Small }, 3);
        let (base, shim) = (case.checkpoint(), Shim::default());
        let mut training = Training::new(&shim, &base, Settings::default()).unwrap();
        training.step(&case.examples, &batch(&case, 0), &rule(0)).unwrap();
        let (after, specs) = (training.snapshot().unwrap().tensors, case.manifest.tensors());
        for ((before, after), spec) in base.tensors().iter().zip(&after).zip(specs) {
            assert_eq!(before == after, spec.is_frozen, "{} of {} with {:?}", spec.name, case.name, case.manifest.frozen());
        }
    }
}

#[test]
fn a_run_goes_on_from_a_snapshot_that_the_evaluator_took() {
    for golden in golden() {
        let (case, shim) = (&golden.case, Shim::default());
        let mut exact = Exact::new(Compute::detect(), &case.checkpoint()).unwrap();
        exact.step(&case.examples, &batch(case, 0), &rule(0)).unwrap();
        let mut training = Training::resume(&shim, &case.manifest, &exact.snapshot(), Settings::default()).unwrap();
        for step in 1..3 {
            exact.step(&case.examples, &batch(case, step), &rule(step)).unwrap();
            training.step(&case.examples, &batch(case, step), &rule(step)).unwrap();
        }
        assert!(training.snapshot().unwrap() == exact.snapshot(), "{}", case.name);
    }
}
