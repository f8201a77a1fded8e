//! The name of a file: a CID as the network gives one, in the one spelling that a line may have.

use std::fmt;
use std::str::FromStr;

use crate::examples::ShardFault;

/// Letters of base 32 in RFC 4648, small.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Bits of a letter.
const LETTER_BITS: u32 = 5;
/// What stands before the letters: base 32, small, without padding.
const BASE: char = 'b';
/// Version 1; codecs of a single block and of a tree of blocks; SHA-256 and its length.
const VERSION: u8 = 1;
const RAW: u8 = 0x55;
const TREE: u8 = 0x70;
const SHA_256: [u8; 2] = [0x12, 32];
/// Letters behind the base: 36 bytes.
const CID_LETTERS: usize = 58;

/// A CID of version 1 over SHA-256 of a file in one block (`raw`) or in a tree of them (`dag-pb`): 59 characters, base 32, small.
///
/// ```
/// use evaluator::Cid;
///
/// let text = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
/// let cid: Cid = text.parse()?;
/// assert_eq!((cid.to_string(), cid.is_raw(), cid.digest()[..2].to_vec()), (text.to_owned(), true, vec![0xe3, 0xb0]));
/// assert!(text.to_uppercase().parse::<Cid>().is_err(), "one spelling");
/// # Ok::<(), evaluator::ShardFault>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cid {
    is_raw: bool,
    digest: [u8; 32],
}

impl Cid {
    /// Of the SHA-256 of a file's only block (`is_raw`), or of the root of its tree.
    pub fn new(is_raw: bool, digest: [u8; 32]) -> Self {
        Self { is_raw, digest }
    }

    /// SHA-256 of the root block; of a file in one block that of its bytes.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Whether the file is one block.
    pub fn is_raw(&self) -> bool {
        self.is_raw
    }

    /// Version, codec, hash function, its length, digest.
    fn bytes(&self) -> [u8; 36] {
        let mut bytes = [0; 36];
        let head = [VERSION, if self.is_raw { RAW } else { TREE }, SHA_256[0], SHA_256[1]];
        bytes.iter_mut().zip(head.into_iter().chain(self.digest)).for_each(|(byte, value)| *byte = value);
        bytes
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(CID_LETTERS + 1);
        text.push(BASE);
        let (mut waiting, mut bits) = (0_u32, 0);
        // Two bits of zero fill the last letter.
        for byte in self.bytes().into_iter().chain([0]) {
            (waiting, bits) = (waiting << 8 | u32::from(byte), bits + 8);
            while bits >= LETTER_BITS && text.len() <= CID_LETTERS {
                bits -= LETTER_BITS;
                text.push(char::from(LETTERS[(waiting >> bits & 31) as usize]));
            }
            waiting &= (1 << bits) - 1;
        }
        formatter.write_str(&text)
    }
}

impl FromStr for Cid {
    type Err = ShardFault;

    /// Writing it again must give the same text, so that bits behind the last byte are zero.
    fn from_str(text: &str) -> Result<Self, ShardFault> {
        decoded(text).filter(|cid| cid.to_string() == text).ok_or(ShardFault::Cid)
    }
}

/// The CID of a text of the right length and letters.
fn decoded(text: &str) -> Option<Cid> {
    let letters = text.strip_prefix(BASE)?;
    if letters.len() != CID_LETTERS {
        return None;
    }
    let (mut bytes, mut waiting, mut bits) = (Vec::with_capacity(36), 0_u32, 0);
    for letter in letters.bytes() {
        let value = LETTERS.iter().position(|known| *known == letter)?;
        (waiting, bits) = (waiting << LETTER_BITS | value as u32, bits + LETTER_BITS);
        if bits >= 8 {
            bits -= 8;
            bytes.push((waiting >> bits) as u8);
        }
        waiting &= (1 << bits) - 1;
    }
    let (head, digest) = bytes.split_first_chunk::<4>()?;
    let is_raw = head[1] == RAW;
    let is_known = head[0] == VERSION && (is_raw || head[1] == TREE) && head[2..] == SHA_256;
    is_known.then_some(Cid::new(is_raw, digest.try_into().ok()?))
}
