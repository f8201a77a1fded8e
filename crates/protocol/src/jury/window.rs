//! What was signed in one window of a bounty, and what the chain counted of it.

use std::collections::{BTreeMap, BTreeSet};

use super::io::{Effect, Won};
use crate::attempts::Attempts;
use crate::bounty::Findings;
use crate::chain::{GroupView, PositionView};
use crate::eip712::{Finding, SignedFinding};
use crate::ids::{Address, Digest, PositionNumber};
use crate::money::Wei;
use crate::order::awake;
use crate::rules::is_quorum;

/// Results by one key of a position that are kept: two are evidence, more say nothing new.
const MAX_RESULTS: usize = 2;

/// What is measured, and what everybody knew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// Won rounds, ascending.
    pub won: Vec<Won>,
    /// Patches proposed at the seal and applied by then.
    pub applied: Vec<Digest>,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Window {
    /// Won rounds of the term and deltas applied in it, as its first block left them.
    pub standing: Option<Standing>,
    /// Whether one's own finding was heard, or another one stands in the signing log.
    pub is_signed: bool,
    /// What one signs oneself, and how often that was asked for.
    pub judged: Option<(Finding, Findings, Attempts)>,
    heard: BTreeMap<(PositionNumber, Address, Digest), SignedFinding>,
    /// What the results are made of that were heard.
    results: BTreeMap<Digest, Findings>,
    counted: BTreeSet<(PositionNumber, Digest)>,
    slashed: BTreeSet<PositionNumber>,
}

impl Window {
    /// Whether nothing else is signed in it any more.
    pub fn is_judged(&self) -> bool {
        self.is_signed || self.judged.is_some()
    }

    /// Asks for one's own finding to be signed, again if it was not heard for a while.
    pub fn sign(&mut self, now_s: u64, wait_s: u64) -> Option<Effect> {
        let (message, findings, attempts) = self.judged.as_mut()?;
        attempts.are_due(now_s).then(|| {
            attempts.ask(now_s, wait_s);
            Effect::Sign { message: *message, findings: findings.clone() }
        })
    }

    /// A finding of the key that signs for that position.
    pub fn heard(&mut self, position: PositionNumber, signer: Address, signed: SignedFinding, findings: Findings) {
        let result = signed.message.result;
        if self.of(position, signer).count() < MAX_RESULTS {
            self.heard.entry((position, signer, result)).or_insert(signed);
            self.results.insert(result, findings);
        }
    }

    /// Takes positions that the contract counted for a result.
    pub fn count(&mut self, result: Digest, positions: &[PositionNumber]) {
        self.counted.extend(positions.iter().map(|position| (*position, result)));
    }

    /// Two results of that position were shown.
    pub fn slashed(&mut self, position: PositionNumber) {
        self.slashed.insert(position);
    }

    /// Positions that were counted for the result.
    pub fn finders(&self, result: Digest) -> impl Iterator<Item = PositionNumber> {
        self.counted.iter().filter(move |(_, found)| *found == result).map(|(position, _)| *position)
    }

    /// Whether all who may have signed.
    pub fn is_complete(&self, group: &GroupView) -> bool {
        let signed: BTreeSet<PositionNumber> = self.valid(group).map(|signed| signed.0).collect();
        finders(group).all(|position| signed.contains(&position.number))
    }

    /// The result that more than two thirds of awake stake found, as far as it was heard or counted.
    pub fn ripe(&self, group: &GroupView) -> Option<Digest> {
        let heard = self.valid(group).map(|(position, signed)| (position, signed.message.result));
        let votes: BTreeSet<(PositionNumber, Digest)> = heard.chain(self.counted.iter().copied()).collect();
        self.results.keys().copied().find(|result| {
            let found = finders(group).filter(|position| votes.contains(&(position.number, *result)));
            let stake: Wei = found.map(|position| position.live).sum();
            is_quorum(stake, group.awake())
        })
    }

    /// What the result is made of, and who signed it and was not counted.
    pub fn fresh(&self, group: &GroupView, result: Digest) -> Option<(Findings, Vec<(PositionNumber, SignedFinding)>)> {
        let is_fresh = |(position, signed): &(PositionNumber, SignedFinding)| {
            signed.message.result == result && !self.counted.contains(&(*position, result))
        };
        Some((self.results.get(&result)?.clone(), self.valid(group).filter(is_fresh).collect()))
    }

    /// Who signed two results with one key, and was not slashed for it.
    pub fn doubles(&self) -> impl Iterator<Item = (PositionNumber, SignedFinding, SignedFinding)> {
        let pairs = self.heard.iter().zip(self.heard.iter().skip(1));
        pairs.filter_map(|(((position, signer, _), one), ((next, other_signer, _), other))| {
            let is_double = (position, signer) == (next, other_signer) && !self.slashed.contains(position);
            is_double.then_some((*position, *one, *other))
        })
    }

    /// Findings that the contract counts now: by the keys that sign.
    fn valid(&self, group: &GroupView) -> impl Iterator<Item = (PositionNumber, SignedFinding)> {
        finders(group).flat_map(|position| self.of(position.number, position.signer).map(|signed| (position.number, *signed)))
    }

    fn of(&self, position: PositionNumber, signer: Address) -> impl Iterator<Item = &SignedFinding> {
        self.heard.range((position, signer, Digest::ZERO)..=(position, signer, Digest([255; 32]))).map(|(_, signed)| signed)
    }
}

/// Positions whose findings count.
fn finders(group: &GroupView) -> impl Iterator<Item = &PositionView> {
    awake(group).filter(|position| !position.live.is_zero())
}
