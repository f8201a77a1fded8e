//! The configuration of a GPT-2.

use super::Config;
use crate::form::{GELU_TANH, Gpt};

/// What the family adds to a variance.
const EPSILON: f32 = 1e-5;

/// Sizes of a GPT-2; what is wrong is added to the reasons.
pub(super) fn read(config: &mut Config, context: Option<u32>) -> Gpt {
    let gpt = Gpt {
        layers: config.size("n_layer"),
        heads: config.size("n_head"),
        width: config.size("n_embd"),
        context: config.size("n_positions"),
        vocabulary: config.size("vocab_size"),
        bias: true,
        tied: config.flag("tie_word_embeddings", true),
        activation: activation(config),
    };
    limits(config, &gpt, context);
    gpt
}

/// What the family has no other form of.
fn limits(config: &mut Config, gpt: &Gpt, context: Option<u32>) {
    if config.integer("n_inner").is_some_and(|inner| Some(inner) != gpt.width.checked_mul(4)) {
        config.wrong("n_inner", "four times n_embd, or null");
    }
    if config.number("layer_norm_epsilon", EPSILON.into()) as f32 != EPSILON {
        config.wrong("layer_norm_epsilon", "1e-05");
    }
    if context.is_some_and(|context| context != gpt.context) {
        let positions = gpt.context;
        config.reasons.add(format_args!("a GPT-2 has learned its {positions} positions: leave the context at {positions}"));
    }
    config.only("scale_attn_weights", true, true, "the evaluator always divides scores by the root of the size of a head");
    config.only("scale_attn_by_inverse_layer_idx", false, false, "the evaluator scales all layers alike");
    config.only("add_cross_attention", false, false, "a group trains models of one text");
}

/// None = exact.
fn activation(config: &mut Config) -> Option<String> {
    match config.words("activation_function", "gelu_new").as_str() {
        "gelu" => None,
        "gelu_new" | "gelu_pytorch_tanh" => Some(GELU_TANH.into()),
        _ => {
            config.wrong("activation_function", "gelu, gelu_new or gelu_pytorch_tanh");
            None
        }
    }
}
