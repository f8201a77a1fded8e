//! What one agent got and gave: NRN to the wei, and dollars for machines and gas.

use protocol::Wei;

use crate::terms::Prices;

/// Sums since the agent's first round.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Ledger {
    /// Issued to it, or paid out of others' deposits.
    pub earned: Wei,
    /// Of deposits and stake, burned or paid to others.
    pub lost: Wei,
    /// For work, machines and gas.
    pub dollars: f64,
}

impl Ledger {
    /// Adds to what was earned.
    pub fn earn(&mut self, amount: Wei) {
        self.earned = self.earned.saturating_add(amount);
    }

    /// Adds to what was lost.
    pub fn lose(&mut self, amount: Wei) {
        self.lost = self.lost.saturating_add(amount);
    }

    /// Adds to what was spent.
    pub fn spend(&mut self, dollars: f64) {
        self.dollars += dollars;
    }

    /// What is left of it, in dollars.
    pub fn profit(&self, prices: &Prices) -> f64 {
        prices.dollars(self.earned) - prices.dollars(self.lost) - self.dollars
    }
}
