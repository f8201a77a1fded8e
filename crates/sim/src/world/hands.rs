//! What whoever stands behind a node can do: with accounts and money, files, and letters. Whatever the chain holds it can read.

use std::sync::Arc;

use ed25519_dalek::SigningKey as NodeKey;
use k256::ecdsa::SigningKey;
use protocol::{
    Address, Digest, RoundNumber, Wei,
    chain::{ChainEvent, Clock, GroupView, PositionView, RevealedClaim},
    eip712::{Choice, Signed, SignedVerdict, Typed, address_of, sign},
    ids::{DeltaNumber, GroupId},
    keccak256,
    log::{Body, Draft, Envelope, Kind},
    measures::{Act, Measure},
    rules,
    trainer::Measured,
};

use super::{Happening, World, jobs::Exam};
use crate::{
    chain::Call,
    curve::Run,
    disk,
    forgery::Forgery,
    letter::Letter,
    node::{Asked, Role},
    random::Random,
};

/// See the module. Accounts are numbered: 0 is that of the node, the others are its aliases.
pub struct Hands<'a> {
    pub(super) world: &'a mut World,
    pub(super) node: usize,
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

    /// The group that the node takes part in.
    pub fn group(&self) -> GroupId {
        self.world.nodes[self.node].group
    }

    /// The second of the newest block.
    pub fn now_s(&self) -> u64 {
        self.world.ledger.block(self.world.ledger.tip()).time_s
    }

    /// What an honest clock shows.
    pub fn now_ms(&self) -> u64 {
        self.world.now_ms()
    }

    /// The group as of the newest block.
    pub fn view(&mut self) -> Option<Arc<GroupView>> {
        self.world.ledger.view(self.group(), self.world.ledger.tip()).ok()
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
        let start_s = self.world.plan.times_of(self.group()).round_start_s(ledger.genesis_s(), round);
        let first = (0..=ledger.tip()).rev().take_while(|number| ledger.block(*number).time_s >= start_s).last();
        let is_own = |event: &&ChainEvent| event.group().is_none_or(|group| group == self.group());
        first.map_or(Vec::new(), |first| (first..=ledger.tip()).flat_map(|number| ledger.events(number)).filter(is_own).cloned().collect())
    }

    /// By what a round is judged, once its examples are drawn and if anybody has committed.
    pub(crate) fn exam(&self, round: RoundNumber) -> Option<Exam> {
        let ledger = &self.world.ledger;
        let seed = ledger.chain.first_block_since(self.world.plan.times_of(self.group()).reveal_start_s(ledger.genesis_s(), round))?.hash;
        Some(Exam { seed, ..self.exam_to_be(round)? })
    }

    /// The same before the examples are drawn, without their seed.
    pub(crate) fn exam_to_be(&self, round: RoundNumber) -> Option<Exam> {
        let events = self.events(round);
        let base = events.iter().find_map(|event| match event {
            ChainEvent::Opened { checkpoint, .. } => Some(*checkpoint),
            _ => None,
        })?;
        let commits = events.iter().filter(|event| matches!(event, ChainEvent::Committed { .. })).count() as u64;
        Some(Exam { round, base, seed: Digest::ZERO, commits })
    }

    fn key(&self, who: usize) -> SigningKey {
        let own = &self.world.nodes[self.node];
        who.checked_sub(1).and_then(|alias| own.aliases.get(alias)).unwrap_or(&own.key).clone()
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

    /// Who has signed a verdict.
    pub fn signer_of(&self, verdict: &SignedVerdict) -> Option<Address> {
        verdict.signer(&self.world.domain).ok()
    }

    fn salt(&self, round: RoundNumber, file: Digest) -> Digest {
        Digest(keccak256(&[&self.world.nodes[self.node].secret[..], &round.0.to_be_bytes(), &file.0].concat()))
    }

    /// Commits a file, and serves it from now on.
    pub fn commit(&mut self, who: usize, round: RoundNumber, file: Digest) {
        self.world.files.hold(self.node, file);
        let seal = rules::seal(self.group(), round, file, self.account(who), self.salt(round, file));
        self.call(who, Call::Commit { group: self.group(), round, seal, max_deposit: Wei(u128::MAX) });
    }

    pub fn reveal(&mut self, who: usize, round: RoundNumber, file: Digest, measured: Measured) {
        let (trainer, salt) = (self.account(who), self.salt(round, file));
        let Measured { base, loss, loss_root, .. } = measured;
        let claim = RevealedClaim { group: self.group(), round, trainer, number: 0, file, base, loss, loss_root };
        self.call(who, Call::Reveal { claim, salt });
    }

    pub fn concede(&mut self, who: usize, round: RoundNumber, file: Digest, rival: Address) {
        let salt = self.salt(round, file);
        self.call(who, Call::Concede { group: self.group(), salt, file, rival });
    }

    /// Trains from a checkpoint; other attempts give other files.
    pub fn train(&mut self, base: Digest, round: RoundNumber, attempt: u32, effort: f64) -> Option<Digest> {
        self.world.training.train(base, Run { node: self.node, round: round.0, attempt, effort })
    }

    /// Learns the examples of an exam by heart, from a checkpoint.
    pub fn memorise(&mut self, base: Digest, known: Exam, round: RoundNumber) -> Option<Digest> {
        self.world.training.memorise(base, known, Run { node: self.node, round: round.0, attempt: 0, effort: 1.0 })
    }

    /// A file that is made of a checkpoint; whoever asks for it gets it as it is.
    pub fn forge(&mut self, base: Digest, forgery: Forgery) -> Option<Digest> {
        let file = self.world.training.forge(base, forgery)?;
        if forgery.has_another_length() {
            self.spoil(file);
        }
        Some(file)
    }

    pub(crate) fn measure(&mut self, exam: Exam, file: Digest) -> Option<Measured> {
        self.world.training.measure(exam, file)
    }

    /// Whether a claim with these losses may be revealed.
    pub fn improves(&mut self, Measured { base, loss, .. }: Measured) -> bool {
        self.view().is_some_and(|view| view.improves(base, loss))
    }

    /// What a draw of one's own says about a file.
    pub fn estimate(&mut self, base: Digest, file: Digest, commits: u64) -> Option<Measured> {
        let seed = Digest(self.random("estimate").bytes());
        self.world.training.measure(Exam { round: RoundNumber(0), base, seed, commits }, file)
    }

    /// The file behind the seal of a trainer whose disk was read by others.
    pub fn leaked(&self, trainer: Address, round: RoundNumber) -> Option<Digest> {
        let robbed = self.world.nodes.iter().find(|node| node.account == trainer && node.is_honest)?;
        disk::commits(&robbed.disk).ok()?.into_iter().rfind(|commit| commit.round == round).map(|commit| commit.file)
    }

    /// Says something in the log under the node's own key.
    pub fn say(&mut self, body: Body) {
        self.said.push(body);
    }

    /// Says something under a key that was made for it, with that number.
    pub fn say_as(&mut self, secret: [u8; 32], seq: u64, body: &Body) {
        if let Ok(bytes) = body.to_bytes() {
            self.send_as(secret, seq, body.kind(), bytes, Some(body.clone()));
        }
    }

    /// The same with so many bytes that say nothing.
    pub fn fill_as(&mut self, secret: [u8; 32], seq: u64, bytes: usize) {
        self.send_as(secret, seq, Kind::Note, vec![b' '; bytes], None);
    }

    fn send_as(&mut self, secret: [u8; 32], seq: u64, kind: Kind, bytes: Vec<u8>, body: Option<Body>) {
        let draft = Draft { group: self.group(), kind, topic: "flood".to_owned(), seq, parents: Vec::new(), body: bytes };
        if let Ok(envelope) = Envelope::sign(draft, &NodeKey::from_bytes(&secret)) {
            self.world.send(self.node, None, &Arc::new(Letter { envelope, body }));
        }
    }

    /// Sends everybody bytes that are no letter.
    pub fn send_junk(&mut self, bytes: &[u8]) {
        let others = self.world.plan.nodes_of(self.group()).filter(|to| *to != self.node);
        others.for_each(|to| self.world.receive_bytes(self.node, to, bytes));
    }

    /// Whether two nodes hear one another, from now on or until this is changed again; whoever is behind this node hears both.
    pub fn link(&mut self, node: usize, is_cut: bool) {
        let (own, all) = (self.node, self.world.nodes.len());
        let others = (0..all).filter(|other| ![own, node].contains(other));
        self.world.cuts = if is_cut { others.flat_map(|other| [(other, node), (node, other)]).collect() } else { Vec::new() };
        self.world.schedule.after(0, Happening::Weather);
    }

    /// Tells that node other hashes than those of the blocks, from now on; none: the truth to everybody.
    pub fn deceive(&mut self, node: Option<usize>) {
        self.world.deceived = node;
    }

    /// Numbers of the honest validators' nodes.
    pub fn validators(&self) -> Vec<usize> {
        let is_one = |node: &usize| self.world.nodes[*node].role == Role::Validator && self.world.nodes[*node].is_honest;
        self.world.plan.nodes_of(self.group()).filter(is_one).collect()
    }

    /// Milliseconds between two blocks, about.
    pub fn block_ms(&self) -> u64 {
        self.world.plan.block_ms
    }

    /// Gives a file of one's own to these nodes alone.
    pub fn give_only(&mut self, file: Digest, to: impl IntoIterator<Item = usize>) {
        self.world.files.give_only(self.node, file, to);
    }

    /// Gives everybody bytes of another length under a file's name.
    pub fn spoil(&mut self, file: Digest) {
        self.world.files.spoil(file);
    }

    /// Gives a file.
    pub fn hold(&mut self, file: Digest) {
        self.world.files.hold(self.node, file);
    }

    /// A checkpoint that part of the way from one to another.
    pub fn mix(&mut self, base: Digest, other: Digest, part: f64) -> Option<Digest> {
        self.world.training.mix(base, other, part)
    }

    /// Gives the next block the hash at that place of those that it may have.
    pub fn choose(&mut self, place: usize) {
        self.world.ledger.chain.prefer(place as u64);
    }

    /// Keeps the transaction that came into the pool last out of so many blocks.
    pub fn keep_out(&mut self, blocks: u64) {
        if let Some(id) = self.world.ledger.chain.newest() {
            self.world.ledger.chain.hold(id);
            self.world.schedule.after(blocks * self.world.plan.block_ms, Happening::Release(id));
        }
    }

    /// Whether a proposal would be taken; a turn that is due is made first.
    pub fn may_propose(&mut self) -> bool {
        let (Some(view), now_s) = (self.view(), self.now_s()) else { return false };
        if now_s >= view.period_end_s {
            self.call(0, Call::Turn(view.id));
        }
        rules::may_propose(now_s, view.period_s, view.period_end_s, view.extended_s)
    }

    /// Proposes a patch that this node gives.
    pub fn propose(&mut self, who: usize, patch: Digest, bond: Wei) {
        let Some(view) = self.view() else { return };
        self.hold(patch);
        self.world.sets.propose(view.head, patch);
        self.call(who, Call::Propose { group: self.group(), parent: view.head, patch, bond });
    }

    pub fn least_bond(&mut self) -> Option<Wei> {
        let group = self.group();
        self.world.ledger.chain.now().least_bond(group).ok()
    }

    pub fn position(&mut self) -> Option<PositionView> {
        let account = self.account(0);
        self.view()?.position_of(account).copied()
    }

    /// Votes for a delta with one's own position, by its signer.
    pub fn vote(&mut self, delta: DeltaNumber, patch: Digest) {
        let (Some(view), Some(position)) = (self.view(), self.position()) else { return };
        let seq = self.now_s();
        let choice = Choice { group: self.group(), period: view.period_number, delta, patch, seq };
        if let Some(signed) = self.sign(0, choice) {
            self.call(0, Call::Cast { group: self.group(), choices: vec![(position.number, signed)] });
        }
    }

    /// Assents to an act, alone, and brings it.
    pub fn enact(&mut self, act: &Act) {
        let Some(position) = self.position() else { return };
        let nonce = Digest(self.random("nonce").bytes());
        let measure = Measure::new(act, nonce, self.now_s() + self.world.ledger.chain.terms().epoch_s);
        if let Ok(signature) = sign(measure.digest(&self.world.domain), &self.key(0)) {
            let group = self.group();
            self.call(0, Call::Enact { measure, assents: vec![(group, position.number, signature)] });
        }
    }
}
