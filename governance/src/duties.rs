//! Presence and honesty of validators: who was there, who is put to sleep, who signed twice.

use alloy::primitives::U256;
use chain::{ChainError, Receipt};
use protocol::chain::{ChainEvent, GroupView, PositionView};
use protocol::eip712::SignedVerdict;
use protocol::ids::{GroupId, PositionNumber, RoundNumber};
use protocol::money::Wei;
use protocol::rules::ABSENCES;

use crate::bindings::INetwork as Abi;
use crate::calls;
use crate::errors::unreadable;
use crate::lots::events_of;
use crate::network::Network;
use crate::rounds::{VERDICTS_LIMIT, in_order};

impl Network {
    /// In the round after `round`: records who signed a verdict in it for 0 or a claim that was revealed there, each with the
    /// position that signed. Returns whether the round is one by which absence is judged: an undecided one needs more than
    /// half of awake stake, in TRAIN, in as many calls as it takes.
    pub async fn attend(
        &self,
        group: GroupId,
        round: RoundNumber,
        verdicts: &[(PositionNumber, SignedVerdict)],
    ) -> Result<bool, ChainError> {
        let verdicts = in_order(verdicts);
        let lots = verdicts.chunks(VERDICTS_LIMIT).map(|lot| calls::attend(group, round, lot));
        let receipts = self.send_lots(lots.collect(), |_| false).await?;
        Ok(events_of(&receipts).any(|event| matches!(event, ChainEvent::Attended { counts: true, .. })))
    }

    /// Anybody: puts to rest who was awake in eight counted rounds, the two newest left aside, and present in none.
    pub async fn doze(&self, group: GroupId, position: PositionNumber) -> Result<Receipt, ChainError> {
        let (group, position) = (U256::from(group.0), U256::from(position.0));
        self.contract.send(&Abi::dozeCall { group, position }).await
    }

    /// Anybody: shows that `position` signed two claims in one round, that of the verdicts. Returns the reporter's reward.
    pub async fn slash_double(&self, position: PositionNumber, one: &SignedVerdict, other: &SignedVerdict) -> Result<Wei, ChainError> {
        let receipt = self.contract.send(&calls::slash_double(position, one, other)).await?;
        let reward = events_of(&[receipt]).find_map(|event| match event {
            ChainEvent::DoubleSigned { reward, .. } => Some(reward),
            _ => None,
        });
        reward.ok_or_else(|| unreadable("slashDouble", "no event tells the reward"))
    }

    /// The positions of `view` that [`Network::doze`] would put to rest.
    pub async fn absent(&self, view: &GroupView) -> Result<Vec<PositionNumber>, ChainError> {
        let mut absent = Vec::new();
        for position in &view.positions {
            let could_be = view.is_absent(position, |_| false);
            if could_be && !self.was_present(view, position).await? {
                absent.push(position.number);
            }
        }
        Ok(absent)
    }

    /// Whether the position was present in one of the rounds that absence is judged by.
    async fn was_present(&self, view: &GroupView, position: &PositionView) -> Result<bool, ChainError> {
        for round in view.recent.iter().take(ABSENCES) {
            if self.judged_by(view.id, *round, position.number).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
