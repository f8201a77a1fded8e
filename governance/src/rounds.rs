//! Rounds: commit, reveal, judge, settle, collect, and what the contract knows of them.

use alloy::primitives::U256;
use chain::convert::{self, digest, to_b256, to_eth};
use chain::{ChainError, Receipt};
use protocol::chain::{ChainEvent, Outcome, RevealedClaim};
use protocol::eip712::SignedVerdict;
use protocol::ids::{Address, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::money::{Micronats, Wei};
use protocol::rules;
use serde::{Deserialize, Serialize};

use crate::bindings::{INetwork as Abi, IRounds};
use crate::events::{network_event, outcome};
use crate::groups::unreadable;
use crate::network::Network;

/// Verdicts in one batch: as many as positions of 1/1024 of the stake can be awake.
pub const VERDICTS_LIMIT: usize = 1_024;
/// Deposits for which the contract gets leave in one go, so that not every commit needs a transaction more.
const DEPOSITS_AHEAD: u128 = 64;

/// A round that somebody committed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Base of the round.
    pub checkpoint: Digest,
    /// Zero unless it was won.
    pub winner: Address,
    /// R, issued to the winner once mature.
    pub reward: Wei,
    /// Paid by each commit.
    pub deposit: Wei,
    /// Awake stake at the opening.
    pub awake: Wei,
    /// Stake whose verdicts were counted.
    pub judged: Wei,
    /// Paid to validators.
    pub paid: Wei,
    pub commits: u64,
    pub reveals: u64,
    /// Whether somebody conceded.
    pub conceded: bool,
    pub outcome: Outcome,
    pub collected: bool,
    /// Whether presence was recorded for want of a decision.
    pub attended: bool,
}

/// What won a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub claim: Digest,
    pub file: Digest,
}

/// How far one trainer is in one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimStatus {
    Sealed,
    Revealed,
    Conceded,
    Settled,
}

/// What one trainer committed in one round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The seal; once revealed the claim.
    pub name: Digest,
    /// Zero until revealed, as are `base` and `loss`.
    pub file: Digest,
    /// Order of the commit, from 1.
    pub number: u64,
    pub base: Micronats,
    pub loss: Micronats,
    pub status: ClaimStatus,
}

/// The group to which a revealed file belongs for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileBinding {
    pub group: GroupId,
    /// Whether it has won a round.
    pub won: bool,
}

impl Network {
    /// TRAIN: seals a checkpoint. Lets the contract take the deposit first if it may not yet.
    pub async fn commit(&self, group: GroupId, round: RoundNumber, seal: Digest) -> Result<Receipt, ChainError> {
        self.allow_deposit(group, round).await?;
        self.contract.send(&Abi::commitCall { group: U256::from(group.0), seal: to_b256(seal) }).await
    }

    /// Gives the contract leave for the deposits of this and some later rounds, if it has none for this one. A trainer does
    /// it early, so that a commit near the end of TRAIN is one transaction.
    pub async fn allow_deposit(&self, group: GroupId, round: RoundNumber) -> Result<(), ChainError> {
        let due = self.deposit_due(group, round).await?;
        let neuron = self.neuron();
        if neuron.allowance(self.chain().own_address()?, self.address()).await? >= due {
            return Ok(());
        }
        neuron.approve(self.address(), Wei(due.0.saturating_mul(DEPOSITS_AHEAD))).await.map(drop)
    }

    /// The deposit of a commit in `round`; before the round is opened the most that it can be as things stand.
    pub async fn deposit_due(&self, group: GroupId, round: RoundNumber) -> Result<Wei, ChainError> {
        if let Some(opened) = self.round(group, round).await? {
            return Ok(opened.deposit);
        }
        let about = self.contract.read(&Abi::groupCall { number: U256::from(group.0) }).await?;
        let (supply, awake, total, era) = self.issue_now(group).await?;
        let length_s = u64::from(about.train) + u64::from(about.reveal) + u64::from(about.judge);
        let reward = if about.admitted { rules::reward(supply, length_s, awake, total, era) } else { Wei(0) };
        Ok(rules::deposit(reward, self.terms().min_deposit, u64::from(about.voids) + 1))
    }

    /// REVEAL: opens the seal of the caller. `claim` tells group, file, losses and root; its other fields do not matter.
    pub async fn reveal(&self, claim: &RevealedClaim, salt: Digest) -> Result<Receipt, ChainError> {
        let call = Abi::revealCall {
            group: U256::from(claim.group.0),
            salt: to_b256(salt),
            file: to_b256(claim.file),
            base: claim.base.0,
            loss: claim.loss.0,
            lossRoot: to_b256(claim.loss_root),
        };
        self.contract.send(&call).await
    }

    /// REVEAL: opens the seal of the caller and claims nothing; most of the deposit comes back.
    pub async fn concede(&self, group: GroupId, salt: Digest, file: Digest) -> Result<Receipt, ChainError> {
        let call = Abi::concedeCall { group: U256::from(group.0), salt: to_b256(salt), file: to_b256(file) };
        self.contract.send(&call).await
    }

    /// JUDGE: brings verdicts for one claim, each with the position that signed it; at most [`VERDICTS_LIMIT`].
    pub async fn judge(&self, group: GroupId, claim: Digest, verdicts: &[(PositionNumber, SignedVerdict)]) -> Result<Receipt, ChainError> {
        let verdicts = verdicts.iter().take(VERDICTS_LIMIT).map(|(position, verdict)| for_contract(*position, verdict)).collect();
        self.contract.send(&Abi::judgeCall { group: U256::from(group.0), claim: to_b256(claim), verdicts }).await
    }

    /// After the round: pays the deposit of `trainer` back, or burns it.
    pub async fn settle(&self, group: GroupId, round: RoundNumber, trainer: Address) -> Result<Receipt, ChainError> {
        let (group, round) = (U256::from(group.0), U256::from(round.0));
        self.contract.send(&Abi::settleCall { group, round, trainer: to_eth(trainer) }).await
    }

    /// The winner, once mature: issues R. Returns what was issued.
    pub async fn collect(&self, group: GroupId, round: RoundNumber) -> Result<Wei, ChainError> {
        let (group, round) = (U256::from(group.0), U256::from(round.0));
        let receipt = self.contract.send(&Abi::collectCall { group, round }).await?;
        let issued = receipt.logs.iter().find_map(|log| match network_event(log) {
            Some(ChainEvent::Collected { issued, .. }) => Some(issued),
            _ => None,
        });
        issued.ok_or_else(|| unreadable("collect", "no event tells what was issued"))
    }

    /// A round, `None` if nobody committed in it.
    pub async fn round(&self, group: GroupId, number: RoundNumber) -> Result<Option<Round>, ChainError> {
        let call = Abi::roundCall { group: U256::from(group.0), number: U256::from(number.0) };
        let round = self.contract.read(&call).await?;
        if round.commits == 0 {
            return Ok(None);
        }
        let outcome = outcome(round.outcome).ok_or_else(|| unreadable("round", "an unknown outcome"))?;
        Ok(Some(Round {
            checkpoint: digest(round.checkpoint),
            winner: convert::address(round.winner),
            reward: Wei(round.reward.to()),
            deposit: Wei(round.deposit.to()),
            awake: Wei(round.awake.to()),
            judged: Wei(round.judged.to()),
            paid: Wei(round.paid.to()),
            commits: round.commits.to(),
            reveals: round.reveals.to(),
            conceded: round.conceded,
            outcome,
            collected: round.collected,
            attended: round.attended,
        }))
    }

    /// The claim and the file that won a round, struck or not; `None` if none did.
    pub async fn decision(&self, group: GroupId, number: RoundNumber) -> Result<Option<Decision>, ChainError> {
        let call = Abi::decisionCall { group: U256::from(group.0), number: U256::from(number.0) };
        let decision = self.contract.read(&call).await?;
        let decision = Decision { claim: digest(decision.claim), file: digest(decision.file) };
        Ok((!decision.file.is_zero()).then_some(decision))
    }

    /// What `trainer` committed in that round, `None` if nothing.
    pub async fn claim_of(&self, group: GroupId, round: RoundNumber, trainer: Address) -> Result<Option<Claim>, ChainError> {
        let (group, round) = (U256::from(group.0), U256::from(round.0));
        let claim = self.contract.read(&Abi::claimOfCall { group, round, trainer: to_eth(trainer) }).await?;
        let status = match claim.status {
            0 => return Ok(None),
            1 => ClaimStatus::Sealed,
            2 => ClaimStatus::Revealed,
            3 => ClaimStatus::Conceded,
            4 => ClaimStatus::Settled,
            _ => return Err(unreadable("claimOf", "an unknown status")),
        };
        Ok(Some(Claim {
            name: digest(claim.name),
            file: digest(claim.file),
            number: claim.number.to(),
            base: Micronats(claim.base),
            loss: Micronats(claim.loss),
            status,
        }))
    }

    /// Whether the verdict of `position` in that round was counted.
    pub async fn judged_by(&self, group: GroupId, round: RoundNumber, position: PositionNumber) -> Result<bool, ChainError> {
        let (group, round, position) = (U256::from(group.0), U256::from(round.0), U256::from(position.0));
        self.contract.read(&Abi::judgedByCall { group, round, position }).await
    }

    /// Where a file was revealed first, `None` if nowhere.
    pub async fn file_of(&self, file: Digest) -> Result<Option<FileBinding>, ChainError> {
        let bound = self.contract.read(&Abi::fileOfCall { file: to_b256(file) }).await?;
        let group = convert::number("fileOf", bound.group)?;
        Ok((group != 0).then_some(FileBinding { group: GroupId(group), won: bound.won }))
    }
}

/// A verdict as the contract takes it.
pub(crate) fn for_contract(position: PositionNumber, verdict: &SignedVerdict) -> IRounds::Verdict {
    IRounds::Verdict {
        position: U256::from(position.0),
        probe: to_b256(verdict.message.probe),
        r: verdict.signature.r.into(),
        vs: verdict.signature.vs.into(),
    }
}
