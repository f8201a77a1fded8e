//! Tensors of a checkpoint under llama.cpp's names, in its order of rows and its kinds of values.

use std::io::{self, Write};

use evaluator::Llama;

use super::keys::string;
use crate::canonical::{Canonical, Tensor};
use crate::form::Model;
use crate::stored::Kind;
use crate::values;

/// Numbers of the kinds of values.
const F32: u32 = 0;
const BF16: u32 = 30;

/// The names of tensors outside of blocks, and within them: what stands here, and there.
const OUTSIDE: [(&str, &str); 6] = [
    ("transformer.wte", "token_embd"),
    ("transformer.wpe", "position_embd"),
    ("transformer.ln_f", "output_norm"),
    ("model.embed_tokens", "token_embd"),
    ("model.norm", "output_norm"),
    ("lm_head", "output"),
];
const INSIDE: [(&str, &str); 17] = [
    ("ln_1", "attn_norm"),
    ("attn.c_attn", "attn_qkv"),
    ("attn.c_proj", "attn_output"),
    ("ln_2", "ffn_norm"),
    ("mlp.c_fc", "ffn_up"),
    ("mlp.c_proj", "ffn_down"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("self_attn.q_norm", "attn_q_norm"),
    ("self_attn.k_norm", "attn_k_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
    ("input_layernorm", "attn_norm"),
    ("post_attention_layernorm", "ffn_norm"),
];

/// One tensor of the file.
pub(super) struct Named<'a> {
    name: String,
    /// Row-major, as here; the file has the sides the other way round.
    shape: Vec<u64>,
    values: Values<'a>,
    stored: Kind,
    wanted: Kind,
}

/// Where its values come from.
enum Values<'a> {
    Bytes(&'a [u8]),
    /// Rows of heads of this size whose halves are put side by side: llama.cpp turns neighbouring values, not halves.
    Paired(&'a [u8], usize),
    /// Computed, binary32.
    Made(Vec<u8>),
}

impl Named<'_> {
    /// Bytes of its values.
    pub(super) fn length(&self) -> u64 {
        self.shape.iter().product::<u64>() * self.wanted.bytes() as u64
    }

    /// What the file says of it before all values.
    pub(super) fn describe(&self, offset: u64, bytes: &mut Vec<u8>) {
        string(&self.name, bytes);
        bytes.extend((self.shape.len() as u32).to_le_bytes());
        bytes.extend(self.shape.iter().rev().flat_map(|side| side.to_le_bytes()));
        bytes.extend(if self.wanted == Kind::Bf16 { BF16 } else { F32 }.to_le_bytes());
        bytes.extend(offset.to_le_bytes());
    }

    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.values {
            Values::Bytes(bytes) => values::write(self.stored, self.wanted, bytes, out),
            Values::Made(bytes) => out.write_all(bytes),
            Values::Paired(bytes, size) => self.write_paired(bytes, *size, out),
        }
    }

    /// Row 2j + i of a head is row i · size / 2 + j of the checkpoint's.
    fn write_paired(&self, bytes: &[u8], size: usize, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.shape.first().map_or(1, |rows| *rows as usize).max(1);
        let row = bytes.len() / rows;
        for head in bytes.chunks_exact(row * size) {
            let (first, second) = head.split_at(row * size / 2);
            for (one, other) in first.chunks_exact(row).zip(second.chunks_exact(row)) {
                values::write(self.stored, self.wanted, one, out)?;
                values::write(self.stored, self.wanted, other, out)?;
            }
        }
        Ok(())
    }
}

/// All of them; `paired` where the architecture turns neighbouring values.
pub(super) fn all<'a>(canonical: &Canonical<'a>, paired: bool) -> Vec<Named<'a>> {
    let mut all = Vec::new();
    for tensor in &canonical.tensors {
        let Some(name) = name(&tensor.name) else { continue };
        let is_narrow = canonical.kind == Kind::Bf16 && tensor.shape.len() > 1 && name != "position_embd.weight";
        let wanted = if is_narrow { Kind::Bf16 } else { Kind::F32 };
        all.extend(zero_bias(&canonical.form.model, tensor, &name));
        let head = head_size(&canonical.form.model, &tensor.name).filter(|_| paired);
        let values = head.map_or(Values::Bytes(tensor.bytes), |size| Values::Paired(tensor.bytes, size));
        all.push(Named { name, shape: tensor.shape.clone(), values, stored: canonical.kind, wanted });
    }
    if let Model::Llama(llama) = &canonical.form.model {
        all.extend(stretching(llama));
    }
    all
}

/// llama.cpp's name of a tensor.
fn name(name: &str) -> Option<String> {
    let (stem, kind) = name.rsplit_once('.')?;
    let found = |table: &[(&str, &'static str)], stem: &str| table.iter().find(|(here, _)| *here == stem).map(|(_, there)| *there);
    let inside = stem.strip_prefix("transformer.h.").or_else(|| stem.strip_prefix("model.layers."));
    match inside.and_then(|inside| inside.split_once('.')) {
        Some((layer, stem)) => Some(format!("blk.{layer}.{}.{kind}", found(&INSIDE, stem)?)),
        None => Some(format!("{}.{kind}", found(&OUTSIDE, stem)?)),
    }
}

/// Values of a head, where a tensor holds queries or keys.
fn head_size(model: &Model, name: &str) -> Option<usize> {
    let Model::Llama(llama) = model else { return None };
    let is_turned = name.contains("self_attn.q_proj") || name.contains("self_attn.k_proj");
    is_turned.then_some(llama.head_size as usize)
}

/// The bias of a GPT-2 that llama.cpp asks for and the model has not.
fn zero_bias(model: &Model, tensor: &Tensor<'_>, name: &str) -> Option<Named<'static>> {
    let Model::Gpt(gpt) = model else { return None };
    let stem = name.strip_suffix(".weight").filter(|stem| !gpt.bias && !stem.ends_with("_embd") && *stem != "output")?;
    let shape: Vec<u64> = tensor.shape.iter().take(1).copied().collect();
    let zeros = vec![0; shape.iter().product::<u64>() as usize * Kind::F32.bytes()];
    Some(Named { name: format!("{stem}.bias"), shape, values: Values::Made(zeros), stored: Kind::F32, wanted: Kind::F32 })
}

/// By what each frequency is divided: the plain one over the stretched one.
fn stretching(llama: &Llama) -> Option<Named<'static>> {
    llama.rotary_scaling.as_ref()?;
    let plain = Llama { rotary_scaling: None, ..llama.clone() }.frequencies();
    let factors: Vec<u8> = plain.iter().zip(llama.frequencies()).flat_map(|(plain, stretched)| (plain / stretched).to_le_bytes()).collect();
    let shape = vec![plain.len() as u64];
    Some(Named { name: "rope_freqs.weight".into(), shape, values: Values::Made(factors), stored: Kind::F32, wanted: Kind::F32 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tensor_of_both_families_has_a_name_there() {
        for (here, there) in [
            ("transformer.wte.weight", Some("token_embd.weight")),
            ("transformer.h.12.attn.c_attn.bias", Some("blk.12.attn_qkv.bias")),
            ("model.layers.0.self_attn.q_norm.weight", Some("blk.0.attn_q_norm.weight")),
            ("model.norm.weight", Some("output_norm.weight")),
            ("lm_head.weight", Some("output.weight")),
            ("layers.0.weight", None),
        ] {
            assert_eq!(name(here).as_deref(), there, "{here}");
        }
    }

    #[test]
    fn halves_of_heads_are_put_side_by_side() {
        let bytes: Vec<u8> = (0..8).flat_map(|row| [row, row, row, row]).collect();
        let named =
            Named { name: String::new(), shape: vec![8, 1], values: Values::Paired(&bytes, 4), stored: Kind::F32, wanted: Kind::F32 };
        let mut out = Vec::new();
        named.write(&mut out).unwrap();
        assert_eq!(out.iter().step_by(4).copied().collect::<Vec<u8>>(), [0, 2, 1, 3, 4, 6, 5, 7]);
    }
}
