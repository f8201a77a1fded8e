//! Limits that the parts of a manifest share, and why bytes are no manifest.
//!
//! Limits keep a stranger's manifest from costing more than a measurement may: memory is decided by sizes alone.

/// Longest manifest in bytes: one chunk of a file, read whole before anything else of a group.
pub const MANIFEST_BYTES_MAX: usize = 4096;
/// Most units of one layer, inputs included.
pub(crate) const WIDTH_MAX: u32 = 65_536;

/// Why bytes are no manifest (PROTOCOL 12, Manifest). Each says what to change; whoever joins a group only needs to know that it has
/// none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Longer than [`MANIFEST_BYTES_MAX`]; holds the bytes given.
    #[error("a manifest has at most {MANIFEST_BYTES_MAX} bytes, this one has {0}: shorten it")]
    TooLong(usize),
    /// Not JSON, a key missing or unknown, a family or format that this client does not ship.
    #[error("this is no manifest that this client knows ({0}): correct it or update the client")]
    Unreadable(String),
    /// Right content, other bytes: holds those that it should have.
    #[error("the manifest is not in canonical form: write it without spaces, keys in order: {0}")]
    NotCanonical(String),
    /// A number outside its limits, also one that follows from others, such as the number of parameters.
    #[error("manifest: {field} is {value}, it must be {least} to {most}")]
    OutOfRange {
        /// Field of the manifest.
        field: &'static str,
        /// What it holds.
        value: u64,
        /// Least value allowed.
        least: u64,
        /// Greatest value allowed.
        most: u64,
    },
    /// A family that does not read this format.
    #[error("manifest: the family {family} reads data of the format {format}: change one of them")]
    Format {
        /// Family of the manifest.
        family: &'static str,
        /// Format that it reads.
        format: &'static str,
    },
    /// A `weight_max` that a file of this dtype cannot hold, so that a weight clamped to it might be rounded above it.
    #[error("manifest: weight_max is {most}, which {dtype} cannot hold: make it {held}")]
    WeightMax {
        /// What the manifest says.
        most: u32,
        /// Form of the values in a checkpoint.
        dtype: &'static str,
        /// The nearest that it can hold.
        held: u32,
    },
    /// A list of characters that is no order, so that a character had two tokens or none.
    #[error("manifest: the characters of the tokenizer must ascend by code point, each once")]
    NotAscending,
    /// A tokenizer of shards that is named by anything but a digest.
    #[error("manifest: the tokenizer of tokens must be the digest of its tokenizer.json as of a file, 64 small hexadecimal digits")]
    TokenizerDigest,
    /// Patterns of frozen tensors that are no order, so that one list had two ways to be written.
    #[error("manifest: the patterns of frozen must ascend by their bytes, each once")]
    FrozenOrder,
    /// A pattern of frozen tensors that stands for none; holds its place in the list, from 1 on.
    #[error("manifest: pattern {0} of frozen stands for no tensor: give a whole name, or its beginning and an asterisk")]
    FrozenNothing(usize),
    /// Nothing left to train.
    #[error("manifest: all tensors are frozen: leave at least one to be trained")]
    FrozenAll,
}

/// Refuses a value outside `least` to `most`.
pub(crate) fn within(field: &'static str, value: u64, least: u64, most: u64) -> Result<(), ManifestError> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(ManifestError::OutOfRange { field, value, least, most }) }
}
