//! The family gpt: losses, probes and predictions against the reference, at many shapes, on every instruction set.

use evaluator::{Accuracy, Checkpoint, Compute, DataError, Examples, Isa, Manifest, accuracy, evaluate, mean, micronats, predict};

use crate::reference_gpt::{Sizes, gelu, gelu_tanh, log_probabilities, log_probabilities_with};

const CHARACTERS: &str = "\\n abcdefghijklmnopqrstuvwxyzé";

pub fn manifest(sizes: Sizes, stride: usize, weight_max: u32) -> Manifest {
    let Sizes { layers, heads, width, context, vocabulary, bias, tied } = sizes;
    let tokenizer = if vocabulary == 256 { r#""bytes""#.to_owned() } else { format!(r#"{{"characters":"{CHARACTERS}"}}"#) };
    let text = format!(
        r#"{{"version":1,"model":{{"family":"gpt","layers":{layers},"heads":{heads},"width":{width},"context":{context},"vocabulary":{vocabulary},"bias":{bias},"tied":{tied}}},"data":{{"format":"text","tokenizer":{tokenizer},"stride":{stride}}},"loss":"cross_entropy","eval_max":64,"weight_max":{weight_max}}}"#
    );
    Manifest::from_bytes(text.as_bytes()).unwrap()
}

/// The same with the tanh form of GELU.
pub fn tanh(manifest: &Manifest) -> Manifest {
    let text = String::from_utf8(manifest.to_bytes()).unwrap();
    let text = text.replacen(r#"},"data""#, r#","activation":"gelu_tanh"},"data""#, 1);
    Manifest::from_bytes(text.as_bytes()).unwrap()
}

/// A text of small letters that looks random.
pub fn text(length: usize) -> String {
    let letter = |index: usize| b"etaoin shrdlu\n"[(index.wrapping_mul(2_654_435_761) >> 9) % 14] as char;
    (0..length).map(letter).collect()
}

/// First weights that were moved, so that norms and biases count, and scaled.
pub fn checkpoint(manifest: &Manifest, scale: f32) -> Checkpoint {
    let initial = Checkpoint::initial(manifest, [3; 32]);
    let moved = |(index, value): (usize, &f32)| (value + ((index * 37) % 101) as f32 / 500.0 - 0.1) * scale;
    let tensors = initial.tensors().iter().map(|values| values.iter().enumerate().map(moved).collect());
    Checkpoint::from_tensors(manifest, tensors.collect()).unwrap()
}

/// Every loss must equal the reference, whatever the instruction set and the number of threads.
fn check(sizes: Sizes, stride: usize, count: usize, scale: f32) {
    let exact = manifest(sizes, stride, if scale > 1.0 { 65_536 } else { 4 });
    check_with(gelu, &exact, sizes, (stride, count, scale));
    check_with(gelu_tanh, &tanh(&exact), sizes, (stride, count, scale));
}

/// The same for a manifest whose blocks have this function.
fn check_with(gelu: fn(f32) -> f32, manifest: &Manifest, sizes: Sizes, (stride, count, scale): (usize, usize, f32)) {
    let text = text((count - 1) * stride + sizes.context + 1);
    let examples = Examples::parse(manifest, [("set.txt", &text)]).unwrap();
    assert_eq!(examples.len(), count);
    let checkpoint = checkpoint(manifest, scale);
    let file = checkpoint.to_bytes();
    let drawn: Vec<u32> = (0..count as u32).rev().collect();
    let expected: Vec<u32> = drawn
        .iter()
        .map(|index| {
            let tokens = examples.window(*index as usize).unwrap();
            let rows = log_probabilities_with(gelu, &file, sizes, &tokens[..sizes.context]);
            let losses: Vec<u32> = rows.iter().zip(&tokens[1..]).map(|(row, target)| micronats(-row[*target as usize])).collect();
            mean(&losses)
        })
        .collect();
    for isa in Isa::available() {
        for threads in [1, 2, 7] {
            let measured = Compute::new(isa, threads).unwrap().evaluate(&checkpoint, &examples, &drawn).unwrap();
            assert_eq!(measured.losses, expected, "{manifest:?} times {scale} with {isa} on {threads} threads");
        }
    }
}

#[test]
fn losses_equal_the_reference_at_every_shape() {
    let sizes = Sizes { layers: 1, heads: 1, width: 16, context: 8, vocabulary: 29, bias: true, tied: true };
    check(sizes, 8, 3, 1.0);
    check(Sizes { context: 1, width: 1, ..sizes }, 1, 4, 1.0);
    check(Sizes { layers: 2, heads: 2, width: 34, context: 19, ..sizes }, 5, 5, 1.0);
    check(Sizes { layers: 2, heads: 3, width: 15, context: 33, bias: false, ..sizes }, 33, 2, 1.0);
    check(Sizes { layers: 2, heads: 4, width: 64, context: 40, tied: false, ..sizes }, 17, 3, 1.0);
    check(Sizes { heads: 2, width: 96, context: 61, vocabulary: 256, bias: false, tied: false, ..sizes }, 61, 2, 1.0);
    check(Sizes { heads: 8, width: 24, context: 100, ..sizes }, 100, 11, 1.0);
}

#[test]
fn losses_of_exploded_and_vanishing_weights_equal_the_reference() {
    let sizes = Sizes { layers: 2, heads: 2, width: 20, context: 21, vocabulary: 29, bias: true, tied: true };
    for scale in [50_000.0, 30.0, 1e-3, 1e-30, f32::from_bits(1) * 64.0, 0.0] {
        check(sizes, 21, 2, scale);
        check(Sizes { bias: false, tied: false, ..sizes }, 21, 2, scale);
    }
}

#[test]
fn windows_start_a_stride_apart_in_the_stream_of_all_files() {
    let sizes = Sizes { layers: 1, heads: 1, width: 4, context: 4, vocabulary: 256, bias: true, tied: true };
    let manifest = manifest(sizes, 3, 1);
    let files = [("b.txt", "fghij"), ("readme.md", "no"), ("a.txt", "abcde"), ("c.csv", "1")];
    let examples = Examples::parse(&manifest, files).unwrap();
    let windows: Vec<String> = (0..9)
        .filter_map(|index| examples.window(index))
        .map(|window| window.iter().map(|token| char::from(*token as u8)).collect())
        .collect();
    assert_eq!((examples.len(), windows), (2, vec!["abcde".to_owned(), "defgh".to_owned()]));
    assert_eq!((examples.features(0), examples.label(0)), (None, None));
}

#[test]
fn a_prediction_is_the_row_after_the_last_token_that_the_model_sees() {
    let sizes = Sizes { layers: 1, heads: 2, width: 8, context: 6, vocabulary: 29, bias: true, tied: true };
    let manifest = manifest(sizes, 6, 4);
    let checkpoint = checkpoint(&manifest, 1.0);
    // 'a' is the third character of the tokenizer.
    let tokens = |text: &str| text.bytes().map(|byte| u32::from(byte - b'a') + 2).collect::<Vec<u32>>();
    for (text, seen) in [("a", "a"), ("abc", "abc"), ("zyxwvuabcdef", "abcdef")] {
        let rows = log_probabilities(&checkpoint.to_bytes(), sizes, &tokens(seen));
        assert_eq!(&predict(&checkpoint, text).unwrap(), rows.last().unwrap(), "{text}");
    }
    assert!(predict(&checkpoint, "").is_err());
    assert!(predict(&checkpoint, "A").is_err());
}

#[test]
fn accuracy_counts_every_target() {
    let sizes = Sizes { layers: 1, heads: 1, width: 4, context: 5, vocabulary: 256, bias: true, tied: true };
    let manifest = manifest(sizes, 5, 4);
    // All weights 0: every token is as likely as any other, and the first of equals is token 0.
    let zeros = manifest.tensors().iter().map(|spec| vec![0.0; spec.elements() as usize]).collect();
    let checkpoint = Checkpoint::from_tensors(&manifest, zeros).unwrap();
    let examples = Examples::parse(&manifest, [("a.txt", "a\0b\0c\0d\0e\0f")]).unwrap();
    assert_eq!(accuracy(&checkpoint, &examples), Ok(Accuracy { right: 5, total: 10 }));
    let uniform = micronats(256.0_f32.ln());
    let measured = evaluate(&checkpoint, &examples, &[0, 1]).unwrap();
    assert!(measured.mean.abs_diff(uniform) <= 1, "{measured:?}");
}

#[test]
fn a_text_is_continued_the_same_way_by_the_same_seed_and_with_the_likeliest_tokens_at_temperature_0() {
    let sizes = Sizes { layers: 1, heads: 2, width: 8, context: 6, vocabulary: 29, bias: true, tied: true };
    let manifest = manifest(sizes, 6, 4);
    let checkpoint = checkpoint(&manifest, 1.0);
    let generate = |temperature: f32, seed: u8| -> Vec<u32> {
        Compute::detect().generate(&checkpoint, "abc", temperature, [seed; 32]).unwrap().take(20).collect()
    };
    assert_eq!(generate(0.8, 1), generate(0.8, 1));
    assert_ne!(generate(0.8, 1), generate(0.8, 2));
    assert!(generate(0.8, 1).iter().all(|token| *token < 29));
    let mut tokens = vec![2, 3, 4];
    for token in generate(0.0, 1) {
        let rows = log_probabilities(&checkpoint.to_bytes(), sizes, &tokens[tokens.len().saturating_sub(6)..]);
        let row = rows.last().unwrap();
        assert!(row.iter().all(|value| *value <= row[token as usize]), "{token} after {tokens:?}");
        tokens.push(token);
    }
    let mlp = crate::golden::MLP.checkpoint(crate::golden::MLP.base);
    assert!(matches!(Compute::detect().generate(&mlp, "1,2,3,4,5", 0.0, [0; 32]), Err(DataError::NoText)));
}
