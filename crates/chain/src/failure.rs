//! What a failed request means, and so what is done about it: one table for the answers of all providers. There is no
//! standard for them; the words are those of geth, Nethermind, Besu, Erigon, reth, anvil, RSKj and the large providers.

use alloy::transports::{RpcError, TransportError, http::reqwest};

/// See the module. What no row knows is [`Failure::AskAnother`]: never a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing was said of the request: in a moment the same one may succeed.
    TryAgain,
    /// The server broke down over it or gave no answer in time: later, or with less.
    Overloaded,
    /// This server gets too many requests and wants to be left alone for a while.
    Slower,
    /// This server cannot or will not answer it; another one may.
    AskAnother,
    /// It asks for too many blocks or logs at once.
    Narrow,
    /// The server has not heard of that block yet.
    WaitForHead,
    /// The server no longer keeps the state after that block.
    Forgotten,
    /// The pool holds the transaction already.
    Held,
    /// Another transaction of the account has its nonce.
    NonceTaken,
    /// The offer for gas is too low.
    FeeTooLow,
    /// The pool takes it once others are mined.
    PoolFull,
    /// The contract refuses, or a rule of the chain: everywhere, and again.
    Refused,
}

use Failure as F;

/// The first row with one of its words decides. Words stand in lower case, and match where a word begins.
const TABLE: &[(Failure, &[&str])] = &[
    (F::Refused, &["execution reverted", "revert", "vm execution error"]),
    (
        F::Slower,
        &[
            "rate limit",
            "rate exceeded",
            "ratelimit",
            "call rate",
            "too many requests",
            "too many request",
            "request limit",
            "request count exceeded",
            "requests per second",
            "requests per day",
            "concurrent requests",
            "credits limited",
            "credits quota",
            "compute units",
            "capacity limit",
            "quota",
            "throttl",
            "cannot fulfill request",
            "usage limit",
            "reached the free tier limit",
        ],
    ),
    (
        F::WaitForHead,
        &[
            "header not found",
            "header for hash not found",
            "unknown block",
            "unknown header",
            "block not found",
            "block could not be found",
            "block is not available",
            "block does not exist",
            "no such block",
            "cannot find block",
            "could not find block",
            "block with such an id",
            "beyond current head",
            "beyond the current head",
            "beyond head",
            "after last accepted",
            "unfinalized data",
            "requested data not available",
            "requested data is not available",
            "resource not found",
            "out of range",
            "blockoutofrange",
            "block height is",
            "greater than latest",
            "higher than latest",
            "future block",
            "invalid block range",
            "one of the blocks specified in filter",
        ],
    ),
    (
        F::Forgotten,
        &[
            "missing trie node",
            "state not available",
            "state is not available",
            "no state available",
            "state unavailable",
            "world state",
            "historical state",
            "state histor",
            "state at block",
            "state already pruned",
            "old data not available",
            "pruned",
            "pruning",
            "history is unavailable",
            "archive",
            "archival",
            "proof window",
            "metadata is not found",
            "hash is not currently canonical",
        ],
    ),
    (F::Held, &["already known", "already imported", "known transaction", "alreadyknown", "already exists", "already in mempool"]),
    (F::PoolFull, &["nonce too high", "nonce is too high", "nonce gap", "gapped-nonce", "in-flight transaction limit"]),
    (
        F::NonceTaken,
        &[
            "nonce too low",
            "nonce is too low",
            "nonce_too_low",
            "oldnonce",
            "nonce has already been used",
            "replacement",
            "could not replace",
        ],
    ),
    (
        F::FeeTooLow,
        &[
            "underpriced",
            "less than block base fee",
            "fee too low",
            "feetoolow",
            "gas price too low",
            "below minimum",
            "below the minimum",
            "lower than block's minimum",
            "lower than the minimum",
            "gas price is too low",
            "fee cap less than",
            "below configured minimum",
        ],
    ),
    (
        F::PoolFull,
        &[
            "txpool is full",
            "pool is full",
            "mempool is full",
            "transaction pool is full",
            "transaction pool not accepting",
            "account limit exceeded",
            "queue limit exceeded",
            "too many pending transactions",
            "too many transactions from sender",
            "pending transactions limit",
            "address already reserved",
        ],
    ),
    (
        F::Narrow,
        &[
            "returned more than",
            "more than 10000 results",
            "block range",
            "blocks range",
            "range is too",
            "range too",
            "too wide",
            "range limit",
            "range exceeds",
            "ranges over",
            "bigger than range",
            "exceeds limit of",
            "exceeds max",
            "exceed max",
            "exceeded max",
            "greater than the maximum",
            "more than maximum",
            "limited to",
            "too many blocks",
            "too many logs",
            "too many results",
            "too many events",
            "logs limit",
            "log limit",
            "results limit",
            "result limit",
            "max results",
            "response size",
            "response is too",
            "response too",
            "result set too",
            "result too",
            "content too large",
            "request entity too large",
            "distance must be",
            "maximum is set to",
            "maximum allowed number of requested blocks",
            "smaller range",
            "query timeout",
            "query took too long",
            "query exceeds",
        ],
    ),
    // The gas that one server lends to a call is its own rule, not the chain's.
    (F::AskAnother, &["exceeds the configured cap", "unsupported block number", "not whitelisted", "api key", "unauthorized", "forbidden"]),
    (F::Overloaded, &["timed out", "timeout", "took too long", "deadline exceeded", "request canceled", "server overloaded"]),
    (F::Refused, POOR),
    (F::Refused, TOO_LARGE),
    (
        F::Refused,
        &[
            "intrinsic gas too low",
            "max initcode size",
            "max code size",
            "stack underflow",
            "stack overflow",
            "invalid opcode",
            "invalid jump",
            "transaction type not supported",
            "unsupported transaction type",
            "oversized data",
        ],
    ),
];

/// The account cannot pay.
const POOR: &[&str] = &[
    "insufficient funds",
    "insufficientfunds",
    "insufficient balance",
    "insufficient sender balance",
    "exceeds balance",
    "exceeds account balance",
    "not enough funds",
    "lack of funds",
];
/// An estimate stops at what a block holds.
const TOO_LARGE: &[&str] = &["gas required exceeds", "exceeds block gas limit", "exceeds the block gas limit", "out of gas"];

/// The pool takes one transaction of the account at a time: it acts by a contract (EIP-7702).
const SINGLE: &[&str] = &["in-flight transaction limit", "gapped-nonce", "delegated account"];

/// Codes that mean something of themselves, for answers whose words no row knows.
const CODES: &[(Failure, &[i64])] = &[
    (F::Refused, &[3]),
    (F::Slower, &[429, 1008, -32005, -32007, -32012, -32016, -32029, -32046, -32055, -32097]),
    (F::Overloaded, &[-32002, -32008]),
    (F::TryAgain, &[-32603]),
    (F::WaitForHead, &[-32001, -32014]),
    (F::Narrow, &[-32614, -32701]),
];

/// The method for logs: only its answers are too long.
pub(crate) const LOGS: &str = "eth_getLogs";
/// The method that offers a transaction: only a pool has a say about nonces and fees.
pub(crate) const OFFER: &str = "eth_sendRawTransaction";
/// The methods by which a contract or the chain can refuse.
const REFUSABLE: &[&str] = &["eth_call", "eth_estimateGas", OFFER];

impl Failure {
    /// What `failure` of a request by this method means.
    pub(crate) fn of(method: &str, failure: &TransportError) -> Self {
        let meaning = match failure {
            RpcError::ErrorResp(payload) => {
                let more = payload.data.as_ref().map(|data| data.get()).unwrap_or_default();
                F::of_answer(method, payload.code, &payload.message, more)
            }
            RpcError::Transport(kind) => match kind.as_http_error() {
                Some(http) => F::of_status(http.status, &http.body),
                None => F::of_silence(failure),
            },
            RpcError::NullResp => F::WaitForHead,
            _ => F::AskAnother,
        };
        if meaning.can_follow(method) { meaning } else { F::AskAnother }
    }

    fn can_follow(self, method: &str) -> bool {
        match self {
            F::Narrow => method == LOGS,
            F::Held | F::NonceTaken | F::FeeTooLow | F::PoolFull => method == OFFER,
            F::Refused => REFUSABLE.contains(&method),
            F::TryAgain | F::Overloaded | F::Slower | F::AskAnother | F::WaitForHead | F::Forgotten => true,
        }
    }

    fn of_answer(method: &str, code: i64, message: &str, more: &str) -> Self {
        match (F::of_words(message).or_else(|| F::of_words(more)), code) {
            (Some(meaning), _) => meaning,
            // Of logs, "invalid" and "limit exceeded" without a reason mean that they are too many.
            (None, -32602 | -32005 | -32600) if method == LOGS => F::Narrow,
            (None, code) => CODES.iter().find(|(_, codes)| codes.contains(&code)).map_or(F::AskAnother, |(meaning, _)| *meaning),
        }
    }

    fn of_words(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        TABLE.iter().find(|(_, words)| says(&text, words)).map(|(meaning, _)| *meaning)
    }

    fn of_status(status: u16, body: &str) -> Self {
        match status {
            429 => F::Slower,
            413 | 414 => F::Narrow,
            408 | 425 | 500.. => F::Overloaded,
            _ => F::of_words(body).filter(|meaning| *meaning != F::Refused).unwrap_or(F::AskAnother),
        }
    }

    /// Without a connection the request was not even heard.
    fn of_silence(failure: &TransportError) -> Self {
        if of_request(failure).is_some_and(|error| error.is_connect() && !error.is_timeout()) { F::TryAgain } else { F::Overloaded }
    }
}

/// Whether the text has one of the words, beginning where a word begins: "unknown transaction type" is no "known transaction".
fn says(text: &str, words: &[&str]) -> bool {
    let begins = |at: usize| !text[..at].ends_with(char::is_alphanumeric);
    words.iter().any(|word| text.match_indices(word).any(|(at, _)| begins(at)))
}

pub(crate) fn is_poor(text: &str) -> bool {
    says(&text.to_lowercase(), POOR)
}

pub(crate) fn is_too_large(text: &str) -> bool {
    says(&text.to_lowercase(), TOO_LARGE)
}

pub(crate) fn is_single(text: &str) -> bool {
    says(&text.to_lowercase(), SINGLE)
}

/// The HTTP client's own error behind a failure.
pub(crate) fn of_request(failure: &TransportError) -> Option<&reqwest::Error> {
    failure.as_transport_err()?.as_custom()?.downcast_ref()
}

#[cfg(test)]
mod tests;
