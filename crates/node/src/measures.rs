//! Measures in a group's log: what was proposed, who has assented, and what is missing.

use std::collections::BTreeMap;

use anyhow::Result;
use governance::{Majority, Network};
use protocol::{
    Address, Digest, GroupId, PositionNumber, Wei,
    chain::PositionView,
    eip712::{Domain, Signature},
    log::{AssentBody, Body},
    measures::{Act, Measure},
    rules::WEI_PER_GWEI,
};

/// Measures remembered at most.
const MAX_MEASURES: usize = 1024;
/// Assents of one measure remembered at most.
const MAX_ASSENTS: usize = 16_384;

/// One measure and what the log says about it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub measure: Measure,
    /// Why it was proposed; empty if that has not come through.
    pub reason: String,
    /// Who signed for which position.
    assents: BTreeMap<(GroupId, PositionNumber, Address), Signature>,
}

/// All measures of a log, by their name.
#[derive(Clone, Debug, Default)]
pub struct Book {
    entries: BTreeMap<Digest, Entry>,
}

/// An assent that counts.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    pub group: GroupId,
    pub position: PositionView,
    /// The key that signed: the position's signer or its owner.
    pub by: Address,
    pub signature: Signature,
}

/// How far a measure is.
#[derive(Clone, Debug)]
pub struct Tally {
    pub counted: Vec<Counted>,
    pub sum: Wei,
    pub majority: Majority,
}

impl Tally {
    /// Whether it would be carried now.
    pub fn is_carried(&self) -> bool {
        self.majority.is_held_by(self.sum)
    }

    /// Wei of stake that must still assent.
    pub fn missing(&self) -> Wei {
        missing(self.majority.needed, self.sum)
    }

    /// What [`Network::enact`] wants.
    pub fn assents(&self) -> Vec<(GroupId, PositionNumber, Signature)> {
        self.counted.iter().map(|counted| (counted.group, counted.position.number, counted.signature)).collect()
    }
}

/// Wei that must come to `sum` to be more than `needed`: whole gweis, as all stake is.
pub fn missing(needed: Wei, sum: Wei) -> Wei {
    let enough = Wei((needed.0 / WEI_PER_GWEI).saturating_add(1).saturating_mul(WEI_PER_GWEI));
    enough.saturating_sub(sum)
}

impl Book {
    /// Learns proposals and assents; an assent is enough to know its measure.
    pub fn note(&mut self, body: &Body, domain: &Domain) {
        match body {
            Body::Measure(body) => {
                if let Some(entry) = self.entry(&body.measure) {
                    entry.reason.clone_from(&body.reason);
                }
            }
            Body::Assent(body) => self.assent(body, domain),
            _ => {}
        }
    }

    fn assent(&mut self, body: &AssentBody, domain: &Domain) {
        let (Some(signer), Some(entry)) = (body.signer(domain), self.entry(&body.measure)) else { return };
        if entry.assents.len() < MAX_ASSENTS {
            entry.assents.insert((body.group, body.position, signer), body.signature);
        }
    }

    fn entry(&mut self, measure: &Measure) -> Option<&mut Entry> {
        let name = measure.name();
        if self.entries.len() >= MAX_MEASURES && !self.entries.contains_key(&name) {
            return None;
        }
        let new = || Entry { measure: measure.clone(), reason: String::new(), assents: BTreeMap::new() };
        Some(self.entries.entry(name).or_insert_with(new))
    }

    /// All that can be carried out, with their names.
    pub fn entries(&self) -> impl Iterator<Item = (Digest, Act, &Entry)> {
        self.entries.iter().filter_map(|(name, entry)| Some((*name, entry.measure.act().ok()?, entry)))
    }

    /// One of them.
    pub fn get(&self, name: Digest) -> Option<&Entry> {
        self.entries.get(&name)
    }
}

impl Entry {
    /// Whether somebody has signed for that position.
    pub fn has_assent_of(&self, group: GroupId, position: PositionNumber) -> bool {
        self.assents.keys().any(|(of, number, _)| (*of, *number) == (group, position))
    }

    /// Weighs the assents as the contract would now.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn tally(&self, network: &Network) -> Result<Tally> {
        let act = self.measure.act()?;
        let majority = network.majority(&act).await?;
        let mut counted: Vec<Counted> = Vec::new();
        for ((group, number, by), signature) in &self.assents {
            let is_elsewhere = act.is_local() && *group != act.group();
            // One position speaks once, whether by its signer or its owner.
            let is_counted = counted.last().is_some_and(|last| (last.group, last.position.number) == (*group, *number));
            if is_elsewhere || is_counted {
                continue;
            }
            let Ok(position) = network.stake().position(*group, *number).await else { continue };
            let position = position.view();
            if [position.signer, position.owner].contains(by) && !position.live.is_zero() {
                counted.push(Counted { group: *group, position, by: *by, signature: *signature });
            }
        }
        let sum = counted.iter().map(|counted| counted.position.live).sum();
        Ok(Tally { counted, sum, majority })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chain::Account;
    use protocol::log::MeasureBody;

    const DOMAIN: Domain = Domain { chain_id: 1, network: Address([3; 20]) };

    fn measure(group: u64) -> Measure {
        Measure::new(&Act::Admit { group: GroupId(group), name: Digest([5; 32]) }, Digest([7; 32]), 100)
    }

    async fn assent(account: &Account, measure: &Measure, position: u64) -> Body {
        let signed = account.sign(measure.clone(), &DOMAIN).await.expect("signed");
        let (group, position) = (GroupId(1), PositionNumber(position));
        Body::Assent(AssentBody { measure: measure.clone(), group, position, signature: signed.signature })
    }

    #[tokio::test]
    async fn a_measure_is_known_from_its_proposal_or_from_any_assent() {
        let (mut book, account) = (Book::default(), Account::random());
        book.note(&assent(&account, &measure(1), 5).await, &DOMAIN);
        book.note(&assent(&account, &measure(1), 5).await, &DOMAIN);
        book.note(&assent(&Account::random(), &measure(1), 5).await, &DOMAIN);
        let reason = "it is good".to_owned();
        book.note(&Body::Measure(MeasureBody { measure: measure(2), reason: reason.clone() }), &DOMAIN);
        let known: BTreeMap<u64, (usize, &str)> =
            book.entries().map(|(_, act, entry)| (act.group().0, (entry.assents.len(), entry.reason.as_str()))).collect();
        assert_eq!(known, BTreeMap::from([(1, (2, "")), (2, (0, reason.as_str()))]), "whose key it is the chain tells later");
    }

    #[test]
    fn what_no_contract_would_carry_out_is_not_listed() {
        let mut book = Book::default();
        let odd = Measure { kind: 9, ..measure(1) };
        book.note(&Body::Measure(MeasureBody { measure: odd.clone(), reason: String::new() }), &DOMAIN);
        assert_eq!(book.entries().count(), 0);
        assert!(book.get(odd.name()).is_some());
    }

    #[test]
    fn what_is_missing_is_more_than_needed_in_whole_gweis() {
        let gweis = |units: u128| Wei(units * WEI_PER_GWEI);
        for (needed, sum, missing) in [(50, 50, 1), (50, 51, 0), (0, 0, 1), (60, 20, 41)] {
            let majority = Majority { needed: gweis(needed) };
            let tally = Tally { counted: Vec::new(), sum: gweis(sum), majority };
            assert_eq!((tally.missing(), tally.is_carried()), (gweis(missing), missing == 0), "{tally:?}");
        }
        let odd = Tally { counted: Vec::new(), sum: gweis(50), majority: Majority { needed: Wei(50 * WEI_PER_GWEI + 5) } };
        assert_eq!((odd.missing(), odd.is_carried()), (gweis(1), false));
    }
}
