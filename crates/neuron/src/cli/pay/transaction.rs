//! Which transaction a receipt comes from: the one whose event it was read from.

use std::collections::BTreeMap;

use anyhow::Result;
use chain::Log;
use governance::Network;
use protocol::{Digest, chain::ChainEvent};
use views::{Reason, Receipt, Subject};

use super::entry::Entry;

/// Blocks whose transactions are looked up for one answer; of older receipts only the block is told.
const BLOCKS_LIMIT: usize = 256;

/// Finds the transactions of receipts.
pub struct Transactions {
    blocks: BTreeMap<u64, Vec<(Digest, ChainEvent)>>,
}

impl Transactions {
    /// Reads the events of the blocks in which these entries have receipts, of the latest ones if there are many.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn read(network: &Network, entries: &[Entry]) -> Result<Self> {
        let receipts = entries.iter().flat_map(|entry| &entry.receipts);
        let numbers: std::collections::BTreeSet<u64> = receipts.map(|receipt| receipt.at.block).collect();
        let mut blocks = BTreeMap::new();
        for number in numbers.into_iter().rev().take(BLOCKS_LIMIT) {
            let logs = network.chain().logs_of_block(number, &[network.address()]).await?;
            let read = |log: &Log| Some((chain::convert::digest(log.transaction_hash?), network.event(log)?));
            blocks.insert(number, logs.iter().filter_map(read).collect());
        }
        Ok(Self { blocks })
    }

    /// The transaction of a receipt, as far as it is known.
    pub fn of(&self, receipt: &Receipt) -> Option<Digest> {
        let events = self.blocks.get(&receipt.at.block)?;
        events.iter().find(|(_, event)| tells(event, receipt)).map(|(transaction, _)| *transaction)
    }

    /// Those of an entry, each once, in their order.
    pub fn of_entry(&self, entry: &Entry) -> Vec<Digest> {
        let mut found = Vec::new();
        for transaction in entry.receipts.iter().filter_map(|receipt| self.of(receipt)) {
            if !found.contains(&transaction) {
                found.push(transaction);
            }
        }
        found
    }
}

/// Whether the receipt was read from this event.
fn tells(event: &ChainEvent, receipt: &Receipt) -> bool {
    match receipt.of {
        Subject::Round(round) => event.group() == Some(receipt.group) && event.round() == Some(round) && tells_of_round(event, receipt),
        Subject::Delta(delta) => event.group() == Some(receipt.group) && delta_of(event, &receipt.why) == Some(delta),
        Subject::Bounty(bounty) => tells_of_bounty(event, receipt) == Some(bounty),
    }
}

fn tells_of_round(event: &ChainEvent, receipt: &Receipt) -> bool {
    match (&receipt.why, event) {
        (Reason::Committed { .. }, ChainEvent::Committed { trainer, .. })
        | (Reason::Settled { .. }, ChainEvent::Settled { trainer, .. }) => *trainer == receipt.account,
        (Reason::Won { .. }, ChainEvent::Collected { winner, .. }) => *winner == receipt.account,
        (Reason::Struck { .. }, ChainEvent::Struck { .. }) => true,
        (Reason::Judged { position, claim, .. }, ChainEvent::Judged { claim: judged, positions, .. }) => {
            claim == judged && positions.contains(position)
        }
        (Reason::Attended { position, .. }, ChainEvent::Attended { positions, .. }) => positions.contains(position),
        (Reason::Reported { position, .. }, ChainEvent::DoubleSigned { position: slashed, .. }) => position == slashed,
        _ => false,
    }
}

fn delta_of(event: &ChainEvent, why: &Reason) -> Option<protocol::DeltaNumber> {
    match (why, event) {
        (Reason::Proposed { .. }, ChainEvent::Proposed { delta, .. })
        | (Reason::Charged { .. }, ChainEvent::Charged { delta, .. })
        | (Reason::Refunded { .. }, ChainEvent::Refunded { delta, .. })
        | (Reason::Taken { .. }, ChainEvent::Taken { delta, .. }) => Some(*delta),
        _ => None,
    }
}

fn tells_of_bounty(event: &ChainEvent, receipt: &Receipt) -> Option<protocol::BountyNumber> {
    match (&receipt.why, event) {
        (Reason::Funded { .. }, ChainEvent::Funded { bounty, .. }) | (Reason::Returned { .. }, ChainEvent::Returned { bounty, .. }) => {
            Some(*bounty)
        }
        (Reason::Prized { round, .. }, ChainEvent::BountyPaid { bounty, round: paid, .. }) if round == paid => Some(*bounty),
        (Reason::Found { position, .. }, ChainEvent::FinderPaid { bounty, position: paid, .. }) if position == paid => Some(*bounty),
        (Reason::Reported { position, .. }, ChainEvent::FoundTwice { bounty, position: slashed, .. }) if position == slashed => {
            Some(*bounty)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
