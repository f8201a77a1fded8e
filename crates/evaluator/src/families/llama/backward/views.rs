//! The views of a tape, and which tensor's gradient is made of which.

use super::super::Llama;
use crate::families::tape::{Layout, Source, View};

/// Views of one block.
pub(super) struct BlockViews {
    /// What the block reads: the residual before it.
    pub(super) x: View,
    /// Its norm, input of queries, keys and values.
    pub(super) normal_1: View,
    /// Queries and keys before their norms; empty without.
    pub(super) raw: View,
    /// Queries become what the heads gather; keys and values.
    pub(super) attention: View,
    /// Queries as they were, which the gradients need again.
    pub(super) queries: View,
    /// The residual after attention.
    pub(super) middle: View,
    /// Its norm, input of gates and inner layer.
    pub(super) normal_2: View,
    /// Gates and values of the inner layer become their slopes, then their gradients.
    pub(super) gates: View,
    pub(super) inner: View,
    /// What the gates let pass.
    pub(super) passed: View,
    /// Gradients of queries, keys and values as they leave their norms.
    pub(super) turned_back: View,
    /// Of queries and keys before their norms; empty without.
    pub(super) raw_back: View,
    /// Of the residual after attention.
    pub(super) middle_back: View,
    /// Of what the block adds at its end.
    pub(super) out_back: View,
    /// Of both norms' outputs.
    pub(super) normal_1_back: View,
    pub(super) normal_2_back: View,
}

/// Views of a tape.
pub(super) struct Views {
    pub(super) blocks: Vec<BlockViews>,
    pub(super) x: View,
    pub(super) normal: View,
    /// Logits become their gradients.
    pub(super) logits: View,
    pub(super) normal_back: View,
    pub(super) embedding_back: View,
    pub(super) len: usize,
}

impl Views {
    /// Cuts a tape of one example, `context` rows.
    pub(super) fn new(llama: &Llama) -> Self {
        let (mut layout, width) = (Layout::new(llama.context as usize), llama.width as usize);
        let blocks = (0..llama.layers).map(|_| BlockViews::new(llama, &mut layout)).collect();
        let [x, normal, normal_back, embedding_back] = std::array::from_fn(|_| layout.view(width));
        let logits = layout.view(llama.vocabulary as usize);
        Self { blocks, x, normal, logits, normal_back, embedding_back, len: layout.len() }
    }

    /// Where block `index` writes what it made.
    pub(super) fn after(&self, index: usize) -> View {
        self.blocks.get(index + 1).map_or(self.x, |block| block.x)
    }

    /// Where the gradients of what block `index` read are.
    pub(super) fn before_back(&self, index: usize) -> View {
        index.checked_sub(1).map_or(self.embedding_back, |before| self.blocks[before].out_back)
    }
}

impl BlockViews {
    fn new(llama: &Llama, layout: &mut Layout) -> Self {
        let (width, inner, row) = (llama.width as usize, llama.inner as usize, llama.row().len);
        let raw = if llama.head_norms { row } else { 0 };
        Self {
            x: layout.view(width),
            normal_1: layout.view(width),
            raw: layout.view(raw),
            attention: layout.view(row),
            queries: layout.view(llama.queries_len()),
            middle: layout.view(width),
            normal_2: layout.view(width),
            gates: layout.view(inner),
            inner: layout.view(inner),
            passed: layout.view(inner),
            turned_back: layout.view(row),
            raw_back: layout.view(raw),
            middle_back: layout.view(width),
            out_back: layout.view(width),
            normal_1_back: layout.view(width),
            normal_2_back: layout.view(width),
        }
    }

    /// Sources of the tensor of that name; the norm of all heads has one for each.
    pub(super) fn sources(&self, llama: &Llama, name: &str) -> Vec<Source> {
        let (row, queries, keys) = (llama.row(), llama.queries_len(), llama.keys_len());
        let before_norm = if llama.head_norms { self.raw_back } else { self.turned_back };
        let outer = |gradient, input| vec![Source::Outer { gradient, input }];
        let norm = |gradient, input| Source::Norm { spread: llama.spread(), gradient, input };
        let norms = |start: usize, len: usize| {
            let parts = (start..start + len).step_by(llama.size());
            parts.map(|at| norm(self.turned_back.part(at, llama.size()), self.raw.part(at, llama.size()))).collect()
        };
        let projected = |gradient| {
            if name.ends_with("bias") { vec![Source::Sums { gradient }] } else { outer(gradient, self.normal_1) }
        };
        match name {
            "self_attn.q_proj.weight" | "self_attn.q_proj.bias" => projected(before_norm.part(0, queries)),
            "self_attn.k_proj.weight" | "self_attn.k_proj.bias" => projected(before_norm.part(row.keys, keys)),
            "self_attn.v_proj.weight" | "self_attn.v_proj.bias" => projected(self.turned_back.part(row.values, keys)),
            "self_attn.o_proj.weight" => outer(self.middle_back, self.attention.narrow(self.queries)),
            "self_attn.q_norm.weight" => norms(0, queries),
            "self_attn.k_norm.weight" => norms(row.keys, keys),
            "mlp.gate_proj.weight" => outer(self.gates, self.normal_2),
            "mlp.up_proj.weight" => outer(self.inner, self.normal_2),
            "mlp.down_proj.weight" => outer(self.out_back, self.passed),
            "input_layernorm.weight" => vec![norm(self.normal_1_back, self.x)],
            _ => vec![norm(self.normal_2_back, self.middle)],
        }
    }
}
