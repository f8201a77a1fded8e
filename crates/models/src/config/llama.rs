//! The configuration of a Llama, Mistral, Qwen2 or Qwen3: one family, told in four ways.

use evaluator::Llama;

use super::{Config, rope};

/// Units of ε in 1.
const EPSILON_UNITS: f32 = 1e9;
/// Most values of the activations of one example, and most positions: what the family allows.
const ACTIVATIONS_MAX: u32 = 1 << 21;
const CONTEXT_MAX: u32 = 1 << 16;

/// Whose configuration it is: what is left out, and which biases, norms and windows there are, depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Llama,
    Mistral,
    Qwen2,
    Qwen3,
}

/// Sizes of the family; what is wrong is added to the reasons.
pub(super) fn read(config: &mut Config, kind: Kind, context: Option<u32>) -> Llama {
    let (width, heads) = (config.size("hidden_size"), config.size("num_attention_heads"));
    let head_size = head_size(config, kind, width, heads);
    let rope = rope::read(config);
    let context = self::context(config, context, width.max(heads.saturating_mul(head_size)));
    let activation = config.words("hidden_act", "silu");
    if activation != "silu" && activation != "swish" {
        config.wrong("hidden_act", "silu");
    }
    config.only("mlp_bias", false, false, "the evaluator's gated layer has no bias");
    let window = if matches!(kind, Kind::Llama) { None } else { window(config, kind) };
    Llama {
        layers: config.size("num_hidden_layers"),
        heads,
        key_value_heads: key_value_heads(config, kind, heads),
        head_size,
        width,
        inner: config.size("intermediate_size"),
        context,
        vocabulary: config.size("vocab_size"),
        epsilon: epsilon(config),
        rotary_base: rope.base,
        rotary_scaling: rope.scaling,
        // What is longer than any context bounds nothing.
        window: window.filter(|window| *window <= CONTEXT_MAX || *window < context),
        bias: kind == Kind::Qwen2 || (kind != Kind::Mistral && config.flag("attention_bias", false)),
        head_norms: kind == Kind::Qwen3,
        tied: config.flag("tie_word_embeddings", false),
    }
}

fn head_size(config: &mut Config, kind: Kind, width: u32, heads: u32) -> u32 {
    if let Some(size) = config.integer("head_dim") {
        return size;
    }
    if kind == Kind::Qwen3 {
        return 128;
    }
    if heads == 0 || !width.is_multiple_of(heads) {
        config.wrong("head_dim", "written where hidden_size is no multiple of num_attention_heads");
        return 0;
    }
    width / heads
}

/// Llama's default is the number of heads, that of the others differs.
fn key_value_heads(config: &mut Config, kind: Kind, heads: u32) -> u32 {
    let is_null = config.keys.contains_key("num_key_value_heads");
    match config.integer("num_key_value_heads") {
        Some(count) => count,
        None if kind == Kind::Llama || is_null => heads,
        None => config.size("num_key_value_heads"),
    }
}

/// ε in billionths, if it is a whole number of them in binary32.
fn epsilon(config: &mut Config) -> u32 {
    let epsilon = config.number("rms_norm_eps", 1e-6);
    let units = (epsilon * f64::from(EPSILON_UNITS)).round() as u32;
    if units == 0 || units as f32 / EPSILON_UNITS != epsilon as f32 {
        config.wrong("rms_norm_eps", "a whole number of billionths, such as 1e-05 or 1e-06");
    }
    units
}

/// What is asked for, or as many positions as the configuration has and the evaluator can hold.
fn context(config: &mut Config, asked: Option<u32>, row: u32) -> u32 {
    let positions = config.size("max_position_embeddings");
    if let Some(asked) = asked {
        return asked;
    }
    let most = (ACTIVATIONS_MAX / row.max(1)).clamp(1, CONTEXT_MAX);
    if positions > most {
        config.notes.push(format!("the context is {most} positions, of {positions} that the model has: ask for another one if you want"));
    }
    positions.min(most)
}

/// Positions that a position looks at, the same in all layers.
fn window(config: &mut Config, kind: Kind) -> Option<u32> {
    if kind == Kind::Mistral {
        if !config.keys.contains_key("sliding_window") {
            config.wrong("sliding_window", "written, as a number or null: its default differs between versions");
        }
        return config.integer("sliding_window");
    }
    let has = config.flag("use_sliding_window", false);
    let window = config.integer("sliding_window").filter(|_| has);
    let layers = config.size("num_hidden_layers");
    let sliding = sliding_layers(config, layers, window.is_some());
    match sliding {
        0 => None,
        count if count == layers && window.is_some() => window,
        _ => {
            config.reasons.add("some layers look through a sliding window and others do not: the evaluator has one window for all layers");
            None
        }
    }
}

/// Layers with a window: what `layer_types` lists, or all from `max_window_layers` on.
fn sliding_layers(config: &mut Config, layers: u32, has_window: bool) -> u32 {
    let Some(types) = config.value("layer_types").and_then(|types| types.as_array()) else {
        let first = config.integer("max_window_layers").unwrap_or(28);
        return if has_window { layers.saturating_sub(first) } else { 0 };
    };
    let sliding = types.iter().filter(|name| name.as_str() == Some("sliding_attention")).count();
    let full = types.iter().filter(|name| name.as_str() == Some("full_attention")).count();
    let is_whole = sliding + full == types.len() && types.len() == layers as usize;
    if !is_whole {
        config.wrong("layer_types", "full_attention or sliding_attention for each layer");
    }
    sliding as u32
}
