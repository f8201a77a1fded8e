//! A tokenizer as llama.cpp has one: byte-level pairs, by their letters and merges, cut by patterns that it knows by name.

use evaluator::Tokenizer as Own;
use serde_json::Value;

use super::keys::Keys;
use crate::form::{Data, Form};
use crate::plain::letter;
use crate::refusal::{Reasons, Refusal};
use crate::tokenizer::Tokenizer;

/// How Llama 3 and Qwen2 cut text; they differ in numbers.
const LLAMA: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Numbers of the kinds of tokens.
const NORMAL: i32 = 1;
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;
const UNUSED: i32 = 5;
/// The token that llama.cpp takes for the end of a text if none is named.
const DEFAULT_END: u32 = 11;

/// What the file says of tokens.
pub(super) struct Vocabulary {
    cut: &'static str,
    tokens: Vec<String>,
    kinds: Vec<i32>,
    merges: Vec<String>,
    begin: Option<u32>,
    end: Option<u32>,
    /// Whether a text begins with a token of its own.
    begins: bool,
}

impl Vocabulary {
    /// Reads a tokenizer.json; with it what differs in llama.cpp.
    pub(super) fn new(form: &Form, text: &[u8], tokenizer: &Tokenizer) -> Result<(Self, Vec<String>), Refusal> {
        if let Data::Text { tokenizer: Own::Characters(characters), .. } = &form.data {
            return Self::characters(characters);
        }
        let whole: Value = serde_json::from_slice(text).map_err(Refusal::new)?;
        let mut notes = Vec::new();
        let merges = merges(&whole)?;
        let cut = cut(&whole, merges.is_empty())?;
        steps(&whole, cut, tokenizer, &mut notes)?;
        let begins = begins(tokenizer)?;
        let (tokens, kinds) = (0..form.model.vocabulary()).map(|token| named(tokenizer, &whole, token)).unzip();
        let vocabulary =
            Self { cut, tokens, kinds, merges, begin: begins.or(tokenizer.begin()), end: tokenizer.end(), begins: begins.is_some() };
        Ok(vocabulary.ended(notes))
    }

    /// Characters of one byte each are bytes without pairs.
    fn characters(characters: &str) -> Result<(Self, Vec<String>), Refusal> {
        if !characters.is_ascii() {
            return Err(Refusal::new("llama.cpp's tokenizers work on bytes, this one has characters of several: export a folder instead"));
        }
        let tokens: Vec<String> = characters.bytes().map(|byte| letter(byte).into()).collect();
        let kinds = vec![NORMAL; tokens.len()];
        let vocabulary = Self { cut: "gpt-2", tokens, kinds, merges: Vec::new(), begin: None, end: None, begins: false };
        Ok(vocabulary.ended(Vec::new()))
    }

    /// Names an end where the tokenizer has none, if there is a byte that no text has.
    fn ended(mut self, mut notes: Vec<String>) -> (Self, Vec<String>) {
        if self.end.is_none() {
            let zero = String::from(letter(0));
            self.end = self.tokens.iter().position(|token| *token == zero).and_then(|place| u32::try_from(place).ok());
            if self.end.is_none() && self.tokens.len() > DEFAULT_END as usize {
                notes.push(format!(
                    "the tokenizer has no token that ends a text: llama.cpp takes token {DEFAULT_END} for it, unless told --ignore-eos"
                ));
            }
        }
        (self, notes)
    }

    pub(super) fn write(&self, keys: &mut Keys) {
        keys.text("tokenizer.ggml.model", "gpt2");
        keys.text("tokenizer.ggml.pre", self.cut);
        keys.texts("tokenizer.ggml.tokens", &self.tokens);
        keys.integers("tokenizer.ggml.token_type", &self.kinds);
        keys.texts("tokenizer.ggml.merges", &self.merges);
        if let Some(begin) = self.begin.or(self.end) {
            keys.number("tokenizer.ggml.bos_token_id", begin);
        }
        if let Some(end) = self.end {
            keys.number("tokenizer.ggml.eos_token_id", end);
        }
        keys.flag("tokenizer.ggml.add_bos_token", self.begins);
        keys.flag("tokenizer.ggml.add_eos_token", false);
    }
}

/// A token with its kind; numbers of the model that the tokenizer has not are filled up.
fn named(tokenizer: &Tokenizer, whole: &Value, token: u32) -> (String, i32) {
    let Some(name) = tokenizer.name(token) else { return (format!("[PAD{token}]"), UNUSED) };
    let added = whole.get("added_tokens").and_then(Value::as_array);
    let found = added.and_then(|added| added.iter().find(|added| added.get("id").and_then(Value::as_u64) == Some(token.into())));
    let kind = match found.map(|found| found.get("special") == Some(&Value::Bool(true))) {
        None => NORMAL,
        Some(true) => CONTROL,
        Some(false) => USER_DEFINED,
    };
    (name, kind)
}

/// The pairs, in either of the ways in which they are written.
fn merges(whole: &Value) -> Result<Vec<String>, Refusal> {
    let pair = |merge: &Value| match merge {
        Value::String(pair) => Some(pair.clone()),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(one), Value::String(other)] if !one.contains(' ') && !other.contains(' ') => Some(format!("{one} {other}")),
            _ => None,
        },
        _ => None,
    };
    let list = whole.get("model").filter(|model| kind(model) == "BPE").and_then(|model| model.get("merges")).and_then(Value::as_array);
    let merges: Option<Vec<String>> = list.and_then(|list| list.iter().map(pair).collect());
    merges.ok_or_else(|| {
        Refusal::new("the tokenizer is not one of pairs of bytes (BPE): llama.cpp would need it in another form, export a folder instead")
    })
}

fn kind(step: &Value) -> &str {
    step.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn is(step: &Value, key: &str, default: bool) -> bool {
    step.get(key).and_then(Value::as_bool).unwrap_or(default)
}

/// llama.cpp's name of how text is cut before pairs are merged. Without pairs every cut gives the same tokens.
fn cut(whole: &Value, has_no_pairs: bool) -> Result<&'static str, Refusal> {
    let steps = whole.get("pre_tokenizer").unwrap_or(&Value::Null);
    let list = match kind(steps) {
        "Sequence" => steps.get("pretokenizers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default(),
        _ => std::slice::from_ref(steps),
    };
    let unknown = || Refusal::new("llama.cpp has no name for how this tokenizer cuts text: export a folder instead");
    let Some((bytes, before)) = list.split_last() else { return Err(unknown()) };
    let is_bytes = kind(bytes) == "ByteLevel"
        && !is(bytes, "add_prefix_space", true)
        && kind(whole.get("decoder").unwrap_or(&Value::Null)) == "ByteLevel";
    let name = match before {
        [] if is(bytes, "use_regex", true) || has_no_pairs => Some("gpt-2"),
        [digits] if kind(digits) == "Digits" && is(digits, "individual_digits", false) && is(bytes, "use_regex", true) => Some("smollm"),
        [split] if !is(bytes, "use_regex", true) => pattern(split),
        _ => None,
    };
    name.filter(|_| is_bytes).ok_or_else(unknown)
}

/// The name of a pattern.
fn pattern(split: &Value) -> Option<&'static str> {
    let is_plain =
        kind(split) == "Split" && split.get("behavior").and_then(Value::as_str) == Some("Isolated") && !is(split, "invert", false);
    match split.get("pattern")?.get("Regex")?.as_str()? {
        LLAMA if is_plain => Some("llama-bpe"),
        QWEN if is_plain => Some("qwen2"),
        _ => None,
    }
}

/// What llama.cpp does not do, or always does.
fn steps(whole: &Value, cut: &str, tokenizer: &Tokenizer, notes: &mut Vec<String>) -> Result<(), Refusal> {
    let mut reasons = Reasons::default();
    let model = whole.get("model").unwrap_or(&Value::Null);
    match kind(whole.get("normalizer").unwrap_or(&Value::Null)) {
        "" => {}
        "NFC" => notes.push("llama.cpp does not compose letters (NFC): give it text that is composed".into()),
        _ => reasons.add("llama.cpp does not change text before it is cut as this tokenizer does: export a folder instead"),
    }
    let takes_words = is(model, "ignore_merges", false);
    let is_llama = cut == "llama-bpe";
    if takes_words != is_llama && !(is_llama && tokenizer.reaches_all()) {
        reasons.add("llama.cpp takes whole words from the vocabulary where this tokenizer merges pairs, or the other way round: export a folder instead");
    }
    let is_set = |key: &str| model.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if is_set("continuing_subword_prefix") || is_set("end_of_word_suffix") || is(model, "byte_fallback", false) {
        reasons.add("llama.cpp's pairs have no marks for parts of words: export a folder instead");
    }
    reasons.or(())
}

/// The token that is put in front of every text, if there is one.
fn begins(tokenizer: &Tokenizer) -> Result<Option<u32>, Refusal> {
    let (plain, whole) = (tokenizer.encode("a", false)?, tokenizer.encode("a", true)?);
    match whole.strip_suffix(plain.as_slice()) {
        Some([]) => Ok(None),
        Some([begin]) => Ok(Some(*begin)),
        _ => Err(Refusal::new(
            "the tokenizer puts tokens behind a text, or several in front: llama.cpp has no words for that, export a folder instead",
        )),
    }
}
