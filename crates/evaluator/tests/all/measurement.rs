//! Losses, draws and roots against the reference, on models and data of many shapes.

use evaluator::{
    Accuracy, Checkpoint, Examples, Manifest, MeasureError, accuracy, draw, evaluate, loss_root, mean, micronats, predict, probe,
};
use proptest::prelude::*;

use crate::golden::MLP;
use crate::reference;

fn manifest(widths: &[usize], weight_max: u32) -> Manifest {
    let (inputs, outputs) = (widths[0], widths[widths.len() - 1]);
    let hidden = &widths[1..widths.len() - 1];
    let text = format!(
        r#"{{"version":1,"model":{{"family":"mlp","inputs":{inputs},"hidden":{hidden:?},"outputs":{outputs},"activation":"relu"}},"data":{{"format":"csv","divisor":16}},"loss":"cross_entropy","eval_max":64,"weight_max":{weight_max}}}"#
    );
    Manifest::from_bytes(text.replace(' ', "").as_bytes()).unwrap()
}

/// Integers that look random, a function of the position alone.
fn noise(index: usize) -> usize {
    (index.wrapping_mul(2_654_435_761) >> 7) % 10_007
}

fn lines(widths: &[usize], count: usize, most: i32) -> Vec<String> {
    let (inputs, outputs) = (widths[0], widths[widths.len() - 1]);
    let line = |row: usize| {
        let features = (0..inputs).map(|column| (noise(row * inputs + column) as i32 % most).to_string());
        let all: Vec<String> = features.chain([(noise(row) % outputs).to_string()]).collect();
        all.join(",")
    };
    (0..count).map(line).collect()
}

/// Every loss and the mean must equal the reference, whatever the number of threads.
fn check(widths: &[usize], count: usize, scale: f32, weight_max: u32) {
    let manifest = manifest(widths, weight_max);
    let lines = lines(widths, count, 17);
    let examples = Examples::parse(&manifest, [("set.csv", lines.join("\n"))]).unwrap();
    let tensors = Checkpoint::initial(&manifest, [3; 32]).tensors().to_vec();
    let scaled = tensors.iter().map(|values| values.iter().map(|value| value * scale).collect());
    let checkpoint = Checkpoint::from_tensors(&manifest, scaled.collect()).unwrap();
    let layers = reference::layers(&checkpoint.to_bytes(), widths);
    let drawn: Vec<u32> = (0..count as u32).rev().collect();
    let measured = evaluate(&checkpoint, &examples, &drawn).unwrap();
    let expected: Vec<u32> = drawn.iter().map(|index| reference_loss(&layers, &lines[*index as usize])).collect();
    assert_eq!(measured.losses, expected, "{widths:?} {scale}");
    assert_eq!(u64::from(measured.mean), expected.iter().map(|loss| u64::from(*loss)).sum::<u64>() / count as u64);
}

fn reference_loss(layers: &[reference::Layer], line: &str) -> u32 {
    let values: Vec<i32> = line.split(',').map(|value| value.parse().unwrap()).collect();
    let (label, features) = values.split_last().unwrap();
    let features: Vec<f32> = features.iter().map(|value| *value as f32 / 16.0).collect();
    reference::micronats(-reference::log_probabilities(layers, &features)[*label as usize])
}

#[test]
fn losses_equal_the_reference_at_every_shape() {
    let shapes: [&[usize]; 8] =
        [&[1, 2], &[3, 16], &[3, 17], &[64, 32, 10], &[5, 1, 1, 3], &[16, 15, 33, 48], &[7, 40, 100], &[130, 31, 2]];
    for widths in shapes {
        for count in [1, 5, 6, 7, 97] {
            check(widths, count, 1.0, 1);
        }
    }
}

#[test]
fn losses_equal_the_reference_on_several_threads() {
    check(&[64, 128, 64, 10], 700, 1.0, 1);
}

#[test]
fn losses_of_exploded_and_vanishing_weights_equal_the_reference() {
    for (scale, weight_max) in [(60_000.0, 65_536), (1e-30, 1), (f32::from_bits(1) * 64.0, 1), (0.0, 1)] {
        check(&[64, 32, 32, 32, 32, 32, 10], 40, scale, weight_max);
        check(&[64, 10], 40, scale, weight_max);
    }
}

#[test]
fn micronats_round_to_even_and_clamp() {
    let cases = [
        (0.0, 0),
        (-0.0, 0),
        (-1.0, 0),
        (1.0, 1_000_000),
        (2.25, 2_250_000),
        (4294.967, 4_294_966_797),
        (4295.0, u32::MAX),
        (f32::MAX, u32::MAX),
        (f32::INFINITY, u32::MAX),
        (f32::NEG_INFINITY, u32::MAX),
        (f32::NAN, u32::MAX),
        (0.007_812_5, 7812),
        (0.023_437_5, 23_438),
        (1e-9, 0),
    ];
    for (nats, expected) in cases {
        assert_eq!(micronats(nats), expected, "{nats}");
        assert_eq!(reference::micronats(nats), expected, "reference of {nats}");
    }
}

#[test]
fn a_mean_is_rounded_down_and_nothing_is_worst() {
    for (losses, expected) in [(&[1, 2][..], 1), (&[2, 2, 4], 2), (&[u32::MAX; 3], u32::MAX), (&[], u32::MAX)] {
        assert_eq!(mean(losses), expected);
    }
}

#[test]
fn a_probe_depends_on_seed_signer_and_weights() {
    let (examples, drawn) = (MLP.examples(), [4, 2, 9]);
    let (base, new) = (MLP.checkpoint(MLP.base), MLP.checkpoint(MLP.new));
    let first = probe(&base, &examples, &drawn, [1; 32], [1; 20]).unwrap();
    assert_eq!(probe(&base, &examples, &drawn, [1; 32], [1; 20]).unwrap(), first);
    for (checkpoint, drawn, seed, signer) in
        [(&new, &drawn[..], 1, 1), (&base, &drawn[..2], 1, 1), (&base, &drawn, 2, 1), (&base, &drawn, 1, 2)]
    {
        assert_ne!(probe(checkpoint, &examples, drawn, [seed; 32], [signer; 20]).unwrap(), first);
    }
}

#[test]
fn accuracy_counts_the_greatest_log_probability() {
    let manifest = manifest(&[2, 3], 8);
    // Class 0 sees the first feature, class 1 the second, class 2 neither.
    let tensors = vec![vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0], vec![0.0; 3]];
    let checkpoint = Checkpoint::from_tensors(&manifest, tensors).unwrap();
    let text = "9,1,0\n1,9,1\n1,9,0\n0,0,0\n0,0,1\n-1,-1,2\n";
    let examples = Examples::parse(&manifest, [("set.csv", text)]).unwrap();
    let measured = accuracy(&checkpoint, &examples).unwrap();
    assert_eq!(measured, Accuracy { right: 4, total: 6 });
    assert_eq!(measured.share(), 4.0 / 6.0);
}

#[test]
fn what_does_not_belong_together_is_not_measured() {
    let (checkpoint, examples) = (MLP.checkpoint(MLP.base), MLP.examples());
    let count = examples.len() as u32;
    assert_eq!(evaluate(&checkpoint, &examples, &[0, count]), Err(MeasureError::NoSuchExample(count)));
    for widths in [[5, 16], [4, 17]] {
        let other = manifest(&widths, 1);
        let examples = Examples::parse(&other, [("set.csv", lines(&widths, 3, 9).join("\n"))]).unwrap();
        assert_eq!(accuracy(&checkpoint, &examples), Err(MeasureError::OtherManifest));
        assert_eq!(probe(&checkpoint, &examples, &[0], [0; 32], [0; 20]), Err(MeasureError::OtherManifest));
    }
    assert!(predict(&checkpoint, "1,2,3,4").is_err());
    assert!(predict(&checkpoint, "1,2,3,4,5,6").is_err());
}

proptest! {
    #[test]
    fn a_draw_equals_the_reference(seed: [u8; 32], group: u64, round: u64, count in 0_u32..300, most in 1_u32..300) {
        let drawn = draw(seed, group, round, count, most);
        prop_assert_eq!(&drawn, &reference::draw(seed, group, round, count.into(), most.into()));
        prop_assert_eq!(drawn.len() as u32, count.min(most));
        let mut sorted = drawn.clone();
        sorted.sort_unstable();
        sorted.dedup();
        prop_assert_eq!(sorted.len(), drawn.len());
    }

    #[test]
    fn a_loss_root_equals_the_reference(base: Vec<u32>, new: Vec<u32>) {
        prop_assert_eq!(loss_root(&base, &new).to_vec(), reference::loss_root(&base, &new));
    }

    #[test]
    fn micronats_equal_the_reference(bits: u32) {
        let nats = f32::from_bits(bits);
        prop_assert_eq!(micronats(nats), reference::micronats(nats));
    }
}
