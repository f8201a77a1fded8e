//! The training set: deltas proposed, voted for, applied, refunded.

use alloy::primitives::U256;
use chain::convert::{self, digest};
use chain::{ChainError, Receipt};
use protocol::chain::ChainEvent;
use protocol::eip712::SignedChoice;
use protocol::ids::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber};
use protocol::money::Wei;
use serde::{Deserialize, Serialize};

use crate::bindings::INetwork as Abi;
use crate::calls;
use crate::errors::unreadable;
use crate::lots::events_of;
use crate::network::Network;

/// Choices in one transaction.
const CHOICES_A_CALL: usize = 256;
/// Deltas that are paid back in one transaction.
const REFUNDS_A_CALL: usize = 64;

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeltaStatus {
    Open,
    Applied,
    /// Its period ended without it, or a higher bond took its place.
    Dropped,
    /// A measure took it out of the set again; its bond is gone.
    Taken,
    Refunded,
}

/// A proposed change of the training set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    pub number: DeltaNumber,
    /// Of the patch file.
    pub digest: Digest,
    /// Head of the set that it was proposed on.
    pub parent: Digest,
    pub author: Address,
    /// What comes back.
    pub bond: Wei,
    /// What of it is lost if it is dropped without the votes of a tenth of the stake.
    pub at_risk: Wei,
    pub votes: Wei,
    /// A, fixed when it was applied.
    pub reward: Wei,
    pub period: PeriodNumber,
    /// Second from which it stands, once applied.
    pub stands_at_s: u64,
    pub status: DeltaStatus,
}

/// The counted choice of a position in the running period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ballot {
    /// Number 0 = keep the set as it is.
    pub delta: DeltaNumber,
    pub weight: Wei,
    pub seq: u128,
    /// A choice of the signer can no longer replace it.
    pub by_owner: bool,
}

impl Network {
    /// Proposes the patch with that digest on the head `parent`, for which it was made, for a bond of at least
    /// [`Network::least_bond`]; in one transaction.
    pub async fn propose(&self, group: GroupId, parent: Digest, patch: Digest, bond: Wei) -> Result<DeltaNumber, ChainError> {
        let receipt = token::spend(&self.contract, &self.neuron(), bond, &calls::propose(group, parent, patch, bond)).await?;
        let proposed = events_of(&[receipt]).find_map(|event| match event {
            ChainEvent::Proposed { delta, .. } => Some(delta),
            _ => None,
        });
        proposed.ok_or_else(|| unreadable("propose", "no event tells the delta's number"))
    }

    /// The least bond of a proposal as things stand.
    pub async fn least_bond(&self, group: GroupId) -> Result<Wei, ChainError> {
        convert::amount("leastBond", self.contract.read(&Abi::leastBondCall { group: U256::from(group.0) }).await?)
    }

    /// The least bond and a sixteenth more, for supply and stake move on until the proposal is mined.
    pub async fn bond_due(&self, group: GroupId) -> Result<Wei, ChainError> {
        let bond = self.least_bond(group).await?;
        Ok(bond.saturating_add(Wei(bond.0 / 16)))
    }

    /// Brings signed choices for the running period, each with the position for which its signer or owner signed it.
    pub async fn cast(&self, group: GroupId, choices: &[(PositionNumber, SignedChoice)]) -> Result<Vec<Receipt>, ChainError> {
        let lots = choices.chunks(CHOICES_A_CALL).map(|lot| calls::cast(group, lot));
        self.send_lots(lots.collect(), |_| false).await
    }

    /// The counted choice of `position` in the running period, `None` if there is none.
    pub async fn ballot(&self, group: GroupId, position: PositionNumber) -> Result<Option<Ballot>, ChainError> {
        let (group, position) = (U256::from(group.0), U256::from(position.0));
        let counted = self.contract.read(&Abi::ballotCall { group, position }).await?;
        let ballot = Ballot {
            delta: DeltaNumber(convert::number("ballot", counted.delta)?),
            weight: convert::amount("ballot", counted.weight)?,
            seq: convert::amount("ballot", counted.seq)?.0,
            by_owner: counted.byOwner,
        };
        Ok((!ballot.weight.is_zero()).then_some(ballot))
    }

    /// At the end of the period: applies the delta with the most votes, if it won.
    pub async fn turn(&self, group: GroupId) -> Result<Receipt, ChainError> {
        self.contract.send(&Abi::turnCall { group: U256::from(group.0) }).await
    }

    /// Bond and A for deltas that stand, the bond alone for those that were not applied; others are passed over.
    pub async fn refund(&self, group: GroupId, deltas: &[DeltaNumber]) -> Result<Vec<Receipt>, ChainError> {
        let lots = deltas.chunks(REFUNDS_A_CALL).map(|lot| calls::refund(group, lot));
        self.send_lots(lots.collect(), |_| false).await
    }

    /// A proposal, `None` if there never was one of that number.
    pub async fn delta(&self, group: GroupId, number: DeltaNumber) -> Result<Option<Delta>, ChainError> {
        let call = Abi::deltaCall { group: U256::from(group.0), number: U256::from(number.0) };
        let delta = self.contract.read(&call).await?;
        let status = match delta.status {
            0 => return Ok(None),
            1 => DeltaStatus::Open,
            2 => DeltaStatus::Applied,
            3 => DeltaStatus::Dropped,
            4 => DeltaStatus::Taken,
            5 => DeltaStatus::Refunded,
            _ => return Err(unreadable("delta", "an unknown status")),
        };
        Ok(Some(Delta {
            number,
            digest: digest(delta.digest),
            parent: digest(delta.parent),
            author: convert::address(delta.author),
            bond: Wei(delta.bond.to()),
            at_risk: Wei(delta.atRisk.to()),
            votes: Wei(delta.votes.to()),
            reward: Wei(delta.reward.to()),
            period: PeriodNumber(delta.period.into()),
            stands_at_s: delta.standsAt.to(),
            status,
        }))
    }

    /// Number of deltas ever proposed in `group`; they are numbered from 1.
    pub async fn deltas(&self, group: GroupId) -> Result<u64, ChainError> {
        Ok(self.contract.read(&Abi::groupCall { number: U256::from(group.0) }).await?.proposals.into())
    }

    /// Deltas proposed in the running period.
    pub async fn open_deltas(&self, group: GroupId) -> Result<Vec<DeltaNumber>, ChainError> {
        let numbers = self.contract.read(&Abi::openDeltasCall { group: U256::from(group.0) }).await?;
        let numbers = numbers.into_iter().map(|number| convert::number("openDeltas", number).map(DeltaNumber));
        numbers.collect()
    }

    /// Votes in the running period for keeping the set as it is.
    pub async fn keep_votes(&self, group: GroupId) -> Result<Wei, ChainError> {
        convert::amount("keepVotes", self.contract.read(&Abi::keepVotesCall { group: U256::from(group.0) }).await?)
    }
}
