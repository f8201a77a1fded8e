//! What can go wrong between this program and a chain, and what to do about it.

use alloy::transports::{RpcError, TransportError, TransportErrorKind, http::reqwest};
use protocol::ids::{Address, Digest};

use crate::revert::Revert;

/// Longest text of a remote error that is repeated to the user.
const REASON_CHARS_LIMIT: usize = 400;

/// A failed exchange with the chain. The text of each case says what to do next.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChainError {
    #[error("`{0}` is no RPC address; write it like http://127.0.0.1:8545")]
    BadUrl(String),
    #[error("no answer from the RPC at {url} ({reason}); check that it runs and that the address is right")]
    Unreachable { url: String, reason: String },
    #[error("the RPC at {url} serves chain {found}, not chain {expected}; set rpc_url or chain_id right")]
    WrongChain { url: String, found: u64, expected: u64 },
    #[error("the RPC at {url} limits requests ({reason}); wait, poll less often, or use another RPC")]
    RateLimited { url: String, reason: String },
    #[error("the RPC at {url} refused {what}: {reason}")]
    Rpc { url: String, what: &'static str, reason: String },
    #[error("the RPC does not know block {0}; it may lag behind or have pruned it: wait, or use another RPC")]
    NoSuchBlock(u64),
    #[error("the answer to {what} cannot be read ({reason}); is this the right contract and version?")]
    BadAnswer { what: &'static str, reason: String },
    #[error("there is no contract at {0}; check the address and the chain")]
    NoContract(Address),
    #[error(transparent)]
    Reverted(#[from] Revert),
    #[error("this needs an account; open a key first")]
    NoAccount,
    #[error("{account} cannot pay for {what}: {reason}; send it some of the chain's coin for gas")]
    CannotPay { account: Address, what: &'static str, reason: String },
    #[error("gas costs {wanted} wei now and max_fee_gwei allows {limit} wei; wait, or raise max_fee_gwei")]
    FeeTooHigh { wanted: u128, limit: u128 },
    #[error(
        "{what} does not fit into a block of this chain, which holds {limit} gas: {reason}; do less in one go, or use a chain of larger blocks"
    )]
    TooMuchGas { what: &'static str, limit: u64, reason: String },
    #[error("transaction {0} was sent and not mined in time; look it up before you send it again")]
    NotMined(Digest),
    #[error("another transaction took nonce {nonce}, so {hash} will never be mined; does another program use this key?")]
    Replaced { hash: Digest, nonce: u64 },
    #[error("the transaction pool refused {what} {times} times ({reason}); wait for the transactions before it")]
    PoolRefused { what: &'static str, times: usize, reason: String },
    #[error("the task that sends for this account has ended; connect again")]
    SenderGone,
    #[error("the key could not sign: {0}")]
    Signing(String),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error("the key of {0} lies at a remote signer and never leaves it; name a key file instead")]
    NoSecret(Address),
}

impl ChainError {
    /// Whether the same request may succeed a little later with nothing changed by the user.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::RateLimited { .. } | Self::NoSuchBlock(_) => true,
            Self::Remote(error) => error.is_passing(),
            _ => false,
        }
    }
}

/// A remote signer that does not do what it should. No text repeats what may stand in its address beside host and port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    #[error("`{0}` is no address of a remote signer; write it like https://signer.example:9000")]
    Url(String),
    #[error("no answer from the remote signer at {url} ({reason}); check that it runs and that the address is right")]
    Unreachable { url: String, reason: String },
    #[error("the remote signer at {url} holds no key of {account}, {holds}; load the key there, or name the account that it has")]
    NoKey { url: String, account: Address, holds: String },
    #[error("the remote signer at {url} refused ({reason}); its log says why")]
    Refused { url: String, reason: String },
    #[error("the remote signer at {url} answered {what} that cannot be read; it must be Web3Signer, started as `web3signer eth1`")]
    Answer { url: String, what: &'static str },
    #[error(
        "the remote signer at {url} signed something else, or with another key than that of {account}; it must be Web3Signer, started as \
         `web3signer eth1`"
    )]
    Wrong { url: String, account: Address },
}

impl RemoteError {
    /// Whether the same request may succeed a little later with nothing changed by the user.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// Names the failure of one request. `url` is already free of secrets.
pub(crate) fn from_transport(url: &str, what: &'static str, failure: &TransportError) -> ChainError {
    let reason = reason_of(failure);
    let url = url.to_owned();
    if is_rate_limit(failure) {
        return ChainError::RateLimited { url, reason };
    }
    match failure {
        RpcError::Transport(_) => ChainError::Unreachable { url, reason },
        RpcError::DeserError { .. } | RpcError::NullResp => ChainError::BadAnswer { what, reason },
        _ => ChainError::Rpc { url, what, reason },
    }
}

/// Whether sending the same bytes again can help.
pub(crate) fn is_worth_retrying(failure: &TransportError) -> bool {
    match failure {
        RpcError::Transport(TransportErrorKind::NonRetryable(_)) => false,
        RpcError::Transport(kind) => kind.as_http_error().is_none_or(|http| http.status == 429 || http.status >= 500),
        RpcError::ErrorResp(payload) => payload.is_retry_err(),
        RpcError::NullResp => true,
        _ => false,
    }
}

fn is_rate_limit(failure: &TransportError) -> bool {
    match failure {
        RpcError::Transport(kind) => kind.as_http_error().is_some_and(|http| http.status == 429),
        RpcError::ErrorResp(payload) => payload.is_retry_err(),
        _ => false,
    }
}

/// The text of a failure. RPC addresses often carry a secret, so none is repeated.
fn reason_of(failure: &TransportError) -> String {
    let text = match failure {
        RpcError::ErrorResp(payload) => payload.message.to_string(),
        RpcError::Transport(kind) => match kind.as_custom().and_then(|error| error.downcast_ref::<reqwest::Error>()) {
            Some(error) => reason_of_request(error),
            None => kind.to_string(),
        },
        other => other.to_string(),
    };
    text.chars().take(REASON_CHARS_LIMIT).collect()
}

pub(crate) fn reason_of_request(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if std::ptr::addr_eq(cause, error) { "the request failed".to_owned() } else { cause.to_string() }
}
