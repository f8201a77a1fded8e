//! What whoever stands behind a node can do: with accounts and money, files, and letters. Whatever the chain holds it can read.

use std::sync::Arc;

use ed25519_dalek::SigningKey as NodeKey;
use k256::ecdsa::SigningKey;
use protocol::{
    Address, Digest, RoundNumber, Wei,
    chain::{ChainEvent, Clock, GroupView, RevealedClaim},
    eip712::{Signed, Typed, address_of, sign},
    keccak256,
    log::{Body, Draft, Envelope},
    rules,
    trainer::Measured,
};

use crate::{
    chain::Call,
    curve::Run,
    disk,
    log::Letter,
    random::Random,
    world::{GROUP, World, jobs::Exam, sends::Asked},
};

/// See the module. Accounts are numbered: 0 is that of the node, the others are its aliases.
pub struct Hands<'a> {
    world: &'a mut World,
    node: usize,
    /// What is said once nobody reads any more.
    said: Vec<Body>,
}

impl<'a> Hands<'a> {
    pub(crate) fn new(world: &'a mut World, node: usize) -> Self {
        Self { world, node, said: Vec::new() }
    }

    pub(crate) fn said(self) -> Vec<Body> {
        self.said
    }

    /// The second of the newest block.
    pub fn now_s(&self) -> u64 {
        self.world.ledger.block(self.world.ledger.tip()).time_s
    }

    /// The group as of the newest block.
    pub fn view(&mut self) -> Option<Arc<GroupView>> {
        self.world.ledger.view(self.world.ledger.tip()).ok()
    }

    pub fn clock(&mut self) -> Option<Clock> {
        let now_s = self.now_s();
        Some(self.view()?.clock(now_s))
    }

    /// Whether the time has come to begin nothing new.
    pub fn is_the_end(&self) -> bool {
        self.world.ends
    }

    pub fn random(&self, label: &str) -> Random {
        self.world.random_of(label, self.node)
    }

    /// What has happened since a round began.
    pub fn events(&self, round: RoundNumber) -> Vec<ChainEvent> {
        let ledger = &self.world.ledger;
        let start_s = self.world.plan.times.round_start_s(ledger.genesis_s(), round);
        let first = (0..=ledger.tip()).rev().take_while(|number| ledger.block(*number).time_s >= start_s).last();
        first.map_or(Vec::new(), |first| (first..=ledger.tip()).flat_map(|number| ledger.events(number).to_vec()).collect())
    }

    /// By what a round is judged, once its examples are drawn and if anybody has committed.
    pub(crate) fn exam(&self, round: RoundNumber) -> Option<Exam> {
        let ledger = &self.world.ledger;
        let seed = ledger.chain.first_block_since(self.world.plan.times.reveal_start_s(ledger.genesis_s(), round))?.hash;
        let events = self.events(round);
        let base = events.iter().find_map(|event| match event {
            ChainEvent::Opened { checkpoint, .. } => Some(*checkpoint),
            _ => None,
        })?;
        let commits = events.iter().filter(|event| matches!(event, ChainEvent::Committed { .. })).count() as u64;
        Some(Exam { round, base, seed, commits })
    }

    fn key(&self, who: usize) -> SigningKey {
        let own = &self.world.nodes[self.node];
        who.checked_sub(1).and_then(|alias| own.aliases().nth(alias)).unwrap_or_else(|| own.key.clone())
    }

    pub fn account(&self, who: usize) -> Address {
        address_of(self.key(who).verifying_key())
    }

    /// Asks for a transaction; a refusal is nobody's business.
    pub fn call(&mut self, who: usize, call: Call) {
        let from = self.account(who);
        let _ = self.world.ask_from(self.node, from, call, Asked::Nobody);
    }

    pub fn sign<T: Typed>(&self, who: usize, message: T) -> Option<Signed<T>> {
        let signature = sign(message.digest(&self.world.domain), &self.key(who)).ok()?;
        Some(Signed { message, signature })
    }

    fn salt(&self, round: RoundNumber, file: Digest) -> Digest {
        Digest(keccak256(&[&self.world.nodes[self.node].secret[..], &round.0.to_be_bytes(), &file.0].concat()))
    }

    /// Commits a file, and serves it from now on.
    pub fn commit(&mut self, who: usize, round: RoundNumber, file: Digest) {
        self.world.files.hold(self.node, file);
        let seal = rules::seal(GROUP, round, file, self.account(who), self.salt(round, file));
        self.call(who, Call::Commit { group: GROUP, round, seal, max_deposit: Wei(u128::MAX) });
    }

    pub fn reveal(&mut self, who: usize, round: RoundNumber, file: Digest, measured: Measured) {
        let (trainer, salt) = (self.account(who), self.salt(round, file));
        let Measured { base, loss, loss_root, .. } = measured;
        let claim = RevealedClaim { group: GROUP, round, trainer, number: 0, file, base, loss, loss_root };
        self.call(who, Call::Reveal { claim, salt });
    }

    pub fn concede(&mut self, who: usize, round: RoundNumber, file: Digest, rival: Address) {
        let salt = self.salt(round, file);
        self.call(who, Call::Concede { group: GROUP, salt, file, rival });
    }

    /// Trains from a checkpoint; other attempts give other files.
    pub fn train(&mut self, base: Digest, round: RoundNumber, attempt: u32, effort: f64) -> Option<Digest> {
        self.world.curve.train(base, Run { node: self.node, round: round.0, attempt, effort })
    }

    pub(crate) fn measure(&mut self, exam: Exam, file: Digest) -> Option<Measured> {
        self.world.curve.measure(exam.base, file, exam.seed, exam.commits)
    }

    /// The file behind the seal of a trainer whose disk was read by others.
    pub fn leaked(&self, trainer: Address, round: RoundNumber) -> Option<Digest> {
        let robbed = self.world.nodes.iter().find(|node| node.account == trainer && node.is_honest())?;
        disk::commits(&robbed.disk).ok()?.into_iter().find(|commit| commit.round == round).map(|commit| commit.file)
    }

    /// Says something in the log under the node's own key.
    pub fn say(&mut self, body: Body) {
        self.said.push(body);
    }

    /// Says something under a key that was made for it, with that number.
    pub fn say_as(&mut self, secret: [u8; 32], seq: u64, body: &Body) {
        let Ok(bytes) = body.to_bytes() else { return };
        let draft = Draft { group: GROUP, kind: body.kind(), topic: body.topic().to_owned(), seq, parents: Vec::new(), body: bytes };
        if let Ok(envelope) = Envelope::sign(draft, &NodeKey::from_bytes(&secret)) {
            let letter = Arc::new(Letter { envelope, body: Some(body.clone()) });
            self.world.send(self.node, None, &letter);
        }
    }
}
