//! Those who cheat: trainers that claim what is not so, validators that sign two claims in one round and run no model.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use evaluator::Checkpoint;
use node::{Heard, Member, member::measure};
use protocol::{
    Digest, GroupId, Micronats, RoundNumber,
    chain::{Block, GroupView, Phase, RevealedClaim},
    eip712::Verdict,
    keccak256,
    log::Body,
    rules::{claim_hash, rank_key, seal},
};

use crate::{
    actors::{Actor, Cast, Hands},
    ledger::Ledger,
    news::Teller,
};

/// Part of the base's loss that a lying trainer claims to have reached: better than anybody honest.
const CLAIMED: u32 = 20;

/// All of them, each doing its worst.
pub struct Liars {
    group: GroupId,
    cast: Cast,
    hands: Hands,
    member: Member,
    teller: Teller,
    committed: BTreeSet<RoundNumber>,
    revealed: BTreeSet<RoundNumber>,
    /// Rounds of which they have tried to settle their deposits.
    settled: BTreeSet<RoundNumber>,
    /// The round in which validators signed twice; they sign nothing afterwards.
    doubled: Option<RoundNumber>,
    before_s: Option<u64>,
    /// Nobody lies about the past.
    is_live: bool,
}

impl Liars {
    pub fn new(group: GroupId, cast: &Cast, hands: &Hands, member: &Member, teller: &Teller) -> Self {
        let (cast, hands, member, teller) = (cast.clone(), hands.clone(), member.clone(), teller.clone());
        Self {
            group,
            cast,
            hands,
            member,
            teller,
            committed: BTreeSet::new(),
            revealed: BTreeSet::new(),
            settled: BTreeSet::new(),
            doubled: None,
            before_s: None,
            is_live: false,
        }
    }

    /// Does what the moment offers, in tasks of their own; at most `rounds` rounds are lied in.
    pub fn hear(&mut self, heard: &Heard, view: &GroupView, ledger: &Ledger, rounds: u64) {
        self.is_live |= matches!(heard, Heard::Live);
        let (Heard::Block(block), true) = (heard, self.is_live) else { return };
        let clock = view.clock(block.time_s);
        let may_open = (ledger.rounds.len() as u64) < rounds || ledger.rounds.contains_key(&clock.round);
        match clock.phase {
            Phase::Train if view.admitted && may_open && self.committed.insert(clock.round) => self.commit(clock.round, view.checkpoint),
            Phase::Reveal => self.reveal(clock.round, *block, view, ledger),
            Phase::Judge => self.double(clock.round, ledger),
            Phase::Train => {}
        }
        self.settle(block.time_s, view, ledger);
        self.before_s = Some(block.time_s);
    }

    /// A file of its own each round: the base with one weight changed.
    fn commit(&mut self, round: RoundNumber, base: Digest) {
        for liar in self.cast.liars.clone() {
            let (hands, member, group) = (self.hands.clone(), self.member.clone(), self.group);
            self.attempt(&liar.name.clone(), async move {
                let file = member.client.add(changed(&*member.checkpoint(base).await?, &liar, round)?).await?;
                let (seal, network) = (seal(group, round, file, liar.address(), salt(&liar)), hands.of(&liar)?);
                network.commit(group, round, seal, network.deposit_due(group).await?).await?;
                Ok(())
            });
        }
    }

    fn reveal(&mut self, round: RoundNumber, block: Block, view: &GroupView, ledger: &Ledger) {
        let start_s = view.times.reveal_start_s(view.genesis_s, round);
        let is_first = self.before_s.is_some_and(|before_s| before_s < start_s);
        let Some(opened) = ledger.rounds.get(&round).filter(|_| is_first && self.revealed.insert(round)) else { return };
        for liar in self.cast.liars.iter().filter(|liar| opened.trainers.contains(&liar.address())).cloned() {
            let (hands, member, group) = (self.hands.clone(), self.member.clone(), self.group);
            let (base, head, seed) = (opened.checkpoint, opened.head, block.hash);
            self.attempt(&liar.name.clone(), async move {
                let checkpoint = member.checkpoint(base).await?;
                let file = swarm::digest_of(&changed(&checkpoint, &liar, round)?);
                let base = measure(checkpoint, member.exam(head, seed, round).await?).await?.mean;
                let (trainer, loss_root) = (liar.address(), Digest(keccak256(&file.0)));
                let (base, loss) = (Micronats(base), Micronats(base / CLAIMED));
                let claim = RevealedClaim { group, round, trainer, number: 0, file, base, loss, loss_root };
                hands.of(&liar)?.reveal(&claim, salt(&liar)).await?;
                Ok(())
            });
        }
    }

    /// In one round, once there is a claim: for it, and against all; both without a look at the model.
    fn double(&mut self, round: RoundNumber, ledger: &Ledger) {
        let claims = ledger.rounds.get(&round).map(|round| &round.claims);
        let best = claims.and_then(|claims| claims.iter().min_by_key(|claim| rank_key(claim.base, claim.loss, claim.number)));
        let (Some(best), None) = (best, self.doubled) else { return };
        self.doubled = Some(round);
        let claim = claim_hash(best.file, best.base, best.loss, best.loss_root);
        for cheat in self.cast.cheats.clone() {
            let (hands, member, group) = (self.hands.clone(), self.member.clone(), self.group);
            self.teller.tell(format!("round {round}"), format!("{} signs two claims, and has run no model for either", cheat.name));
            self.attempt(&cheat.name.clone(), async move {
                let domain = hands.of(&cheat)?.domain();
                for claim in [claim, Digest::ZERO] {
                    let probe = Digest(keccak256(b"no model was run for this"));
                    let verdict = cheat.account.sign(Verdict { group, round, claim, probe }, &domain).await?;
                    member.client.append(group, Body::Verdict(verdict)).await?;
                }
                Ok(())
            });
        }
    }

    /// Anybody may settle anybody's deposit. That of a false claim is burned once the round is mature: until then a measure
    /// could strike it.
    fn settle(&mut self, now_s: u64, view: &GroupView, ledger: &Ledger) {
        let is_mature = |round: RoundNumber| now_s > view.times.round_end_s(view.genesis_s, round) + view.maturity_s;
        for (round, book) in ledger.rounds.iter().filter(|(round, _)| is_mature(**round)) {
            let liars = self.cast.liars.iter().map(Actor::address).filter(|liar| book.trainers.contains(liar));
            let liars: Vec<_> = liars.collect();
            if liars.is_empty() || !self.settled.insert(*round) {
                continue;
            }
            let (hands, founder, group, round) = (self.hands.clone(), self.cast.founder.clone(), self.group, *round);
            self.attempt("liars", async move { Ok(hands.of(&founder)?.settle(group, round, &liars).await.map(drop)?) });
        }
    }

    fn attempt(&self, name: &str, work: impl Future<Output = Result<()>> + Send + 'static) {
        let (name, teller) = (name.to_owned(), self.teller.clone());
        tokio::spawn(async move {
            if let Err(error) = work.await {
                teller.tell(name, format!("does not get through: {error:#}"));
            }
        });
    }
}

/// The bytes of a checkpoint that nobody has trained.
fn changed(base: &Checkpoint, liar: &Actor, round: RoundNumber) -> Result<Vec<u8>> {
    let hash = keccak256(&[liar.name.as_bytes(), &round.0.to_be_bytes()].concat());
    let mut tensors = base.tensors().to_vec();
    let weight = tensors.first_mut().and_then(|tensor| tensor.first_mut()).context("a model without weights")?;
    *weight = f32::from(u16::from_be_bytes([hash[0], hash[1]])) / f32::from(u16::MAX);
    Ok(Checkpoint::from_tensors(base.manifest(), tensors)?.to_bytes())
}

fn salt(liar: &Actor) -> Digest {
    Digest(keccak256(liar.name.as_bytes()))
}
