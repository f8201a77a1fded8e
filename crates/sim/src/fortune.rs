//! What everybody has, in the beginning and in the end.

use protocol::{Wei, ids::PositionNumber};

use crate::{chain::SimError, ledger::owner, world::World};

/// NRN of whoever stands behind a node: of its accounts, and of its positions with their pay and exits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fortune {
    pub name: String,
    pub before: Wei,
    pub after: Wei,
}

impl Fortune {
    /// Wei that were gained; negative if more was lost.
    pub fn gain(&self) -> i128 {
        i128::try_from(self.after.0).unwrap_or(i128::MAX) - i128::try_from(self.before.0).unwrap_or(i128::MAX)
    }
}

impl World {
    /// What a node is worth now.
    ///
    /// # Errors
    /// When the contracts do not answer.
    pub fn worth(&mut self, node: usize) -> Result<Wei, SimError> {
        let mut accounts = self.nodes[node].accounts();
        accounts.push(owner(self.nodes[node].account));
        let group = self.nodes[node].group;
        let engine = self.ledger.chain.now();
        let mut worth = Wei::ZERO;
        for account in &accounts {
            worth = worth.saturating_add(engine.balance(*account)?);
        }
        for number in 1..=engine.positions(group)? {
            let position = engine.position(group, PositionNumber(number))?;
            if accounts.contains(&position.owner) {
                let parts = [position.next, position.earned, position.exiting, position.exiting_later];
                worth = parts.into_iter().fold(worth, Wei::saturating_add);
            }
        }
        Ok(worth)
    }

    /// Of every node.
    ///
    /// # Errors
    /// When the contracts do not answer.
    pub fn fortunes(&mut self) -> Result<Vec<Fortune>, SimError> {
        let of = |world: &mut Self, node: usize| {
            let (name, before) = (world.nodes[node].name.clone(), world.before.get(node).copied().unwrap_or_default());
            Ok(Fortune { name, before, after: world.worth(node)? })
        };
        (0..self.nodes.len()).map(|node| of(self, node)).collect()
    }
}
