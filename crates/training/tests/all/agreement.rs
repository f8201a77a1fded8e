//! Both engines against the canonical evaluator, and burn against exact, which computes in another order.

use evaluator::{Checkpoint, Examples, Manifest, evaluate, mean};
use training::{Decay, EngineChoice, Optimizer, Settings};

use crate::sets::{
    ENGINES, base, digits, families, frozen, genesis, gpt, gpt_tanh, llama, plain_llama, plan, priced, train, trainer, with_hidden, words,
};

/// Most nats between both means.
const TOLERANCE: f64 = 1e-5;

fn settings(engine: EngineChoice, optimizer: Optimizer, examples: &Examples) -> Settings {
    let learning_rate = if optimizer == Optimizer::Sgd { 0.3 } else { 0.01 };
    Settings { engine, optimizer, learning_rate, weight_decay: 0.001, batch: examples.len() as u32, ..Settings::default() }
}

/// Mean loss in nats without the price of the weights.
fn measured(checkpoint: &Checkpoint, examples: &Examples) -> f64 {
    let drawn: Vec<u32> = (0..examples.len() as u32).collect();
    f64::from(mean(&evaluate(checkpoint, examples, &drawn).unwrap().losses)) / 1e6
}

/// With one batch of the whole set, the loss of a step is the mean that the evaluator finds on the weights before it.
fn check(manifest: &Manifest, examples: &Examples, engine: EngineChoice, optimizer: Optimizer) {
    let start = base(manifest);
    let plan = plan(settings(engine, optimizer, examples), 1, 30);
    let mut trainer = trainer(&start, examples, &plan).unwrap();
    assert_eq!(trainer.checkpoint().unwrap(), start, "weights must survive the engine unchanged");
    let mut losses = Vec::new();
    for step in 0..30 {
        let exact = measured(&trainer.checkpoint().unwrap(), examples);
        let loss = f64::from(trainer.step().unwrap());
        assert!((loss - exact).abs() < TOLERANCE, "step {step} with {optimizer:?}: {engine:?} {loss}, evaluator {exact}");
        losses.push(loss);
    }
    assert!(losses[29] < losses[0] - 0.05, "thirty steps with {optimizer:?} must improve: {losses:?}");
}

#[test]
fn engines_and_the_evaluator_agree_on_every_step() {
    for engine in ENGINES.iter().copied() {
        for optimizer in [Optimizer::AdamW, Optimizer::Sgd] {
            for manifest in [digits(), with_hidden("[]"), with_hidden("[48,20]"), priced(&digits(), 500_000)] {
                check(&manifest, &genesis(&manifest), engine, optimizer);
            }
            for manifest in [gpt(true, true), gpt(false, false), gpt_tanh(), llama(), plain_llama()] {
                check(&manifest, &words(&manifest), engine, optimizer);
            }
        }
    }
}

/// Both engines on the same batches with everything that settings offer.
fn check_way(manifest: &Manifest, examples: &Examples, optimizer: Optimizer) {
    let run = |engine, batch, accumulate| {
        let clip = Some(0.5);
        let shape =
            Settings { batch, accumulate, clip, warmup: 4, decay: Decay::Cosine, floor: 0.1, ..settings(engine, optimizer, examples) };
        let mut trainer = trainer(&base(manifest), examples, &plan(shape, 3, 20)).unwrap();
        let losses: Vec<f32> = (0..20).map(|_| trainer.step().unwrap()).collect();
        (losses, trainer.checkpoint().unwrap())
    };
    let (exact, _) = run(EngineChoice::Exact, 8, 3);
    assert_eq!(run(EngineChoice::Exact, 24, 1).0, exact, "accumulated batches are one batch, to the bit");
    for (batch, accumulate) in ENGINES[1..].iter().flat_map(|_| [(8, 3), (24, 1)]) {
        let (burn, _) = run(EngineChoice::Burn, batch, accumulate);
        for (step, (burn, exact)) in burn.iter().zip(&exact).enumerate() {
            assert!((burn - exact).abs() < 2e-4, "step {step} with {optimizer:?}, {accumulate} batches: burn {burn}, exact {exact}");
        }
    }
    assert!(exact[19] < exact[0], "{exact:?}");
}

#[test]
fn burn_goes_the_way_of_exact() {
    for (manifest, examples) in families() {
        for manifest in [priced(&manifest, 1_000_000), manifest] {
            check_way(&manifest, &examples, Optimizer::AdamW);
            check_way(&manifest, &examples, Optimizer::Sgd);
        }
    }
}

#[test]
fn both_engines_leave_frozen_tensors_as_they_are_and_train_all_others_alike() {
    let cases = [
        (digits(), r#"["layers.0.*"]"#),
        (gpt(true, true), r#"["transformer.h.0.*","transformer.wpe.weight"]"#),
        (gpt_tanh(), r#"["transformer.wte.weight"]"#),
        (llama(), r#"["model.embed_tokens.weight","model.layers.0.*"]"#),
        (plain_llama(), r#"["model.layers.1.mlp.*"]"#),
    ];
    for (plain, patterns) in cases {
        let examples = if plain == digits() { genesis(&plain) } else { words(&plain) };
        for manifest in [frozen(&plain, patterns), frozen(&priced(&plain, 1_000_000), patterns)] {
            for optimizer in [Optimizer::AdamW, Optimizer::Sgd] {
                check_way(&manifest, &examples, optimizer);
                for engine in ENGINES.iter().copied() {
                    let start = base(&manifest);
                    let shape = Settings { batch: 8, clip: Some(0.5), ..settings(engine, optimizer, &examples) };
                    let trained = train(&start, &examples, &plan(shape, 3, 4)).unwrap();
                    assert_eq!(trained.keeps_frozen(&start), Ok(()), "{engine:?}");
                    let pairs = trained.tensors().iter().zip(start.tensors());
                    for (spec, (after, before)) in manifest.tensors().iter().zip(pairs) {
                        assert_eq!(after == before, spec.is_frozen, "{} with {engine:?} and {optimizer:?}", spec.name);
                    }
                }
            }
        }
    }
}
