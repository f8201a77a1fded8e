//! Measures: acts that gather the signatures of their majority within one epoch.

use chain::convert::{self, to_b256};
use chain::{ChainError, Receipt};
use protocol::chain::ChainEvent;
use protocol::eip712::Signature;
use protocol::ids::{Digest, GroupId, PositionNumber};
use protocol::measures::{Act, Measure};
use protocol::money::Wei;
use protocol::rules;
use serde::{Deserialize, Serialize};

use crate::bindings::INetwork as Abi;
use crate::calls;
use crate::errors::unreadable;
use crate::lots::events_of;
use crate::network::Network;

/// Assents in one transaction.
const ASSENTS_A_CALL: usize = 256;

/// What a measure has to gather.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Majority {
    /// Wei of stake that assents must exceed.
    pub needed: Wei,
}

impl Majority {
    /// Whether assents of that much stake carry it.
    pub fn is_held_by(&self, assents: Wei) -> bool {
        assents > self.needed
    }
}

/// What assents brought to a measure have come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enactment {
    /// Whether it took effect.
    pub done: bool,
    /// Stake behind it in this epoch, and what that must exceed.
    pub weight: Wei,
    pub needed: Wei,
    /// The epoch from which a slash that these assents showed can be enacted.
    pub ripe_at: Option<u64>,
    /// The last of the transactions.
    pub transaction: Digest,
}

/// How far a measure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureState {
    /// Stake that assented in `epoch`, the last one in which somebody did.
    pub weight: Wei,
    pub epoch: u64,
    /// The epoch from which a slash that was shown can be enacted.
    pub ripe_at: Option<u64>,
    pub enacted: bool,
}

impl Network {
    /// What `act` has to gather in this epoch. Who has bonded and does not count yet is against it.
    pub async fn majority(&self, act: &Act) -> Result<Majority, ChainError> {
        let stake = self.stake();
        let needed = match act {
            Act::Period { group, .. } | Act::Least { group, .. } => {
                let totals = stake.totals(*group).await?;
                Wei(totals.bonded.max(totals.bonded_next).0 / 2)
            }
            Act::Rollback { group, delta, .. } => {
                let votes = self.delta(*group, *delta).await?.map_or(Wei(0), |delta| delta.votes);
                rules::needed_to_roll_back(stake.totals(*group).await?.awake, votes)
            }
            _ => {
                let all = stake.all_bonded().await?;
                rules::needed_of_all(all.live.max(all.next), self.neuron().supply().await?)
            }
        };
        Ok(Majority { needed })
    }

    /// Brings assents to a measure, each with the group and position for which its signer or owner signed. Those of one epoch
    /// count together, whoever brings them; once they are enough the measure takes effect.
    pub async fn enact(&self, measure: &Measure, assents: &[(GroupId, PositionNumber, Signature)]) -> Result<Enactment, ChainError> {
        let lots = assents.chunks(ASSENTS_A_CALL).map(|lot| calls::enact(measure, lot));
        enactment(&self.send_lots(lots.collect(), |event| matches!(event, ChainEvent::Enacted { .. })).await?)
    }

    /// How far that very measure is; once enacted it never can be again.
    pub async fn measure(&self, measure: &Measure) -> Result<MeasureState, ChainError> {
        let found = self.contract.read(&Abi::measureCall { name: to_b256(measure.name()) }).await?;
        let ripe_at = convert::number("measure", found.ripeAt)?;
        Ok(MeasureState {
            weight: convert::amount("measure", found.weight)?,
            epoch: convert::number("measure", found.epoch)?,
            ripe_at: (ripe_at != 0).then_some(ripe_at),
            enacted: found.enacted,
        })
    }
}

/// What the events of these transactions tell together.
fn enactment(receipts: &[Receipt]) -> Result<Enactment, ChainError> {
    let nothing = || unreadable("enact", "no event tells what was counted");
    let transaction = receipts.last().ok_or_else(nothing)?.hash;
    let (mut done, mut counted, mut ripe) = (false, None, None);
    for event in events_of(receipts) {
        match event {
            ChainEvent::Assented { weight, needed, .. } => counted = Some((weight, needed)),
            ChainEvent::Shown { ripe_at, .. } => ripe = Some(ripe_at),
            ChainEvent::Enacted { .. } => done = true,
            _ => {}
        }
    }
    let (weight, needed) = counted.ok_or_else(nothing)?;
    Ok(Enactment { done, weight, needed, ripe_at: ripe, transaction })
}
