//! Limits that the parts of a manifest share, and why bytes are no manifest.

/// Longest manifest in bytes.
pub const MANIFEST_BYTES_MAX: usize = 4096;
/// Most units of one layer, inputs included.
pub(crate) const WIDTH_MAX: u32 = 65_536;

/// Why bytes are no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Longer than `MANIFEST_BYTES_MAX`.
    #[error("a manifest has at most {MANIFEST_BYTES_MAX} bytes, this one has {0}: shorten it")]
    TooLong(usize),
    /// Not JSON, a key missing or unknown, a family or format that this client does not ship.
    #[error("this is no manifest that this client knows ({0}): correct it or update the client")]
    Unreadable(String),
    /// Right content, other bytes.
    #[error("the manifest is not in canonical form: write it without spaces, keys in order: {0}")]
    NotCanonical(String),
    /// A number outside its limits.
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
    /// A list of characters that is no order.
    #[error("manifest: the characters of the tokenizer must ascend by code point, each once")]
    NotAscending,
}

/// Refuses a value outside `least` to `most`.
pub(crate) fn within(field: &'static str, value: u64, least: u64, most: u64) -> Result<(), ManifestError> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(ManifestError::OutOfRange { field, value, least, most }) }
}
