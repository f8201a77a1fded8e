//! Why text is no training set, and what is wrong with a line of it.

use super::{EXAMPLES_MAX, FEATURE_MAX, FEATURES_MAX, LINE_BYTES_MAX, SHARD_TOKENS_MAX, SHARDS_MAX, TOKENS_MAX};

/// Why text is no training set, or a line or text given alone is no input. Each names the file, the line counted from 1, and what is
/// wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// No line in any file, or too few tokens for one window.
    #[error("no example: the tree needs files whose names end in {suffix}, {needs}")]
    Empty {
        /// End of the path of a file with examples.
        suffix: &'static str,
        /// What they must hold.
        needs: String,
    },
    /// More than [`EXAMPLES_MAX`], [`FEATURES_MAX`] or [`TOKENS_MAX`].
    #[error("more than {EXAMPLES_MAX} examples, {FEATURES_MAX} features or {TOKENS_MAX} tokens: make the training set smaller")]
    TooMany,
    /// A character that is no token.
    #[error("{path}, line {line}: {character:?} is not among the characters of the manifest's tokenizer")]
    Character {
        /// File in the tree; empty for a text given alone.
        path: String,
        /// Line, counted from 1.
        line: usize,
        /// The character.
        character: char,
    },
    /// A text given alone that has no token.
    #[error("the text is empty: give at least one character")]
    NoToken,
    /// A model of features was asked for text.
    #[error("this model reads features, not text: give it a line of them")]
    NoText,
    /// A line that is no example.
    #[error("{path}, line {line}: {fault}")]
    Line {
        /// File in the tree.
        path: String,
        /// Line, counted from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// More shards or examples than a set of tokens has.
    #[error(
        "more than {SHARDS_MAX} shards, or {} examples of them: make the training set smaller, its shards longer or its stride greater",
        u32::MAX
    )]
    TooManyShards,
    /// Text was given to a model of tokens.
    #[error("this model reads tokens: make them of the text with the tokenizer.json that its manifest names by digest")]
    NoTokenizer,
    /// Tokens were given to a model of rows.
    #[error("this model reads features, not tokens: give it a line of them")]
    NoTokens,
    /// A token beyond the vocabulary.
    #[error("token {place}, counted from 0, is {token}, the greatest of this model is {most}: use the tokenizer that its manifest names")]
    Token {
        /// Its place, counted from 0.
        place: usize,
        /// What stands there.
        token: u32,
        /// Greatest token of the model.
        most: u32,
    },
    /// Bytes that are no shard of the manifest.
    #[error("{bytes} bytes are no shard of this group: it has {least} to {SHARD_TOKENS_MAX} tokens of {width} bytes each")]
    Shard {
        /// Bytes given.
        bytes: usize,
        /// Bytes of a token.
        width: usize,
        /// Tokens of a window.
        least: usize,
    },
    /// Shards of a manifest that has none.
    #[error("the examples of this group are no shards of tokens: add lines or text to its set instead")]
    NoShards,
    /// A line given alone, without a file.
    #[error("{0}")]
    Features(LineFault),
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// Longer than `LINE_BYTES_MAX`.
    #[error("a line has at most {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// Too few or too many values.
    #[error("{expected} values are needed, joined by commas, not {found}")]
    Count {
        /// Values needed.
        expected: usize,
        /// Values found.
        found: usize,
    },
    /// Not the one way to write an integer.
    #[error("{0:?} is no integer in plain decimal (no space, no plus, no leading zero) up to ±{FEATURE_MAX}")]
    Integer(String),
    /// A label that is no class.
    #[error("the label is {label}, it must be 0 to {most}")]
    Label {
        /// Label found.
        label: i32,
        /// Greatest class.
        most: u32,
    },
    /// It names no shard.
    #[error(transparent)]
    Shard(#[from] ShardFault),
}

impl LineFault {
    /// In line `index`, counted from 0, of a file.
    pub(crate) fn at(self, path: &str, index: usize) -> DataError {
        DataError::Line { path: path.to_owned(), line: index + 1, fault: self }
    }
}

/// What is wrong with a line of a set of shards.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardFault {
    /// Not three words and an end.
    #[error("a shard is `<cid> <tokens> <sha256>`, joined by single spaces, with a newline at the end")]
    Form,
    /// The first word.
    #[error("its first word is no CID: version 1 over SHA-256, raw or dag-pb, 59 characters in base 32 with small letters")]
    Cid,
    /// The second word.
    #[error("its second word must be the number of tokens in plain decimal, 1 to {SHARD_TOKENS_MAX}")]
    Tokens,
    /// The third word.
    #[error("its third word must be the SHA-256 of the shard's bytes, 64 small hexadecimal digits")]
    Digest,
    /// A file of one block has one digest.
    #[error("a raw CID holds the SHA-256 of the bytes themselves, and this line names another one: one of them is wrong")]
    Contradiction,
    /// Not one window.
    #[error("a shard of {tokens} tokens holds no example: at least {least} are needed, so make shards longer")]
    Short {
        /// Tokens that the line promises.
        tokens: u32,
        /// Tokens of a window.
        least: usize,
    },
}
