//! Measures in a group's log: what was proposed, who has assented, and what is missing.

use std::collections::BTreeMap;

use anyhow::Result;
use governance::{Majority, Network};
use protocol::{
    Address, Digest, GroupId, PositionNumber, Wei,
    chain::PositionView,
    eip712::{Assent, Domain, SignedAssent},
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
    assents: BTreeMap<(GroupId, PositionNumber, Address), SignedAssent>,
}

/// All measures of a log, by their hash.
#[derive(Clone, Debug, Default)]
pub struct Book {
    entries: BTreeMap<Digest, Entry>,
}

/// An assent that counts.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    pub group: GroupId,
    pub position: PositionView,
    pub assent: SignedAssent,
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

    /// Wei of stake that must still assent: whole gweis, as all stake is.
    pub fn missing(&self) -> Wei {
        let more_than_half = Wei((self.majority.stake.0 / 2 / WEI_PER_GWEI + 1) * WEI_PER_GWEI);
        let least = Wei(self.majority.least.0.div_ceil(WEI_PER_GWEI) * WEI_PER_GWEI);
        more_than_half.max(least).saturating_sub(self.sum)
    }

    /// What [`Network::enact`] wants.
    pub fn assents(&self) -> Vec<(GroupId, PositionNumber, SignedAssent)> {
        self.counted.iter().map(|counted| (counted.group, counted.position.number, counted.assent)).collect()
    }
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
            let assent = SignedAssent { message: Assent { measure: body.measure.hash() }, signature: body.signature };
            entry.assents.insert((body.group, body.position, signer), assent);
        }
    }

    fn entry(&mut self, measure: &Measure) -> Option<&mut Entry> {
        let hash = measure.hash();
        if self.entries.len() >= MAX_MEASURES && !self.entries.contains_key(&hash) {
            return None;
        }
        let new = || Entry { measure: measure.clone(), reason: String::new(), assents: BTreeMap::new() };
        Some(self.entries.entry(hash).or_insert_with(new))
    }

    /// All that can be carried out, with their hashes.
    pub fn entries(&self) -> impl Iterator<Item = (Digest, Act, &Entry)> {
        self.entries.iter().filter_map(|(hash, entry)| Some((*hash, entry.measure.act().ok()?, entry)))
    }

    /// One of them.
    pub fn get(&self, hash: Digest) -> Option<&Entry> {
        self.entries.get(&hash)
    }
}

impl Entry {
    /// Weighs the assents as the contract would now.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn tally(&self, network: &Network) -> Result<Tally> {
        let act = self.measure.act()?;
        let majority = network.majority(&act).await?;
        let mut counted: Vec<Counted> = Vec::new();
        for ((group, number, signer), assent) in &self.assents {
            if act.is_local() && *group != act.group() {
                continue;
            }
            let Ok(position) = network.stake().position(*group, *number).await else { continue };
            let position = position.view();
            let weighs = position.signer == *signer && !position.live.is_zero() && (position.awake || !act.needs_awake());
            if weighs {
                counted.push(Counted { group: *group, position, assent: *assent });
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
        Measure::new(&Act::Admit { group: GroupId(group) }, Digest([7; 32]), 100)
    }

    fn assent(account: &Account, measure: &Measure, position: u64) -> Body {
        let signed = account.sign(Assent { measure: measure.hash() }, &DOMAIN).expect("signed");
        let (group, position) = (GroupId(1), PositionNumber(position));
        Body::Assent(AssentBody { measure: measure.clone(), group, position, signature: signed.signature })
    }

    #[test]
    fn a_measure_is_known_from_its_proposal_or_from_any_assent() {
        let (mut book, account) = (Book::default(), Account::random());
        book.note(&assent(&account, &measure(1), 5), &DOMAIN);
        book.note(&assent(&account, &measure(1), 5), &DOMAIN);
        book.note(&assent(&Account::random(), &measure(1), 5), &DOMAIN);
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
        assert!(book.get(odd.hash()).is_some());
    }

    #[test]
    fn what_is_missing_is_more_than_half_and_the_least() {
        let gweis = |units: u128| Wei(units * WEI_PER_GWEI);
        for (stake, least, sum, missing) in [(100, 0, 50, 1), (100, 0, 51, 0), (101, 0, 50, 1), (10, 60, 20, 40), (0, 0, 0, 1)] {
            let majority = Majority { stake: gweis(stake), least: gweis(least) };
            let tally = Tally { counted: Vec::new(), sum: gweis(sum), majority };
            assert_eq!((tally.missing(), tally.is_carried()), (gweis(missing), missing == 0), "{tally:?}");
        }
    }
}
