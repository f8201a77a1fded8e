//! Runs that cannot give a checkpoint say why.

use std::sync::atomic::{AtomicBool, Ordering};

use evaluator::{Checkpoint, Compute, Examples, Manifest, MeasureError};
use training::{Device, DeviceError, EngineChoice, Optimizer, Precision, Settings, TrainError, Trainer};

use crate::sets::{ENGINES, base, digits, genesis, plan, train, trainer, with_hidden};

fn run(settings: Settings, steps: u32) -> Result<Checkpoint, TrainError> {
    let manifest = digits();
    train(&base(&manifest), &genesis(&manifest), &plan(settings, 1, steps))
}

fn check(change: impl FnOnce(&mut Settings), expected: &str) {
    let mut settings = Settings::default();
    change(&mut settings);
    let error = settings.check().unwrap_err().to_string();
    assert!(error.contains(expected), "{error} should contain {expected}");
    assert!(matches!(run(settings, 1), Err(TrainError::Settings(_))), "{expected}");
}

#[test]
fn settings_outside_their_limits_are_refused() {
    for rate in [0.0, -1.0, f32::INFINITY, f32::NAN] {
        check(|settings| settings.learning_rate = rate, "learning_rate is");
    }
    check(|settings| settings.weight_decay = -0.5, "weight_decay is -0.5: give 0 or a positive number");
    check(|settings| settings.beta_1 = 1.0, "beta_1 is 1: give 0 or more and less than 1");
    check(|settings| settings.beta_2 = -0.1, "beta_2 is");
    check(|settings| settings.clip = Some(0.0), "clip is 0: give a positive number, for instance 1");
    check(|settings| settings.floor = 1.5, "floor is 1.5: give 0 to 1");
    check(|settings| settings.batch = 0, "batch is 0: give 1 to 1048576");
    check(|settings| settings.batch = u32::MAX, "batch is");
    check(|settings| settings.accumulate = 0, "accumulate is 0");
    check(|settings| settings.warmup = u32::MAX, "warmup is");
    check(|settings| settings.steps = Some(0), "steps is 0: give 1 to 16777216");
    check(|settings| (settings.batch, settings.accumulate) = (1 << 12, 1 << 9), "batch times accumulate is 2097152");
    assert!(matches!(run(Settings::default(), 0), Err(TrainError::Settings(_))));
    assert!(matches!(run(Settings::default(), u32::MAX), Err(TrainError::Settings(_))));
}

#[test]
fn what_the_processor_cannot_do_is_refused() {
    let settings = Settings { precision: Precision::Bf16, ..Settings::default() };
    assert!(matches!(run(settings, 1), Err(TrainError::Precision)));
    for name in ["gpu", "cuda:", "cuda:x", "wgpu:-1", "cpu:0", ""] {
        let error = name.parse::<Device>().unwrap_err();
        assert_eq!(error, DeviceError::Unknown(name.to_owned()));
        assert!(error.to_string().contains("burn was built for cpu"), "{error}");
    }
    let names = ["auto", "cpu", "cuda:0", "cuda:3", "wgpu:1"];
    assert_eq!(names.map(|name| name.parse::<Device>().unwrap().to_string()), names);
}

#[test]
fn a_device_that_the_program_was_not_built_for_is_refused_with_what_builds_it() {
    for (name, is_built, wanted) in [
        ("auto", true, ""),
        ("cpu", true, ""),
        // The engine exact needs no feature for it.
        ("cuda", true, ""),
        ("wgpu:1", cfg!(feature = "wgpu"), "build it with --features wgpu"),
    ] {
        let checked = name.parse::<Device>().unwrap().check();
        assert_eq!(checked.is_ok(), is_built, "{name}");
        assert!(checked.err().is_none_or(|error| error.to_string().ends_with(wanted)), "{name}");
    }
}

#[test]
fn an_engine_is_refused_by_a_program_that_was_built_without_it() {
    let result = run(Settings { engine: EngineChoice::Burn, ..Settings::default() }, 1);
    assert_eq!(matches!(result, Err(TrainError::NoBurn)), cfg!(not(feature = "burn")), "{result:?}");
    assert_eq!(result.is_ok(), cfg!(feature = "burn"));
}

#[test]
fn burn_is_refused_on_a_device_that_it_was_not_built_for() {
    if cfg!(not(feature = "cuda")) {
        let manifest = digits();
        let burn = plan(Settings { engine: EngineChoice::Burn, ..Settings::default() }, 1, 1);
        let examples = genesis(&manifest);
        let error =
            Trainer::new(&base(&manifest), &examples, &burn, Device::Cuda(0), Compute::detect()).err().map(|error| error.to_string());
        assert!(error.as_ref().is_some_and(|error| error.contains("build it with --features cuda")), "{error:?}");
    }
}

#[test]
fn a_stopped_run_ends_before_its_next_step() {
    let (manifest, stop) = (digits(), AtomicBool::new(false));
    let (start, examples) = (base(&manifest), genesis(&manifest));
    let mut trainer = trainer(&start, &examples, &plan(Settings::default(), 1, 400)).unwrap();
    let result = trainer.run(400, &stop, |progress| stop.store(progress.step == 3, Ordering::Relaxed));
    assert!(matches!(result, Err(TrainError::Stopped)), "{result:?}");
    assert_eq!(trainer.steps_done(), 3);
}

#[test]
fn a_run_ends_with_its_plan() {
    let manifest = digits();
    let (start, examples) = (base(&manifest), genesis(&manifest));
    let mut trainer = trainer(&start, &examples, &plan(Settings::default(), 1, 2)).unwrap();
    trainer.run(2, &AtomicBool::new(false), |_| ()).unwrap();
    assert!(matches!(trainer.step(), Err(TrainError::Finished(2))));
}

#[test]
fn a_diverged_run_gives_no_checkpoint() {
    for engine in ENGINES.iter().copied() {
        let settings = Settings { engine, learning_rate: 1e30, ..Settings::default() };
        let result = run(settings, 400);
        assert!(matches!(result, Err(TrainError::Diverged(_))), "{result:?}");
    }
}

#[test]
fn weights_are_clamped_to_weight_max() {
    for engine in ENGINES.iter().copied() {
        let settings = Settings { engine, optimizer: Optimizer::AdamW, learning_rate: 40.0, ..Settings::default() };
        let checkpoint = run(settings, 2).unwrap();
        let most = checkpoint.tensors().iter().flatten().fold(0.0_f32, |most, value| most.max(value.abs()));
        assert_eq!(most, digits().weight_max());
    }
}

#[test]
fn examples_of_another_manifest_are_refused() {
    let other = String::from_utf8(digits().to_bytes()).unwrap().replace("\"inputs\":64", "\"inputs\":65");
    let other = Manifest::from_bytes(other.as_bytes()).unwrap();
    let line = ["0"; 66].join(",");
    let examples = Examples::parse(&other, [("set.csv", line)]).unwrap();
    for engine in ENGINES.iter().copied() {
        let settings = Settings { engine, ..Settings::default() };
        let result = train(&base(&digits()), &examples, &plan(settings, 1, 1));
        assert!(matches!(result, Err(TrainError::Measure(MeasureError::OtherManifest))), "{result:?}");
    }
}

#[test]
fn a_set_smaller_than_a_batch_is_trained_whole() {
    let manifest = with_hidden("[]");
    let line = ["3"; 65].join(",");
    let examples = Examples::parse(&manifest, [("set.csv", format!("{line}\n{line}\n"))]).unwrap();
    let start = base(&manifest);
    let trainer = trainer(&start, &examples, &plan(Settings::default(), 1, 3)).unwrap();
    assert_eq!(trainer.targets_per_step(), 2);
    assert!(train(&start, &examples, &plan(Settings::default(), 1, 3)).is_ok());
}
