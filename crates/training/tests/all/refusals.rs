//! Runs that cannot give a checkpoint say why.

use std::sync::atomic::{AtomicBool, Ordering};

use evaluator::{Checkpoint, Examples};
use training::{Optimizer, Settings, SettingsError, TrainError, train};

use crate::digits::{genesis, manifest, with_hidden};

fn run(settings: &Settings, stop: &AtomicBool) -> Result<Checkpoint, TrainError> {
    let manifest = manifest();
    let base = Checkpoint::initial(&manifest, [1; 32]);
    train(&base, &genesis(&manifest), settings, 1, stop, |_| ())
}

fn check(change: impl FnOnce(&mut Settings), expected: SettingsError) {
    let mut settings = Settings::default();
    change(&mut settings);
    match run(&settings, &AtomicBool::new(false)) {
        Err(TrainError::Settings(error)) => assert_eq!(error, expected),
        result => panic!("{expected} was expected, not {result:?}"),
    }
}

#[test]
fn settings_outside_their_limits_are_refused() {
    for rate in [0.0, -1.0, f64::INFINITY] {
        check(|settings| settings.learning_rate = rate, SettingsError::LearningRate(rate));
    }
    check(|settings| settings.weight_decay = -0.5, SettingsError::WeightDecay(-0.5));
    check(|settings| settings.batch = 0, SettingsError::Batch(0));
    check(|settings| settings.batch = u32::MAX, SettingsError::Batch(u32::MAX));
    check(|settings| settings.steps = 0, SettingsError::Steps(0));
    check(|settings| settings.steps = u32::MAX, SettingsError::Steps(u32::MAX));
}

#[test]
fn a_stopped_run_ends_before_its_next_step() {
    let (manifest, stop) = (manifest(), AtomicBool::new(false));
    let base = Checkpoint::initial(&manifest, [1; 32]);
    let mut last = 0;
    let result = train(&base, &genesis(&manifest), &Settings::default(), 1, &stop, |progress| {
        last = progress.step;
        stop.store(progress.step == 3, Ordering::Relaxed);
    });
    assert!(matches!(result, Err(TrainError::Stopped)), "{result:?}");
    assert_eq!(last, 3);
}

#[test]
fn a_diverged_run_gives_no_checkpoint() {
    let settings = Settings { learning_rate: 1e30, ..Settings::default() };
    let result = run(&settings, &AtomicBool::new(false));
    assert!(matches!(result, Err(TrainError::Diverged(_))), "{result:?}");
}

#[test]
fn weights_are_clamped_to_weight_max() {
    let settings = Settings { optimizer: Optimizer::AdamW, learning_rate: 40.0, steps: 2, ..Settings::default() };
    let checkpoint = run(&settings, &AtomicBool::new(false)).unwrap();
    let most = checkpoint.tensors().iter().flatten().fold(0.0_f32, |most, value| most.max(value.abs()));
    assert_eq!(most, manifest().weight_max());
}

#[test]
fn examples_of_another_manifest_are_refused() {
    let base = Checkpoint::initial(&manifest(), [1; 32]);
    let other = String::from_utf8(manifest().to_bytes()).unwrap().replace("\"inputs\":64", "\"inputs\":65");
    let other = evaluator::Manifest::from_bytes(other.as_bytes()).unwrap();
    let line = ["0"; 66].join(",");
    let examples = Examples::parse(&other, [("set.csv", line)]).unwrap();
    let result = train(&base, &examples, &Settings::default(), 1, &AtomicBool::new(false), |_| ());
    assert!(matches!(result, Err(TrainError::OtherManifest)), "{result:?}");
}

#[test]
fn a_set_smaller_than_a_batch_is_trained_whole() {
    let manifest = with_hidden("[]");
    let line = ["3"; 65].join(",");
    let examples = Examples::parse(&manifest, [("set.csv", format!("{line}\n{line}\n"))]).unwrap();
    let base = Checkpoint::initial(&manifest, [1; 32]);
    let settings = Settings { steps: 3, ..Settings::default() };
    assert!(train(&base, &examples, &settings, 1, &AtomicBool::new(false), |_| ()).is_ok());
}
