//! GPUs, or software that stands for one: the way of the processor within rounding. `NEURON_DEVICE` names the device.

use evaluator::{Compute, Examples, Manifest};
use training::{Device, EngineChoice, Optimizer, Plan, Precision, Settings, TrainError, Trainer};

use crate::sets::{base, families, plan};

const STEPS: u32 = 12;

fn device() -> Device {
    let built = if cfg!(feature = "cuda") { "cuda" } else { "wgpu" };
    std::env::var("NEURON_DEVICE").as_deref().unwrap_or(built).parse().unwrap()
}

fn recipe(engine: EngineChoice, precision: Precision) -> Plan {
    let optimizer = Optimizer::AdamW;
    let settings =
        Settings { engine, optimizer, precision, learning_rate: 0.01, weight_decay: 0.1, clip: Some(1.0), batch: 8, ..Settings::default() };
    plan(Settings { accumulate: 2, ..settings }, 3, STEPS)
}

fn losses(manifest: &Manifest, examples: &Examples, plan: &Plan, device: Device) -> Result<Vec<f32>, TrainError> {
    let mut trainer = Trainer::new(&base(manifest), examples, plan, device, Compute::detect())?;
    let half: Result<Vec<f32>, TrainError> = (0..STEPS / 2).map(|_| trainer.step()).collect();
    // The other half in another trainer: what is saved is all that counts.
    let saved = trainer.save()?;
    let mut trainer = Trainer::resume(&saved, &base(manifest), examples, plan, device, Compute::detect())?;
    let rest: Result<Vec<f32>, TrainError> = (STEPS / 2..STEPS).map(|_| trainer.step()).collect();
    let is_exact = device == Device::Cpu || plan.settings.engine == EngineChoice::Exact;
    assert_eq!((trainer.is_exact(), trainer.steps_done()), (is_exact, STEPS));
    trainer.checkpoint()?;
    Ok([half?, rest?].concat())
}

/// Each loss at most `tolerance` nats from that of the processor.
fn check(found: &[f32], exact: &[f32], tolerance: f32) {
    for (step, (found, exact)) in found.iter().zip(exact).enumerate() {
        assert!((found - exact).abs() < tolerance, "step {step}: {found} on {}, {exact} on the processor", device());
    }
    assert!(found[STEPS as usize - 1] < found[0] - 0.1, "the loss must fall: {found:?}");
}

#[test]
fn devices_go_the_way_of_the_processor() {
    for (manifest, examples) in families() {
        let exact = losses(&manifest, &examples, &recipe(EngineChoice::Exact, Precision::F32), Device::Cpu).unwrap();
        check(&losses(&manifest, &examples, &recipe(EngineChoice::Auto, Precision::F32), device()).unwrap(), &exact, 2e-3);
        match losses(&manifest, &examples, &recipe(EngineChoice::Auto, Precision::Bf16), device()) {
            Ok(found) => check(&found, &exact, 0.1),
            Err(error) => assert!(matches!(error, TrainError::Precision), "{error}"),
        }
    }
}

#[test]
fn the_engine_exact_has_the_same_bits_on_a_gpu_of_nvidia() {
    let Device::Cuda(_) = device() else { return };
    for (manifest, examples) in families() {
        let bits = |device| losses(&manifest, &examples, &recipe(EngineChoice::Exact, Precision::F32), device).unwrap();
        assert_eq!(bits(device()), bits(Device::Cpu));
    }
}

#[test]
fn devices_that_are_not_here_are_refused() {
    let [(manifest, examples), ..] = families();
    let beyond = match device() {
        Device::Cuda(_) => Device::Cuda(99),
        _ => Device::Wgpu(99),
    };
    let error = losses(&manifest, &examples, &recipe(EngineChoice::Auto, Precision::F32), beyond).unwrap_err();
    assert!(matches!(error, TrainError::Device(_)) && error.to_string().contains("99 cannot be used here"), "{error}");
    if let Device::Wgpu(_) = device() {
        let result = losses(&manifest, &examples, &recipe(EngineChoice::Exact, Precision::F32), device());
        assert!(matches!(result, Err(TrainError::ExactElsewhere)), "{result:?}");
    }
}
