//! What can go wrong between this program and a chain, and what to do about it.

use std::path::PathBuf;

use alloy::primitives::Bytes;
use alloy::transports::{RpcError, TransportError, TransportErrorKind, http::reqwest};
use protocol::ids::{Address, Digest};

use crate::ceiling::Ceiling;
use crate::failure::{Failure, of_request};
use crate::revert::Revert;

/// Longest text of a remote error that is repeated to the user.
const REASON_CHARS_LIMIT: usize = 200;

/// A failed exchange with the chain. The text of each case says what to do next.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChainError {
    #[error("`{0}` is no RPC address; write it like http://127.0.0.1:8545")]
    BadUrl(String),
    #[error("there is no RPC endpoint: name at least one in `rpc`")]
    NoEndpoint,
    #[error("the header `{name}` for the RPC at {url} cannot be sent; write it in plain letters, without line breaks")]
    BadHeader { url: String, name: String },
    #[error("no answer from the RPC at {url} ({reason}); check that it runs and that the address is right")]
    Unreachable { url: String, reason: String },
    #[error("the RPC at {url} serves chain {found}, not chain {expected}; set `rpc` or `chain_id` right")]
    WrongChain { url: String, found: u64, expected: u64 },
    #[error("the RPC at {url} limits requests ({reason}); wait, poll less often, or use another RPC")]
    RateLimited { url: String, reason: String },
    #[error("the RPC at {url} refused {what}: {reason}")]
    Rpc { url: String, what: &'static str, reason: String, means: Failure },
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
    #[error("gas costs {wanted} wei now, {what} may pay {} wei, and {}", ceiling.limit, ceiling.because)]
    FeeTooHigh { what: &'static str, wanted: u128, ceiling: Ceiling },
    #[error("the time for {what} is over: it is not sent any more")]
    TooLate { what: &'static str },
    #[error("the flights in {path} cannot be used: {reason}")]
    Flights { path: PathBuf, reason: String },
    #[error(
        "another program (process {process}) sends for {account}: wait until it has ended, or stop it; give every program an account of \
         its own"
    )]
    InUse { account: Address, process: String },
    #[error("{0}")]
    NotThere(String),
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
    #[error("cannot keep {path} ({reason}); make room on the disk, or let this program write there")]
    Disk { path: String, reason: String },
    #[error("the key could not sign: {0}")]
    Signing(String),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error("the key of {0} lies at a remote signer and never leaves it; name a key file instead")]
    NoSecret(Address),
}

impl ChainError {
    /// What it means for whoever wants to go on.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Unreachable { .. }
            | Self::Disk { .. }
            | Self::FeeTooHigh { .. }
            | Self::TooLate { .. }
            | Self::NotMined(_)
            | Self::Replaced { .. }
            | Self::SenderGone => Failure::TryAgain,
            Self::Remote(error) if error.is_passing() => Failure::TryAgain,
            Self::RateLimited { .. } => Failure::Slower,
            Self::Rpc { means, .. } => *means,
            Self::NoSuchBlock(_) => Failure::WaitForHead,
            Self::PoolRefused { .. } => Failure::PoolFull,
            Self::BadUrl(_)
            | Self::NoEndpoint
            | Self::BadHeader { .. }
            | Self::WrongChain { .. }
            | Self::BadAnswer { .. }
            | Self::NoContract(_) => Failure::AskAnother,
            Self::Reverted(_)
            | Self::CannotPay { .. }
            | Self::TooMuchGas { .. }
            | Self::NoAccount
            | Self::Signing(_)
            | Self::Remote(_)
            | Self::Flights { .. }
            | Self::InUse { .. }
            | Self::NotThere(_)
            | Self::NoSecret(_) => Failure::Refused,
        }
    }

    /// Whether no endpoint said anything of what was asked: waiting may cure it.
    pub fn is_silence(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::RateLimited { .. } | Self::NoSuchBlock(_) => true,
            Self::Rpc { means, .. } => *means != Failure::Refused,
            _ => false,
        }
    }

    /// Whether the contract, a rule of the chain or this program itself says no: trying again changes nothing.
    pub fn is_refusal(&self) -> bool {
        self.failure() == Failure::Refused
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

/// A request that failed, at the server whose address, free of secrets, is `url`.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) means: Failure,
    pub(crate) url: String,
    /// In one line.
    pub(crate) reason: String,
    pub(crate) cause: TransportError,
}

impl Failed {
    pub(crate) fn new(means: Failure, url: &str, cause: TransportError) -> Self {
        Self { means, url: url.to_owned(), reason: reason_of(&cause), cause }
    }

    /// What the contract said, if it was the contract that refused.
    pub(crate) fn revert_data(&self) -> Option<Bytes> {
        self.cause.as_error_resp()?.as_revert_data()
    }

    /// The failure of a request for `what`.
    pub(crate) fn of(self, what: &'static str) -> ChainError {
        let Self { means, url, reason, cause } = self;
        let is_answer = matches!(&cause, RpcError::ErrorResp(_)) || status_of(&cause).is_some_and(|status| status < 500);
        match means {
            Failure::Slower => ChainError::RateLimited { url, reason },
            _ if is_answer => ChainError::Rpc { url, what, reason, means },
            _ => ChainError::Unreachable { url, reason },
        }
    }
}

/// The text of a failure in one line. RPC addresses often carry a secret, so none is repeated.
fn reason_of(failure: &TransportError) -> String {
    match failure {
        RpcError::ErrorResp(payload) => one_line(&payload.message),
        RpcError::DeserError { text, .. } => unreadable(text),
        RpcError::Transport(kind) => match (kind.as_http_error(), of_request(failure)) {
            (Some(http), _) if is_page(&http.body) || http.body.is_empty() => format!("HTTP status {}", http.status),
            (Some(http), _) => one_line(&format!("HTTP status {}: {}", http.status, http.body)),
            (None, Some(error)) => reason_of_request(error),
            (None, None) => one_line(&kind.to_string()),
        },
        RpcError::NullResp => "it answers nothing".to_owned(),
        other => one_line(&other.to_string()),
    }
}

fn status_of(failure: &TransportError) -> Option<u16> {
    failure.as_transport_err().and_then(TransportErrorKind::as_http_error).map(|http| http.status)
}

fn unreadable(text: &str) -> String {
    if is_page(text) { "it answers with a web page".to_owned() } else { one_line(&format!("it answers what is no JSON-RPC: {text}")) }
}

fn is_page(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

/// Without line breaks and other controls, and not too long.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = words.chars().flat_map(|char| if char.is_control() { char.escape_default().collect() } else { vec![char] });
    shown.take(REASON_CHARS_LIMIT).collect()
}

pub(crate) fn reason_of_request(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if std::ptr::addr_eq(cause, error) { "the request failed".to_owned() } else { one_line(&cause.to_string()) }
}
