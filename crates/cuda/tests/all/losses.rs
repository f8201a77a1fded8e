//! Whole evaluations and probes.

use cuda::{Evaluator, Settings, Tiles};
use evaluator::{Checkpoint, evaluate, probe};
use serde_json::Value;

use crate::cases::{golden, odd, rows, unbounded};
use crate::shim::Shim;

/// Small and large tiles, few rows of a pass and many.
const SETTINGS: [Settings; 3] = [
    Settings { rows: 1 << 12, tiles: Tiles::Small },
    Settings { rows: 1, tiles: Tiles::Large },
    Settings { rows: 75, tiles: Tiles::Chosen },
];

/// Numbers of a list.
fn numbers(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as u32).collect()
}

/// Bytes written in hexadecimal.
fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    let text = value.as_str().unwrap();
    std::array::from_fn(|index| u8::from_str_radix(&text[2 * index..][..2], 16).unwrap())
}

#[test]
fn golden_losses_and_probes_come_out() {
    for golden in golden() {
        let measured: Value = serde_json::from_str(golden.measurement).unwrap();
        let drawn = numbers(&measured["drawn"]);
        for settings in SETTINGS {
            for (file, losses) in [(golden.base, "base"), (golden.new, "new")] {
                let checkpoint = Checkpoint::from_bytes(&golden.case.manifest, file).unwrap();
                let shim = Shim::default();
                let evaluator = Evaluator::new(&shim, &checkpoint, settings).unwrap();
                let found = evaluator.evaluate(&golden.case.examples, &drawn).unwrap();
                assert_eq!(found.losses, numbers(&measured[losses]), "{} {settings:?}", golden.case.name);
                if losses == "new" {
                    let (seed, signer) = (bytes(&measured["seed"]), bytes(&measured["signer"]));
                    let probe = evaluator.probe(&golden.case.examples, &drawn, seed, signer).unwrap();
                    assert_eq!(probe, bytes(&measured["probe"]), "{} {settings:?}", golden.case.name);
                }
            }
        }
    }
}

#[test]
fn losses_and_probes_of_odd_sizes_are_those_of_the_evaluator() {
    for case in odd() {
        let (checkpoint, drawn) = (case.checkpoint(), case.all());
        let expected = evaluate(&checkpoint, &case.examples, &drawn).unwrap();
        for settings in SETTINGS {
            let shim = Shim::default();
            let evaluator = Evaluator::new(&shim, &checkpoint, settings).unwrap();
            assert_eq!(evaluator.evaluate(&case.examples, &drawn).unwrap(), expected, "{} {settings:?}", case.name);
            // A probe is of bits of log-probabilities, where losses are rounded.
            for signer in [[1; 20], [2; 20]] {
                let expected = probe(&checkpoint, &case.examples, &drawn, [7; 32], signer).unwrap();
                assert_eq!(evaluator.probe(&case.examples, &drawn, [7; 32], signer).unwrap(), expected, "{}", case.name);
            }
        }
    }
}

#[test]
fn rows_of_narrow_models_have_the_losses_of_the_evaluator() {
    for case in rows(300) {
        let (checkpoint, drawn, shim) = (case.checkpoint(), case.all(), Shim::default());
        let evaluator = Evaluator::new(&shim, &checkpoint, SETTINGS[0]).unwrap();
        let expected = evaluate(&checkpoint, &case.examples, &drawn).unwrap();
        assert_eq!(evaluator.evaluate(&case.examples, &drawn), Ok(expected), "{}", case.name);
        assert!(drawn.len() == 300 || drawn.len() * case.examples.inputs() == 256, "whole windows, or each row");
    }
}

#[test]
fn losses_and_probes_of_exploded_and_vanishing_weights_are_those_of_the_evaluator() {
    for case in unbounded() {
        let drawn = [0, 2];
        for factor in [50_000.0, 30.0, 1e-3, 1e-30, f32::from_bits(1) * 64.0, 0.0] {
            let (checkpoint, shim) = (case.scaled(factor), Shim::default());
            let evaluator = Evaluator::new(&shim, &checkpoint, SETTINGS[0]).unwrap();
            let expected = evaluate(&checkpoint, &case.examples, &drawn).unwrap();
            assert_eq!(evaluator.evaluate(&case.examples, &drawn).unwrap(), expected, "{} times {factor:e}", case.name);
            let expected = probe(&checkpoint, &case.examples, &drawn, [7; 32], [1; 20]).unwrap();
            assert_eq!(evaluator.probe(&case.examples, &drawn, [7; 32], [1; 20]).unwrap(), expected, "{} times {factor:e}", case.name);
        }
    }
}
