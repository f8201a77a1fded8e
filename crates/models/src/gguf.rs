//! A checkpoint becomes one GGUF file that llama.cpp reads: format version 3, values little-endian, tensors at multiples of 32 bytes.
//!
//! What its architectures `llama`, `qwen2`, `qwen3` and `gpt2` cannot say is refused, because a reader would compute something else
//! without a word.

mod keys;
mod tensors;
mod vocabulary;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use evaluator::{Llama, Manifest};

use crate::canonical::Canonical;
use crate::form::{GELU_TANH, Gpt, Model};
use crate::refusal::{Reasons, Refusal};
use crate::stored::Kind;
use crate::tokenizer::Tokenizer;
use keys::Keys;
use tensors::Named;
use vocabulary::Vocabulary;

/// First bytes of the file.
const MAGIC: &[u8] = b"GGUF";
/// Version of the format.
const VERSION: u32 = 3;
/// Tensors begin at multiples of this.
const ALIGN: u64 = 32;
/// What `general.file_type` says of values: all binary32, or mostly bfloat16.
const ALL_F32: u32 = 0;
const MOSTLY_BF16: u32 = 32;
/// Version of the layout of quantized values, of which there are none here.
const QUANTIZATION: u32 = 2;

/// Writes a new file. `checkpoint` is a canonical file, mapped ([`crate::map`]); `tokenizer` the tokenizer.json that the manifest names, if it
/// names one; `name` is what llama.cpp shows; `progress` hears of the bytes of weights written so far. Returns what differs there, each a
/// sentence.
///
/// # Errors
/// All that llama.cpp has no words for; when the checkpoint or the tokenizer is not the manifest's, or the file cannot be written.
pub fn gguf(
    manifest: &Manifest,
    checkpoint: &[u8],
    tokenizer: Option<&[u8]>,
    name: &str,
    path: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<String>, Refusal> {
    let canonical = Canonical::new(manifest, checkpoint)?;
    let architecture = architecture(&canonical.form.model)?;
    let text = canonical.tokenizer(tokenizer)?;
    let (vocabulary, notes) = Vocabulary::new(&canonical.form, &text, &Tokenizer::from_bytes(&text)?)?;
    let mut keys = general(architecture, name, canonical.kind);
    match &canonical.form.model {
        Model::Gpt(gpt) => sizes_of_gpt(&mut keys, gpt),
        Model::Llama(llama) => sizes_of_llama(&mut keys, architecture, llama),
        Model::Other => {}
    }
    vocabulary.write(&mut keys);
    let tensors = tensors::all(&canonical, architecture == "llama");
    let file = File::create_new(path).map_err(|error| Refusal::file(path, "create", &error))?;
    write(&mut BufWriter::new(file), &keys, &tensors, progress).map_err(|error| Refusal::file(path, "write", &error))?;
    Ok(notes)
}

/// llama.cpp's name for models of this kind.
fn architecture(model: &Model) -> Result<&'static str, Refusal> {
    let mut reasons = Reasons::default();
    let name = match model {
        Model::Other => {
            reasons.add("this family is the project's own, and llama.cpp has no architecture of it: export a gpt or a llama");
            ""
        }
        Model::Gpt(gpt) => {
            if gpt.activation.as_deref() != Some(GELU_TANH) {
                reasons.add("llama.cpp computes GPT-2 with the tanh form of GELU, this model has the exact one: export a folder instead");
            }
            "gpt2"
        }
        Model::Llama(llama) => {
            let name = match (llama.head_norms, llama.bias) {
                (false, false) => "llama",
                (false, true) => "qwen2",
                (true, _) => "qwen3",
            };
            reasons_of_llama(&mut reasons, llama, name);
            name
        }
    };
    reasons.or(name)
}

fn reasons_of_llama(reasons: &mut Reasons, llama: &Llama, name: &str) {
    if llama.head_norms && llama.bias {
        reasons.add("llama.cpp has no architecture with norms of heads and biases: export a folder instead");
    }
    if llama.rotary_scaling.is_some() && name != "llama" {
        reasons.add("llama.cpp stretches rotary positions of the architecture llama only: export a folder instead");
    }
    if llama.window.is_some_and(|window| window < llama.context) {
        reasons.add("llama.cpp has no sliding window in these architectures: export a folder instead");
    }
}

fn general(architecture: &str, name: &str, kind: Kind) -> Keys {
    let mut keys = Keys::default();
    keys.text("general.architecture", architecture);
    keys.text("general.type", "model");
    keys.text("general.name", name);
    keys.number("general.file_type", if kind == Kind::Bf16 { MOSTLY_BF16 } else { ALL_F32 });
    keys.number("general.quantization_version", QUANTIZATION);
    keys
}

fn sizes_of_gpt(keys: &mut Keys, gpt: &Gpt) {
    keys.number("gpt2.vocab_size", gpt.vocabulary);
    keys.number("gpt2.block_count", gpt.layers);
    keys.number("gpt2.context_length", gpt.context);
    keys.number("gpt2.embedding_length", gpt.width);
    keys.number("gpt2.feed_forward_length", gpt.width * 4);
    keys.number("gpt2.attention.head_count", gpt.heads);
    keys.real("gpt2.attention.layer_norm_epsilon", 1e-5);
}

fn sizes_of_llama(keys: &mut Keys, architecture: &str, llama: &Llama) {
    let mut number = |name: &str, value| keys.number(&format!("{architecture}.{name}"), value);
    number("vocab_size", llama.vocabulary);
    number("block_count", llama.layers);
    number("context_length", llama.context);
    number("embedding_length", llama.width);
    number("feed_forward_length", llama.inner);
    number("attention.head_count", llama.heads);
    number("attention.head_count_kv", llama.key_value_heads);
    number("attention.key_length", llama.head_size);
    number("attention.value_length", llama.head_size);
    number("rope.dimension_count", llama.head_size);
    keys.real(&format!("{architecture}.rope.freq_base"), llama.rotary_base as f32);
    keys.real(&format!("{architecture}.attention.layer_norm_rms_epsilon"), (f64::from(llama.epsilon) / 1e9) as f32);
}

fn write(out: &mut dyn Write, keys: &Keys, tensors: &[Named<'_>], progress: &mut dyn FnMut(u64)) -> io::Result<()> {
    let mut start = MAGIC.to_vec();
    start.extend(VERSION.to_le_bytes());
    start.extend((tensors.len() as u64).to_le_bytes());
    start.extend(keys.count().to_le_bytes());
    start.extend(keys.bytes());
    let mut offset = 0_u64;
    for tensor in tensors {
        tensor.describe(offset, &mut start);
        offset = (offset + tensor.length()).next_multiple_of(ALIGN);
    }
    start.resize(start.len().next_multiple_of(ALIGN as usize), 0);
    out.write_all(&start)?;
    let mut done = 0;
    for tensor in tensors {
        tensor.write(out)?;
        let length = tensor.length();
        out.write_all(&vec![0; (length.next_multiple_of(ALIGN) - length) as usize])?;
        done += length;
        progress(done);
    }
    out.flush()
}
