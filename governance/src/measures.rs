//! Measures: acts that carry the signatures of their majority.

use alloy::primitives::{B256, U256};
use chain::convert::to_b256;
use chain::{ChainError, Receipt};
use protocol::eip712::SignedAssent;
use protocol::ids::{GroupId, PositionNumber};
use protocol::measures::{Act, Measure};
use protocol::money::Wei;
use protocol::rules;

use crate::bindings::{IMeasures, INetwork as Abi};
use crate::network::Network;
use serde::{Deserialize, Serialize};

/// Assents in one transaction.
pub const ASSENTS_LIMIT: usize = 1_024;

/// What a measure has to gather.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Majority {
    /// Wei of stake of which more than half must assent.
    pub stake: Wei,
    /// Least wei that must assent besides.
    pub least: Wei,
}

impl Majority {
    /// Whether assents of that much stake carry it.
    pub fn is_held_by(&self, assents: Wei) -> bool {
        rules::is_majority(assents, self.stake) && assents >= self.least
    }
}

impl Network {
    /// What `act` has to gather in this epoch.
    pub async fn majority(&self, act: &Act) -> Result<Majority, ChainError> {
        let stake = self.stake();
        Ok(match act {
            Act::Period { group, .. } => Majority { stake: stake.totals(*group).await?.bonded, least: Wei(0) },
            Act::Rollback { group, .. } => Majority { stake: stake.totals(*group).await?.awake, least: Wei(0) },
            _ => {
                let least = rules::least_stake(self.neuron().supply().await?);
                Majority { stake: stake.all_bonded().await?, least }
            }
        })
    }

    /// Enacts a measure with the assents of its majority, each with the group and position of its signer, in any order.
    pub async fn enact(&self, measure: &Measure, assents: &[(GroupId, PositionNumber, SignedAssent)]) -> Result<Receipt, ChainError> {
        let mut ordered: Vec<_> = assents.iter().take(ASSENTS_LIMIT).collect();
        ordered.sort_by_key(|(group, position, _)| (*group, *position));
        ordered.dedup_by_key(|(group, position, _)| (*group, *position));
        let assents = ordered.into_iter().map(|(group, position, assent)| IMeasures::Assent {
            group: U256::from(group.0),
            position: U256::from(position.0),
            r: assent.signature.r.into(),
            vs: assent.signature.vs.into(),
        });
        let call = Abi::enactCall {
            kind: measure.kind,
            args: measure.args.clone().into(),
            nonce: B256::from(measure.nonce.0).into(),
            expiry: U256::from(measure.expiry_s),
            assents: assents.collect(),
        };
        self.contract.send(&call).await
    }

    /// Whether that very measure was enacted; it never can be again.
    pub async fn enacted(&self, measure: &Measure) -> Result<bool, ChainError> {
        self.contract.read(&Abi::enactedCall { measure: to_b256(measure.hash()) }).await
    }
}
