//! The shell around the trainer's machine: what it hears goes in, what it asks for is done.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use governance::Network;
use node::{
    Feed, Heard, Member, Site, bindings, keys,
    lock::{self, Lock},
    roots,
    stop::Stop,
};
use protocol::{
    Address, Digest, GroupId, RoundNumber,
    chain::{Block, ChainEvent, GroupView, RevealedClaim},
    keccak256,
    log::Body,
    trainer::{Config, Effect, Input, Measured, RoundReport, Trainer, Transaction},
};
use tokio::sync::{mpsc, watch};

use crate::{
    config::TrainerConfig,
    memory::{Commit, Memory},
    notes::Notes,
    owed::Owed,
    revealed::Revealed,
    run::{self, Run},
    state::State,
    work::{self, Draw},
};

/// Results that wait for the machine.
const RESULTS_LIMIT: usize = 64;
/// Seconds kept at the end of TRAIN for storing the file and committing.
const COMMIT_S: u64 = 1;
/// Coinbases that are collected in one transaction.
const COLLECTS_LIMIT: usize = 32;

/// Keeps the secret behind seals apart from the node's key.
const SALTS: &[u8] = b"neuron salts 1";
/// The same for what orders examples, which notes tell.
const SEEDS: &[u8] = b"neuron seeds 1";

/// A running trainer.
pub struct Shell {
    config: TrainerConfig,
    network: Network,
    member: Member,
    heard: mpsc::Receiver<Result<Heard>>,
    machine: Trainer,
    memory: Memory,
    results: (mpsc::Sender<Input>, mpsc::Receiver<Input>),
    notes: Notes,
    /// The training run, and the flag that cancels it.
    run: Option<(RoundNumber, Arc<AtomicBool>)>,
    /// Whether the program ends.
    ends: Arc<AtomicBool>,
    now: Option<Block>,
    /// Rounds after this one are not begun.
    last_round: Option<RoundNumber>,
    owed: Owed,
    /// Rounds of the group that somebody committed in.
    opened: BTreeSet<RoundNumber>,
    /// What was revealed in the last rounds.
    revealed: Revealed,
    view: GroupView,
    account: Address,
    secret: [u8; 32],
    is_restored: bool,
    is_live: bool,
    _lock: Lock,
}

impl Shell {
    /// Opens key, chain and network, and fetches the group's manifest.
    ///
    /// # Errors
    /// Whatever is missing or wrong, with what to do about it.
    pub async fn start(config: TrainerConfig) -> Result<Self> {
        let node = &config.node;
        let lock = lock::lock(&node.data)?;
        let key = keys::account(&node.keystore, node.password_file.as_ref())?;
        let account = key.address();
        let site = Site::open(&node.network).await?;
        let secret = keys::node_key(&node.data)?;
        let (client, events) = site.join(&node.data, secret, &node.listen, &node.peers).await?;
        let network = site.as_account(key.clone());
        let feed = Feed::start(&network, site.file.deployed_block, GroupId(node.group), &client, events).await?;
        let member = Member::join(feed.view(), &client).await?;
        member.inherit(&network, site.file.deployed_block).await?;
        bindings::publish(&member, &key, &network.domain()).await?;
        let view = feed.view().clone();
        let machine = machine(&config, account, secret);
        let memory = Memory::open(&node.data)?;
        let notes = Notes::open(&node.data);
        tracing::info!(%account, peer = %client.peer_id(), group = node.group, "trainer started");
        let (results, heard) = (mpsc::channel(RESULTS_LIMIT), feed.spawn());
        Ok(Self {
            config,
            network,
            member,
            heard,
            machine,
            memory,
            results,
            notes,
            run: None,
            ends: Arc::default(),
            now: None,
            last_round: None,
            owed: Owed::default(),
            opened: BTreeSet::new(),
            revealed: Revealed::default(),
            view,
            account,
            secret,
            is_restored: false,
            is_live: false,
            _lock: lock,
        })
    }

    /// Runs until it is asked to stop. The first request lets the round end and gets its deposit back.
    ///
    /// # Errors
    /// Only such as waiting does not cure.
    pub async fn run(mut self, mut stop: watch::Receiver<Stop>) -> Result<()> {
        loop {
            tokio::select! {
                heard = self.heard.recv() => self.hear(heard.context("the feed has ended")??).await,
                Some(input) = self.results.1.recv() => self.feed(input),
                changed = stop.changed() => {
                    changed.context("the signal listener has ended")?;
                    self.ask_to_stop(*stop.borrow());
                }
            }
            if *stop.borrow() == Stop::AtOnce || self.is_finished() {
                self.ends.store(true, Ordering::Relaxed);
                self.member.client.shutdown().await;
                return Ok(());
            }
        }
    }

    fn ask_to_stop(&mut self, stop: Stop) {
        if stop == Stop::Finish {
            let last = self.round();
            self.last_round = Some(last);
            self.cancel(|round| round > last);
            let (coinbases, waiting) = (self.owed.coinbases(), self.owed.waiting());
            tracing::info!(
                coinbases,
                waiting,
                "finishing the round and its deposit; coinbases, and deposits that wait until they are mature, are brought home at a later \
                 start; once more to end at once"
            );
        }
    }

    /// The running round; 0 before the first block.
    fn round(&self) -> RoundNumber {
        self.now.map_or(RoundNumber(0), |now| self.view.clock(now.time_s).round)
    }

    /// Whether neither a request to stop nor the configured number of rounds stands against it.
    fn may_begin(&self, round: RoundNumber) -> bool {
        let has_room = self.config.rounds.is_none_or(|most| (self.opened.len() as u64) < most || self.opened.contains(&round));
        has_room && self.last_round.is_none_or(|last| round <= last)
    }

    fn is_finished(&self) -> bool {
        self.last_round.is_some_and(|last| self.round() > last) && !self.owed.has_deposits()
    }

    async fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Restart => self.restart(),
            Heard::Group(view) => {
                self.view = view.clone();
                self.feed(Input::Group(view));
                self.restore();
            }
            Heard::Event { event, .. } => {
                self.member.note(&event).await;
                self.owed.note(&event, self.account);
                match &event {
                    ChainEvent::Opened { round, .. } => drop(self.opened.insert(*round)),
                    ChainEvent::Revealed(claim) => {
                        self.revealed.note(claim);
                        self.publish(claim);
                    }
                    _ => {}
                }
                if let (ChainEvent::Turned { head, .. } | ChainEvent::Taken { head, .. }, true) = (&event, self.is_live) {
                    roots::tell(&self.member, *head);
                }
                self.feed(Input::Event(event));
            }
            Heard::Block(block) => {
                self.now = Some(block);
                self.feed(Input::Block(block));
            }
            Heard::Live => {
                self.is_live = true;
                roots::tell(&self.member, self.view.head);
                self.feed(Input::Live);
            }
            Heard::Log { .. } => {}
        }
    }

    /// A new machine: history is told to it anew, and what it must not forget is read from disk.
    fn restart(&mut self) {
        self.cancel(|_| true);
        self.machine = machine(&self.config, self.account, self.secret);
        (self.owed, self.revealed) = (Owed::default(), Revealed::default());
        self.is_restored = false;
    }

    fn restore(&mut self) {
        if !std::mem::replace(&mut self.is_restored, true) {
            for Commit { round, file, salt } in self.memory.commits().to_vec() {
                self.feed(Input::Restored { round, file, salt });
            }
        }
    }

    fn feed(&mut self, input: Input) {
        let mut ripe = Vec::new();
        for effect in self.machine.handle(input) {
            match effect {
                Effect::Collect { round } => ripe.push(round),
                effect => self.act(effect),
            }
        }
        ripe.chunks(COLLECTS_LIMIT).for_each(|rounds| self.collect(rounds.to_vec()));
    }

    /// Starts one effect; none of them is waited for here.
    fn act(&mut self, effect: Effect) {
        match effect {
            Effect::Train { round, .. } if !self.may_begin(round) => {}
            Effect::Train { round, attempt, base, head, until_s } => self.train(round, attempt, base, head, until_s),
            Effect::Cancel { round } => self.cancel(|held| held == round),
            Effect::Remember { round, file, salt } => {
                let result = self.memory.remember(Commit { round, file, salt }).map_err(|error| format!("{error:#}"));
                self.feed(Input::Remembered { round, result });
            }
            Effect::Commit { round, seal, max_deposit } => {
                let (network, group) = (self.network.clone(), self.member.group);
                self.send(Transaction::Commit, round, async move { Ok(network.commit(group, round, seal, max_deposit).await.map(drop)?) });
            }
            Effect::Measure { round, base, file, head, seed, commits } => {
                let work = work::claim(self.member.clone(), base, file, Draw { round, head, seed, commits });
                self.spawn(async move { Input::Measured { round, result: work.await.map_err(text) } });
            }
            Effect::Reveal { round, salt, file, measured } => self.reveal(round, salt, file, measured),
            Effect::Check { claim, hash, base, head, seed, commits } => {
                let work = work::is_true(self.member.clone(), claim, base, Draw { round: claim.round, head, seed, commits });
                self.spawn(async move {
                    let result = work.await.map_err(text);
                    tracing::info!(round = claim.round.0, trainer = %claim.trainer, ?result, "checked a better claim");
                    Input::Checked { round: claim.round, claim: hash, result }
                });
            }
            Effect::Concede { round, salt, file, rival } => {
                let (network, group) = (self.network.clone(), self.member.group);
                self.send(Transaction::Concede, round, async move { Ok(network.concede(group, salt, file, rival).await.map(drop)?) });
            }
            Effect::Have { round, file } => self.have(round, file),
            Effect::Settle { round } => {
                let (network, group, own) = (self.network.clone(), self.member.group, self.account);
                self.send(Transaction::Settle, round, async move { Ok(network.settle(group, round, &[own]).await.map(drop)?) });
            }
            Effect::Collect { round } => self.collect(vec![round]),
            Effect::Done(report) => tell(&report),
        }
    }

    fn cancel(&mut self, which: impl Fn(RoundNumber) -> bool) {
        if let Some((_, run)) = self.run.take_if(|(round, _)| which(*round)) {
            run.store(true, Ordering::Relaxed);
        }
    }

    fn train(&mut self, round: RoundNumber, attempt: u32, base: Digest, head: Digest, until_s: u64) {
        let left_s = until_s.saturating_sub(self.now.map_or(until_s, |now| now.time_s));
        let cancelled = Arc::new(AtomicBool::new(false));
        self.cancel(|_| true);
        self.run = Some((round, cancelled.clone()));
        let TrainerConfig { node, training, strategy, device, .. } = &self.config;
        let run = Run {
            round,
            base,
            head,
            revealed: self.revealed.before(round),
            deadline: Instant::now() + Duration::from_secs(left_s),
            seed: self.seed(round),
            settings: training.clone(),
            strategy: *strategy,
            device: *device,
            state: State::at(&node.data),
            cancelled,
            ends: self.ends.clone(),
        };
        let (member, network, notes) = (self.member.clone(), self.network.clone(), self.notes.clone());
        tracing::info!(round = round.0, base = %base, left_s, "training");
        self.spawn(async move {
            // Leave for the deposits is asked for now, so that the commit is one transaction at the end.
            if let Err(error) = network.allow_deposit(member.group).await {
                tracing::warn!(round = round.0, "cannot give leave for the deposit: {error}");
            }
            match run::train(member, run).await {
                Ok(trained) => {
                    if let Some(note) = trained.note {
                        notes.keep(note);
                    }
                    Input::Trained { round, attempt, file: trained.file, base: trained.base, loss: trained.loss }
                }
                Err(error) => Input::TrainFailed { round, attempt, reason: text(error) },
            }
        });
    }

    fn reveal(&mut self, round: RoundNumber, salt: Digest, file: Digest, measured: Measured) {
        let (network, group) = (self.network.clone(), self.member.group);
        self.send(Transaction::Reveal, round, async move {
            let Measured { base, loss, loss_root, .. } = measured;
            let trainer = network.chain().own_address()?;
            let claim = RevealedClaim { group, round, trainer, number: 0, file, base, loss, loss_root };
            Ok(network.reveal(&claim, salt).await.map(drop)?)
        });
    }

    /// Tells how the own file came about, now that everybody may have it.
    fn publish(&self, claim: &RevealedClaim) {
        if claim.trainer != self.account {
            return;
        }
        let (notes, file) = (self.notes.clone(), claim.file);
        let Some(text) = notes.revealed(claim.round, file) else { return };
        let (client, group) = (self.member.client.clone(), self.member.group);
        tokio::spawn(async move {
            match client.append(group, Body::Note(text)).await {
                Ok(_) => notes.told(file),
                Err(error) => tracing::warn!(%file, "cannot tell how it was trained: {error}"),
            }
        });
    }

    fn have(&self, round: RoundNumber, file: Digest) {
        let (client, group) = (self.member.client.clone(), self.member.group);
        tokio::spawn(async move {
            let body = Body::Have { round, file };
            if let Err(error) = client.append(group, body).await {
                tracing::warn!(round = round.0, "cannot announce the file: {error}");
            }
        });
    }

    /// All in one transaction; if that fails one by one, so that none keeps the others back.
    fn collect(&self, rounds: Vec<RoundNumber>) {
        let (network, group, to) = (self.network.clone(), self.member.group, self.config.pay_to.unwrap_or(self.account));
        self.spawn_all(async move {
            let all = network.collect(group, &rounds, to).await.map(drop).map_err(|error| error.to_string());
            let mut inputs = Vec::with_capacity(rounds.len());
            for round in &rounds {
                let result = match &all {
                    Err(_) if rounds.len() > 1 => network.collect(group, &[*round], to).await.map(drop).map_err(|error| error.to_string()),
                    all => all.clone(),
                };
                inputs.push(sent(Transaction::Collect, *round, result));
            }
            inputs
        });
    }

    fn send(&self, what: Transaction, round: RoundNumber, work: impl Future<Output = Result<()>> + Send + 'static) {
        self.spawn(async move { sent(what, round, work.await.map_err(text)) });
    }

    fn spawn(&self, work: impl Future<Output = Input> + Send + 'static) {
        self.spawn_all(async move { vec![work.await] });
    }

    fn spawn_all(&self, work: impl Future<Output = Vec<Input>> + Send + 'static) {
        let results = self.results.0.clone();
        tokio::spawn(async move {
            for input in work.await {
                // The receiver is gone only when the program ends.
                let _ = results.send(input).await;
            }
        });
    }

    /// The order of examples differs between trainers and rounds; a configured seed is not needed for that.
    fn seed(&self, round: RoundNumber) -> u64 {
        let hash = keccak256(&[SEEDS, &self.secret[..], &round.0.to_be_bytes()].concat());
        u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
    }
}

fn machine(config: &TrainerConfig, account: Address, secret: [u8; 32]) -> Trainer {
    let node = &config.node;
    // Salts come from a secret of their own, so that no salt tells anything about the node's key.
    let secret = keccak256(&[SALTS, &secret[..]].concat());
    Trainer::new(Config { group: GroupId(node.group), account, edge_s: node.edge_s, commit_s: COMMIT_S, unpaid: config.unpaid, secret })
}

/// Tells how a transaction went, and makes it an answer for the machine.
fn sent(what: Transaction, round: RoundNumber, result: Result<(), String>) -> Input {
    match &result {
        Ok(()) => tracing::info!(round = round.0, ?what, "done"),
        Err(error) => tracing::warn!(round = round.0, ?what, "{error}"),
    }
    Input::Sent { what, round, result }
}

fn text(error: anyhow::Error) -> String {
    format!("{error:#}")
}

fn tell(report: &RoundReport) {
    let (base, loss) = report.revealed.map_or((0, 0), |measured| (measured.base.0, measured.loss.0));
    let trouble = report.trouble.as_deref().unwrap_or("");
    let (outcome, won, conceded) = (report.outcome, report.won, report.conceded);
    tracing::info!(round = report.round.0, ?outcome, won, conceded, base, loss, trouble, "round is over");
}
