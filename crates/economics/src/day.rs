//! What is kept of an epoch.

use protocol::Wei;

/// Rounds by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    pub won: u64,
    pub lost: u64,
    pub void: u64,
    pub empty: u64,
    /// Won by a claim that was not true, and of those struck.
    pub falsely: u64,
    pub struck: u64,
    /// Won by a file that is worse than its base.
    pub worse: u64,
}

/// How it stood at the end of an epoch.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    pub ended: Ended,
    pub loss: f64,
    pub trainers: usize,
    /// Who has won most in the epoch, by place.
    pub first: Option<usize>,
    /// Shares of awake stake that check, copy, and sign unread.
    pub checks: f64,
    pub copies: f64,
    pub lazy: f64,
    pub awake: Wei,
}
