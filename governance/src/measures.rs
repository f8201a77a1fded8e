//! Measures: acts that carry the signatures of their majority.

use alloy::primitives::{B256, U256};
use chain::{ChainError, Receipt};
use protocol::eip712::{Measure, SignedAssent};
use protocol::ids::{Digest, GroupId, PositionNumber};

use crate::bindings::{IMeasures, Network as Abi};
use crate::network::Network;

/// Assents in one transaction.
pub const ASSENTS_LIMIT: usize = 1_024;

impl Network {
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

    /// Whether a measure with that nonce was enacted.
    pub async fn nonce_used(&self, nonce: Digest) -> Result<bool, ChainError> {
        self.contract.read(&Abi::nonceUsedCall { nonce: B256::from(nonce.0).into() }).await
    }
}
