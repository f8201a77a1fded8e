//! What the chain still owes this trainer: deposits to be settled, now or once they are mature, and coinbases to be collected.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Address, Micronats, RoundNumber,
    chain::{ChainEvent, Outcome},
    rules::rank_key,
};

/// Claims of a round that are remembered; of a winner beyond them it is only known later when one's own deposit comes back.
const CLAIMS_LIMIT: usize = 1024;

/// Rounds with a deposit inside, and rounds won and not collected.
#[derive(Debug, Clone, Default)]
pub(super) struct Owed {
    deposits: BTreeMap<RoundNumber, Deposit>,
    coinbases: BTreeSet<RoundNumber>,
}

/// Base and place of a claim.
type Ranked = (Micronats, (u32, u64));

/// A deposit, the claims of its round, and whether a strike would save it, so that it waits for maturity.
#[derive(Debug, Clone, Default)]
struct Deposit {
    claims: BTreeMap<Address, Ranked>,
    waits: bool,
}

impl Deposit {
    /// A claim of a lost round was false, and so was one that stood before the winner's or named another base.
    fn decide(&mut self, own: Address, outcome: Outcome, winner: Address) {
        let claim = |of: Address| self.claims.get(&of);
        let is_false = |(own, winning): (&Ranked, &Ranked)| own.0 != winning.0 || own.1 < winning.1;
        self.waits = match outcome {
            Outcome::Lost => claim(own).is_some(),
            Outcome::Won => claim(own).zip(claim(winner)).is_some_and(is_false),
            Outcome::None | Outcome::Struck => false,
        };
    }
}

impl Owed {
    /// Learns one event of the group.
    pub fn note(&mut self, event: &ChainEvent, own: Address) {
        match event {
            ChainEvent::Committed { round, trainer, .. } if *trainer == own => drop(self.deposits.insert(*round, Deposit::default())),
            ChainEvent::Revealed(claim) => self.with(claim.round, |deposit| {
                if claim.trainer == own || deposit.claims.len() < CLAIMS_LIMIT {
                    deposit.claims.insert(claim.trainer, (claim.base, rank_key(claim.base, claim.loss, claim.number)));
                }
            }),
            ChainEvent::Decided { round, outcome, winner, .. } => {
                self.with(*round, |deposit| deposit.decide(own, *outcome, *winner));
                if *winner == own {
                    self.coinbases.insert(*round);
                }
            }
            ChainEvent::Struck { round, .. } => {
                self.with(*round, |deposit| deposit.waits = false);
                self.coinbases.remove(round);
            }
            ChainEvent::Settled { round, trainer, .. } if *trainer == own => drop(self.deposits.remove(round)),
            ChainEvent::Collected { round, winner, .. } if *winner == own => {
                // What was not settled before comes with it.
                self.coinbases.remove(round);
                self.deposits.remove(round);
            }
            _ => {}
        }
    }

    fn with(&mut self, round: RoundNumber, change: impl FnOnce(&mut Deposit)) {
        if let Some(deposit) = self.deposits.get_mut(&round) {
            change(deposit);
        }
    }

    /// Whether a deposit can be settled as soon as its round is over. Others wait for a later start, as coinbases do.
    pub fn has_deposits(&self) -> bool {
        self.deposits.values().any(|deposit| !deposit.waits)
    }

    /// Deposits that wait until their rounds are mature.
    pub fn waiting(&self) -> usize {
        self.deposits.values().filter(|deposit| deposit.waits).count()
    }

    /// Rounds whose coinbase was not collected yet.
    pub fn coinbases(&self) -> usize {
        self.coinbases.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Digest, GroupId, Wei, chain::RevealedClaim};

    const OWN: Address = Address([1; 20]);
    const OTHER: Address = Address([2; 20]);
    const GROUP: GroupId = GroupId(1);
    const ROUND: RoundNumber = RoundNumber(3);

    fn committed(trainer: Address, number: u64) -> ChainEvent {
        ChainEvent::Committed { group: GROUP, round: ROUND, trainer, number, seal: Digest::ZERO }
    }

    fn revealed(trainer: Address, number: u64, loss: u32) -> ChainEvent {
        let (base, loss, file, loss_root) = (Micronats(1_000_000), Micronats(loss), Digest([7; 32]), Digest::ZERO);
        ChainEvent::Revealed(RevealedClaim { group: GROUP, round: ROUND, trainer, number, file, base, loss, loss_root })
    }

    fn decided(outcome: Outcome, winner: Address) -> ChainEvent {
        let (claim, file, checkpoint) = (Digest::ZERO, Digest::ZERO, Digest::ZERO);
        ChainEvent::Decided { group: GROUP, round: ROUND, outcome, claim, winner, file, checkpoint }
    }

    fn settled() -> ChainEvent {
        ChainEvent::Settled { group: GROUP, round: ROUND, trainer: OWN, refunded: Wei(1), burned: Wei(0), charged: Wei(0) }
    }

    fn after(events: &[ChainEvent]) -> Owed {
        let mut owed = Owed::default();
        events.iter().for_each(|event| owed.note(event, OWN));
        owed
    }

    #[test]
    fn a_won_round_is_owed_until_it_is_settled_and_collected_and_rounds_of_others_are_not() {
        let mut owed = after(&[committed(OTHER, 1)]);
        assert!(!owed.has_deposits());
        owed.note(&committed(OWN, 2), OWN);
        owed.note(&decided(Outcome::Won, OWN), OWN);
        assert!(owed.has_deposits());
        owed.note(&settled(), OWN);
        assert_eq!((owed.has_deposits(), owed.coinbases()), (false, 1));
        let (asked, issued, deposit) = (Wei(1), Wei(1), Wei(1));
        owed.note(&ChainEvent::Collected { group: GROUP, round: ROUND, winner: OWN, to: OTHER, asked, issued, deposit }, OWN);
        assert_eq!(owed.coinbases(), 0);
    }

    #[test]
    fn what_was_found_false_waits_until_it_is_struck_or_mature_and_is_not_waited_for() {
        let both = [committed(OWN, 1), committed(OTHER, 2), revealed(OWN, 1, 500_000), revealed(OTHER, 2, 900_000)];
        for (decision, waits) in
            [(decided(Outcome::Won, OTHER), true), (decided(Outcome::Lost, Address::ZERO), true), (decided(Outcome::Won, OWN), false)]
        {
            let mut owed = after(&both);
            owed.note(&decision, OWN);
            assert_eq!((owed.has_deposits(), owed.waiting()), (!waits, usize::from(waits)), "{decision:?}");
        }
        let mut owed = after(&both);
        owed.note(&decided(Outcome::Lost, Address::ZERO), OWN);
        let (checkpoint, issued, burned) = (Digest::ZERO, Wei(0), Wei(0));
        owed.note(&ChainEvent::Struck { group: GROUP, round: ROUND, checkpoint, issued, burned }, OWN);
        assert_eq!((owed.has_deposits(), owed.waiting()), (true, 0), "it comes back now");
        owed.note(&settled(), OWN);
        assert_eq!((owed.has_deposits(), owed.waiting()), (false, 0));
        let behind = after(&[committed(OWN, 1), revealed(OWN, 1, 900_000), revealed(OTHER, 2, 500_000), decided(Outcome::Won, OTHER)]);
        assert!(behind.has_deposits() && behind.waiting() == 0, "what stood behind the winner comes back at once");
        let mut other = [committed(OWN, 1), revealed(OTHER, 2, 500_000), revealed(OWN, 1, 900_000), decided(Outcome::Won, OTHER)];
        if let ChainEvent::Revealed(claim) = &mut other[2] {
            claim.base = Micronats(1_000_001);
        }
        assert_eq!(after(&other).waiting(), 1, "another base is false, wherever it stands");
        let unopened = after(&[committed(OWN, 1), revealed(OTHER, 2, 1), decided(Outcome::Lost, Address::ZERO)]);
        assert!(unopened.has_deposits() && unopened.waiting() == 0, "a seal that was not opened is lost at once");
    }
}
