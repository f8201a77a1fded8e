//! Models in and out: folders as other tools write them, GGUF, their tokenizers, and text that becomes shards of tokens.
//!
//! Nothing here knows a network. [`Import`] reads a folder of transformers into a manifest and a canonical checkpoint, [`export()`] writes one
//! again, [`gguf()`] a file for llama.cpp, [`Tokenizer`] is Hugging Face's, [`pack()`] makes shards. What strangers wrote is held to limits, and
//! whatever does not fit is refused, all reasons at once ([`Refusal`]). Weights are mapped and written as they are read: memory does not
//! grow with a model.
//!
//! ```no_run
//! use models::{Import, Options, export, map};
//! use std::path::Path;
//!
//! // The network's digest of a file.
//! let name_of = |_: &[u8]| [0; 32];
//! let import = Import::open(Path::new("downloaded"), &Options::new(name_of))?;
//! import.write_file(Path::new("base.safetensors"), &mut |bytes| println!("{bytes} of {}", import.length()))?;
//! let checkpoint = map(Path::new("base.safetensors"))?;
//! export(import.manifest(), &checkpoint, Some(import.tokenizer()), Path::new("again"), models::FILE_BYTES_MAX, &mut |_| ())?;
//! # Ok::<(), models::Refusal>(())
//! ```

mod canonical;
mod config;
mod export;
mod files;
mod form;
mod gguf;
mod import;
mod pack;
mod plain;
mod plan;
mod refusal;
mod stored;
mod tokenizer;
mod values;

pub use export::{FILE_BYTES_MAX, export};
pub use files::map;
pub use gguf::gguf;
pub use import::{Import, NameOf, Options};
pub use pack::{DOCUMENT_BYTES_MAX, PackOptions, Packed, SHARD_TOKENS, Shard, pack};
pub use refusal::{REASONS_MAX, Refusal};
pub use tokenizer::{Decoding, TOKENIZER, TOKENIZER_BYTES_MAX, Tokenizer, VOCABULARY_MAX};
