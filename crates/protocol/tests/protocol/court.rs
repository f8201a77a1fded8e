//! The contract as far as verdicts go, and what is true of each round: what several validators and wardens are played against.

use std::collections::{BTreeMap, BTreeSet};

use k256::ecdsa::SigningKey;
use protocol::chain::{Block, ChainEvent, GroupView, Outcome, Phase, RevealedClaim, Times};
use protocol::eip712::{SignedVerdict, Typed as _, Verdict, address_of, sign};
use protocol::rules::{claim_hash, rank_key};
use protocol::{Address, Digest, Micronats, PositionNumber, RoundNumber, Wei};

use crate::world::*;

pub const ROUND_TIMES: Times = Times { train_s: 400, reveal_s: 200, judge_s: 1_200 };
pub const EPOCH_ROUNDS: u64 = 2;
pub const EDGE_S: u64 = 2;
pub const STEP_S: u64 = 2;
pub const BASE: Micronats = Micronats(2_000_000);
/// Positions of little stake: the first changes its key with each epoch, the second is awake from epoch 1 on.
pub const ROTATING: u8 = 20;
pub const NEWCOMER: u8 = 21;

/// A key by any name.
pub fn key_of(name: u64) -> SigningKey {
    SigningKey::from_slice(&digest(&format!("key {name}")).0).unwrap()
}

/// The name of the key that signs for a position in an epoch.
pub fn name_of(position: u8, epoch: u64) -> u64 {
    if position == ROTATING { 1_000 + epoch } else { position.into() }
}

pub fn signer_of(position: u8, epoch: u64) -> Address {
    address_of(key_of(name_of(position, epoch)).verifying_key())
}

pub fn signed_by(name: u64, message: Verdict) -> SignedVerdict {
    SignedVerdict { message, signature: sign(message.digest(&DOMAIN), &key_of(name)).unwrap() }
}

/// What the model gives for a signer: the file's, or the base's.
pub fn probe(seed: Digest, signer: Address, file: Option<Digest>) -> Digest {
    digest(&format!("probe {seed} {signer} {file:?}"))
}

/// A claim and what is true of it.
#[derive(Debug, Clone, Copy)]
pub struct Claimed {
    pub claim: RevealedClaim,
    pub hash: Digest,
    pub is_true: bool,
    /// Whether everybody can get the file, or nobody but its trainer.
    pub is_public: bool,
}

/// One round on chain.
#[derive(Debug, Clone, Default)]
pub struct Trial {
    pub claims: Vec<Claimed>,
    pub seed: Option<Digest>,
    pub counted: BTreeSet<(Digest, u8)>,
    pub decided: Option<Digest>,
    pub shown: BTreeSet<u8>,
    pub counts: bool,
    pub slashed: BTreeSet<u8>,
    /// The chain takes no verdicts in JUDGE: nobody knows why.
    pub is_stalled: bool,
}

pub struct Court {
    /// Positions of 100 NRN each.
    pub judges: u8,
    pub now: Block,
    pub trials: BTreeMap<u64, Trial>,
}

impl Court {
    pub fn epoch_of(round: u64) -> u64 {
        round / EPOCH_ROUNDS
    }

    pub fn view(&self, epoch: u64) -> GroupView {
        let small = [ROTATING, NEWCOMER].into_iter().filter(|number| *number == ROTATING || epoch >= 1);
        let positions = (1..=self.judges).map(|number| (number, 100)).chain(small.map(|number| (number, 1)));
        let position = |(number, stake)| {
            let mut position = position(number, stake);
            (position.signer, position.signer_next) = (signer_of(number, epoch), signer_of(number, epoch + 1));
            position.woken_at = u64::from(number == NEWCOMER);
            position
        };
        let epoch_s = EPOCH_ROUNDS * ROUND_TIMES.length_s();
        GroupView { times: ROUND_TIMES, epoch_s, exit_s: epoch_s, positions: positions.map(position).collect(), ..group() }
    }

    pub fn round(&self) -> u64 {
        ROUND_TIMES.clock(GENESIS_S, self.now.time_s).round.0
    }

    fn phase(&self) -> Phase {
        ROUND_TIMES.clock(GENESIS_S, self.now.time_s).phase
    }

    /// The next block; it may draw the examples of a round.
    pub fn block(&mut self, block: Block) {
        self.now = block;
        if self.phase() != Phase::Train {
            self.trials.entry(self.round()).or_default().seed.get_or_insert(block.hash);
        }
    }

    /// What is so of a round, best claim first.
    pub fn truth(&self, round: u64) -> Digest {
        let claims = &self.trials[&round].claims;
        claims.iter().find(|claimed| claimed.is_true && claimed.is_public).map_or(Digest::ZERO, |claimed| claimed.hash)
    }

    pub fn reveal(&mut self, round: u64, trainer: u8, loss: u32, is_true: bool, is_public: bool) -> ChainEvent {
        let file = format!("file {round} {trainer}");
        let claim = claim(RoundNumber(round), trainer, BASE, Micronats(loss), &file);
        let hash = claim_hash(claim.file, claim.base, claim.loss, claim.loss_root);
        let claims = &mut self.trials.entry(round).or_default().claims;
        claims.push(Claimed { claim, hash, is_true, is_public });
        claims.sort_by_key(|claimed| rank_key(claimed.claim.base, claimed.claim.loss, claimed.claim.number));
        ChainEvent::Revealed(claim)
    }

    /// The position, if the contract counts this key's word in the round.
    fn counts(&self, round: u64, position: PositionNumber, verdict: &SignedVerdict) -> bool {
        let is_awake = self.view(Self::epoch_of(round)).position(position).is_some_and(|position| position.awake);
        is_awake && self.is_signed(round, position, verdict)
    }

    /// By the key that signed for the position in the epoch of the round, which is enough to be slashed.
    fn is_signed(&self, round: u64, position: PositionNumber, verdict: &SignedVerdict) -> bool {
        let view = self.view(Self::epoch_of(round));
        let signer = view.position(position).map(|position| position.signer);
        signer.is_some() && verdict.signer(&DOMAIN).ok() == signer && verdict.message.round == RoundNumber(round)
    }

    fn stake(&self, round: u64, positions: impl Iterator<Item = u8>) -> (Wei, Wei) {
        let view = self.view(Self::epoch_of(round));
        let stake = positions.filter_map(|number| Some(view.position(PositionNumber(number.into()))?.live)).sum();
        (stake, view.awake())
    }

    /// `judge`. It panics on verdicts that no honest validator brings: those that could never count.
    pub fn judge(&mut self, round: u64, claim: Digest, verdicts: &[(PositionNumber, SignedVerdict)]) -> Vec<ChainEvent> {
        let (running, phase) = (self.round(), self.phase());
        for (position, verdict) in verdicts {
            assert!(self.counts(round, *position, verdict) && verdict.message.claim == claim, "{position} of round {round}: cannot count");
        }
        let trial = &self.trials[&round];
        let is_known = claim.is_zero() || trial.claims.iter().any(|claimed| claimed.hash == claim);
        let is_judged = running == round && phase == Phase::Judge && trial.decided.is_none_or(|decided| decided == claim);
        let is_late = running == round + 1 && trial.decided == Some(claim);
        let fresh: Vec<u8> = verdicts.iter().map(|(position, _)| position.0 as u8).collect();
        let fresh: Vec<u8> = fresh.into_iter().filter(|position| !trial.counted.contains(&(claim, *position))).collect();
        if !is_known || fresh.is_empty() || !(is_late || is_judged && !trial.is_stalled) {
            return Vec::new();
        }
        let before = trial.decided;
        let trial = self.trials.entry(round).or_default();
        trial.counted.extend(fresh.iter().map(|position| (claim, *position)));
        let counted: Vec<u8> = trial.counted.iter().filter(|(of, _)| *of == claim).map(|(_, position)| *position).collect();
        let (stake, awake) = self.stake(round, counted.into_iter());
        let mut events =
            vec![judged_event(RoundNumber(round), claim, &fresh.iter().map(|position| (*position).into()).collect::<Vec<_>>())];
        if before.is_none() && stake.0 * 3 > awake.0 * 2 {
            self.trials.entry(round).or_default().decided = Some(claim);
            let outcome = if claim.is_zero() { Outcome::Lost } else { Outcome::Won };
            events.push(decided_event(RoundNumber(round), outcome, claim, account(1), digest("winner")));
        }
        events
    }

    /// `attend`, with the same care.
    pub fn attend(&mut self, round: u64, verdicts: &[(PositionNumber, SignedVerdict)]) -> Vec<ChainEvent> {
        for (position, verdict) in verdicts {
            assert!(self.counts(round, *position, verdict), "{position} of round {round}: cannot be shown");
        }
        let (running, is_train, trial) = (self.round(), self.phase() == Phase::Train, self.trials[&round].clone());
        let is_open = trial.decided.is_none() && !trial.counts;
        let is_new = |(position, verdict): &&(PositionNumber, SignedVerdict)| {
            !trial.shown.contains(&(position.0 as u8)) && trial.decided != Some(verdict.message.claim)
        };
        let fresh: Vec<u8> = verdicts.iter().filter(is_new).map(|(position, _)| position.0 as u8).collect();
        if running != round + 1 || fresh.is_empty() || (is_open && !is_train) {
            return Vec::new();
        }
        let shown: BTreeSet<u8> = trial.shown.iter().copied().chain(fresh.iter().copied()).collect();
        let (stake, awake) = self.stake(round, shown.iter().copied());
        let counts = trial.counts || (trial.decided.is_none() && stake.0 * 2 > awake.0);
        let trial = self.trials.entry(round).or_default();
        (trial.shown, trial.counts) = (shown, counts);
        let positions = fresh.iter().map(|position| PositionNumber((*position).into())).collect();
        vec![ChainEvent::Attended { group: GROUP, round: RoundNumber(round), stake, counts, positions }]
    }

    /// `slashDouble`. It refuses what another key has signed, as whoever came later than that epoch cannot know; it panics if
    /// there is no offence.
    pub fn slash(&mut self, round: u64, position: PositionNumber, one: &SignedVerdict, other: &SignedVerdict) -> Vec<ChainEvent> {
        assert_ne!(one.message.claim, other.message.claim, "no offence");
        let is_signed = self.is_signed(round, position, one) && self.is_signed(round, position, other);
        if !is_signed || !self.trials.entry(round).or_default().slashed.insert(position.0 as u8) {
            return Vec::new();
        }
        let (round, reporter, burned, reward) = (RoundNumber(round), account(1), Wei(10), Wei(1));
        vec![ChainEvent::DoubleSigned { group: GROUP, position, round, reporter, burned, reward }]
    }
}
