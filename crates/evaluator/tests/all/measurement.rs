//! Losses, draws and roots against the reference, on models and data of many shapes.

use evaluator::{
    Accuracy, Checkpoint, Examples, Manifest, MeasureError, accuracy, draw, evaluate, loss_root, mean, micronats, predict, probe,
    weight_price,
};
use proptest::prelude::*;

use crate::golden::{GPT, MLP};
use crate::reference;

fn manifest(widths: &[usize], weight_max: u32) -> Manifest {
    let (inputs, outputs) = (widths[0], widths[widths.len() - 1]);
    let hidden = &widths[1..widths.len() - 1];
    let text = format!(
        r#"{{"version":1,"model":{{"family":"mlp","inputs":{inputs},"hidden":{hidden:?},"outputs":{outputs},"activation":"relu"}},"data":{{"format":"csv","divisor":16}},"loss":"cross_entropy","eval_max":64,"weight_max":{weight_max}}}"#
    );
    Manifest::from_bytes(text.replace(' ', "").as_bytes()).unwrap()
}

/// The same with a price for weights.
pub fn priced(manifest: &Manifest, weight_price: u32) -> Manifest {
    let text = String::from_utf8(manifest.to_bytes()).unwrap();
    let text = text.strip_suffix('}').unwrap();
    Manifest::from_bytes(format!("{text},\"weight_price\":{weight_price}}}").as_bytes()).unwrap()
}

/// A regression of four weights and two biases, and what they cost.
fn cost(values: &[f32; 6], price: u32, count: usize) -> u32 {
    let manifest = priced(&manifest(&[2, 2], 65_536), price);
    let tensors = vec![values[..4].to_vec(), values[4..].to_vec()];
    weight_price(&Checkpoint::from_tensors(&manifest, tensors).unwrap(), count)
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
fn a_mean_with_its_price_is_at_most_the_greatest_loss_and_without_one_it_is_the_mean() {
    let (examples, drawn) = (MLP.examples(), [4, 2, 9]);
    let plain = evaluate(&MLP.checkpoint(MLP.base), &examples, &drawn).unwrap();
    assert_eq!((plain.price, plain.mean), (0, mean(&plain.losses)));
    let manifest = priced(&manifest(&[5, 17], 65_536), u32::MAX);
    let examples = Examples::parse(&manifest, MLP.files).unwrap();
    let checkpoint = Checkpoint::from_tensors(&manifest, vec![vec![4.0; 85], vec![0.0; 17]]).unwrap();
    let found = evaluate(&checkpoint, &examples, &drawn).unwrap();
    assert_eq!((found.price, found.mean), (u32::MAX, u32::MAX));
    assert_eq!(evaluate(&checkpoint, &examples, &[]).unwrap().mean, u32::MAX);
}

#[test]
fn the_weight_of_a_norm_costs_its_distance_from_one() {
    let manifest = priced(&GPT.manifest(), 1_000_000);
    let gains: Vec<String> = manifest.tensors().into_iter().filter(|spec| spec.is_gain).map(|spec| spec.name).collect();
    let expected = ["h.0.ln_1", "h.0.ln_2", "h.1.ln_1", "h.1.ln_2", "ln_f"].map(|name| format!("transformer.{name}.weight"));
    assert_eq!(gains, expected);
    for (gain, other, expected) in [(1.0, 0.0, 0), (0.0, 0.0, 5 * 12), (-1.0, 0.0, 4 * 5 * 12), (1.0, 1.0, manifest.parameters() - 60)] {
        let value = |is_gain: bool| if is_gain { gain } else { other };
        let tensors = manifest.tensors().into_iter().map(|spec| vec![value(spec.is_gain); spec.elements() as usize]);
        let checkpoint = Checkpoint::from_tensors(&manifest, tensors.collect()).unwrap();
        assert_eq!(u64::from(weight_price(&checkpoint, 1000)), 1000 * expected, "{gain} {other}");
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
    fn a_price_equals_the_reference(bits: [u32; 6], price in 1_u32.., count in 1_usize..1 << 20) {
        let values = bits.map(|bits| Some(f32::from_bits(bits)).filter(|value| value.abs() <= 65_536.0).unwrap_or(0.25));
        let pairs = values.map(|value| (value, 0.0));
        prop_assert_eq!(cost(&values, price, count), reference::price(&pairs, price, count as u64));
        let gain = |value: f32| {
            let tensors = GPT.manifest().tensors().into_iter().map(|spec| vec![if spec.is_gain { value } else { 0.0 }; spec.elements() as usize]);
            Checkpoint::from_tensors(&priced(&GPT.manifest(), price), tensors.collect()).unwrap()
        };
        let value = values[0].clamp(-2.0, 2.0);
        prop_assert_eq!(weight_price(&gain(value), count), reference::price(&[(value, 1.0); 60], price, count as u64));
    }

    #[test]
    fn a_price_does_not_depend_on_the_order_of_values_and_grows_with_their_squares(
        sixteenths in proptest::array::uniform6(-1024_i16..1024), price in 1_u32..1 << 14, count in 1_usize..1000, times in 1_usize..9,
    ) {
        let values = sixteenths.map(|value| f32::from(value) / 16.0);
        let whole = cost(&values, price, count);
        let mut turned = values;
        turned.reverse();
        prop_assert_eq!(cost(&turned, price, count), whole);
        prop_assert_eq!(cost(&values.map(|value| -value), price, count), whole);
        prop_assert_eq!(cost(&values, price, count * times), whole / times as u32);
        let at_least = |found: u32, factor: u32| (factor * whole..factor * (whole + 1)).contains(&found);
        prop_assert!(at_least(cost(&values.map(|value| 2.0 * value), price, count), 4));
        prop_assert!(at_least(cost(&values, 3 * price, count), 3));
    }

    #[test]
    fn micronats_equal_the_reference(bits: u32) {
        let nats = f32::from_bits(bits);
        prop_assert_eq!(micronats(nats), reference::micronats(nats));
    }
}
