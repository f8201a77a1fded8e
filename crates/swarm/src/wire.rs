//! The part of the protobuf wire format that IPFS messages use: varints and length-prefixed fields.
//!
//! Written here because a node's block must be exactly the bytes of the profile: a general encoder is free
//! in the order of fields and in what it leaves out, and a digest is not.

/// Why bytes are not protobuf. Only what these messages need is read; groups are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The bytes end within a field.
    #[error("the bytes end within a field")]
    Truncated,
    /// A number has more than ten bytes or more than 64 bits.
    #[error("a number is longer than 64 bits")]
    Varint,
    /// A group or another wire type that IPFS does not use.
    #[error("unknown wire type {0}")]
    WireType(u64),
}

/// A 64-bit varint has at most this many bytes.
pub const VARINT_BYTES_MAX: usize = 10;

/// Wire types: the low three bits of a field's key.
const TYPE_NUMBER: u64 = 0;
const TYPE_FIXED_64: u64 = 1;
const TYPE_BYTES: u64 = 2;
const TYPE_FIXED_32: u64 = 5;

/// Appends `number` as an unsigned LEB128 varint, in the shortest form.
pub fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a number field, key and value.
pub fn put_number(out: &mut Vec<u8>, field: u64, number: u64) {
    put_varint(out, field << 3 | TYPE_NUMBER);
    put_varint(out, number);
}

/// Appends a field of bytes, of text or of a message.
pub fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(out, field << 3 | TYPE_BYTES);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Takes one varint from the front of `bytes`, in whichever length it is written.
///
/// # Errors
/// `Truncated` if the bytes end in it, `Varint` if it has more than 64 bits.
pub fn take_varint(bytes: &mut &[u8]) -> Result<u64, WireError> {
    let mut number = 0u64;
    for place in 0..VARINT_BYTES_MAX {
        let (&byte, rest) = bytes.split_first().ok_or(WireError::Truncated)?;
        *bytes = rest;
        if place == VARINT_BYTES_MAX - 1 && byte > 1 {
            return Err(WireError::Varint);
        }
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(WireError::Varint)
}

/// The next `length` bytes.
fn take_bytes<'a>(bytes: &mut &'a [u8], length: u64) -> Result<&'a [u8], WireError> {
    let length = usize::try_from(length).map_err(|_| WireError::Truncated)?;
    let (taken, rest) = bytes.split_at_checked(length).ok_or(WireError::Truncated)?;
    *bytes = rest;
    Ok(taken)
}

/// What a field holds: a number, bytes, or something that no message here uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A varint.
    Number(u64),
    /// Bytes, text, or a message in a message.
    Bytes(&'a [u8]),
    /// A fixed-width field, which no IPFS message uses.
    Other,
}

impl<'a> Value<'a> {
    /// The bytes, or none of them for a field of another type.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Value::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// The number, or 0 for a field of another type.
    pub fn number(self) -> u64 {
        match self {
            Value::Number(number) => number,
            _ => 0,
        }
    }
}

/// The fields of one message in their order, unknown ones too; ends after the first error. Nothing is
/// copied: bytes are those of the message.
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// The next field: its number and what it holds.
    fn take(&mut self) -> Result<(u64, Value<'a>), WireError> {
        let key = take_varint(&mut self.0)?;
        let value = match key & 7 {
            TYPE_NUMBER => Value::Number(take_varint(&mut self.0)?),
            TYPE_BYTES => {
                let length = take_varint(&mut self.0)?;
                Value::Bytes(take_bytes(&mut self.0, length)?)
            }
            TYPE_FIXED_64 => take_bytes(&mut self.0, 8).map(|_| Value::Other)?,
            TYPE_FIXED_32 => take_bytes(&mut self.0, 4).map(|_| Value::Other)?,
            unknown => return Err(WireError::WireType(unknown)),
        };
        Ok((key >> 3, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let taken = self.take();
        if taken.is_err() {
            self.0 = &[];
        }
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_and_have_the_known_bytes() {
        let known: [(u64, &[u8]); 5] =
            [(0, &[0]), (127, &[127]), (128, &[0x80, 1]), (300, &[0xac, 2]), (u64::MAX, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1])];
        for (number, bytes) in known {
            let mut out = Vec::new();
            put_varint(&mut out, number);
            assert_eq!(out, bytes);
            assert_eq!(take_varint(&mut &out[..]), Ok(number));
        }
    }

    #[test]
    fn bad_bytes_are_errors() {
        let cases: [(&[u8], WireError); 5] = [
            (&[0x80], WireError::Truncated),
            (&[0x0a, 2, 1], WireError::Truncated),
            (&[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2], WireError::Varint),
            (&[0x0b], WireError::WireType(3)),
            (&[0x09, 1, 2, 3], WireError::Truncated),
        ];
        for (bytes, error) in cases {
            assert_eq!(Fields(bytes).find_map(Result::err), Some(error), "{bytes:?}");
            assert!(Fields(bytes).count() <= bytes.len());
        }
    }
}
