//! The family llama: losses and predictions against the reference, at many shapes, on every instruction set; gradients against
//! differences of the reference in binary64.

use std::collections::BTreeMap;

use evaluator::{Checkpoint, Compute, Exact, Examples, Isa, Manifest, Model, Scaling, mean, micronats, predict};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::exact::check_gradients;
use crate::golden::LLAMA;
use crate::gpt;
use crate::reference_llama::{Sizes, log_probabilities};
use crate::rotary::turns;

const CHARACTERS: &str = "\\n abcdefghijklmnopqrstuvwxyzé";

pub fn manifest(sizes: &Sizes, stride: usize, weight_max: u32) -> Manifest {
    let Sizes { layers, heads, key_value_heads, head_size, width, inner, context, vocabulary, epsilon, rotary_base, .. } = sizes;
    let Sizes { bias, head_norms, tied, .. } = sizes;
    let tokenizer = if *vocabulary == 256 { r#""bytes""#.to_owned() } else { format!(r#"{{"characters":"{CHARACTERS}"}}"#) };
    let scaling = sizes.rotary_scaling.as_ref().map(|scaling| {
        let Scaling { factor, low, high, original } = scaling;
        format!(r#","rotary_scaling":{{"factor":{factor},"low":{low},"high":{high},"original":{original}}}"#)
    });
    let window = sizes.window.map(|window| format!(r#","window":{window}"#));
    let (scaling, window) = (scaling.unwrap_or_default(), window.unwrap_or_default());
    let text = format!(
        r#"{{"version":1,"model":{{"family":"llama","layers":{layers},"heads":{heads},"key_value_heads":{key_value_heads},"head_size":{head_size},"width":{width},"inner":{inner},"context":{context},"vocabulary":{vocabulary},"epsilon":{epsilon},"rotary_base":{rotary_base}{scaling}{window},"bias":{bias},"head_norms":{head_norms},"tied":{tied}}},"data":{{"format":"text","tokenizer":{tokenizer},"stride":{stride}}},"loss":"cross_entropy","eval_max":64,"weight_max":{weight_max}}}"#
    );
    Manifest::from_bytes(text.as_bytes()).unwrap()
}

/// What nothing is added to: no bias, no norms of heads, no window, no scaling, tied.
pub fn plain() -> Sizes {
    Sizes {
        layers: 1,
        heads: 2,
        key_value_heads: 1,
        head_size: 8,
        width: 16,
        inner: 24,
        context: 8,
        vocabulary: 29,
        epsilon: 1000,
        rotary_base: 10_000,
        rotary_scaling: None,
        window: None,
        bias: false,
        head_norms: false,
        tied: true,
    }
}

/// Everything that a model of the family may have, in sizes that fill no tile and no register.
pub fn full() -> Sizes {
    let rotary_scaling = Some(Scaling { factor: 4, low: 1, high: 3, original: 32 });
    let sizes = Sizes { layers: 2, heads: 6, key_value_heads: 2, head_size: 18, width: 51, inner: 70, context: 37, ..plain() };
    Sizes { vocabulary: 256, rotary_base: 500, rotary_scaling, window: Some(21), bias: true, head_norms: true, tied: false, ..sizes }
}

/// Log-probabilities that the reference computes in either kind of numbers.
fn reference<T: crate::reference_llama::Number>(manifest: &Manifest, sizes: &Sizes, tensors: &[Vec<T>], tokens: &[u32]) -> Vec<Vec<T>> {
    let Model::Llama(llama) = manifest.model() else { panic!("{manifest:?}") };
    let turns = turns(&llama.frequencies(), tokens.len());
    let turns = turns.into_iter().map(|row| row.into_iter().map(|(cosine, sine)| (T::from(cosine), T::from(sine))).collect());
    log_probabilities(tensors, sizes, turns.collect(), tokens)
}

/// Every loss must equal the reference, whatever the instruction set and the number of threads.
fn check(sizes: &Sizes, stride: usize, count: usize, scale: f32) {
    let manifest = manifest(sizes, stride, if scale > 1.0 { 65_536 } else { 4 });
    let text = gpt::text((count - 1) * stride + sizes.context + 1);
    let examples = Examples::parse(&manifest, [("set.txt", &text)]).unwrap();
    assert_eq!(examples.len(), count);
    let checkpoint = gpt::checkpoint(&manifest, scale);
    let drawn: Vec<u32> = (0..count as u32).rev().collect();
    let loss = |index: &u32| {
        let tokens = examples.window(*index as usize).unwrap();
        let rows = reference(&manifest, sizes, checkpoint.tensors(), &tokens[..sizes.context]);
        let losses: Vec<u32> = rows.iter().zip(&tokens[1..]).map(|(row, target)| micronats(-row[*target as usize])).collect();
        mean(&losses)
    };
    let expected: Vec<u32> = drawn.iter().map(loss).collect();
    for isa in Isa::available() {
        for threads in [1, 2, 7] {
            let measured = Compute::new(isa, threads).unwrap().evaluate(&checkpoint, &examples, &drawn).unwrap();
            assert_eq!(measured.losses, expected, "{sizes:?} times {scale} with {isa} on {threads} threads");
        }
    }
}

#[test]
fn losses_of_a_llama_equal_the_reference_at_every_shape() {
    check(&plain(), 8, 3, 1.0);
    check(&Sizes { context: 1, width: 1, inner: 1, heads: 1, head_size: 2, ..plain() }, 1, 4, 1.0);
    check(&full(), 5, 4, 1.0);
    check(&Sizes { vocabulary: 29, context: 61, head_norms: false, ..full() }, 61, 2, 1.0);
    check(&Sizes { heads: 8, key_value_heads: 8, head_size: 4, context: 100, tied: false, ..plain() }, 100, 11, 1.0);
    check(
        &Sizes { heads: 3, key_value_heads: 1, head_size: 64, width: 96, inner: 256, context: 40, head_norms: true, ..plain() },
        40,
        2,
        1.0,
    );
    check(&Sizes { layers: 2, heads: 4, key_value_heads: 2, head_size: 6, width: 34, bias: true, context: 19, ..plain() }, 5, 5, 1.0);
}

#[test]
fn a_window_of_any_length_equals_the_reference() {
    for window in [1, 2, 3, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 65_536] {
        check(&Sizes { window: Some(window), context: 64, ..plain() }, 64, 1, 1.0);
        check(&Sizes { window: Some(window), context: 53, heads: 4, key_value_heads: 2, head_size: 34, ..plain() }, 53, 1, 1.0);
    }
}

#[test]
fn losses_of_a_llama_with_exploded_and_vanishing_weights_equal_the_reference() {
    for scale in [50_000.0, 30.0, 1e-3, 1e-30, f32::from_bits(1) * 64.0, 0.0] {
        check(&Sizes { context: 21, ..plain() }, 21, 2, scale);
        check(&Sizes { window: Some(9), ..full() }, 21, 2, scale);
    }
}

#[test]
fn a_llama_predicts_and_continues_a_text_as_the_reference_does() {
    let sizes = Sizes { window: Some(4), bias: true, head_norms: true, ..plain() };
    let manifest = manifest(&sizes, 6, 4);
    let checkpoint = gpt::checkpoint(&manifest, 1.0);
    let rows = |tokens: &[u32]| reference(&manifest, &sizes, checkpoint.tensors(), &tokens[tokens.len().saturating_sub(8)..]);
    // 'a' is the third character of the tokenizer.
    let mut tokens = vec![2, 3, 4];
    assert_eq!(&predict(&checkpoint, "abc").unwrap(), rows(&tokens).last().unwrap());
    let likeliest: Vec<u32> = Compute::detect().generate(&checkpoint, "abc", 0.0, [1; 32]).unwrap().take(20).collect();
    for token in likeliest {
        let row = rows(&tokens).pop().unwrap();
        assert!(row.iter().all(|value| *value <= row[token as usize]), "{token} after {tokens:?}");
        tokens.push(token);
    }
}

#[test]
fn gradients_of_every_kind_of_llama_are_what_its_loss_changes_by() {
    for sizes in kinds() {
        let manifest = manifest(&sizes, 29, 4);
        let examples = Examples::parse(&manifest, [("a.txt", gpt::text(200))]).unwrap();
        check_gradients(&manifest, &examples);
    }
}

/// What the second implementation found on some examples: sha256 of each tensor's gradient, f32 little-endian.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gradients {
    batch: Vec<u32>,
    digests: BTreeMap<String, String>,
}

#[test]
fn every_gradient_has_the_digest_of_the_second_implementation_on_every_instruction_set() {
    let golden: Gradients = serde_json::from_str(include_str!("../golden/llama/gradients.json")).unwrap();
    let (new, examples) = (LLAMA.checkpoint(LLAMA.new), LLAMA.examples());
    for compute in Isa::available().flat_map(|isa| [1, 3].map(|threads| Compute::new(isa, threads).unwrap())) {
        let mut exact = Exact::new(compute, &new).unwrap();
        exact.backward(&examples, &golden.batch).unwrap();
        let digest =
            |values: &Vec<f32>| hex::encode(Sha256::digest(values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>()));
        let names = LLAMA.manifest().tensors().into_iter().map(|spec| spec.name);
        let found: BTreeMap<String, String> = names.zip(exact.gradients().iter().map(digest)).collect();
        assert_eq!(found, golden.digests, "{compute:?}");
    }
}

/// Everything that may be there, each missing once, and nothing.
fn kinds() -> [Sizes; 6] {
    [
        full(),
        Sizes { head_norms: false, ..full() },
        Sizes { window: None, bias: false, ..full() },
        Sizes { tied: true, rotary_scaling: None, ..full() },
        Sizes { heads: 2, ..full() },
        Sizes { context: 40, layers: 2, ..plain() },
    ]
}

/// Mean loss in nats, in binary64 throughout.
fn loss(manifest: &Manifest, sizes: &Sizes, tensors: &[Vec<f64>], examples: &Examples) -> f64 {
    let windows: Vec<Vec<u32>> = (0..examples.len()).filter_map(|index| examples.window(index)).collect();
    let of = |tokens: &Vec<u32>| -> f64 {
        let rows = reference(manifest, sizes, tensors, &tokens[..sizes.context]);
        rows.iter().zip(&tokens[1..]).map(|(row, target)| -row[*target as usize]).sum()
    };
    windows.iter().map(of).sum::<f64>() / (windows.len() * sizes.context) as f64
}

#[test]
fn each_gradient_is_the_difference_of_the_reference_in_binary64() {
    let step = 1e-5;
    for sizes in kinds() {
        let manifest = manifest(&sizes, 29, 4);
        let examples = Examples::parse(&manifest, [("a.txt", gpt::text(sizes.context + 1))]).unwrap();
        let base: Checkpoint = gpt::checkpoint(&manifest, 1.0);
        let mut exact = Exact::new(Compute::detect(), &base).unwrap();
        exact.backward(&examples, &[0]).unwrap();
        let wide: Vec<Vec<f64>> = base.tensors().iter().map(|values| values.iter().copied().map(f64::from).collect()).collect();
        for (index, spec) in manifest.tensors().iter().enumerate() {
            let gradients = &exact.gradients()[index];
            let scale = (gradients.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() / gradients.len() as f64).sqrt();
            // One at a place that has nothing to do with rows, and the last.
            for place in [gradients.len() * 5 / 13, gradients.len() - 1] {
                let moved = |by: f64| {
                    let mut tensors = wide.clone();
                    tensors[index][place] += by;
                    loss(&manifest, &sizes, &tensors, &examples)
                };
                let expected = (moved(step) - moved(-step)) / (2.0 * step);
                let difference = (f64::from(gradients[place]) - expected).abs();
                assert!(difference < 1e-3 * scale + 1e-9, "{} at {place}: {} instead of {expected}", spec.name, gradients[place]);
            }
        }
    }
}
