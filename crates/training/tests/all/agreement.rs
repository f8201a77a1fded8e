//! burn computes in its own order; its losses must still be those of the canonical evaluator to five digits.

use evaluator::{Checkpoint, Examples, Manifest, evaluate};
use training::{Optimizer, Settings, Trainer};

use crate::digits::{genesis, manifest, with_hidden};

/// Most nats between both means.
const TOLERANCE: f64 = 1e-5;

fn settings(optimizer: Optimizer, examples: &Examples) -> Settings {
    let learning_rate = if optimizer == Optimizer::Sgd { 0.3 } else { 0.01 };
    Settings { optimizer, learning_rate, weight_decay: 0.001, batch: examples.len() as u32, steps: 30 }
}

/// With one batch of the whole set, the loss of a step is the mean that the evaluator finds on the weights before it.
fn check(manifest: &Manifest, optimizer: Optimizer) {
    let examples = genesis(manifest);
    let drawn: Vec<u32> = (0..examples.len() as u32).collect();
    let base = Checkpoint::initial(manifest, [5; 32]);
    let mut trainer = Trainer::new(&base, &examples, &settings(optimizer, &examples), 1).unwrap();
    assert_eq!(trainer.checkpoint().unwrap(), base, "weights must survive burn unchanged");
    let mut losses = Vec::new();
    for step in 0..30 {
        let exact = f64::from(evaluate(&trainer.checkpoint().unwrap(), &examples, &drawn).unwrap().mean) / 1e6;
        let loss = f64::from(trainer.step().unwrap());
        assert!((loss - exact).abs() < TOLERANCE, "step {step} with {optimizer:?}: burn {loss}, evaluator {exact}");
        losses.push(loss);
    }
    assert!(losses[29] < losses[0] - 0.05, "thirty steps with {optimizer:?} must improve: {losses:?}");
}

#[test]
fn burn_and_the_evaluator_agree_on_every_step() {
    for manifest in [manifest(), with_hidden("[]"), with_hidden("[48,20]")] {
        check(&manifest, Optimizer::AdamW);
        check(&manifest, Optimizer::Sgd);
    }
}
