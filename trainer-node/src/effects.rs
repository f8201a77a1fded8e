//! What a trainer does for its machine.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use chain::{ChainError, Errand, Urgency};
use governance::Network;
use node::{
    Answers, Host, Member, Node, Program, Scene, Shell, Upkeep, host, http, logging,
    machine::{self, Place},
    member::blocking,
    roots,
    stop::Stop,
    upkeep::Call,
    vitals,
};
use protocol::{
    Address, Digest, RoundNumber,
    chain::RevealedClaim,
    keccak256,
    log::Body,
    trainer::{self, Effect, Failed, Input, Measured, RaceReport, Remembered, Transaction},
};
use tokio::sync::watch;
use trainer_node::config::TrainerConfig;
use training::Device;

use crate::{
    memory::{self, Memory},
    notes::{self, Notes},
    run::{self, Run},
    state::{self, State},
    turns::Turns,
    work::{self, Draw},
};

/// Seconds kept at the end of TRAIN for storing the file and committing.
const COMMIT_S: u64 = 1;

/// The calls of a round and the gas that they need as long as none was measured.
const CALLS: [Call; 3] = [("commit", 200_000), ("reveal", 120_000), ("settle", 80_000)];

/// What the program is called where it shows itself.
const PROGRAM: vitals::Program = vitals::Program { name: "trainer-node", calls: &CALLS, needs_peers: true };

/// Files of one's own that stay though no round needs them any more.
const OWN_KEPT: usize = 8;

/// Keeps the secret behind seals apart from the node's key.
const SALTS: &[u8] = b"neuron salts 1";
/// The same for what orders examples, which notes tell.
const SEEDS: &[u8] = b"neuron seeds 1";

/// Hands and memory of a trainer.
pub struct Hands {
    config: TrainerConfig,
    network: Network,
    member: Member,
    memory: Memory,
    notes: Notes,
    state: State,
    /// What belongs to this group.
    folder: PathBuf,
    turns: Turns,
    /// The training run, and the flag that cancels it.
    run: Option<(RoundNumber, Arc<AtomicBool>)>,
    upkeep: Upkeep,
    /// Whether the program ends.
    ends: Arc<AtomicBool>,
    account: Address,
    secret: [u8; 32],
}

/// Races in all groups until asked to stop.
///
/// # Errors
/// Whatever is missing or wrong, with what to do about it.
pub async fn serve(config: TrainerConfig, stop: watch::Receiver<Stop>) -> Result<()> {
    if let Device::Cuda(number) = config.device {
        let place = Place::Gpu(u32::try_from(number).unwrap_or(u32::MAX));
        blocking(move || machine::choose(place)).await?;
    }
    if let Some(command) = config.training.command() {
        let program = command.program()?;
        tracing::info!(program = %program.display(), "a command trains");
    }
    let (host, turns) = (Host::open(&config.node, PROGRAM).await?, Turns::default());
    let room = http::open(&config.http, http::served(&host.client, &host.vitals)).await?;
    host.serve(stop, move |node| start(config.clone(), turns.clone(), node)).await?;
    http::close(room).await;
    Ok(())
}

fn start(config: TrainerConfig, turns: Turns, node: Node) -> Result<Shell<Hands>> {
    let upkeep = Upkeep::of(&config.node)?;
    host::adopt(&node.folder, &[memory::NAME, notes::NAME, state::NAME])?;
    let (memory, notes, state) = (Memory::open(&node.folder)?, Notes::open(&node.folder), State::at(&node.folder));
    let (account, secret, folder) = (node.account.address(), node.secret, node.folder.clone());
    let machine = machine(&config, &node, memory.commits());
    let (network, member) = (node.network.clone(), node.member.clone());
    tracing::info!(%account, peer = %member.client.peer_id(), group = member.group.0, "trainer started");
    Ok(node.shell(
        machine,
        Hands { config, network, member, memory, notes, state, folder, turns, run: None, upkeep, ends: Arc::default(), account, secret },
    ))
}

fn machine(config: &TrainerConfig, node: &Node, commits: &[Remembered]) -> trainer::Trainer {
    let (group, account, tempo) = (node.member.group, node.account.address(), node.tempo);
    // Salts come from a secret of their own, so that no salt tells anything about the node's key.
    let secret = keccak256(&[SALTS, &node.secret[..]].concat());
    let config = trainer::Config { group, account, tempo, commit_s: COMMIT_S, unpaid: config.unpaid, rounds: config.rounds, secret };
    trainer::Trainer::new(config, commits.iter().copied())
}

/// A run that the program's end stops is saved, so that the next start goes on with it.
impl Drop for Hands {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
    }
}

impl Program for Hands {
    type Machine = trainer::Trainer;

    fn act(&mut self, effect: Effect, scene: Scene<'_>, answers: &Answers<Input>) -> Option<Input> {
        let (member, group) = (self.member.clone(), self.member.group);
        match effect {
            Effect::Train { round, attempt, base, head, starts, until_s } => {
                let left_s = until_s.saturating_sub(scene.now.map_or(until_s, |now| now.time_s));
                let run = self.run(round, base, head, starts, left_s);
                self.train(run, attempt, scene.view.opened, answers);
            }
            Effect::Cancel { round } => self.cancel(|held| held == round),
            Effect::Remember { round, file, salt } => {
                let result = self.memory.remember(Remembered { round, file, salt }).map_err(text);
                self.keep_own();
                return Some(Input::Remembered { round, result });
            }
            Effect::Commit { round, seal, max_deposit } => {
                let network = self.on(Transaction::Commit, round, scene);
                send(
                    answers,
                    Transaction::Commit,
                    round,
                    async move { Ok(network.commit(group, round, seal, max_deposit).await.map(drop)?) },
                );
            }
            Effect::Measure { round, base, file, head, seed, commits } => {
                let work = work::claim(member, base, file, Draw { round, head, seed, commits });
                answers.spawn(async move { [Input::Measured { round, result: work.await.map_err(text) }] });
            }
            Effect::Reveal { round, salt, file, measured } => {
                let Measured { base, loss, loss_root, .. } = measured;
                let claim = RevealedClaim { group, round, trainer: self.account, number: 0, file, base, loss, loss_root };
                let network = self.on(Transaction::Reveal, round, scene);
                send(answers, Transaction::Reveal, round, async move { Ok(network.reveal(&claim, salt).await.map(drop)?) });
            }
            Effect::Check { claim, hash, base, head, seed, commits } => {
                let work = work::is_true(member, claim, base, Draw { round: claim.round, head, seed, commits });
                answers.spawn(async move {
                    let result = work.await.map_err(text);
                    tracing::info!(round = claim.round.0, trainer = %claim.trainer, ?result, "checked a better claim");
                    [Input::Checked { round: claim.round, claim: hash, result }]
                });
            }
            Effect::Concede { round, salt, file, rival } => {
                let network = self.on(Transaction::Concede, round, scene);
                send(answers, Transaction::Concede, round, async move { Ok(network.concede(group, salt, file, rival).await.map(drop)?) });
            }
            Effect::Have { round, file } => self.have(round, file),
            Effect::Settle { round } => {
                let (own, network) = (self.account, self.on(Transaction::Settle, round, scene));
                send(answers, Transaction::Settle, round, async move { Ok(network.settle(group, round, &[own]).await.map(drop)?) });
            }
            Effect::Collect { rounds } => self.collect(rounds, scene, answers),
            Effect::Publish { round, file } => self.publish(round, file),
            Effect::TellRoot { head } => roots::tell(&member, head),
            Effect::Doubled { message } => tell_double(message),
            Effect::Finishing { coinbases, waiting } => tell_finishing(coinbases, waiting),
            Effect::Done(report) => tell(&report),
        }
        None
    }
}

impl Hands {
    fn cancel(&mut self, which: impl Fn(RoundNumber) -> bool) {
        if let Some((_, run)) = self.run.take_if(|(round, _)| which(*round)) {
            run.store(true, Ordering::Relaxed);
        }
    }

    /// Files that were committed stay: nobody else has them before they are revealed.
    fn keep_own(&self) {
        let (client, group) = (self.member.client.clone(), self.member.group);
        let files = self.memory.commits().iter().rev().take(OWN_KEPT).map(|commit| commit.file).collect();
        tokio::spawn(async move {
            if let Err(error) = client.pin_only(&format!("own of group {group}"), files).await {
                tracing::warn!("own files are not pinned: {error}");
            }
        });
    }

    /// The network for one transaction: how urgent it is, until when it is worth anything, and how much.
    fn on(&self, what: Transaction, round: RoundNumber, scene: Scene<'_>) -> Network {
        let (urgency, worth) = match what {
            Transaction::Commit | Transaction::Reveal => (Urgency::Phase, self.upkeep.of_round(scene.view.least_deposit)),
            Transaction::Concede => (Urgency::Phase, self.upkeep.worth(scene.view.least_deposit)),
            Transaction::Settle => (Urgency::Settle, self.upkeep.worth(scene.view.least_deposit)),
            Transaction::Collect => (Urgency::Leisure, self.upkeep.of_round(scene.view.least_deposit)),
        };
        let about = format!("group {}, round {round}", scene.view.id);
        self.network.through(&self.network.chain().on(Errand { urgency, until_s: what.until_s(scene.view, round), worth, about }))
    }

    fn run(&mut self, round: RoundNumber, base: Digest, head: Digest, revealed: Vec<Digest>, left_s: u64) -> Run {
        let cancelled = Arc::new(AtomicBool::new(false));
        self.cancel(|_| true);
        self.run = Some((round, cancelled.clone()));
        let TrainerConfig { training, strategy, device, .. } = &self.config;
        tracing::info!(round = round.0, base = %base, left_s, "training");
        Run {
            round,
            base,
            head,
            revealed,
            deadline: Instant::now() + Duration::from_secs(left_s),
            seed: self.seed(round),
            training: training.clone(),
            strategy: *strategy,
            device: *device,
            state: self.state.clone(),
            folder: self.folder.clone(),
            turns: self.turns.clone(),
            cancelled,
            ends: self.ends.clone(),
        }
    }

    fn train(&self, run: Run, attempt: u32, last: Option<RoundNumber>, answers: &Answers<Input>) {
        let (member, network, notes, round) = (self.member.clone(), self.network.clone(), self.notes.clone(), run.round);
        let upkeep = self.upkeep.clone();
        answers.spawn(async move {
            let group = member.group;
            if let Err(reason) = upkeep.check(&network, group, last, &CALLS, |reward| reward).await {
                return [Input::TrainFailed { round, attempt, reason }];
            }
            // Leave for the deposits is asked for meanwhile, so that the commit is one transaction at the end.
            let (allowed, trained) = tokio::join!(network.allow_deposit(group), run::train(member, run));
            if let Err(error) = allowed {
                tracing::warn!(round = round.0, "cannot give leave for the deposit: {error}");
            }
            [match trained {
                Ok(trained) => {
                    if let Some(note) = trained.note {
                        notes.keep(note);
                    }
                    Input::Trained { round, attempt, file: trained.file, base: trained.base, loss: trained.loss }
                }
                Err(error) => Input::TrainFailed { round, attempt, reason: text(error) },
            }]
        });
    }

    /// Tells how the own file came about, now that everybody may have it.
    fn publish(&self, round: RoundNumber, file: Digest) {
        let notes = self.notes.clone();
        let Some(told) = notes.revealed(round, file) else { return };
        let (client, group) = (self.member.client.clone(), self.member.group);
        tokio::spawn(async move {
            match client.append(group, Body::Training(told)).await {
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

    fn collect(&self, rounds: Vec<RoundNumber>, scene: Scene<'_>, answers: &Answers<Input>) {
        let first = rounds.first().copied().unwrap_or_default();
        let network = self.on(Transaction::Collect, first, scene);
        let (group, to) = (self.member.group, self.config.pay_to.unwrap_or(self.account));
        answers.spawn(async move {
            let result = network.collect(group, &rounds, to).await.map(drop).map_err(|error| failed(&error.into()));
            rounds.into_iter().map(|round| sent(Transaction::Collect, round, result.clone())).collect::<Vec<_>>()
        });
    }

    /// The order of examples differs between trainers and rounds; a configured seed is not needed for that.
    fn seed(&self, round: RoundNumber) -> u64 {
        let hash = keccak256(&[SEEDS, &self.secret[..], &round.0.to_be_bytes()].concat());
        u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
    }
}

fn send(answers: &Answers<Input>, what: Transaction, round: RoundNumber, work: impl Future<Output = Result<()>> + Send + 'static) {
    answers.spawn(async move { [sent(what, round, work.await.map_err(|error| failed(&error)))] });
}

/// Tells how a transaction went, and makes it an answer for the machine.
fn sent(what: Transaction, round: RoundNumber, result: Result<(), Failed>) -> Input {
    match &result {
        Ok(()) => tracing::info!(round = round.0, ?what, "done"),
        Err(Failed::Refused(reason)) => tracing::warn!(round = round.0, ?what, "{reason}"),
        Err(Failed::Passing(reason)) => tracing::warn!(round = round.0, ?what, "not sent, trying on: {reason}"),
    }
    Input::Sent { what, round, result }
}

/// Only the contract, or a rule of the chain, can refuse; whatever else goes wrong passes.
fn failed(error: &anyhow::Error) -> Failed {
    let is_refusal = error.downcast_ref::<ChainError>().is_some_and(ChainError::is_refusal);
    let reason = logging::told(error);
    if is_refusal { Failed::Refused(reason) } else { Failed::Passing(reason) }
}

fn text(error: anyhow::Error) -> String {
    logging::told(&error)
}

fn tell(report: &RaceReport) {
    let (base, loss) = report.revealed.map_or((0, 0), |measured| (measured.base.0, measured.loss.0));
    let trouble = report.trouble.as_deref().unwrap_or("");
    let (outcome, won, conceded) = (report.outcome, report.won, report.conceded);
    tracing::info!(round = report.round.0, ?outcome, won, conceded, base, loss, trouble, "round is over");
}

fn tell_double(message: Digest) {
    tracing::error!(
        %message,
        "another process writes into the log with this node's key since this one began: if it races with the same account, both pay \
         deposits for one prize; stop one of the two, or give it a data folder, a node.key and an account of its own"
    );
}

fn tell_finishing(coinbases: usize, waiting: usize) {
    tracing::info!(
        coinbases,
        waiting,
        "finishing the round and its deposit; coinbases, and deposits that wait until they are mature, are brought home at a later start"
    );
}
