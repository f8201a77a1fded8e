//! The average of checkpoints.

use evaluator::{AverageError, Checkpoint, average};

use crate::golden::{GPT, MLP};

/// A checkpoint of one value everywhere.
fn filled(value: f32) -> Checkpoint {
    let tensors = MLP.checkpoint(MLP.base).tensors().iter().map(|values| vec![value; values.len()]).collect();
    Checkpoint::from_tensors(&MLP.manifest(), tensors).unwrap()
}

#[test]
fn an_average_is_a_sum_in_binary64_divided_and_rounded_once() {
    let most = MLP.manifest().weight_max();
    let cases: [(&[f32], f32); 7] = [
        (&[0.1], 0.1),
        (&[-0.0], -0.0),
        (&[1.0, 2.0, 0.75], 1.25),
        (&[1.0, 0.0, 0.0], 1.0 / 3.0),
        // In binary32 the small ones would be lost, one after the other.
        (&[2.0, 2.0_f32.powi(-24), 2.0_f32.powi(-24), -2.0], 2.0_f32.powi(-25)),
        (&[most, most, most], most),
        (&[most, -most], 0.0),
    ];
    for (values, expected) in cases {
        let checkpoints: Vec<Checkpoint> = values.iter().map(|value| filled(*value)).collect();
        let found = average(&checkpoints.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(found.to_bytes(), filled(expected).to_bytes(), "{values:?}");
    }
}

#[test]
fn each_value_is_averaged_with_those_in_its_place() {
    let (base, new) = (GPT.checkpoint(GPT.base), GPT.checkpoint(GPT.new));
    let found = average(&[&base, &new]).unwrap();
    assert_eq!(found.manifest(), base.manifest());
    let pairs = base.tensors().iter().flatten().zip(new.tensors().iter().flatten());
    for (found, (base, new)) in found.tensors().iter().flatten().zip(pairs) {
        assert_eq!(*found, ((f64::from(*base) + f64::from(*new)) / 2.0) as f32);
    }
}

#[test]
fn nothing_and_checkpoints_of_several_manifests_have_no_average() {
    assert_eq!(average(&[]), Err(AverageError::Nothing));
    assert_eq!(average(&[&filled(1.0), &GPT.checkpoint(GPT.base)]), Err(AverageError::OtherManifest));
}
