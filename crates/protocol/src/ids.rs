//! Names of things: groups, rounds, positions, deltas, periods, digests, accounts and nodes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha3::{Digest as _, Keccak256};

/// Why a text is not one of the names of this module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The hexadecimal part has another length or other characters.
    #[error("`{text}` is not 0x followed by {digits} hexadecimal digits: copy it again in full")]
    Hex { text: String, digits: usize },
    /// Mixed capitals that do not fit the address (EIP-55).
    #[error("`{0}` has a wrong checksum: a character was mistyped, copy the address again")]
    Checksum(String),
    /// Not a whole number.
    #[error("`{0}` is not a whole number: write decimal digits only")]
    Number(String),
}

/// Keccak-256 as the EVM computes it.
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

macro_rules! number {
    ($(#[$doc:meta] $name:ident),* $(,)?) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.parse().map(Self).map_err(|_| IdError::Number(shortened(text)))
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }
    )*};
}

number! {
    /// A training group; numbered from 1 in the order of creation.
    GroupId,
    /// A round of a group: `(now - genesis) / length`.
    RoundNumber,
    /// A stake position of a group; numbered from 1, permanent.
    PositionNumber,
    /// A delta of a group; numbered from 1, 0 is the choice "keep as it is".
    DeltaNumber,
    /// A period of a group's dataset.
    PeriodNumber,
    /// A bounty of the network; numbered from 1 over all groups.
    BountyNumber,
}

macro_rules! bytes {
    ($(#[$doc:meta] $name:ident, $length:literal);* $(;)?) => {$(
        #[$doc]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl $name {
            /// All bytes 0: what contracts hold where nothing is.
            pub const ZERO: Self = Self([0; $length]);

            /// Whether all bytes are 0.
            pub fn is_zero(&self) -> bool {
                *self == Self::ZERO
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::ZERO
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{self}")
            }
        }

        impl From<[u8; $length]> for $name {
            fn from(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

bytes! {
    /// 32 bytes that name a file, a claim, a head or a block.
    Digest, 32;
    /// An account on the chain: the last 20 bytes of the hash of its public key.
    Address, 20;
    /// A node: its ed25519 public key.
    NodeId, 32;
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "0x{}", hex::encode(self.0))
    }
}

/// With the capitals of EIP-55.
impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "0x{}", checksummed(&self.0))
    }
}

impl FromStr for Digest {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex(text).map(Self)
    }
}

impl FromStr for NodeId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex(text).map(Self)
    }
}

impl FromStr for Address {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bytes = parse_hex(text)?;
        let digits = &text[2..];
        let one_case = digits.to_lowercase() == digits || digits.to_uppercase() == digits;
        if one_case || digits == checksummed(&bytes) {
            return Ok(Self(bytes));
        }
        Err(IdError::Checksum(shortened(text)))
    }
}

/// Capitals where the nibble of the hash of the small letters is 8 or more (EIP-55).
fn checksummed(address: &[u8; 20]) -> String {
    let plain = hex::encode(address);
    let hash = hex::encode(keccak256(plain.as_bytes()));
    let capital = |(letter, nibble): (char, char)| match nibble {
        '0'..='7' => letter,
        _ => letter.to_ascii_uppercase(),
    };
    plain.chars().zip(hash.chars()).map(capital).collect()
}

fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], IdError> {
    let wrong = || IdError::Hex { text: shortened(text), digits: N * 2 };
    let digits = text.strip_prefix("0x").ok_or_else(wrong)?;
    if digits.len() != N * 2 {
        return Err(wrong());
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| wrong())?;
    Ok(bytes)
}

/// An error quotes no more than this many characters of what it was given.
const QUOTED_CHARACTERS: usize = 80;

fn shortened(text: &str) -> String {
    text.chars().take(QUOTED_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keccak_of_nothing_is_the_known_value() {
        let known = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
        assert_eq!(Digest(keccak256(b"")).to_string(), known);
    }

    /// Addresses from the text of EIP-55.
    #[test]
    fn addresses_are_written_and_checked_as_eip_55_says() {
        for known in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "0xde709f2102306220921060314715629080e2fb77",
        ] {
            let address: Address = known.parse().unwrap();
            assert_eq!(address.to_string(), known);
            assert_eq!(known.to_lowercase().parse(), Ok(address));
        }
        let mistyped = "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse::<Address>();
        assert!(matches!(mistyped, Err(IdError::Checksum(_))));
    }

    #[test]
    fn bad_names_are_refused_without_a_panic() {
        for text in ["", "0x", "0", "xx", "0x12", &"é".repeat(33), &"ab".repeat(32)] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        assert!("-1".parse::<GroupId>().is_err());
    }

    #[test]
    fn names_survive_json() {
        let digest = Digest([7; 32]);
        let text = serde_json::to_string(&(digest, GroupId(3))).unwrap();
        assert_eq!(text, format!("[\"0x{}\",3]", "07".repeat(32)));
        assert_eq!(serde_json::from_str::<(Digest, GroupId)>(&text).unwrap(), (digest, GroupId(3)));
    }
}
