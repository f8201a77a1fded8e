//! A receipt: what an account got or paid, and why.

use protocol::ids::{Address, BountyNumber, DeltaNumber, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::money::Wei;
use serde::{Deserialize, Serialize};

use crate::log::Moment;

/// What an account got or paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub group: GroupId,
    pub of: Subject,
    pub account: Address,
    pub at: Moment,
    pub why: Reason,
}

/// What a receipt is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    Round(RoundNumber),
    Delta(DeltaNumber),
    Bounty(BountyNumber),
}

/// Why an account got or paid something. Amounts in wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// It paid the deposit of its commit, the `number`-th of the round.
    Committed { number: u64, deposit: Wei },
    /// Of its deposit so much came back, was burned, went to validators; what is left comes with R.
    Settled { refunded: Wei, burned: Wei, charged: Wei },
    /// It won: R was asked for and issued to `to`, with the rest of the deposit.
    Won { to: Address, asked: Wei, issued: Wei, deposit: Wei },
    /// It had won, and the decision was cancelled: so much of what it had got back was burned.
    Struck { burned: Wei },
    /// A verdict of its position was counted, with that stake; the position earned so much, from which `cut` was taken off
    /// that the schedule did not allow. Nothing is earned by verdicts for what was not decided.
    Judged { position: PositionNumber, claim: Digest, stake: Wei, earned: Wei, cut: Wei },
    /// Its position showed that it was present.
    Attended { position: PositionNumber, stake: Wei },
    /// It reported a position that had signed two claims, or two results: so much was burned and went to the reporter.
    Reported { position: PositionNumber, burned: Wei, reward: Wei },
    /// It paid the bond of its delta.
    Proposed { bond: Wei },
    /// So much of the bond was burned: its delta was dropped, and few had wanted it.
    Charged { burned: Wei },
    /// The bond came back, and if the delta stood A was asked for and issued.
    Refunded { bond: Wei, asked: Wei, issued: Wei },
    /// Its delta was rolled back: the bond was burned.
    Taken { burned: Wei },
    /// It locked a bounty and a bond.
    Funded { amount: Wei, bond: Wei },
    /// Its round of a bounty's term earned so much, which was burned if the round was struck.
    Prized { round: RoundNumber, amount: Wei, burned: bool },
    /// It was paid for a finding of its position that was counted with that stake.
    Found { position: PositionNumber, stake: Wei, amount: Wei },
    /// Of its bounty and bond so much came back and was burned.
    Returned { returned: Wei, burned: Wei },
}
