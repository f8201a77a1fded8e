//! The shell around the machines of validator, steward, warden and jury: what they hear goes in, what they ask for is done.

use anyhow::{Context, Result};
use chain::Account;
use governance::Network;
use node::{
    Feed, Heard, Member, Site,
    bindings::{self, Bindings},
    keys,
    lock::{self, Lock},
    roots,
    signing::Signing,
    stop::Stop,
};
use protocol::{
    Digest, GroupId, NodeId, PositionNumber, RoundNumber,
    bounty::Findings,
    chain::{ChainEvent, GroupView},
    eip712::{Finding, SignedVerdict, Verdict},
    jury::{self, Jury},
    log::{Binding, Body, FindingBody},
    steward::{self, Steward},
    validator::{self, Effect, Input, RoundReport, Validator},
    warden::{self, Warden},
};
use tokio::sync::{mpsc, watch};

use crate::{config::ValidatorConfig, duties::Duties, juror::Juror, work::Bench};

/// Results that wait for the machines.
const RESULTS_LIMIT: usize = 64;

/// An answer to an effect of one of the machines.
enum Answer {
    Validator(Input),
    Steward(steward::Input),
    Warden(warden::Input),
    Jury(jury::Input),
}

/// What is made anew when history is told anew.
struct Machines {
    validator: Validator,
    steward: Steward,
    warden: Warden,
    jury: Jury,
}

/// A running validator.
pub struct Shell {
    config: ValidatorConfig,
    network: Network,
    account: Account,
    bench: Bench,
    heard: mpsc::Receiver<Result<Heard>>,
    machines: Machines,
    signing: Signing,
    bindings: Bindings,
    /// Verdicts that one transaction can bring on this chain.
    verdicts_a_call: usize,
    view: GroupView,
    is_live: bool,
    results: (mpsc::Sender<Answer>, mpsc::Receiver<Answer>),
    _lock: Lock,
}

impl Shell {
    /// Opens key, signing log, chain and network, and fetches the group's manifest.
    ///
    /// # Errors
    /// Whatever is missing or wrong, with what to do about it.
    pub async fn start(config: ValidatorConfig) -> Result<Self> {
        let node = &config.node;
        let lock = lock::lock(&node.data)?;
        let account = keys::account(&node.keystore, node.password_file.as_ref())?;
        let signing = Signing::open(&node.data)?;
        let site = Site::open(&node.network).await?;
        let (client, events) = site.join(&node.data, keys::node_key(&node.data)?, &node.listen, &node.peers).await?;
        let network = site.as_account(account.clone());
        let group = GroupId(node.group);
        let feed = Feed::start(&network, site.file.deployed_block, group, &client, events).await?;
        let view = feed.view().clone();
        let member = Member::join(&view, &client).await?;
        member.inherit(&network, site.file.deployed_block).await?;
        bindings::publish(&member, &account, &network.domain()).await?;
        let bindings = Bindings::new(network.domain());
        let verdicts_a_call = validator::verdicts_a_call(network.chain().block_gas_limit().await?);
        let machines = machines(&config, &network, &account, verdicts_a_call);
        tracing::info!(signer = %account.address(), peer = %client.peer_id(), group = node.group, "validator started");
        match view.position_of(account.address()) {
            None => {
                tracing::warn!(signer = %account.address(), "no position of the group has this signer yet: bond stake for it (`neuron stake bond`)");
            }
            Some(position) if !position.awake_next => tell_sleep(position.sleeps_until, network.stake().epoch().await?),
            Some(_) => {}
        }
        let bench = Bench::new(member, account.address());
        let (results, heard) = (mpsc::channel(RESULTS_LIMIT), feed.spawn());
        Ok(Self {
            config,
            network,
            account,
            bench,
            heard,
            machines,
            signing,
            bindings,
            verdicts_a_call,
            view,
            is_live: false,
            results,
            _lock: lock,
        })
    }

    /// Runs until it is asked to stop; nothing that it began can be lost, so the first request ends it.
    ///
    /// # Errors
    /// Only such as waiting does not cure.
    pub async fn run(mut self, mut stop: watch::Receiver<Stop>) -> Result<()> {
        while *stop.borrow() == Stop::GoOn {
            tokio::select! {
                heard = self.heard.recv() => self.hear(heard.context("the feed has ended")??).await,
                Some(answer) = self.results.1.recv() => match answer {
                    Answer::Validator(input) => self.feed(input),
                    Answer::Steward(input) => self.feed_steward(input),
                    Answer::Warden(input) => self.feed_warden(input),
                    Answer::Jury(input) => self.feed_jury(input),
                },
                changed = stop.changed() => changed.context("the signal listener has ended")?,
            }
        }
        self.bench.member.client.shutdown().await;
        Ok(())
    }

    async fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Restart => {
                self.machines = machines(&self.config, &self.network, &self.account, self.verdicts_a_call);
                // Answers to what the old machines asked are nobody's.
                self.results = mpsc::channel(RESULTS_LIMIT);
            }
            Heard::Group(view) => {
                self.view = view.clone();
                self.feed_steward(steward::Input::Group(view.clone()));
                self.feed_warden(warden::Input::Group(view.clone()));
                self.feed_jury(jury::Input::Group(view.clone()));
                self.feed(Input::Group(view));
            }
            Heard::Event { event, .. } => {
                self.bench.member.note(&event).await;
                self.serve(&event);
                self.feed_steward(steward::Input::Event(event.clone()));
                self.feed_warden(warden::Input::Event(event.clone()));
                self.feed_jury(jury::Input::Event(event.clone()));
                self.feed(Input::Event(event));
            }
            Heard::Block(block) => {
                self.feed(Input::Block(block));
                self.feed_warden(warden::Input::Block(block));
                self.feed_jury(jury::Input::Block(block));
                if self.is_live {
                    self.feed_steward(steward::Input::Block(block));
                }
            }
            Heard::Live => {
                self.is_live = true;
                roots::tell(&self.bench.member, self.view.head);
                self.feed(Input::Live);
                self.feed_warden(warden::Input::Live);
                self.feed_jury(jury::Input::Live);
            }
            Heard::Log { author, body } => self.read(author, body),
        }
    }

    fn read(&mut self, author: NodeId, body: Body) {
        match body {
            Body::Verdict(verdict) => {
                self.feed(Input::Heard(verdict));
                self.feed_warden(warden::Input::Heard(verdict));
            }
            Body::Finding(finding) => self.feed_jury(jury::Input::Heard(finding)),
            Body::Alarm { verdict, .. } => self.feed_warden(warden::Input::Alarmed(verdict)),
            Body::Choice(choice) => self.feed_steward(steward::Input::Heard(choice)),
            Body::Binding(binding) => self.bind(author, &binding),
            Body::Have { round, file } => {
                let position = self.bindings.account(author).and_then(|account| self.view.position_of(account));
                if let Some(position) = position.map(|position| position.number) {
                    self.feed(Input::Have { round, file, position });
                    self.feed_jury(jury::Input::Have { round, file, position });
                }
            }
            _ => {}
        }
    }

    /// Nodes of stake have room of their own in the log; strangers share what is left.
    fn bind(&mut self, author: NodeId, binding: &Binding) {
        self.bindings.note(author, binding);
        let has_stake = self.bindings.account(author).is_some_and(|account| self.view.position_of(account).is_some());
        if has_stake {
            let (client, group) = (self.bench.member.client.clone(), self.bench.member.group);
            tokio::spawn(async move { client.trust(group, author).await });
        }
    }

    /// Holds the bodies of proposed deltas, and tells the root of each new set.
    fn serve(&self, event: &ChainEvent) {
        let bench = self.bench.clone();
        match event {
            ChainEvent::Proposed { delta, digest, .. } if self.is_live => {
                let (delta, digest) = (*delta, *digest);
                tokio::spawn(async move {
                    match bench.member.body(digest).await {
                        Ok(_) => bench.announce(RoundNumber(0), digest).await,
                        Err(error) => tracing::warn!(%delta, "{error:#}"),
                    }
                });
            }
            ChainEvent::Turned { head, .. } | ChainEvent::Taken { head, .. } if self.is_live => roots::tell(&bench.member, *head),
            ChainEvent::Dozed { position, until, .. } if self.is_live && self.is_own(*position) => tell_sleep(*until, 0),
            _ => {}
        }
    }

    fn is_own(&self, position: PositionNumber) -> bool {
        self.view.position_of(self.account.address()).is_some_and(|own| own.number == position)
    }

    fn feed(&mut self, input: Input) {
        for effect in self.machines.validator.handle(input) {
            self.act(effect);
        }
    }

    fn feed_steward(&mut self, input: steward::Input) {
        let Some(effect) = self.machines.steward.handle(input) else { return };
        let (network, group) = (self.network.clone(), self.bench.member.group);
        self.spawn(async move {
            let (what, result) = match effect {
                steward::Effect::Cast(choices) => ("cast", network.cast(group, &choices).await.map(drop)),
                steward::Effect::Turn(_) => ("turn", network.turn(group).await.map(drop)),
            };
            match result {
                Ok(()) => tracing::info!(what, "done"),
                Err(error) => tracing::warn!(what, "{error}"),
            }
            Answer::Steward(steward::Input::Failed)
        });
    }

    fn feed_warden(&mut self, input: warden::Input) {
        for effect in self.machines.warden.handle(input) {
            let duties = Duties { network: self.network.clone(), bench: self.bench.clone(), view: self.view.clone() };
            self.spawn_some(async move { duties.act(effect).await.map(Answer::Warden) });
        }
    }

    fn feed_jury(&mut self, input: jury::Input) {
        for effect in self.machines.jury.handle(input) {
            if let jury::Effect::Sign { message, findings } = effect {
                self.sign_finding(message, findings);
                continue;
            }
            let juror = Juror { network: self.network.clone(), bench: self.bench.clone() };
            self.spawn_some(async move { juror.act(effect).await.map(Answer::Jury) });
        }
    }

    /// Starts one effect; only signing is done here, for there is one signing log.
    fn act(&mut self, effect: Effect) {
        let bench = self.bench.clone();
        match effect {
            Effect::MeasureBase { round, checkpoint, head, seed } => self.answer(async move {
                let result = bench.base(round, checkpoint, head, seed).await.map_err(|error| format!("{error:#}"));
                Input::BaseMeasured { round, result }
            }),
            Effect::Fetch { round, file } => self.answer(async move { Input::Fetched { round, file, result: bench.fetch(file).await } }),
            Effect::Announce { round, file } => drop(tokio::spawn(async move { bench.announce(round, file).await })),
            Effect::Measure { claim, hash, commits, .. } => self.answer(async move {
                let finding = bench.claim(&claim, commits).await;
                tracing::info!(round = claim.round.0, trainer = %claim.trainer, ?finding, "measured");
                Input::Measured { round: claim.round, claim: hash, finding }
            }),
            Effect::Sign(verdict) => self.sign(verdict),
            Effect::Post { round, claim, verdicts } => self.post(round, claim, verdicts),
            Effect::Done(report) => tell(&report),
        }
    }

    fn sign(&mut self, verdict: Verdict) {
        let round = verdict.round;
        let signed = match self.signing.sign(verdict, &self.account, &self.network.domain()) {
            Ok(signed) => signed,
            Err(error) => return self.feed(Input::Refused { round, reason: format!("{error:#}") }),
        };
        let member = self.bench.member.clone();
        self.answer(async move {
            let body = Body::Verdict(signed);
            match member.client.append(member.group, body).await {
                Ok(_) => Input::Signed(signed),
                Err(error) => Input::Untold { round, reason: error.to_string() },
            }
        });
    }

    fn sign_finding(&mut self, message: Finding, findings: Findings) {
        let (bounty, window) = (message.bounty, message.window);
        let signed = match self.signing.sign_finding(message, &self.account, &self.network.domain()) {
            Ok(signed) => signed,
            Err(error) => {
                tracing::error!(%bounty, window, "{error:#}");
                return self.feed_jury(jury::Input::Refused { bounty, window });
            }
        };
        let (member, body) = (self.bench.member.clone(), FindingBody { message, signature: signed.signature, findings });
        self.spawn(async move {
            // One's own comes back from the log; what cannot be told there is at least brought to the chain from here.
            if let Err(error) = member.client.append(member.group, Body::Finding(body.clone())).await {
                tracing::warn!(%bounty, window, "the finding cannot be told: {error}");
            }
            Answer::Jury(jury::Input::Heard(body))
        });
    }

    fn post(&self, round: RoundNumber, claim: Digest, verdicts: Vec<(PositionNumber, SignedVerdict)>) {
        let (network, group) = (self.network.clone(), self.bench.member.group);
        self.answer(async move {
            let result = network.judge(group, round, claim, &verdicts).await.map(drop).map_err(|error| error.to_string());
            match &result {
                Ok(()) => tracing::info!(round = round.0, verdicts = verdicts.len(), "verdicts posted"),
                Err(error) => tracing::warn!(round = round.0, "verdicts not posted: {error}"),
            }
            Input::Posted { round, result }
        });
    }

    fn answer(&self, work: impl Future<Output = Input> + Send + 'static) {
        self.spawn(async move { Answer::Validator(work.await) });
    }

    fn spawn(&self, work: impl Future<Output = Answer> + Send + 'static) {
        self.spawn_some(async move { Some(work.await) });
    }

    fn spawn_some(&self, work: impl Future<Output = Option<Answer>> + Send + 'static) {
        let results = self.results.0.clone();
        tokio::spawn(async move {
            if let Some(answer) = work.await {
                // The receiver is gone only when the program ends.
                let _ = results.send(answer).await;
            }
        });
    }
}

/// Says to whoever runs this node that its position does not count, and what to do.
fn tell_sleep(until: u64, epoch: u64) {
    if until > epoch {
        let call_from = until.saturating_sub(1);
        tracing::warn!(
            until,
            "the position was put to sleep for its absence: `neuron stake wake` in epoch {call_from} or later, it counts from the next one on"
        );
    } else {
        tracing::warn!("the position rests: `neuron stake wake` lets it count from the next epoch on");
    }
}

fn machines(config: &ValidatorConfig, network: &Network, account: &Account, verdicts_a_call: usize) -> Machines {
    let (group, signer, domain) = (GroupId(config.node.group), account.address(), network.domain());
    let (edge_s, step_s, compound_part) = (config.node.edge_s, config.step_s, config.compound_part);
    Machines {
        validator: Validator::new(validator::Config { group, domain, signer, edge_s, step_s, verdicts_a_call }),
        steward: Steward::new(steward::Config { group, domain, signer, edge_s, step_s }),
        warden: Warden::new(warden::Config { group, domain, signer, edge_s, step_s, compound_part, verdicts_a_call }),
        jury: Jury::new(jury::Config { group, domain, signer, edge_s, step_s, findings_a_call: verdicts_a_call }),
    }
}

fn tell(report: &RoundReport) {
    let trouble = report.trouble.as_deref().unwrap_or("");
    tracing::info!(round = report.round.0, claims = report.claims, signed = ?report.signed, outcome = ?report.outcome, trouble, "round is over");
}
