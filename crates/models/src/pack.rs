//! Text becomes shards of tokens: documents one behind the other, cut so that every example lies within a shard and none is lost.

mod cut;
mod documents;
mod parquet;
mod piece;

use std::collections::HashSet;
use std::path::PathBuf;

use evaluator::Manifest;
use sha2::{Digest as _, Sha256};

use crate::form::{Data, Form};
use crate::refusal::Refusal;
use crate::tokenizer::Tokenizer;
use cut::Cutter;
use piece::Piece;

pub use piece::DOCUMENT_BYTES_MAX;

/// Tokens of a shard, if nobody says how many: 2¹⁷.
pub const SHARD_TOKENS: u32 = 1 << 17;
/// Bytes of text that become tokens at once, on all cores, and most documents of it.
const BATCH_BYTES: usize = 4 << 20;
const BATCH_DOCUMENTS: usize = 4096;

/// How shards are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackOptions {
    /// Field of a line of JSON, or column of a table, that holds the text.
    pub field: String,
    /// Different tokens of the model: up to 65,536 each takes two bytes, else four.
    pub vocabulary: u32,
    /// Tokens that a target may see; an example has one more.
    pub context: u32,
    /// Tokens from one example to the next.
    pub stride: u32,
    /// Tokens of a shard, about.
    pub shard_tokens: u32,
    /// Whether a document that was there before is taken again.
    pub keeps_duplicates: bool,
    /// Token between documents; none = nothing.
    pub end: Option<u32>,
}

impl PackOptions {
    /// For a group: its sizes, the tokenizer's end between documents. Whether it is the group's tokenizer, its digest tells.
    ///
    /// # Errors
    /// When the group's data are not tokens.
    pub fn of(manifest: &Manifest, tokenizer: &Tokenizer) -> Result<Self, Refusal> {
        let form = Form::of(manifest)?;
        let Data::Tokens { stride, .. } = &form.data else {
            return Err(Refusal::new("this group's set is no set of shards: propose text or rows as they are"));
        };
        Ok(Self { stride: *stride, ..Self::new(form.model.vocabulary(), form.model.context(), tokenizer) })
    }

    /// For a model of these sizes; examples follow one another.
    pub fn new(vocabulary: u32, context: u32, tokenizer: &Tokenizer) -> Self {
        let end = tokenizer.end();
        Self { field: "text".into(), vocabulary, context, stride: context, shard_tokens: SHARD_TOKENS, keeps_duplicates: false, end }
    }
}

/// A shard that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// Token numbers, little-endian, two or four bytes each.
    pub bytes: Vec<u8>,
    /// How many.
    pub tokens: u32,
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
}

/// What was packed, so far or at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packed {
    /// Documents that were taken.
    pub documents: u64,
    /// Documents that were there before; left out, unless they are kept.
    pub duplicates: u64,
    /// Records without text in the field; left out.
    pub skipped: u64,
    /// Bytes of text that were taken.
    pub bytes: u64,
    /// Tokens of all documents, ends included.
    pub tokens: u64,
    /// Examples in the shards.
    pub examples: u64,
    /// Tokens at the end that fill no example; in no shard.
    pub unused: u64,
    /// A line for each shard, for a file of the set that ends in `.tokens`: `<cid> <tokens> <sha256>`.
    pub lines: Vec<String>,
}

/// Packs files: text (`.txt`, `.md`: a document each), lines of JSON (`.jsonl`, `.ndjson`) and Parquet (`.parquet`), each record a
/// document; of a folder all of them, by path. `sink` stores a shard and gives back its CID; `progress` hears what was done after each
/// batch. Held are one shard, one batch, and 16 bytes for each document.
///
/// # Errors
/// When a file cannot be read or is of another kind, holds no text, or makes no example; and the first refusal of `sink`.
pub fn pack(
    inputs: &[PathBuf],
    tokenizer: &Tokenizer,
    options: &PackOptions,
    sink: &mut dyn FnMut(Shard) -> Result<String, Refusal>,
    progress: &mut dyn FnMut(&Packed),
) -> Result<Packed, Refusal> {
    let cutter = Cutter::new(options)?;
    let mut packing =
        Packing { tokenizer, options, cutter, seen: HashSet::new(), batch: Vec::new(), held: 0, packed: Packed::default(), sink, progress };
    for path in documents::files(inputs)? {
        let skipped = documents::each(&path, &options.field, &mut |piece| packing.take(piece))?;
        packing.packed.skipped += skipped;
    }
    packing.finish()
}

/// A packing under way.
struct Packing<'a> {
    tokenizer: &'a Tokenizer,
    options: &'a PackOptions,
    cutter: Cutter,
    /// Half of the digest of each document.
    seen: HashSet<[u8; 16]>,
    batch: Vec<Piece>,
    /// Bytes of the batch.
    held: usize,
    packed: Packed,
    sink: &'a mut dyn FnMut(Shard) -> Result<String, Refusal>,
    progress: &'a mut dyn FnMut(&Packed),
}

impl Packing<'_> {
    fn take(&mut self, piece: Piece) -> Result<(), Refusal> {
        if piece.is_whole && self.is_known(&piece.text) {
            return Ok(());
        }
        self.packed.documents += u64::from(piece.ends);
        self.held += piece.text.len();
        self.batch.push(piece);
        if self.held >= BATCH_BYTES || self.batch.len() >= BATCH_DOCUMENTS { self.encode() } else { Ok(()) }
    }

    /// Counts a document that was there before; whether it is left out.
    fn is_known(&mut self, text: &str) -> bool {
        let digest: [u8; 32] = Sha256::digest(text).into();
        let half = digest.first_chunk().copied().unwrap_or_default();
        let is_new = self.seen.insert(half);
        self.packed.duplicates += u64::from(!is_new);
        !is_new && !self.options.keeps_duplicates
    }

    fn encode(&mut self) -> Result<(), Refusal> {
        self.packed.bytes += self.held as u64;
        self.held = 0;
        let (texts, ends): (Vec<String>, Vec<bool>) = self.batch.drain(..).map(|piece| (piece.text, piece.ends)).unzip();
        for (tokens, ends) in self.tokenizer.encode_all(texts)?.into_iter().zip(ends) {
            let end = self.options.end.filter(|_| ends);
            for token in tokens.into_iter().chain(end) {
                self.push(token)?;
            }
        }
        (self.progress)(&self.packed);
        Ok(())
    }

    fn push(&mut self, token: u32) -> Result<(), Refusal> {
        if token >= self.options.vocabulary {
            let vocabulary = self.options.vocabulary;
            return Err(Refusal::new(format_args!(
                "the tokenizer gives token {token}, the model has {vocabulary}: bring the model's tokenizer"
            )));
        }
        self.packed.tokens += 1;
        match self.cutter.push(token) {
            Some(shard) => self.store(shard),
            None => Ok(()),
        }
    }

    fn store(&mut self, (shard, examples): (Shard, u64)) -> Result<(), Refusal> {
        let (tokens, digest) = (shard.tokens, hex::encode(shard.digest));
        let cid = (self.sink)(shard)?;
        self.packed.lines.push(format!("{cid} {tokens} {digest}"));
        self.packed.examples += examples;
        Ok(())
    }

    fn finish(mut self) -> Result<Packed, Refusal> {
        self.encode()?;
        let (last, unused) = self.cutter.finish();
        if let Some(shard) = last {
            self.store(shard)?;
        }
        self.packed.unused = unused;
        if self.packed.examples == 0 {
            let (tokens, wanted) = (self.packed.tokens, u64::from(self.options.context) + 1);
            return Err(Refusal::new(format_args!(
                "the text has {tokens} tokens, an example needs {wanted}: bring more text, with its field named"
            )));
        }
        Ok(self.packed)
    }
}
