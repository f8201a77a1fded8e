//! Exact training: gradients against differences of the loss, and the same bits on every instruction set and number of threads.

use evaluator::{
    AdamW, Checkpoint, Compute, Exact, Examples, Isa, Manifest, MeasureError, Rule, Sgd, Snapshot, SnapshotError, evaluate, price_slope,
};

use crate::golden::{FAMILIES, GPT, MLP};
use crate::gpt;
use crate::llama;
use crate::measurement::priced;
use crate::reference_gpt::Sizes;

/// Sizes that fill no tile and no register.
fn odd_gpt(bias: bool, tied: bool) -> (Manifest, Examples) {
    let sizes = Sizes { layers: 2, heads: 3, width: 51, context: 37, vocabulary: 256, bias, tied };
    let manifest = gpt::manifest(sizes, 29, 4);
    let examples = Examples::parse(&manifest, [("a.txt", gpt::text(600))]).unwrap();
    (manifest, examples)
}

fn all(examples: &Examples) -> Vec<u32> {
    (0..examples.len() as u32).collect()
}

fn compute() -> Compute {
    Compute::new(Isa::detect(), 2).unwrap()
}

/// Mean loss in nats.
fn loss(manifest: &Manifest, tensors: Vec<Vec<f32>>, examples: &Examples, batch: &[u32]) -> f64 {
    let checkpoint = Checkpoint::from_tensors(manifest, tensors).unwrap();
    f64::from(Exact::new(compute(), &checkpoint).unwrap().backward(examples, batch).unwrap())
}

/// Moves each tensor along its gradient: the loss must change by the gradient's square.
pub fn check_gradients(manifest: &Manifest, examples: &Examples) {
    let base = gpt::checkpoint(manifest, 1.0);
    let batch = all(examples);
    let slope = price_slope(manifest, examples.len()).map_or(0.0, f64::from);
    // What the price is in real numbers; its own rounding to micronats is too coarse here.
    let price = |tensors: &[Vec<f32>]| {
        let specs = manifest.tensors();
        let squares =
            tensors.iter().zip(&specs).flat_map(|(values, spec)| values.iter().map(|value| f64::from(value - spec.rest()).powi(2)));
        slope / 2.0 * squares.sum::<f64>()
    };
    let mut exact = Exact::new(compute(), &base).unwrap();
    exact.backward(examples, &batch).unwrap();
    for (index, (gradient, spec)) in exact.gradients().iter().zip(manifest.tensors()).enumerate() {
        let square: f64 = gradient.iter().map(|value| f64::from(*value) * f64::from(*value)).sum();
        assert!(square > 1e-9, "{} must count", spec.name);
        // A move that changes the loss by about 0.0006: more would pass kinks of relu, less would drown in rounding.
        let length = 0.0003 / square;
        let moved = |sign: f64| {
            let mut tensors = base.tensors().to_vec();
            tensors[index].iter_mut().zip(gradient).for_each(|(value, slope)| *value += (sign * length * f64::from(*slope)) as f32);
            let price = price(&tensors);
            loss(manifest, tensors, examples, &batch) + price
        };
        let slope = (moved(1.0) - moved(-1.0)) / (2.0 * length * square);
        assert!((slope - 1.0).abs() < 0.02, "{}: the loss changes {slope} times as much as its gradient says", spec.name);
    }
}

#[test]
fn gradients_are_what_the_loss_changes_by() {
    for (bias, tied) in [(true, true), (true, false), (false, true)] {
        let (manifest, examples) = odd_gpt(bias, tied);
        check_gradients(&manifest, &examples);
        check_gradients(&gpt::tanh(&manifest), &examples);
    }
    for family in FAMILIES {
        check_gradients(&family.manifest(), &family.examples());
        check_gradients(&priced(&family.manifest(), 2_000_000), &family.examples());
    }
}

#[test]
fn a_price_adds_its_slope_times_the_distance_of_each_weight_to_the_gradients() {
    for family in FAMILIES {
        let (plain, examples) = (family.manifest(), family.examples());
        let gradients = |manifest: &Manifest| {
            let mut exact = Exact::new(compute(), &gpt::checkpoint(manifest, 1.0)).unwrap();
            let loss = exact.backward(&examples, &[1, 3]).unwrap();
            (loss, exact.gradients().to_vec())
        };
        let priced = priced(&plain, 500_000);
        let slope = price_slope(&priced, examples.len()).unwrap();
        assert_eq!(slope, (1.0 / examples.len() as f64) as f32, "half a nat for each square");
        let (loss, mut expected) = gradients(&plain);
        let weights = gpt::checkpoint(&plain, 1.0);
        for ((values, weights), spec) in expected.iter_mut().zip(weights.tensors()).zip(plain.tensors()) {
            values.iter_mut().zip(weights).for_each(|(value, weight)| *value += slope * (weight - spec.rest()));
        }
        assert_eq!(gradients(&priced), (loss, expected), "the loss of a batch is told without the price");
    }
}

#[test]
fn training_with_a_price_ends_with_smaller_weights_and_a_lower_priced_loss() {
    for family in FAMILIES {
        let (priced, examples) = (priced(&family.manifest(), 200_000), family.examples());
        let trained = |manifest: &Manifest| {
            let mut exact = Exact::new(compute(), &gpt::checkpoint(manifest, 1.0)).unwrap();
            let rule = Rule::AdamW(AdamW { learning_rate: 0.01, weight_decay: 0.0, ..AdamW::default() });
            for _ in 0..150 {
                exact.step(&examples, &all(&examples), &rule).unwrap();
            }
            let checkpoint = Checkpoint::from_tensors(&priced, exact.checkpoint().unwrap().tensors().to_vec()).unwrap();
            evaluate(&checkpoint, &examples, &all(&examples)).unwrap()
        };
        let (with, without) = (trained(&priced), trained(&family.manifest()));
        assert!(with.price < without.price / 3 * 2, "{} and {}", with.price, without.price);
        assert!(with.mean < without.mean, "{} and {}", with.mean, without.mean);
    }
}

/// Both rules, with clipping and without.
fn rule(step: u32) -> Rule {
    let clip = step.is_multiple_of(2).then_some(0.1);
    match step % 3 {
        2 => Rule::Sgd(Sgd { learning_rate: 0.01, weight_decay: 0.1, clip }),
        _ => Rule::AdamW(AdamW { learning_rate: 0.01, clip, ..AdamW::default() }),
    }
}

fn batch(examples: &Examples, step: u32) -> Vec<u32> {
    (0..7).map(|place| (step * 5 + place * 3) % examples.len() as u32).collect()
}

/// Bytes of the checkpoint after some steps on changing batches.
pub fn trained(manifest: &Manifest, examples: &Examples, compute: Compute) -> Vec<u8> {
    let base = gpt::checkpoint(manifest, 1.0);
    let mut exact = Exact::new(compute, &base).unwrap();
    for step in 0..4 {
        exact.step(examples, &batch(examples, step), &rule(step)).unwrap();
    }
    exact.checkpoint().unwrap().to_bytes()
}

#[test]
fn a_trained_checkpoint_has_the_same_bits_on_every_instruction_set_and_any_threads() {
    let mut cases: Vec<(Manifest, Examples)> = FAMILIES.iter().map(|family| (family.manifest(), family.examples())).collect();
    cases.push(odd_gpt(true, true));
    cases.push(odd_gpt(false, false));
    let (odd, examples) = odd_gpt(true, true);
    cases.push((gpt::tanh(&odd), examples));
    cases.extend([llama::plain(), llama::full()].map(|sizes| {
        let manifest = llama::manifest(&sizes, 29, 4);
        let examples = Examples::parse(&manifest, [("a.txt", gpt::text(400))]).unwrap();
        (manifest, examples)
    }));
    cases.extend(FAMILIES.iter().map(|family| (priced(&family.manifest(), 500_000), family.examples())));
    for (manifest, examples) in cases {
        let expected = trained(&manifest, &examples, Compute::new(Isa::Portable, 1).unwrap());
        for isa in Isa::available() {
            let threads: &[usize] = if isa == Isa::Portable { &[3] } else { &[1, 2, 7] };
            for threads in threads.iter().copied() {
                let found = trained(&manifest, &examples, Compute::new(isa, threads).unwrap());
                assert!(found == expected, "{isa} on {threads} threads");
            }
        }
    }
}

#[test]
fn training_lowers_the_loss_and_starts_from_the_loss_that_is_measured() {
    for family in FAMILIES {
        let (base, examples) = (family.checkpoint(family.base), family.examples());
        let batch = all(&examples);
        let mut exact = Exact::new(compute(), &base).unwrap();
        let settings = Rule::AdamW(AdamW { learning_rate: 0.01, ..AdamW::default() });
        let losses: Vec<f32> = (0..60).map(|_| exact.step(&examples, &batch, &settings).unwrap()).collect();
        let (before, after) =
            (evaluate(&base, &examples, &batch).unwrap(), evaluate(&exact.checkpoint().unwrap(), &examples, &batch).unwrap());
        assert!((f64::from(losses[0]) * 1e6 - f64::from(before.mean)).abs() < 2.0, "{} {}", losses[0], before.mean);
        assert!(after.mean < before.mean / 4 * 3, "from {} to {}", before.mean, after.mean);
    }
}

#[test]
fn a_run_that_goes_on_from_a_snapshot_gives_the_bits_of_one_that_never_stopped() {
    for family in FAMILIES {
        let (base, examples) = (family.checkpoint(family.base), family.examples());
        let mut unbroken = Exact::new(compute(), &base).unwrap();
        let mut resumed = Exact::new(compute(), &base).unwrap();
        for step in 0..6 {
            let loss = unbroken.step(&examples, &batch(&examples, step), &rule(step)).unwrap();
            assert_eq!(resumed.step(&examples, &batch(&examples, step), &rule(step)), Ok(loss));
            resumed = Exact::resume(Compute::new(Isa::Portable, 1).unwrap(), base.manifest(), resumed.snapshot()).unwrap();
            assert_eq!(resumed.snapshot(), unbroken.snapshot());
        }
        assert_ne!(unbroken.checkpoint().unwrap(), base);
    }
}

#[test]
fn a_snapshot_that_no_run_of_the_manifest_can_have_is_refused() {
    let base = MLP.checkpoint(MLP.base);
    let snapshot = Exact::new(compute(), &base).unwrap().snapshot();
    let refusal = |change: &dyn Fn(&mut Snapshot)| {
        let mut changed = snapshot.clone();
        change(&mut changed);
        Exact::resume(compute(), base.manifest(), changed).err()
    };
    assert_eq!(refusal(&|snapshot| snapshot.tensors[0][0] = 1e9), None, "weights are clamped later");
    let expected = snapshot.tensors.len();
    assert_eq!(refusal(&|snapshot| _ = snapshot.first.pop()), Some(SnapshotError::Count { found: expected - 1, expected }));
    let shape = SnapshotError::Shape("layers.0.bias".to_owned());
    assert_eq!(refusal(&|snapshot| snapshot.second[1].push(0.0)), Some(shape.clone()));
    assert_eq!(refusal(&|snapshot| _ = snapshot.tensors[1].pop()), Some(shape));
    let value = Some(SnapshotError::Value("layers.0.weight".to_owned()));
    assert_eq!(refusal(&|snapshot| snapshot.tensors[0][5] = f32::NAN), value);
    assert_eq!(refusal(&|snapshot| snapshot.first[0][5] = f32::NEG_INFINITY), value);
    assert_eq!(refusal(&|snapshot| snapshot.second[0][5] = -1e-30), value);
    for powers in [(-0.1, 0.5), (0.5, 1.1), (f64::NAN, 0.5)] {
        assert_eq!(refusal(&|snapshot| snapshot.powers = powers), Some(SnapshotError::Powers));
    }
    assert!(Exact::resume(compute(), &GPT.manifest(), snapshot.clone()).is_err());
}

#[test]
fn a_step_is_what_the_rule_says() {
    let (base, examples) = (gpt::checkpoint(&GPT.manifest(), 1.0), GPT.examples());
    let mut exact = Exact::new(compute(), &base).unwrap();
    exact.backward(&examples, &[0, 1]).unwrap();
    let gradients = exact.gradients().to_vec();
    let norm = gradients.iter().flatten().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    for (clip, share) in [(None, 1.0), (Some(2.0 * norm as f32), 1.0), (Some(0.5 * norm as f32), 0.5)] {
        for weight_decay in [0.0, 0.5] {
            let mut exact = Exact::new(compute(), &base).unwrap();
            exact.step(&examples, &[0, 1], &Rule::Sgd(Sgd { learning_rate: 0.1, weight_decay, clip })).unwrap();
            let after = exact.snapshot().tensors;
            for (index, spec) in GPT.manifest().tensors().iter().enumerate() {
                let decay = if spec.shape.len() > 1 { 0.1 * weight_decay } else { 0.0 };
                for ((after, before), gradient) in after[index].iter().zip(&base.tensors()[index]).zip(&gradients[index]) {
                    let expected = before * (1.0 - decay) - 0.1 * share * gradient;
                    assert!((after - expected).abs() < 1e-6, "{}: {before} became {after}, not {expected}", spec.name);
                }
            }
        }
    }
}

#[test]
fn what_does_not_belong_together_is_not_trained() {
    let mut exact = Exact::new(compute(), &MLP.checkpoint(MLP.base)).unwrap();
    assert_eq!(exact.backward(&GPT.examples(), &[0]), Err(MeasureError::OtherManifest));
    assert_eq!(exact.backward(&MLP.examples(), &[0, 40]), Err(MeasureError::NoSuchExample(40)));
}
