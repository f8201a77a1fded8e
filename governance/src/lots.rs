//! Calls that bring many things of one kind, in as many transactions as they need.

use alloy::sol_types::SolCall;
use chain::{ChainError, Receipt};
use protocol::chain::ChainEvent;

use crate::events::network_event;
use crate::network::Network;

/// What a contract answers to a lot in which nothing is left to do: somebody else was faster.
const NOTHING_NEW: [&str; 4] = ["NothingCounted", "NothingToSettle", "NothingToRefund", "NothingToPay"];

impl Network {
    /// Sends the calls one after the other until all are mined, or one has brought what `is_done` waits for. Those that bring
    /// nothing new are passed over, unless all are such.
    pub(crate) async fn send_lots<C: SolCall>(
        &self,
        calls: Vec<C>,
        is_done: impl Fn(&ChainEvent) -> bool,
    ) -> Result<Vec<Receipt>, ChainError> {
        let (mut receipts, mut refusal) = (Vec::new(), None);
        for call in calls {
            match self.contract.send(&call).await {
                Ok(receipt) => receipts.push(receipt),
                Err(error) if is_nothing_new(&error) => refusal = Some(error),
                Err(error) => return Err(error),
            }
            if events_of(&receipts).any(|event| is_done(&event)) {
                return Ok(receipts);
            }
        }
        match refusal {
            Some(error) if receipts.is_empty() => Err(error),
            _ => Ok(receipts),
        }
    }
}

fn is_nothing_new(error: &ChainError) -> bool {
    matches!(error, ChainError::Reverted(revert) if NOTHING_NEW.contains(&revert.name.as_str()))
}

/// The network's events in those transactions.
pub(crate) fn events_of(receipts: &[Receipt]) -> impl Iterator<Item = ChainEvent> {
    receipts.iter().flat_map(|receipt| &receipt.logs).filter_map(network_event)
}
