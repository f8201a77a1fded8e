//! Values of alloy to the project's own and back.

use alloy::primitives::{Address as EthAddress, B256, U256};
use protocol::ids::{Address, Digest};
use protocol::money::Wei;

use crate::error::ChainError;

/// An account's address in alloy's type.
pub fn to_eth(address: Address) -> EthAddress {
    EthAddress::new(address.0)
}

/// An account's address in the project's type.
pub fn address(address: EthAddress) -> Address {
    Address(address.into_array())
}

/// 32 bytes in alloy's type.
pub fn to_b256(digest: Digest) -> B256 {
    B256::new(digest.0)
}

/// 32 bytes in the project's type.
pub fn digest(bytes: B256) -> Digest {
    Digest(bytes.0)
}

/// An amount in alloy's type.
pub fn to_u256(amount: Wei) -> U256 {
    U256::from(amount.0)
}

/// An amount in wei; `None` above 2^128 - 1, which no amount of NRN or coin reaches.
pub fn wei(amount: U256) -> Option<Wei> {
    u128::try_from(amount).ok().map(Wei)
}

/// A number that counts something; `None` above 2^64 - 1.
pub fn count(number: U256) -> Option<u64> {
    u64::try_from(number).ok()
}

/// As [`wei`], for the answer of the contract's function `what`.
pub fn amount(what: &'static str, answer: U256) -> Result<Wei, ChainError> {
    wei(answer).ok_or_else(|| too_large(what))
}

/// As [`count`], for the answer of the contract's function `what`.
pub fn number(what: &'static str, answer: U256) -> Result<u64, ChainError> {
    count(answer).ok_or_else(|| too_large(what))
}

fn too_large(what: &'static str) -> ChainError {
    ChainError::BadAnswer { what, reason: "the number is too large".to_owned() }
}
