//! What a bad provider does, at random from a seed: everything that the table of failures knows, mixed with true answers.

use std::time::Duration;

use serde_json::{Value, json};

use crate::faulty::{Fault, Faulty};

/// Of a hundred requests, how many are not answered as they should.
const PERCENT: u64 = 20;
/// Blocks by which its head lags at most when it does.
const LAG: u64 = 3;

/// Numbers from a seed (splitmix64).
pub struct Drawn(u64);

impl Drawn {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One of 0 to `below` - 1.
    pub fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below.max(1)
    }
}

/// A provider before `target` that has a bad day.
pub async fn provider(target: &str, seed: u64) -> Faulty {
    let mut drawn = Drawn::new(seed);
    Faulty::before(target, move |method, _| if drawn.below(100) < PERCENT { fault(method, &mut drawn) } else { Fault::Pass }).await
}

fn fault(method: &str, drawn: &mut Drawn) -> Fault {
    let choice = drawn.below(16);
    match (choice, method) {
        (0, "eth_blockNumber") => Fault::Changed(lag),
        (0, "eth_getLogs") => Fault::Instead(json!([])),
        (0, "eth_getBlockByNumber" | "eth_getTransactionReceipt") => Fault::Instead(Value::Null),
        (0 | 1, _) => Fault::Late(Duration::from_millis(100 + drawn.below(1_900))),
        (2, _) => Fault::Busy,
        (3, _) => Fault::Close,
        (4, _) => Fault::LoseAnswer,
        (5, _) => Fault::Page(200),
        (6, _) => Fault::Page(403),
        (7, _) => Fault::Page(503),
        (8, "eth_call" | "eth_estimateGas") => Fault::Error("missing trie node 0f (path ) state 0x0f is not available"),
        (9, "eth_call" | "eth_getBlockByNumber") => Fault::Error("header not found"),
        (10, "eth_sendRawTransaction") => Fault::Error("txpool is full"),
        (11, "eth_sendRawTransaction") => Fault::Error("in-flight transaction limit reached for delegated accounts"),
        (12, "eth_getLogs") => Fault::Code(-32_005, "query returned more than 10000 results"),
        (12, _) => Fault::Code(-32_005, "limit exceeded"),
        (13, "eth_getLogs") => Fault::Code(-32_602, "block range extends beyond current head block"),
        (13, _) => Fault::Code(-32_603, "internal error"),
        (14, _) => Fault::Code(429, "Your app has exceeded its compute units per second capacity"),
        _ => Fault::Error("request timed out"),
    }
}

fn lag(number: &mut Value) {
    let digits = number.as_str().map(|text| text.trim_start_matches("0x"));
    if let Some(head) = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
        *number = json!(format!("{:#x}", head.saturating_sub(LAG)));
    }
}
