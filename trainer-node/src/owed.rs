//! What the chain still owes this trainer: deposits to be settled, coinbases to be collected.

use std::collections::BTreeSet;

use protocol::{Address, RoundNumber, chain::ChainEvent};

/// Rounds with a deposit inside, and rounds won and not collected.
#[derive(Debug, Default)]
pub struct Owed {
    deposits: BTreeSet<RoundNumber>,
    coinbases: BTreeSet<RoundNumber>,
}

impl Owed {
    /// Learns one event of the group.
    pub fn note(&mut self, event: &ChainEvent, own: Address) {
        match event {
            ChainEvent::Committed { round, trainer, .. } if *trainer == own => drop(self.deposits.insert(*round)),
            ChainEvent::Settled { round, trainer, .. } if *trainer == own => drop(self.deposits.remove(round)),
            ChainEvent::Decided { round, winner, .. } if *winner == own => drop(self.coinbases.insert(*round)),
            ChainEvent::Struck { round, .. } => drop(self.coinbases.remove(round)),
            ChainEvent::Collected { round, winner, .. } if *winner == own => drop(self.coinbases.remove(round)),
            _ => {}
        }
    }

    /// Whether a deposit lies in a round; a coinbase may lie: it is collected at a later start, too.
    pub fn has_deposits(&self) -> bool {
        !self.deposits.is_empty()
    }

    /// Rounds whose coinbase was not collected yet.
    pub fn coinbases(&self) -> usize {
        self.coinbases.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Digest, GroupId, Wei, chain::Outcome};

    #[test]
    fn a_won_round_is_owed_until_it_is_settled_and_collected_and_rounds_of_others_are_not() {
        let (own, other, group, round) = (Address([1; 20]), Address([2; 20]), GroupId(1), RoundNumber(3));
        let mut owed = Owed::default();
        owed.note(&ChainEvent::Committed { group, round, trainer: other, number: 1, seal: Digest::ZERO }, own);
        assert!(!owed.has_deposits());
        owed.note(&ChainEvent::Committed { group, round, trainer: own, number: 2, seal: Digest::ZERO }, own);
        let decided = ChainEvent::Decided { group, round, outcome: Outcome::Won, claim: Digest::ZERO, winner: own, file: Digest::ZERO };
        owed.note(&decided, own);
        assert!(owed.has_deposits());
        owed.note(&ChainEvent::Settled { group, round, trainer: own, refunded: Wei(1), burned: Wei(0) }, own);
        assert_eq!((owed.has_deposits(), owed.coinbases()), (false, 1));
        owed.note(&ChainEvent::Collected { group, round, winner: own, asked: Wei(1), issued: Wei(1) }, own);
        assert_eq!(owed.coinbases(), 0);
    }
}
