//! Folders and logits of transformers: imported they give the same numbers.

use evaluator::{Checkpoint, Compute};
use models::Tokenizer;
use serde_json::Value;

use crate::{FOLDERS, checkpoint, copy_of, golden_folder, name_of, open, open_as};

/// How far from transformers' a log-probability may be.
const TOLERANCE: f64 = 1e-4;

fn answers(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(golden_folder(name).join("logits.json")).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn tokens(value: &Value) -> Vec<u32> {
    numbers(value).into_iter().map(|token| token as u32).collect()
}

fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f64::MIN, f64::max);
    let total = logits.iter().map(|logit| (logit - most).exp()).sum::<f64>().ln() + most;
    logits.iter().map(|logit| logit - total).collect()
}

#[test]
fn imported_folders_give_the_logits_of_transformers() {
    for name in FOLDERS {
        let import = open(&golden_folder(name)).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        let bytes = checkpoint(&import);
        assert_eq!(bytes.len() as u64, import.length(), "{name}");
        let checkpoint = Checkpoint::from_bytes(import.manifest(), &bytes).unwrap();
        let answers = answers(name);
        let tokens = tokens(&answers["tokens"]);
        for (place, logits) in answers["logits"].as_array().unwrap().iter().enumerate() {
            let wanted = log_softmax(&numbers(logits));
            let row = Compute::detect().predict_tokens(&checkpoint, &tokens[..=place]).unwrap();
            assert_eq!(row.len(), wanted.len(), "{name}");
            let worst = row.iter().zip(&wanted).map(|(value, wanted)| (f64::from(*value) - wanted).abs()).fold(0.0, f64::max);
            assert!(worst < TOLERANCE, "{name}, position {place}: {worst} off");
        }
    }
}

#[test]
fn values_stored_in_bfloat16_stay_so_or_are_widened_to_the_same_numbers() {
    let (narrow, wide) = (open(&golden_folder("qwen2")).unwrap(), open_as(&golden_folder("qwen2"), true).unwrap());
    let says = |import: &models::Import| String::from_utf8(import.manifest().to_bytes()).unwrap();
    assert!(says(&narrow).contains(r#""dtype":"bf16""#) && !says(&wide).contains("dtype"), "{} {}", says(&narrow), says(&wide));
    let predicted = |import: &models::Import| {
        let checkpoint = Checkpoint::from_bytes(import.manifest(), &checkpoint(import)).unwrap();
        Compute::detect().predict_tokens(&checkpoint, &[1, 2, 3]).unwrap()
    };
    assert_eq!(predicted(&narrow), predicted(&wide));
    assert!(2 * wide.length() > 3 * narrow.length(), "{} bytes, {} narrow", wide.length(), narrow.length());
}

#[test]
fn the_tokenizer_encodes_and_decodes_as_transformers_does_at_once_and_in_a_stream() {
    for name in FOLDERS {
        let tokenizer = Tokenizer::read(&golden_folder(name).join("tokenizer.json")).unwrap();
        let (answers, mut stream) = (answers(name), tokenizer.stream());
        let (wanted, text) = (tokens(&answers["tokens"]), answers["text"].as_str().unwrap());
        let encoded = tokenizer.encode(text, true).unwrap();
        assert_eq!(encoded[..wanted.len()], wanted, "{name}");
        assert_eq!(tokenizer.decode(&encoded, false), text, "{name}");
        let parts: Vec<String> = encoded.iter().map(|token| stream.push(*token)).collect();
        assert!(parts.iter().all(|part| !part.contains('\u{fffd}')), "{name}: letters come whole: {parts:?}");
        assert_eq!(parts.concat() + &stream.rest(), text, "{name}");
        assert_eq!(tokenizer.decode(&tokens(&answers["greedy"]), true), answers["greedy_text"].as_str().unwrap(), "{name}");
        assert_eq!((tokenizer.end(), tokenizer.vocabulary()), (Some(287), 288), "{name}");
    }
}

#[test]
fn a_manifest_names_the_digest_of_the_tokenizer_and_says_what_the_configuration_does() {
    let import = open(&golden_folder("llama")).unwrap();
    let digest = hex::encode(name_of(import.tokenizer()));
    let text = String::from_utf8(import.manifest().to_bytes()).unwrap();
    assert!(text.contains(&format!(r#""data":{{"format":"tokens","tokenizer":"{digest}","stride":64}}"#)), "{text}");
    let scaling = r#""epsilon":10000,"rotary_base":100,"rotary_scaling":{"factor":8,"low":1,"high":4,"original":32},"bias":false,"head_norms":false,"tied":true"#;
    assert!(text.contains(scaling), "{text}");
    let mistral = String::from_utf8(open(&golden_folder("mistral")).unwrap().manifest().to_bytes()).unwrap();
    assert!(mistral.contains(r#""window":6,"bias":false"#), "{mistral}");
}

#[test]
fn both_generations_of_a_configuration_give_one_manifest() {
    let copy = copy_of("llama");
    let five = open(copy.path()).unwrap();
    std::fs::copy(copy.path().join("config-4.json"), copy.path().join("config.json")).unwrap();
    assert_eq!(open(copy.path()).unwrap().manifest(), five.manifest());
}
