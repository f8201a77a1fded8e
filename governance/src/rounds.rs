//! Rounds: commit, reveal, judge, settle, collect, and what the contract knows of them.

use alloy::primitives::U256;
use chain::convert::{self, digest, to_b256, to_eth};
use chain::{ChainError, Receipt};
use protocol::chain::{ChainEvent, Outcome, Phase, RevealedClaim};
use protocol::eip712::SignedVerdict;
use protocol::ids::{Address, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::money::{Micronats, Wei};
use protocol::rules;
use serde::{Deserialize, Serialize};

use crate::bindings::INetwork as Abi;
use crate::calls;
use crate::errors::unreadable;
use crate::events::outcome;
use crate::lots::events_of;
use crate::network::Network;

/// Verdicts in one transaction.
pub(crate) const VERDICTS_LIMIT: usize = 1_024;
/// Deposits that are settled, and coinbases that are collected, in one transaction.
const SETTLEMENTS_A_CALL: usize = 64;
const COLLECTIONS_A_CALL: usize = 64;
/// Deposits for which the contract gets leave in one go, so that not every commit needs a transaction more.
const DEPOSITS_AHEAD: u128 = 64;

/// A round that somebody committed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Base of the round.
    pub checkpoint: Digest,
    /// Zero unless it was won.
    pub winner: Address,
    /// R, issued to the winner once mature; validators get a fifth of it on top.
    pub reward: Wei,
    /// Paid by each commit.
    pub deposit: Wei,
    /// Awake stake at the opening.
    pub awake: Wei,
    /// Stake whose verdicts for the decided claim were counted; without a decision, stake that showed its presence.
    pub judged: Wei,
    /// What validators earn for it.
    pub paid: Wei,
    pub commits: u64,
    pub reveals: u64,
    /// How many conceded, sixteen at most.
    pub conceded: u64,
    /// Claims of a lost round that have paid their part of `paid`.
    pub charged: u64,
    pub outcome: Outcome,
    pub collected: bool,
    /// Whether absence is judged by it for want of a decision.
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
    /// Its place among those that conceded, from 1, if it did.
    pub concession: Option<u64>,
    pub status: ClaimStatus,
}

/// What was counted for a claim before a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Behind its verdicts.
    pub stake: Wei,
    /// Whose claim it is, `None` for that of nobody.
    pub trainer: Option<Address>,
}

impl Network {
    /// TRAIN of `round`: seals a checkpoint for a deposit of at most `max_deposit`; in one transaction.
    pub async fn commit(&self, group: GroupId, round: RoundNumber, seal: Digest, max_deposit: Wei) -> Result<Receipt, ChainError> {
        token::spend(&self.contract, &self.neuron(), max_deposit, &calls::commit(group, round, seal, max_deposit)).await
    }

    /// Gives the contract leave for the deposits of some rounds, if it has none for the next commit. A trainer does it early:
    /// a commit costs less gas where it needs no permit.
    pub async fn allow_deposit(&self, group: GroupId) -> Result<(), ChainError> {
        let due = self.deposit_due(group).await?;
        let neuron = self.neuron();
        if neuron.allowance(self.chain().own_address()?, self.address()).await? >= due {
            return Ok(());
        }
        neuron.approve(self.address(), Wei(due.0.saturating_mul(DEPOSITS_AHEAD))).await.map(drop)
    }

    /// What a commit costs in the running round, or in the next one if none was made in it.
    pub async fn least_deposit(&self, group: GroupId) -> Result<Wei, ChainError> {
        convert::amount("leastDeposit", self.contract.read(&Abi::leastDepositCall { group: U256::from(group.0) }).await?)
    }

    /// The least deposit and a sixteenth more, for supply and stake move on until the first commit is mined.
    pub async fn deposit_due(&self, group: GroupId) -> Result<Wei, ChainError> {
        Ok(rules::highest_deposit(self.least_deposit(group).await?))
    }

    /// REVEAL: opens the seal of the caller. `claim` tells group, file, losses and root; its other fields do not matter.
    pub async fn reveal(&self, claim: &RevealedClaim, salt: Digest) -> Result<Receipt, ChainError> {
        self.contract.send(&calls::reveal(claim, salt)).await
    }

    /// REVEAL: opens the seal of the caller and claims nothing, since the claim of `rival` stands revealed; of the deposit
    /// more comes back the earlier it is done.
    pub async fn concede(&self, group: GroupId, salt: Digest, file: Digest, rival: Address) -> Result<Receipt, ChainError> {
        self.contract.send(&calls::concede(group, salt, file, rival)).await
    }

    /// JUDGE of `round`: brings verdicts for one claim, each with the position that signed it; those of several calls count
    /// together. For the decided claim further ones are counted, and paid, until the round after is over. Returns whether
    /// these have decided.
    pub async fn judge(
        &self,
        group: GroupId,
        round: RoundNumber,
        claim: Digest,
        verdicts: &[(PositionNumber, SignedVerdict)],
    ) -> Result<bool, ChainError> {
        let verdicts = in_order(verdicts);
        let lots = verdicts.chunks(VERDICTS_LIMIT).map(|lot| calls::judge(group, round, claim, lot));
        let receipts = self.send_lots(lots.collect(), |_| false).await?;
        Ok(events_of(&receipts).any(|event| matches!(event, ChainEvent::Decided { .. })))
    }

    /// After the round: pays the deposits of `trainers` back, or burns them. Whose cannot be settled yet is passed over.
    pub async fn settle(&self, group: GroupId, round: RoundNumber, trainers: &[Address]) -> Result<Vec<Receipt>, ChainError> {
        let lots = trainers.chunks(SETTLEMENTS_A_CALL).map(|lot| calls::settle(group, round, lot));
        self.send_lots(lots.collect(), |_| false).await
    }

    /// The winner of `rounds`, once they are mature: R of each goes to `to`, with what is left of the deposit. Returns what
    /// was issued.
    pub async fn collect(&self, group: GroupId, rounds: &[RoundNumber], to: Address) -> Result<Wei, ChainError> {
        let lots = rounds.chunks(COLLECTIONS_A_CALL).map(|lot| calls::collect(group, lot, to));
        let receipts = self.send_lots(lots.collect(), |_| false).await?;
        let issued = events_of(&receipts).filter_map(|event| match event {
            ChainEvent::Collected { issued, .. } => Some(issued),
            _ => None,
        });
        Ok(issued.sum())
    }

    /// Round and phase of `group` at the latest block, and the first second after the phase.
    pub async fn phase(&self, group: GroupId) -> Result<(RoundNumber, Phase, u64), ChainError> {
        let now = self.contract.read(&Abi::phaseCall { group: U256::from(group.0) }).await?;
        let phase = phase(now.phase).ok_or_else(|| unreadable("phase", "an unknown phase"))?;
        Ok((RoundNumber(convert::number("phase", now.round)?), phase, convert::number("phase", now.until)?))
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
            conceded: round.conceded.into(),
            charged: round.charged.to(),
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
            concession: (claim.concession != 0).then_some(claim.concession.into()),
            status,
        }))
    }

    /// Whether `position` was present in that round: its verdict for the decided claim was counted, or its presence shown.
    pub async fn judged_by(&self, group: GroupId, round: RoundNumber, position: PositionNumber) -> Result<bool, ChainError> {
        let (group, round, position) = (U256::from(group.0), U256::from(round.0), U256::from(position.0));
        self.contract.read(&Abi::judgedByCall { group, round, position }).await
    }

    /// What was counted for `claim` before a decision.
    pub async fn tally(&self, group: GroupId, round: RoundNumber, claim: Digest) -> Result<Tally, ChainError> {
        let (group, round, claim) = (U256::from(group.0), U256::from(round.0), to_b256(claim));
        let tally = self.contract.read(&Abi::tallyCall { group, round, claim }).await?;
        let trainer = convert::address(tally.trainer);
        Ok(Tally { stake: convert::amount("tally", tally.stake)?, trainer: (trainer != Address::ZERO).then_some(trainer) })
    }

    /// Verdicts of more than this stake decide the running round, `None` if nobody committed in it.
    pub async fn quorum(&self, group: GroupId) -> Result<Option<Wei>, ChainError> {
        let stake = convert::amount("quorum", self.contract.read(&Abi::quorumCall { group: U256::from(group.0) }).await?)?;
        Ok((!stake.is_zero()).then_some(stake))
    }

    /// Whether `file` can no longer be revealed in `group`: it won there, or in an admitted group if this is one.
    pub async fn has_won(&self, group: GroupId, file: Digest) -> Result<bool, ChainError> {
        self.contract.read(&Abi::hasWonCall { group: U256::from(group.0), file: to_b256(file) }).await
    }
}

fn phase(number: u8) -> Option<Phase> {
    match number {
        0 => Some(Phase::Train),
        1 => Some(Phase::Reveal),
        2 => Some(Phase::Judge),
        _ => None,
    }
}

/// Verdicts by position, which is how the contract counts them with the least gas.
pub(crate) fn in_order(verdicts: &[(PositionNumber, SignedVerdict)]) -> Vec<(PositionNumber, SignedVerdict)> {
    let mut ordered = verdicts.to_vec();
    ordered.sort_by_key(|(position, _)| *position);
    ordered
}
