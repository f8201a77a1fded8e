//! How to talk to a chain.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoints;

/// How to talk to a chain. The default is a local one with a block a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// JSON-RPC servers, http or https.
    pub rpc: Endpoints,
    /// EIP-155 id that the server must report.
    pub chain_id: u64,
    /// Blocks that must stand from an event on (its own included) until it is acted upon; at least 1.
    pub confirmations: u64,
    /// Milliseconds between two looks at the chain.
    pub poll_ms: u64,
    /// Seconds until one request is given up.
    pub request_timeout_s: u64,
    /// Seconds after which a transaction that nobody mined is offered again, because pools forget.
    pub offer_again_s: u64,
    /// Seconds after which a transaction that nobody mined is offered for a higher fee.
    pub raise_fee_after_s: u64,
    /// Seconds after which nobody waits for a transaction any more.
    pub mined_timeout_s: u64,
    /// Most gwei per gas that may be offered; none = what a call is worth, where that is known, else a multiple of what is usual.
    pub max_fee_gwei: Option<u64>,
    /// That multiple of the usual base fee for what can wait; for what cannot sixteen times as much.
    pub max_fee_times: u64,
    /// Offer a plain gas price even where blocks have a base fee: for chains that take no transactions of type 2. Where
    /// they have none it is offered anyway.
    pub legacy_gas: bool,
    /// Most blocks that one query for logs spans.
    pub log_blocks: u64,
    /// Distance from the tip within which a follower gives every block; farther back only those with logs.
    pub every_block_within: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rpc: "http://127.0.0.1:8545".into(),
            chain_id: 31_337,
            confirmations: 1,
            poll_ms: 250,
            request_timeout_s: 20,
            offer_again_s: 10,
            raise_fee_after_s: 60,
            mined_timeout_s: 600,
            max_fee_gwei: None,
            max_fee_times: 8,
            legacy_gas: false,
            log_blocks: 2_000,
            every_block_within: 128,
        }
    }
}

impl Settings {
    pub(crate) fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms.max(10))
    }
}
