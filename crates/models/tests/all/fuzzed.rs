//! Every file of JSON that a folder holds, with values in it exchanged for what an enemy would write: refused, or taken and sound.

use std::fs::{self, File};

use models::{Import, Options, Tokenizer, gguf};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::{checkpoint, copy_of, name_of, open};

/// Longer than any memory; the disk holds none of it.
const ABSURD: u64 = 1 << 36;
const INDEX: &str = "model.safetensors.index.json";

/// How many values a value holds, itself included.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(size).sum::<usize>() + 1,
        Value::Object(values) => values.values().map(size).sum::<usize>() + 1,
        _ => 1,
    }
}

/// Exchanges the value of this number, in the order in which they are written.
fn exchange(value: &mut Value, number: &mut usize, new: &Value) {
    if *number == 0 {
        *value = new.clone();
    }
    *number = number.wrapping_sub(1);
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| exchange(value, number, new)),
        Value::Object(values) => values.values_mut().for_each(|value| exchange(value, number, new)),
        _ => {}
    }
}

/// The text with some values exchanged.
fn changed(text: &[u8], changes: &[(Index, Value)]) -> Vec<u8> {
    let mut whole: Value = serde_json::from_slice(text).unwrap();
    for (place, new) in changes {
        let mut number = place.index(size(&whole));
        exchange(&mut whole, &mut number, new);
    }
    whole.to_string().into_bytes()
}

/// What an enemy writes: none of the kind that is wanted, or more of it than there could be.
fn hostile() -> impl Strategy<Value = Value> {
    let deep = (0..100).fold(json!(1), |inside, _| json!([inside]));
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(u32::MAX),
        json!(u64::MAX),
        json!(1e300),
        json!(0.5),
        json!(""),
        json!("\0\u{202e}"),
        json!("(a+)+$"),
        json!("x".repeat(10_000)),
        json!([]),
        json!({}),
        json!([[], {}]),
        deep,
    ];
    prop::sample::select(values.to_vec())
}

fn changes() -> impl Strategy<Value = Vec<(Index, Value)>> {
    prop::collection::vec((any::<Index>(), hostile()), 1..4)
}

#[test]
fn every_value_is_exchanged_by_its_number() {
    let whole = json!({"a": [1, 2], "b": {"c": 3}});
    let found: Vec<String> = (0..size(&whole))
        .map(|mut number| {
            let mut whole = whole.clone();
            exchange(&mut whole, &mut number, &json!(null));
            whole.to_string()
        })
        .collect();
    let wanted = [
        r#"null"#,
        r#"{"a":null,"b":{"c":3}}"#,
        r#"{"a":[null,2],"b":{"c":3}}"#,
        r#"{"a":[1,null],"b":{"c":3}}"#,
        r#"{"a":[1,2],"b":null}"#,
        r#"{"a":[1,2],"b":{"c":null}}"#,
    ];
    assert_eq!(found, wanted);
}

#[test]
fn a_file_of_an_absurd_length_is_refused_without_being_read() {
    for (golden, name, words) in [
        ("llama", "config.json", "has more than 1048576 bytes"),
        ("llama", "tokenizer.json", "has more than 67108864 bytes"),
        ("mistral", INDEX, "has more than 16777216 bytes"),
        ("llama", "model.safetensors", "its header cannot be read"),
    ] {
        let copy = copy_of(golden);
        File::create(copy.path().join(name)).unwrap().set_len(ABSURD).unwrap();
        let found = open(copy.path()).err().map_or_else(|| "taken".into(), |refusal| refusal.to_string());
        assert!(found.contains(words), "{name}: {found}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hostile_configuration_is_refused_or_gives_a_checkpoint_that_the_evaluator_takes(
        name in prop::sample::select(&crate::FOLDERS[..]), changes in changes(),
    ) {
        let copy = copy_of(name);
        let path = copy.path().join("config.json");
        fs::write(&path, changed(&fs::read(&path).unwrap(), &changes)).unwrap();
        match open(copy.path()) {
            Ok(import) => prop_assert!(evaluator::Checkpoint::from_bytes(import.manifest(), &checkpoint(&import)).is_ok()),
            Err(refusal) => prop_assert!(refusal.reasons().iter().all(|reason| !reason.is_empty() && reason.len() < 1000), "{}", refusal),
        }
    }

    #[test]
    fn a_hostile_header_of_weights_is_refused_or_changes_nothing(changes in changes()) {
        let copy = copy_of("llama");
        let (path, whole) = (copy.path().join("model.safetensors"), checkpoint(&open(copy.path()).unwrap()));
        let bytes = fs::read(&path).unwrap();
        let (length, rest) = bytes.split_first_chunk::<8>().unwrap();
        let (header, values) = rest.split_at(u64::from_le_bytes(*length) as usize);
        let header = changed(header, &changes);
        fs::write(&path, [&(header.len() as u64).to_le_bytes()[..], &header, values].concat()).unwrap();
        if let Ok(import) = open(copy.path()) {
            prop_assert!(checkpoint(&import) == whole);
        }
    }

    #[test]
    fn a_hostile_list_of_files_is_refused_or_changes_nothing(changes in changes()) {
        let copy = copy_of("mistral");
        let whole = checkpoint(&open(copy.path()).unwrap());
        let path = copy.path().join(INDEX);
        fs::write(&path, changed(&fs::read(&path).unwrap(), &changes)).unwrap();
        if let Ok(import) = open(copy.path()) {
            prop_assert!(checkpoint(&import) == whole);
        }
    }

    #[test]
    fn a_hostile_tokenizer_is_refused_or_works_and_goes_out_again(
        name in prop::sample::select(&["gpt2", "llama", "qwen2"][..]), changes in changes(),
    ) {
        let copy = copy_of(name);
        let path = copy.path().join("tokenizer.json");
        let bytes = changed(&fs::read(&path).unwrap(), &changes);
        fs::write(&path, &bytes).unwrap();
        if let Ok(tokenizer) = Tokenizer::from_bytes(&bytes) {
            for text in ["", "It is the east, and Juliet is the sun.", "\0\u{202e}é🦀aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"] {
                let tokens = tokenizer.encode(text, true).unwrap_or_default();
                let _ = (tokenizer.decode(&tokens, true), tokenizer.decode(&[0, 287, u32::MAX], false));
            }
        }
        if let Ok(import) = Import::open(copy.path(), &Options::new(name_of)) {
            let file = copy.path().join("model.gguf");
            let done = gguf(import.manifest(), &checkpoint(&import), Some(import.tokenizer()), name, &file, &mut |_| ());
            prop_assert!(done.is_ok() || !file.exists(), "what is refused leaves no file");
        }
    }
}
