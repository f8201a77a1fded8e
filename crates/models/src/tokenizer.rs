//! Tokenizers of Hugging Face's format, tokenizer.json, by the crate that reads it everywhere: with limits, and without its panics.

use std::path::Path;

use tokenizers::Model as _;

use crate::files::small;
use crate::refusal::{Refusal, shown, unless_it_panics};

/// Name of the file.
pub const TOKENIZER: &str = "tokenizer.json";
/// Longest tokenizer.json in bytes.
pub const TOKENIZER_BYTES_MAX: u64 = 64 << 20;
/// Most different tokens: 2²⁰.
pub const VOCABULARY_MAX: u32 = 1 << 20;
/// What the token is called that ends a text, in the order in which they are looked for.
const ENDS: [&str; 7] = ["<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|eos|>", "[EOS]", "<|end|>"];
/// What the token is called that begins one.
const BEGINS: [&str; 5] = ["<|begin_of_text|>", "<s>", "<bos>", "<|bos|>", "[BOS]"];
/// What decoding gives for bytes that are no letter yet.
const UNREADABLE: char = '\u{fffd}';
/// Most tokens that one letter is waited for.
const WAIT_MAX: usize = 16;

/// How text becomes the tokens of a model, and tokens text.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    vocabulary: u32,
}

impl Tokenizer {
    /// Reads a file of at most [`TOKENIZER_BYTES_MAX`].
    ///
    /// # Errors
    /// When it cannot be read, or is no tokenizer of this format with at most [`VOCABULARY_MAX`] tokens.
    pub fn read(path: &Path) -> Result<Self, Refusal> {
        Self::from_bytes(&small(path, TOKENIZER_BYTES_MAX)?)
    }

    /// Reads the bytes of a tokenizer.json.
    ///
    /// # Errors
    /// As [`Tokenizer::read`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() as u64 > TOKENIZER_BYTES_MAX {
            return Err(Refusal::new(format_args!("{TOKENIZER} has more than {TOKENIZER_BYTES_MAX} bytes: bring a smaller one")));
        }
        let mut inner = guarded(|| tokenizers::Tokenizer::from_bytes(bytes))?.map_err(|error| {
            Refusal::new(format_args!("{TOKENIZER} cannot be read ({}): save a fast tokenizer again", shown(&error.to_string())))
        })?;
        // Every text is taken whole, whatever its file says of lengths.
        inner.with_truncation(None).map_err(|error| Refusal::new(shown(&error.to_string())))?;
        inner.with_padding(None);
        let most = inner.get_vocab(true).into_values().max();
        let vocabulary = most.and_then(|most| most.checked_add(1)).filter(|count| *count <= VOCABULARY_MAX);
        let vocabulary = vocabulary.ok_or_else(|| {
            Refusal::new(format_args!("{TOKENIZER} must have 1 to {VOCABULARY_MAX} tokens, numbered below that: bring another one"))
        })?;
        Ok(Self { inner, vocabulary })
    }

    /// One more than the greatest token: at most as many a model needs.
    pub fn vocabulary(&self) -> u32 {
        self.vocabulary
    }

    /// Tokens of a text, as the file says; `special` puts those in front and behind that it names for a whole text.
    ///
    /// # Errors
    /// When the tokenizer has no tokens for it.
    pub fn encode(&self, text: &str, special: bool) -> Result<Vec<u32>, Refusal> {
        let encoded = guarded(|| self.inner.encode_fast(text, special))?.map_err(|error| failed(&*error))?;
        Ok(encoded.get_ids().to_vec())
    }

    /// Those of several texts, without what is put in front and behind; on all cores.
    pub(crate) fn encode_all(&self, texts: Vec<String>) -> Result<Vec<Vec<u32>>, Refusal> {
        let encoded = guarded(|| self.inner.encode_batch_fast(texts, false))?.map_err(|error| failed(&*error))?;
        Ok(encoded.iter().map(|encoding| encoding.get_ids().to_vec()).collect())
    }

    /// Text of tokens. What is no UTF-8 becomes replacement characters, tokens beyond the vocabulary nothing; `special` shows special tokens.
    pub fn decode(&self, tokens: &[u32], special: bool) -> String {
        guarded(|| self.inner.decode(tokens, !special)).ok().and_then(Result::ok).unwrap_or_default()
    }

    /// The token of a name, special ones too.
    pub fn token(&self, name: &str) -> Option<u32> {
        self.inner.token_to_id(name)
    }

    /// The name of a token.
    pub fn name(&self, token: u32) -> Option<String> {
        self.inner.id_to_token(token)
    }

    /// The special token that ends a text, by its usual names: the file itself does not say which it is.
    pub fn end(&self) -> Option<u32> {
        self.special(&ENDS)
    }

    /// The special token that begins a text, by its usual names.
    pub fn begin(&self) -> Option<u32> {
        self.special(&BEGINS)
    }

    /// Whether merging pairs leads to every token of the vocabulary, so that taking words whole changes nothing.
    pub(crate) fn reaches_all(&self) -> bool {
        let model = self.inner.get_model();
        let is_reached = |name: &str| model.tokenize(name).is_ok_and(|tokens| tokens.len() == 1);
        guarded(|| model.get_vocab().keys().all(|name| is_reached(name))).unwrap_or_default()
    }

    fn special(&self, names: &[&str]) -> Option<u32> {
        let added = self.inner.get_added_tokens_decoder();
        let is_special = |token: &u32| added.get(token).is_some_and(|token| token.special);
        names.iter().find_map(|name| self.inner.token_to_id(name).filter(is_special))
    }

    /// Turns tokens into text one by one, so that it can be shown while it comes.
    pub fn stream(&self) -> Decoding<'_> {
        Decoding { tokenizer: self, tokens: Vec::new(), shown: 0 }
    }
}

/// Text that comes token by token: letters come whole, and what was given is never changed.
pub struct Decoding<'a> {
    tokenizer: &'a Tokenizer,
    /// Those whose text was given, one or a few for what stands beside them, then those that wait.
    tokens: Vec<u32>,
    /// How many were given.
    shown: usize,
}

impl Decoding<'_> {
    /// What the next token adds; nothing while a letter is not whole.
    pub fn push(&mut self, token: u32) -> String {
        self.tokens.push(token);
        let before = self.tokenizer.decode(self.tokens.get(..self.shown).unwrap_or_default(), false);
        let text = self.tokenizer.decode(&self.tokens, false);
        let waits = self.tokens.len() - self.shown < WAIT_MAX;
        match text.strip_prefix(before.as_str()) {
            Some(new) if !(new.is_empty() || new.ends_with(UNREADABLE) && waits) => {
                let new = new.to_owned();
                self.tokens.drain(..self.shown);
                self.shown = self.tokens.len();
                new
            }
            _ if waits => String::new(),
            // Bytes that never become a letter: they are given up, and the next token begins anew.
            _ => {
                self.tokens.clear();
                self.shown = 0;
                String::new()
            }
        }
    }

    /// What was waited for, at the end: replacement characters for bytes that became no letter.
    pub fn rest(self) -> String {
        let before = self.tokenizer.decode(self.tokens.get(..self.shown).unwrap_or_default(), false);
        let text = self.tokenizer.decode(&self.tokens, false);
        text.strip_prefix(before.as_str()).unwrap_or_default().to_owned()
    }
}

/// Runs what reads strangers' bytes; a panic in there is an error like others.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Refusal> {
    unless_it_panics(work)
        .ok_or_else(|| Refusal::new(format_args!("{TOKENIZER} cannot be used: bring another one, saved by a newer version")))
}

fn failed(error: &(dyn std::error::Error + Send + Sync)) -> Refusal {
    Refusal::new(format_args!("the tokenizer has no tokens for this text ({})", shown(&error.to_string())))
}
