//! The evaluator's own tokenizers, bytes and characters, as a tokenizer.json of other tools, and found in one.

use std::collections::BTreeMap;

use evaluator::Tokenizer;
use serde_json::{Value, json};

/// Different bytes.
const BYTES: u32 = 256;

/// The letter by which byte-level tokenizers write a byte: itself where it can be seen, else one behind Latin-1.
pub(crate) fn letter(byte: u8) -> char {
    let is_seen = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    if is_seen(byte) {
        return char::from(byte);
    }
    let unseen = (0..byte).filter(|byte| !is_seen(*byte)).count() as u32;
    char::from_u32(BYTES + unseen).unwrap_or_default()
}

/// The tokenizer.json that gives the same tokens.
pub(crate) fn tokenizer_json(tokenizer: &Tokenizer) -> Vec<u8> {
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false});
    let (steps, decoder, vocabulary): (_, _, BTreeMap<String, u32>) = match tokenizer {
        Tokenizer::Bytes => {
            let letters = (0..=u8::MAX).map(|byte| (letter(byte).into(), byte.into())).collect();
            (byte_level.clone(), byte_level, letters)
        }
        Tokenizer::Characters(characters) => {
            (Value::Null, json!({"type": "Fuse"}), characters.chars().map(String::from).zip(0..).collect())
        }
    };
    let model = json!({
        "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null, "end_of_word_suffix": null,
        "fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": vocabulary, "merges": []
    });
    let whole = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null, "pre_tokenizer": steps,
        "post_processor": null, "decoder": decoder, "model": model
    });
    format!("{whole:#}\n").into_bytes()
}

/// The evaluator's tokenizer that gives the same tokens for every text that it takes, if there is one.
pub(crate) fn recognized(text: &[u8]) -> Option<Tokenizer> {
    let whole: Value = serde_json::from_slice(text).ok()?;
    let model = whole.get("model")?;
    if !is_bare(&whole) || !has_no_merges(model) {
        return None;
    }
    let vocabulary = by_number(model.get("vocab")?)?;
    let (steps, decoder) = (whole.get("pre_tokenizer").unwrap_or(&Value::Null), kind(whole.get("decoder")));
    let is_byte_level = kind(Some(steps)) == Some("ByteLevel") && steps.get("add_prefix_space") == Some(&Value::Bool(false));
    if is_byte_level && decoder == Some("ByteLevel") {
        let letters: Vec<char> = (0..=u8::MAX).map(letter).collect();
        return (vocabulary == letters).then_some(Tokenizer::Bytes);
    }
    let ascends = vocabulary.iter().zip(vocabulary.iter().skip(1)).all(|(one, other)| one < other);
    let is_plain = steps.is_null() && decoder == Some("Fuse") && ascends;
    is_plain.then(|| Tokenizer::Characters(vocabulary.into_iter().collect()))
}

fn kind(step: Option<&Value>) -> Option<&str> {
    step?.get("type")?.as_str()
}

/// Nothing is changed before the steps, cut, filled up or put in front.
fn is_bare(whole: &Value) -> bool {
    let is_null = |key: &str| whole.get(key).is_none_or(Value::is_null);
    let last = whole.get("post_processor").unwrap_or(&Value::Null);
    let adds_nothing = match kind(Some(last)) {
        None => last.is_null(),
        Some("ByteLevel") => true,
        Some("TemplateProcessing") => last.get("special_tokens").and_then(Value::as_object).is_some_and(serde_json::Map::is_empty),
        Some(_) => false,
    };
    let has_no_more = whole.get("added_tokens").and_then(Value::as_array).is_none_or(Vec::is_empty);
    is_null("normalizer") && is_null("truncation") && is_null("padding") && adds_nothing && has_no_more
}

/// A model of pairs without a pair, which gives each letter its token.
fn has_no_merges(model: &Value) -> bool {
    let is_off = |key: &str| {
        model.get(key).is_none_or(|value| matches!(value.as_str(), Some("") | None) && value.as_bool() != Some(true) && !value.is_number())
    };
    let keys = ["dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"];
    let is_empty = model.get("merges").and_then(Value::as_array).is_some_and(Vec::is_empty);
    kind(Some(model)) == Some("BPE") && is_empty && keys.into_iter().all(is_off)
}

/// The letters of a vocabulary by their numbers, if each is one and no number is left out.
fn by_number(vocabulary: &Value) -> Option<Vec<char>> {
    let mut letters = BTreeMap::new();
    for (token, number) in vocabulary.as_object()? {
        let mut characters = token.chars();
        let (Some(letter), None) = (characters.next(), characters.next()) else { return None };
        letters.insert(number.as_u64()?, letter);
    }
    let is_whole = letters.keys().copied().eq(0..letters.len() as u64) && letters.len() >= 2;
    is_whole.then(|| letters.into_values().collect())
}
