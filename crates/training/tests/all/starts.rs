//! Where a round's training starts: strategies on constructed checkpoints.

use std::time::Duration;

use evaluator::{Checkpoint, Compute, Manifest, MeasureError, average, evaluate};
use training::{Device, Settings, Start, StrategyName, TrainError, steps_within};

use crate::sets::{base, families, genesis, plan, priced, train, with_hidden};

/// A checkpoint whose every value is `value`.
fn flat(manifest: &Manifest, value: f32) -> Checkpoint {
    let tensors = manifest.tensors().into_iter().map(|spec| vec![value; spec.elements() as usize]);
    Checkpoint::from_tensors(manifest, tensors.collect()).unwrap()
}

/// Starts where the loss is a thousand times the distance of the values from 4.
fn start(name: StrategyName, base: f32, revealed: &[f32]) -> Start {
    let manifest = with_hidden("[]");
    let revealed: Vec<Checkpoint> = revealed.iter().map(|value| flat(&manifest, *value)).collect();
    let mut loss = |checkpoint: &Checkpoint| Ok((1000.0 * (checkpoint.tensors()[0][0] - 4.0).abs()) as u32);
    let base = flat(&manifest, base);
    let start = name.strategy().start(&base, &revealed, &mut loss).unwrap();
    let chosen: Vec<&Checkpoint> = start.parts.iter().map(|place| &revealed[*place]).collect();
    let expected = if chosen.is_empty() { base.clone() } else { average(&chosen).unwrap() };
    assert_eq!(start.checkpoint, expected, "the checkpoint is the average of its parts");
    assert!(loss(&start.checkpoint).unwrap() <= loss(&base).unwrap(), "never worse than the base");
    start
}

#[test]
fn merging_takes_the_best_average_and_never_starts_worse_than_the_base() {
    let merge = |base, revealed: &[f32]| start(StrategyName::Merge, base, revealed).parts;
    assert_eq!(merge(5.0, &[]), [0; 0]);
    assert_eq!(merge(5.0, &[6.0, 1.0]), [0; 0], "each is worse than the base");
    assert_eq!(merge(5.0, &[8.0, 4.5, 3.0]), [1, 2], "3.75 is nearer than 4.5, and 5.2 with the third is not");
    assert_eq!(merge(5.0, &[2.9, 5.0]), [1, 0], "the winner, which is the base, opens the average");
    assert_eq!(merge(5.0, &[4.0, 4.0]), [0], "the second lowers nothing");
    assert_eq!(merge(9.0, &[2.0, 7.0, 5.5]), [2, 0], "3.75; with the last 4.83");
}

#[test]
fn merging_takes_an_average_that_loses_more_where_its_smaller_weights_cost_less() {
    let plain = with_hidden("[]");
    let examples = genesis(&plain);
    let trained = train(&base(&plain), &examples, &plan(Settings::default(), 1, 4000)).unwrap();
    let squares: f64 = trained.tensors().iter().flatten().map(|value| f64::from(*value).powi(2)).sum();
    // A nat for the trained weights; a quarter for their average with nothing.
    let dear = priced(&plain, (1e6 * examples.len() as f64 / squares) as u32);
    let drawn: Vec<u32> = (0..examples.len() as u32).collect();
    for (manifest, parts) in [(plain, &[0][..]), (dear, &[0, 1])] {
        let revealed = [trained.tensors().to_vec(), flat(&manifest, 0.0).tensors().to_vec()];
        let revealed = revealed.map(|tensors| Checkpoint::from_tensors(&manifest, tensors).unwrap());
        let mut loss = |checkpoint: &Checkpoint| evaluate(checkpoint, &examples, &drawn).map(|found| found.mean);
        let start = StrategyName::Merge.strategy().start(&base(&manifest), &revealed, &mut loss).unwrap();
        assert_eq!(start.parts, parts, "at {:?}", manifest.weight_price());
    }
}

#[test]
fn solo_starts_from_the_base() {
    assert_eq!(start(StrategyName::Solo, 5.0, &[4.0]).parts, [0; 0]);
    assert_eq!(StrategyName::default(), StrategyName::Solo);
}

#[test]
fn what_cannot_be_measured_or_averaged_is_told() {
    let (one, other) = (with_hidden("[]"), with_hidden("[2]"));
    let merge = StrategyName::Merge.strategy();
    let result = merge.start(&flat(&one, 1.0), &[], &mut |_| Err(MeasureError::NoSuchExample(3)));
    assert!(matches!(result, Err(TrainError::Measure(MeasureError::NoSuchExample(3)))));
    let result = merge.start(&flat(&one, 1.0), &[flat(&one, 1.0), flat(&other, 1.0)], &mut |_| Ok(1));
    assert!(matches!(result, Err(TrainError::Average(_))), "{result:?}");
}

#[test]
fn more_time_holds_more_steps() {
    for (manifest, examples) in families() {
        let steps =
            |time: Duration| steps_within(&base(&manifest), &examples, &Settings::default(), Device::Cpu, Compute::detect(), time).unwrap();
        assert_eq!(steps(Duration::ZERO), 1);
        let long = steps(Duration::from_secs(1000));
        assert!(long > 1000, "{long} steps in a thousand seconds");
    }
}
