//! Contracts whose code is known: deployed, and recognised where they stand.

use std::collections::BTreeSet;

use alloy::primitives::{Address as EthAddress, B256, Bytes, U256, keccak256};
use alloy::sol_types::{SolConstructor, SolValue};
use protocol::ids::Address;

use crate::connection::Connection;
use crate::convert::to_eth;
use crate::error::ChainError;
use crate::revert::Explain;

/// The instruction that pushes the 32 bytes after it: how code holds what its constructor fixed.
const PUSH32: u8 = 0x7f;
const OPERAND_BYTES: usize = 32;
/// Of a transaction that creates a contract; of the bytes and words of what creates it; of each byte that then stands.
const GAS_OF_CREATION: u64 = 21_000 + 32_000;
const GAS_PER_ZERO: u64 = 4;
const GAS_PER_BYTE: u64 = 16;
const GAS_PER_WORD: u64 = 2;
const GAS_PER_STORED_BYTE: u64 = 200;

/// A value in code.
pub type Word = B256;

/// One contract with the arguments of its constructor and the values that it keeps in its code for good.
#[derive(Clone, Debug)]
pub struct Blueprint {
    pub name: &'static str,
    code: Code,
    arguments: Vec<u8>,
    fixed: BTreeSet<Word>,
    explain: Explain,
}

/// A contract as its compiler gives it.
#[derive(Clone, Debug)]
pub struct Code {
    /// What creates the contract, without its arguments.
    pub creation: Bytes,
    /// What then stands on the chain, zeros where the constructor puts values.
    pub runtime: Bytes,
}

/// What is at an address where a contract is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    /// Exactly this contract: its code, with none but its own values in the places of such.
    Same,
    /// Another contract, or this one with other values.
    Other,
}

impl Blueprint {
    /// `fixed` are the values that may stand in the code, each as a word.
    pub fn new(
        name: &'static str,
        code: Code,
        arguments: &impl SolConstructor,
        fixed: impl IntoIterator<Item = Word>,
        explain: Explain,
    ) -> Self {
        Self { name, code, arguments: arguments.abi_encode(), fixed: fixed.into_iter().collect(), explain }
    }

    /// What creates the contract, its arguments included.
    pub fn creation(&self) -> Bytes {
        [self.code.creation.as_ref(), &self.arguments].concat().into()
    }

    /// Gas that its creation takes at least, whatever its constructor does (EIP-2028, EIP-3860).
    pub fn least_gas(&self) -> u64 {
        let (creation, runtime) = (self.creation(), self.code.runtime.len() as u64);
        let zeros = creation.iter().filter(|byte| **byte == 0).count() as u64;
        let length = creation.len() as u64;
        let sent = zeros * GAS_PER_ZERO + (length - zeros) * GAS_PER_BYTE + length.div_ceil(OPERAND_BYTES as u64) * GAS_PER_WORD;
        GAS_OF_CREATION + sent + runtime * GAS_PER_STORED_BYTE
    }

    /// Sends it from the connection's account; returns its address once it is mined.
    pub async fn deploy(&self, chain: &Connection) -> Result<Address, ChainError> {
        chain.deploy(self.name, self.creation(), self.explain).await
    }

    /// What is at `address`.
    pub async fn find(&self, chain: &Connection, address: Address) -> Result<Found, ChainError> {
        let code = chain.code(address).await?;
        Ok(match code.is_empty() {
            true => Found::Nothing,
            false if self.is(&code) => Found::Same,
            false => Found::Other,
        })
    }

    fn is(&self, code: &[u8]) -> bool {
        values_in(code, &self.code.runtime).is_some_and(|values| values.iter().all(|value| self.fixed.contains(value)))
    }
}

/// The values that `code` has where `template` has zeros for them; `None` if they differ anywhere else.
fn values_in(code: &[u8], template: &[u8]) -> Option<Vec<B256>> {
    let (mut at, mut values) = (0, Vec::new());
    while at < template.len() {
        let place = at + 1..at + 1 + OPERAND_BYTES;
        let is_place = template[at] == PUSH32 && template.get(place.clone()).is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0));
        if code.get(at) != template.get(at) {
            return None;
        }
        if is_place {
            values.push(B256::from_slice(code.get(place)?));
            at += OPERAND_BYTES;
        }
        at += 1;
    }
    (code.len() == template.len()).then_some(values)
}

/// A number as a value in code.
pub fn number_word(number: impl Into<U256>) -> B256 {
    number.into().into()
}

/// An address as a value in code.
pub fn address_word(address: Address) -> B256 {
    to_eth(address).into_word()
}

/// What OpenZeppelin's `EIP712` keeps in the code of the contract at `address`; both texts are shorter than 32 bytes.
pub fn eip712_words(name: &str, version: &str, chain_id: u64, address: Address) -> Vec<B256> {
    let kind = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    let (name_hash, version_hash, chain_id) = (keccak256(name), keccak256(version), U256::from(chain_id));
    let this: EthAddress = to_eth(address);
    let separator = keccak256((kind, name_hash, version_hash, chain_id, this).abi_encode());
    vec![separator, name_hash, version_hash, chain_id.into(), this.into_word(), short_text(name), short_text(version)]
}

/// A text in one word: its bytes from the left, its length in the last one.
fn short_text(text: &str) -> B256 {
    let mut word = [0; 32];
    let length = text.len().min(31);
    word[..length].copy_from_slice(&text.as_bytes()[..length]);
    word[31] = length as u8;
    word.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PUSH0, a place for a value, STOP.
    fn template() -> Vec<u8> {
        [&[0x5f, PUSH32][..], &[0; OPERAND_BYTES], &[0x00]].concat()
    }

    fn with_value(value: u8) -> Vec<u8> {
        let mut code = template();
        code[2 + OPERAND_BYTES - 1] = value;
        code
    }

    fn blueprint() -> Blueprint {
        let code = Code { creation: Bytes::new(), runtime: template().into() };
        Blueprint { name: "Test", code, arguments: Vec::new(), fixed: [number_word(U256::from(7))].into(), explain: |_| None }
    }

    #[test]
    fn a_contract_is_recognised_by_its_code_and_its_values() {
        assert!(blueprint().is(&with_value(7)));
        assert!(!blueprint().is(&with_value(8)), "another value");
        assert!(!blueprint().is(&template()), "no value");
        assert!(!blueprint().is(&[]) && !blueprint().is(&[0; 99]));
    }

    #[test]
    fn creation_takes_gas_for_what_is_sent_and_for_what_stands() {
        let code = Code { creation: vec![1; 30].into(), runtime: vec![7; 100].into() };
        let blueprint = Blueprint { arguments: vec![0; 3], code, ..blueprint() };
        assert_eq!(blueprint.least_gas(), 53_000 + 30 * 16 + 3 * 4 + 2 * 2 + 100 * 200);
    }

    #[test]
    fn a_byte_that_differs_anywhere_else_is_seen() {
        let right = with_value(7);
        for at in [0, 1, right.len() - 1] {
            let mut wrong = right.clone();
            wrong[at] ^= 1;
            assert!(!blueprint().is(&wrong), "byte {at}");
        }
        assert!(!blueprint().is(&right[1..]) && !blueprint().is(&[&right[..], &[0]].concat()));
    }
}
