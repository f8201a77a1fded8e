//! What is refused, and with which words.

use std::collections::BTreeSet;

use cuda::{Error, Evaluator, Gpu, KERNELS, Settings, Training, names};
use evaluator::{MeasureError, Snapshot, SnapshotError};

use crate::cases::{golden, odd};
use crate::shim::Shim;

#[test]
fn what_does_not_belong_together_is_not_measured_or_trained() {
    let ([mlp, gpt, ..], shim) = (golden(), Shim::default());
    let checkpoint = mlp.case.checkpoint();
    let evaluator = Evaluator::new(&shim, &checkpoint, Settings::default()).unwrap();
    assert_eq!(evaluator.evaluate(&gpt.case.examples, &[0]), Err(Error::Measure(MeasureError::OtherManifest)));
    assert_eq!(evaluator.evaluate(&mlp.case.examples, &[0, 4000]), Err(Error::Measure(MeasureError::NoSuchExample(4000))));
    let mut training = Training::new(&shim, &checkpoint, Settings::default()).unwrap();
    assert_eq!(training.backward(&gpt.case.examples, &[0]), Err(Error::Measure(MeasureError::OtherManifest)));
    let refused = Training::resume(&shim, &gpt.case.manifest, &Snapshot::new(&checkpoint), Settings::default()).err();
    assert!(matches!(refused, Some(Error::Snapshot(SnapshotError::Count { .. }))), "{refused:?}");
}

#[test]
fn little_memory_makes_passes_smaller_and_changes_no_bit() {
    for case in odd() {
        let (checkpoint, drawn) = (case.checkpoint(), case.all());
        let expected = evaluator::evaluate(&checkpoint, &case.examples, &drawn).unwrap();
        for free in [0, 1 << 18] {
            let shim = Shim::with_free(free);
            let evaluator = Evaluator::new(&shim, &checkpoint, Settings::default()).unwrap();
            assert_eq!(evaluator.evaluate(&case.examples, &drawn).unwrap(), expected, "{} with {free} bytes", case.name);
        }
    }
}

#[test]
fn every_reason_is_a_sentence_that_says_what_to_do() {
    let reasons = [
        Error::NoDriver,
        Error::OldDriver { found: 11_040, needed: 12_000 },
        Error::NoCompiler,
        Error::Static,
        Error::Bits("losses"),
        Error::NoDevice { number: 1, count: 1 },
        Error::Memory { needed: 8, free: 4 },
    ];
    for reason in reasons {
        assert!(reason.to_string().ends_with("compute on the processor"), "{reason}");
    }
    let old = Error::OldDriver { found: 11_040, needed: 12_000 }.to_string();
    assert!(old.contains("knows CUDA 11.4, 12.0 is needed"), "{old}");
}

#[test]
fn the_kernels_that_are_loaded_are_those_of_the_source() {
    let lines = KERNELS.iter().flat_map(|text| text.lines());
    let written = lines.filter_map(|line| line.strip_prefix("KERNEL(").or(line.strip_prefix("ALONE(")));
    let written: BTreeSet<String> = written.filter_map(|rest| Some(format!("neuron_{}", rest.split_once(',')?.0))).collect();
    assert_eq!(written, names().iter().map(|name| (*name).to_owned()).collect());
}

#[test]
fn a_machine_without_a_gpu_is_told_what_is_missing() {
    // Where there is a GPU, there are fewer than four billion.
    let refused = Gpu::new(u32::MAX).err().map(|error| error.to_string());
    assert!(refused.is_some_and(|refused| refused.ends_with("or compute on the processor")), "something is missing");
}
