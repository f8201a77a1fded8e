//! The small files of an exported folder. Each default is written, because it differs between generations of transformers.

use std::collections::BTreeMap;

use evaluator::Llama;
use serde_json::{Value, json};

use super::Special;
use crate::form::{Form, Gpt, Model};
use crate::stored::Kind;

/// Keys and values of a file, by name.
type Keys = BTreeMap<&'static str, Value>;

/// Units of ε in 1.
const EPSILON_UNITS: f64 = 1e9;

/// config.json, which the fourth and the fifth generation read alike.
pub(super) fn config(form: &Form, special: &Special) -> Keys {
    let number = |token: &Option<(u32, String)>| json!(token.as_ref().map(|(number, _)| *number));
    let mut keys = match &form.model {
        Model::Gpt(gpt) => self::gpt(gpt),
        Model::Llama(llama) => self::llama(llama),
        Model::Other => Keys::new(),
    };
    keys.extend([
        ("bos_token_id", number(&special.begin)),
        ("eos_token_id", number(&special.end)),
        ("pad_token_id", Value::Null),
        ("vocab_size", json!(form.model.vocabulary())),
        ("tie_word_embeddings", json!(form.model.is_tied())),
        // Without it the tensor that comes first by name decides.
        ("dtype", json!(if form.kind() == Kind::Bf16 { "bfloat16" } else { "float32" })),
        ("use_cache", json!(true)),
    ]);
    keys
}

fn gpt(gpt: &Gpt) -> Keys {
    let activation = if gpt.activation.is_some() { "gelu_new" } else { "gelu" };
    Keys::from([
        ("architectures", json!(["GPT2LMHeadModel"])),
        ("model_type", json!("gpt2")),
        ("activation_function", json!(activation)),
        ("add_cross_attention", json!(false)),
        ("attn_pdrop", json!(0.0)),
        ("embd_pdrop", json!(0.0)),
        ("resid_pdrop", json!(0.0)),
        ("layer_norm_epsilon", json!(1e-5)),
        ("n_ctx", json!(gpt.context)),
        ("n_embd", json!(gpt.width)),
        ("n_head", json!(gpt.heads)),
        ("n_inner", Value::Null),
        ("n_layer", json!(gpt.layers)),
        ("n_positions", json!(gpt.context)),
        ("reorder_and_upcast_attn", json!(false)),
        ("scale_attn_by_inverse_layer_idx", json!(false)),
        ("scale_attn_weights", json!(true)),
    ])
}

fn llama(llama: &Llama) -> Keys {
    let mut keys = Keys::from([
        ("attention_dropout", json!(0.0)),
        ("head_dim", json!(llama.head_size)),
        ("hidden_act", json!("silu")),
        ("hidden_size", json!(llama.width)),
        ("intermediate_size", json!(llama.inner)),
        ("max_position_embeddings", json!(llama.context)),
        ("num_attention_heads", json!(llama.heads)),
        ("num_hidden_layers", json!(llama.layers)),
        ("num_key_value_heads", json!(llama.key_value_heads)),
        ("rms_norm_eps", json!(f64::from(llama.epsilon) / EPSILON_UNITS)),
    ]);
    keys.extend(rope(llama));
    keys.extend(architecture(llama));
    keys
}

/// The architecture that has these biases, norms and windows, and what only it is told.
fn architecture(llama: &Llama) -> Keys {
    let name = |architecture: &str, kind: &str| [("architectures", json!([architecture])), ("model_type", json!(kind))];
    let mut keys = Keys::new();
    match (llama.head_norms, llama.bias, llama.window) {
        (true, ..) => keys.extend(name("Qwen3ForCausalLM", "qwen3")),
        (false, true, _) => keys.extend(name("Qwen2ForCausalLM", "qwen2")),
        (false, false, Some(_)) => keys.extend(name("MistralForCausalLM", "mistral")),
        (false, false, None) => keys.extend(name("LlamaForCausalLM", "llama")),
    }
    if llama.head_norms || llama.bias {
        let kind = if llama.window.is_some() { "sliding_attention" } else { "full_attention" };
        keys.extend([
            ("use_sliding_window", json!(llama.window.is_some())),
            ("sliding_window", json!(llama.window)),
            ("max_window_layers", json!(if llama.window.is_some() { 0 } else { llama.layers })),
            ("layer_types", json!(vec![kind; llama.layers as usize])),
        ]);
    } else if llama.window.is_some() {
        keys.insert("sliding_window", json!(llama.window));
    }
    if llama.head_norms || !llama.bias && llama.window.is_none() {
        keys.insert("attention_bias", json!(llama.bias));
    }
    if !llama.head_norms && !llama.bias && llama.window.is_none() {
        keys.extend([("mlp_bias", json!(false)), ("pretraining_tp", json!(1))]);
    }
    keys
}

/// The angles under the keys of both generations, in agreement: each reads others.
fn rope(llama: &Llama) -> Keys {
    let base = json!(f64::from(llama.rotary_base));
    let mut keys = Keys::from([("rope_theta", base.clone()), ("rope_scaling", Value::Null)]);
    let Some(scaling) = &llama.rotary_scaling else {
        keys.insert("rope_parameters", json!({"rope_theta": base, "rope_type": "default"}));
        return keys;
    };
    let stretched = json!({
        "factor": f64::from(scaling.factor),
        "high_freq_factor": f64::from(scaling.high),
        "low_freq_factor": f64::from(scaling.low),
        "original_max_position_embeddings": scaling.original,
        "rope_type": "llama3",
    });
    let mut with_base = stretched.clone();
    if let Some(object) = with_base.as_object_mut() {
        object.insert("rope_theta".into(), base);
    }
    keys.insert("rope_scaling", stretched);
    keys.insert("rope_parameters", with_base);
    keys
}

/// tokenizer_config.json: the class that takes tokenizer.json as it is, in both generations.
pub(super) fn tokenizer(form: &Form, special: &Special) -> Keys {
    let mut keys = Keys::from([
        ("tokenizer_class", json!("PreTrainedTokenizerFast")),
        ("clean_up_tokenization_spaces", json!(false)),
        ("model_max_length", json!(form.model.context())),
    ]);
    let named = [("bos_token", &special.begin), ("eos_token", &special.end)];
    keys.extend(named.into_iter().filter_map(|(key, token)| token.as_ref().map(|(_, name)| (key, json!(name)))));
    keys
}

/// generation_config.json: where generation ends.
pub(super) fn generation(special: &Special) -> Keys {
    let tokens = [("bos_token_id", &special.begin), ("eos_token_id", &special.end)];
    tokens.into_iter().filter_map(|(key, token)| token.as_ref().map(|(number, _)| (key, json!(number)))).collect()
}
