//! Folders that do not fit, or that an enemy wrote: each is refused with its reason.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{checkpoint, copy_of, open};

fn change(folder: &Path, key: &str, value: Value) {
    let path = folder.join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    config[key] = value;
    fs::write(path, config.to_string()).unwrap();
}

fn refused(folder: &Path) -> String {
    open(folder).err().map_or_else(|| "taken".into(), |refusal| refusal.to_string())
}

#[test]
fn a_configuration_that_the_evaluator_cannot_compute_is_refused_in_words() {
    for (golden, key, value, words) in [
        ("llama-4", "rms_norm_eps", json!(1.5e-10), "rms_norm_eps"),
        ("llama-4", "rope_theta", json!(10000.5), "whole number"),
        ("llama-4", "rope_theta", json!(1e20), "whole number"),
        ("llama-4", "hidden_act", json!("gelu"), "silu"),
        ("llama-4", "mlp_bias", json!(true), "has no bias"),
        ("llama-4", "rope_scaling", json!({"type": "linear", "factor": 2.0}), "llama3 or not at all"),
        ("llama-4", "rope_scaling", json!({"rope_type": "llama3"}), "factor of the rotary positions"),
        ("llama-4", "quantization_config", json!({}), "quantized"),
        ("llama-4", "architectures", json!(["BertModel"]), "no architecture"),
        ("llama-4", "num_hidden_layers", json!(4_000_000_000_u32), "layers"),
        ("llama-4", "hidden_size", json!(-1), "hidden_size"),
        ("llama-4", "vocab_size", json!(1e300), "vocab_size"),
        ("llama-4", "num_hidden_layers", json!(3), "is missing"),
        ("llama-4", "num_hidden_layers", json!(1), "is no tensor of this model"),
        ("llama-4", "intermediate_size", json!(41), "has the shape [40, 16], the configuration implies [41, 16]"),
        ("llama-4", "vocab_size", json!(280), "tokenizer has 288 tokens"),
        ("llama-4", "tie_word_embeddings", json!(true), "differs from the embedding"),
        ("llama", "rope_theta", json!(10000.0), "different values within and outside"),
        ("llama", "rope_scaling", json!({"rope_type": "default"}), "say different things"),
        ("nanogpt", "activation_function", json!("relu"), "gelu_new"),
        ("nanogpt", "n_inner", json!(32), "four times"),
        ("nanogpt", "layer_norm_epsilon", json!(1e-6), "1e-05"),
        ("qwen3", "layer_types", json!(["full_attention", "sliding_attention"]), "one window for all layers"),
    ] {
        let copy = copy_of(golden);
        change(copy.path(), key, value.clone());
        let found = refused(copy.path());
        assert!(found.contains(words), "{golden}: {key} = {value}: {found}");
    }
}

/// A file of one header, with values of so many bytes.
fn file(header: &str, values: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; values]].concat()
}

#[test]
fn a_file_of_weights_that_lies_about_itself_is_refused() {
    let tensor = |name: &str, begin: u64, end: u64| format!(r#""{name}":{{"dtype":"F32","shape":[1],"data_offsets":[{begin},{end}]}}"#);
    let two = |one: String, other: String| format!("{{{one},{other}}}");
    for (bytes, words) in [
        (vec![1, 2, 3], "too short"),
        ((1_u64 << 30).to_le_bytes().to_vec(), "more than"),
        (1000_u64.to_le_bytes().to_vec(), "ends within its header"),
        (file("[]", 0), "cannot be read"),
        (file(&two(tensor("a", 0, 4), tensor("b", 0, 4)), 4), "shares bytes"),
        (file(&two(tensor("a", 0, 4), tensor("b", 8, 12)), 12), "leaves a hole"),
        (file(&two(tensor("a", 0, 4), tensor("a", 4, 8)), 8), "named twice"),
        (file(&format!("{{{}}}", tensor("a", 0, 8)), 8), "other bytes than its shape"),
        (file(&format!("{{{}}}", tensor("a", 8, 4)), 8), "no shape or place"),
        (file(&format!("{{{}}}", tensor("a", 0, 4)), 3), "ends elsewhere"),
        (file(r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,4]}}"#, 4), "other bytes"),
    ] {
        let copy = copy_of("llama-4");
        fs::write(copy.path().join("model.safetensors"), &bytes).unwrap();
        let found = refused(copy.path());
        assert!(found.contains(words), "{words}: {found}");
    }
}

#[test]
fn values_that_are_not_finite_or_above_the_bound_are_refused_by_the_name_of_their_tensor() {
    for (value, words) in [(f32::NAN, "not finite"), (f32::INFINITY, "not finite"), (70_000.0, "above the bound")] {
        let copy = copy_of("llama-4");
        let path = copy.path().join("model.safetensors");
        let mut bytes = fs::read(&path).unwrap();
        let end = bytes.len();
        bytes[end - 4..].copy_from_slice(&value.to_le_bytes());
        fs::write(&path, bytes).unwrap();
        let found = refused(copy.path());
        assert!(found.contains(words) && found.contains("model.norm.weight"), "{found}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_with_some_bytes_changed_is_refused_or_imported_and_breaks_nothing(
        places in prop::collection::vec((0_usize..3000, any::<u8>()), 1..4), is_config in any::<bool>(),
    ) {
        let copy = copy_of("llama-4");
        let path = copy.path().join(if is_config { "config.json" } else { "model.safetensors" });
        let mut bytes = fs::read(&path).unwrap();
        let length = bytes.len();
        places.into_iter().for_each(|(place, byte)| bytes[place % length] = byte);
        fs::write(&path, bytes).unwrap();
        if let Ok(import) = open(copy.path()) {
            prop_assert!(evaluator::Checkpoint::from_bytes(import.manifest(), &checkpoint(&import)).is_ok());
        }
    }
}
