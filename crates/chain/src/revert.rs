//! What a contract's refusal means.

use alloy::sol_types::{Panic, Revert as RevertReason, SolError};
use protocol::ids::Digest;

/// Turns the bytes of a refusal into the error's name and advice; `None` if they are none of the contract's errors.
pub type Explain = fn(&[u8]) -> Option<(String, String)>;

/// A call that a contract refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{what}` was refused: {name}{}{advice}", if advice.is_empty() { "" } else { ": " })]
pub struct Revert {
    /// The contract's function.
    pub what: String,
    /// Name of the contract's error, like `WrongPhase`.
    pub name: String,
    /// What to do about it.
    pub advice: String,
    /// The transaction that was mined and failed; `None` if it was never sent.
    pub transaction: Option<Digest>,
}

impl Revert {
    /// The refusal of `what` whose bytes are `data`.
    pub fn explained(what: &str, data: &[u8], explain: Explain, transaction: Option<Digest>) -> Self {
        let (name, advice) = explain(data).unwrap_or_else(|| explain_common(data));
        Self { what: what.to_owned(), name, advice, transaction }
    }
}

/// The refusals that every Solidity contract can make.
fn explain_common(data: &[u8]) -> (String, String) {
    if data.is_empty() {
        return ("no reason given".to_owned(), "the gas ran out, or this contract has no such function".to_owned());
    }
    if let Ok(reason) = RevertReason::abi_decode(data) {
        return ("Error".to_owned(), reason.reason);
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        return ("Panic".to_owned(), panic.to_string());
    }
    (format!("unknown error 0x{}", hex::encode(&data[..data.len().min(4)])), String::new())
}
