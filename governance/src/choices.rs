//! The training set: deltas proposed, voted for, applied, refunded.

use alloy::primitives::U256;
use chain::convert::{self, digest, to_b256, to_u256};
use chain::{ChainError, Receipt};
use protocol::chain::ChainEvent;
use protocol::eip712::SignedChoice;
use protocol::ids::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber};
use protocol::money::Wei;
use serde::{Deserialize, Serialize};

use crate::bindings::{IDataset, INetwork as Abi};
use crate::events::network_event;
use crate::groups::unreadable;
use crate::network::Network;

/// Choices in one transaction.
pub const CHOICES_LIMIT: usize = 256;

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
    pub bond: Wei,
    pub votes: Wei,
    /// A, fixed when it was applied.
    pub reward: Wei,
    pub period: PeriodNumber,
    /// Second from which it stands, once applied.
    pub stands_at_s: u64,
    pub status: DeltaStatus,
}

impl Network {
    /// Proposes the patch with that digest on the current head for a bond of at least [`Network::least_bond`], and lets the
    /// contract take the bond first.
    pub async fn propose(&self, group: GroupId, patch: Digest, bond: Wei) -> Result<DeltaNumber, ChainError> {
        self.neuron().allow(self.address(), bond).await?;
        let call = Abi::proposeCall { group: U256::from(group.0), digest: to_b256(patch), amount: to_u256(bond) };
        let receipt = self.contract.send(&call).await?;
        let proposed = receipt.logs.iter().find_map(|log| match network_event(log) {
            Some(ChainEvent::Proposed { delta, .. }) => Some(delta),
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

    /// Brings signed choices for the running period, each with the position that signed it; at most [`CHOICES_LIMIT`].
    pub async fn cast(&self, group: GroupId, choices: &[(PositionNumber, SignedChoice)]) -> Result<Receipt, ChainError> {
        let choices = choices.iter().take(CHOICES_LIMIT).map(|(position, choice)| IDataset::Choice {
            position: U256::from(position.0),
            delta: U256::from(choice.message.delta.0),
            seq: U256::from(choice.message.seq),
            r: choice.signature.r.into(),
            vs: choice.signature.vs.into(),
        });
        let choices = choices.collect();
        self.contract.send(&Abi::castCall { group: U256::from(group.0), choices }).await
    }

    /// At the end of the period: applies the delta with the most votes, if it won.
    pub async fn turn(&self, group: GroupId) -> Result<Receipt, ChainError> {
        self.contract.send(&Abi::turnCall { group: U256::from(group.0) }).await
    }

    /// Bond and A for a delta that stands, the bond alone for one that was not applied.
    pub async fn refund(&self, group: GroupId, delta: DeltaNumber) -> Result<Receipt, ChainError> {
        self.contract.send(&Abi::refundCall { group: U256::from(group.0), delta: U256::from(delta.0) }).await
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
