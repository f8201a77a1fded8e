//! Values in the words of the contracts.

use alloy::primitives::U256;
use chain::ChainError;
use chain::convert::to_b256;
use protocol::PositionNumber;
use protocol::bounty::{Findings, Step};
use protocol::chain::Birth;
use protocol::eip712::{SignedChoice, SignedFinding, SignedVerdict};

use crate::bindings::{IBounties, IDataset, IGroups, IRounds};
use crate::errors::unreadable;

/// A group at its birth; no time may exceed 136 years.
pub fn birth(birth: &Birth) -> Result<IGroups::Birth, ChainError> {
    let seconds = |number: u64| u32::try_from(number).map_err(|_| unreadable("create", "a time exceeds 136 years"));
    Ok(IGroups::Birth {
        manifest: to_b256(birth.manifest),
        checkpoint: to_b256(birth.checkpoint),
        dataset: birth.dataset.iter().copied().map(to_b256).collect(),
        train: seconds(birth.times.train_s)?,
        reveal: seconds(birth.times.reveal_s)?,
        judge: seconds(birth.times.judge_s)?,
        period: seconds(birth.period_s)?,
        improve: birth.improve,
        least: birth.least.0,
    })
}

/// A verdict of that position.
pub fn verdict(position: PositionNumber, signed: &SignedVerdict) -> IRounds::Verdict {
    IRounds::Verdict {
        position: U256::from(position.0),
        probe: to_b256(signed.message.probe),
        r: signed.signature.r.into(),
        vs: signed.signature.vs.into(),
    }
}

/// A verdict that shows presence alone.
pub fn attendance(position: PositionNumber, signed: &SignedVerdict) -> IRounds::Attendance {
    IRounds::Attendance { claim: to_b256(signed.message.claim), verdict: verdict(position, signed) }
}

/// A choice of that position.
pub fn choice(position: PositionNumber, signed: &SignedChoice) -> IDataset::Choice {
    IDataset::Choice {
        position: U256::from(position.0),
        delta: U256::from(signed.message.delta.0),
        patch: to_b256(signed.message.patch),
        seq: U256::from(signed.message.seq),
        signature: signed.signature.to_bytes().into(),
    }
}

/// What was found about a bounty.
pub fn findings(found: &Findings) -> IBounties::Result {
    let step = |step: &Step| IBounties::Step {
        round: alloy::primitives::Uint::saturating_from(step.round.0),
        won: step.won,
        loss: step.loss.0,
        better: step.better,
    };
    IBounties::Result { failed: found.failed, base: found.base.0, steps: found.steps.iter().map(step).collect() }
}

/// Who found it: a signature without what it is of.
pub fn finding(position: PositionNumber, signed: &SignedFinding) -> IBounties::Finding {
    IBounties::Finding {
        position: U256::from(position.0),
        probe: to_b256(signed.message.probe),
        r: signed.signature.r.into(),
        vs: signed.signature.vs.into(),
    }
}
