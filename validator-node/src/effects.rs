//! What a validator does for its machines.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use chain::{Account, Errand, Urgency};
use governance::Network;
use node::{
    Answers, Host, Node, Program, Scene, Shell, Upkeep, http, logging, machine, member::blocking, patience::patient, roots,
    signing::Signing, stop::Stop, upkeep::Call, vitals,
};
use protocol::{
    DeltaNumber, Digest, PositionNumber, RoundNumber, Wei,
    bounty::Findings,
    eip712::{Finding, SignedVerdict, Verdict},
    jury,
    log::{Body, FindingBody},
    pace::Tempo,
    panel::{self, Answer, Panel},
    rules, steward, validator,
    validator::{Doubt, Input, RecheckReport},
};
use tokio::sync::watch;
use validator_node::config::ValidatorConfig;

use crate::{
    duties::{self, Duties},
    juror::Juror,
    work::Bench,
};

/// The calls of a round and the gas that they need as long as none was measured.
const CALLS: [Call; 1] = [("judge", 600_000)];

/// What the program is called where it shows itself.
const PROGRAM: vitals::Program = vitals::Program { name: "validator-node", calls: &CALLS, needs_peers: true };

/// Hands and signing log of a validator.
pub struct Hands {
    network: Network,
    account: Account,
    bench: Bench,
    /// Of each kind there is one log for all groups; nothing else signs.
    signing: Arc<Mutex<Signing>>,
    upkeep: Upkeep,
}

/// Validates in all groups until asked to stop.
///
/// # Errors
/// Whatever is missing or wrong, with what to do about it.
pub async fn serve(config: ValidatorConfig, stop: watch::Receiver<Stop>) -> Result<()> {
    let place = config.evaluator.device;
    blocking(move || machine::choose(place)).await?;
    let host = Host::open(&config.node, PROGRAM).await?.with_copies();
    let room = http::open(&config.http, http::served(&host.client, &host.vitals)).await?;
    let signing = Arc::new(Mutex::new(Signing::open(&config.node.data)?));
    let gas = patient("reading how much a block holds", || async { Ok(host.network.chain().block_gas_limit().await?) }).await?;
    let verdicts_a_call = validator::verdicts_a_call(gas);
    host.serve(stop, move |node| start(&config, verdicts_a_call, signing.clone(), node)).await?;
    http::close(room).await;
    Ok(())
}

fn start(config: &ValidatorConfig, verdicts_a_call: usize, signing: Arc<Mutex<Signing>>, node: Node) -> Result<Shell<Hands>> {
    let upkeep = Upkeep::of(&config.node)?;
    let (network, account, signer, group) = (node.network.clone(), node.account.clone(), node.account.address(), node.member.group);
    let machine = Panel::new(panel::Config {
        group,
        domain: network.domain(),
        signer,
        tempo: Tempo { step_s: config.step_s, ..node.tempo },
        compound_part: config.compound_part,
        verdicts_a_call,
        signed: locked(&signing).verdicts().of(group),
        doppelganger_check: config.doppelganger_check,
    });
    tracing::info!(%signer, peer = %node.member.client.peer_id(), group = group.0, "validator started");
    if node.view().position_of(signer).is_none() {
        tracing::warn!(%signer, group = group.0, "no position of the group has this signer yet: bond stake for it (`neuron stake bond`)");
    }
    let bench = Bench::new(node.member.clone(), signer);
    Ok(node.shell(machine, Hands { network, account, bench, signing, upkeep }))
}

/// What panicked while it was held had nothing half written: a line that was not synced does not count.
fn locked(signing: &Mutex<Signing>) -> MutexGuard<'_, Signing> {
    signing.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Program for Hands {
    type Machine = Panel;

    fn act(&mut self, effect: panel::Effect, scene: Scene<'_>, answers: &Answers<Answer>) -> Option<Answer> {
        match effect {
            panel::Effect::Validator(effect) => return self.judge(effect, scene, answers).map(Answer::Validator),
            panel::Effect::Steward(effect) => self.steward(effect, answers),
            panel::Effect::Warden(effect) => {
                let network = duties::network_for(&self.network, &effect, scene);
                let duties = Duties { network, bench: self.bench.clone(), view: scene.view.clone() };
                answers.spawn(async move { duties.act(effect).await.map(Answer::Warden) });
            }
            panel::Effect::Jury(jury::Effect::Sign { message, findings }) => {
                return self.sign_finding(message, findings, answers).map(Answer::Jury);
            }
            panel::Effect::Jury(effect) => {
                let juror = Juror { network: self.network.clone(), bench: self.bench.clone() };
                answers.spawn(async move { juror.act(effect).await.map(Answer::Jury) });
            }
            panel::Effect::Hold { delta, digest } => self.hold(delta, digest),
            panel::Effect::TellRoot { head } => roots::tell(&self.bench.member, head),
            panel::Effect::Asleep { until, epoch } => tell_sleep(until, epoch),
        }
        None
    }
}

impl Hands {
    fn hold(&self, delta: DeltaNumber, digest: Digest) {
        let bench = self.bench.clone();
        tokio::spawn(async move {
            match bench.member.body(digest).await {
                Ok(_) => bench.announce(RoundNumber(0), digest).await,
                Err(error) => tracing::warn!(%delta, "{}", logging::told(&error)),
            }
        });
    }

    fn steward(&self, effect: steward::Effect, answers: &Answers<Answer>) {
        let (network, group) = (self.network.clone(), self.bench.member.group);
        answers.spawn(async move {
            let (what, result) = match effect {
                steward::Effect::Cast(choices) => ("cast", network.cast(group, &choices).await.map(drop)),
                steward::Effect::Turn(_) => ("turn", network.turn(group).await.map(drop)),
            };
            match result {
                Ok(()) => tracing::info!(what, "done"),
                Err(error) => tracing::warn!(what, "{error}"),
            }
            [Answer::Steward(steward::Input::Failed)]
        });
    }

    fn judge(&mut self, effect: validator::Effect, scene: Scene<'_>, answers: &Answers<Answer>) -> Option<Input> {
        use validator::Effect;
        let bench = self.bench.clone();
        match effect {
            Effect::MeasureBase { round, checkpoint, head, seed } => judged(answers, async move {
                let result = bench.base(round, checkpoint, head, seed).await.map_err(|error| logging::told(&error));
                Input::BaseMeasured { round, result }
            }),
            Effect::Fetch { round, file } => {
                let left_s = left_s(scene, round);
                judged(answers, async move { Input::Fetched { round, file, result: bench.fetch(file, left_s).await } })
            }
            Effect::Announce { round, file } => drop(tokio::spawn(async move { bench.announce(round, file).await })),
            Effect::Measure { claim, hash, commits, .. } => judged(answers, async move {
                let finding = bench.claim(&claim, commits).await;
                tracing::info!(round = claim.round.0, trainer = %claim.trainer, ?finding, "measured");
                Input::Measured { round: claim.round, claim: hash, finding }
            }),
            Effect::Sign(verdict) => return self.sign(verdict, answers),
            Effect::Post { round, claim, verdicts } => self.post(round, claim, verdicts, scene, answers),
            Effect::Doubt(doubt) => tell_doubt(doubt),
            Effect::Done(report) => tell(&report),
        }
        None
    }

    /// Noted here and now; signing and telling it takes longer.
    fn sign(&mut self, verdict: Verdict, answers: &Answers<Answer>) -> Option<Input> {
        let round = verdict.round;
        let noted = match locked(&self.signing).note(verdict) {
            Ok(Ok(noted)) => noted,
            Ok(Err(refusal)) => return Some(Input::Refused { round, reason: refusal.to_string() }),
            Err(error) => return Some(Input::Untold { round, reason: logging::told(&error) }),
        };
        let (member, account, domain) = (self.bench.member.clone(), self.account.clone(), self.network.domain());
        judged(answers, async move {
            let signed = match noted.sign(&account, &domain).await {
                Ok(signed) => signed,
                Err(error) => return Input::Untold { round, reason: error.to_string() },
            };
            match member.client.append(member.group, Body::Verdict(signed)).await {
                Ok(_) => Input::Signed(signed),
                Err(error) => Input::Untold { round, reason: error.to_string() },
            }
        });
        None
    }

    fn sign_finding(&mut self, message: Finding, findings: Findings, answers: &Answers<Answer>) -> Option<jury::Input> {
        let (bounty, window) = (message.bounty, message.window);
        let noted = match locked(&self.signing).note_finding(message) {
            Ok(Ok(noted)) => noted,
            Ok(Err(refusal)) => {
                tracing::error!(%bounty, window, "{refusal}");
                return Some(jury::Input::Refused { bounty, window });
            }
            Err(error) => {
                tracing::error!(%bounty, window, "it will be tried again: {error:#}");
                return None;
            }
        };
        let (member, account, domain) = (self.bench.member.clone(), self.account.clone(), self.network.domain());
        answers.spawn(async move {
            let signature = match noted.sign(&account, &domain).await {
                Ok(signed) => signed.signature,
                Err(error) => {
                    tracing::error!(%bounty, window, "{error}");
                    // What a remote signer did not answer is asked for again.
                    return error.is_refusal().then_some(Answer::Jury(jury::Input::Refused { bounty, window }));
                }
            };
            let body = FindingBody { message, signature, findings };
            // One's own comes back from the log; what cannot be told there is at least brought to the chain from here.
            if let Err(error) = member.client.append(member.group, Body::Finding(body.clone())).await {
                tracing::warn!(%bounty, window, "the finding cannot be told: {error}");
            }
            Some(Answer::Jury(jury::Input::Heard(body)))
        });
        None
    }

    /// Verdicts that stand on chain are paid to all who signed them: what one has to gain is its part of a fifth of the reward.
    fn post(
        &self,
        round: RoundNumber,
        claim: Digest,
        verdicts: Vec<(PositionNumber, SignedVerdict)>,
        scene: Scene<'_>,
        answers: &Answers<Answer>,
    ) {
        let (view, group, upkeep) = (scene.view, self.bench.member.group, self.upkeep.clone());
        let until_s = scene.now.map(|now| view.clock(now.time_s).phase_end_s);
        let about = format!("group {group}, round {round}");
        let errand = Errand { urgency: Urgency::Phase, until_s, worth: None, about };
        let network = self.network.through(&self.network.chain().on(errand));
        let (own, all) = (view.position_of(self.account.address()).map_or(Wei::ZERO, |position| position.live), view.awake());
        let part = move |reward: Wei| rules::validators_reward(reward).mul_div(own.0, all.0.max(1));
        judged(answers, async move {
            if upkeep.is_choosy()
                && let Err(reason) = upkeep.check(&network, group, Some(round), &CALLS, part).await
            {
                return Input::Posted { round, result: Err(reason) };
            }
            let result = network.judge(group, round, claim, &verdicts).await.map(drop).map_err(|error| error.to_string());
            match &result {
                Ok(()) => tracing::info!(round = round.0, verdicts = verdicts.len(), "verdicts posted"),
                Err(error) => tracing::warn!(round = round.0, "verdicts not posted: {error}"),
            }
            if !upkeep.is_choosy() {
                tokio::spawn(async move { upkeep.check(&network, group, None, &CALLS, part).await });
            }
            Input::Posted { round, result }
        });
    }
}

/// Seconds until a round is over and its files are of no use, by the newest block.
fn left_s(scene: Scene<'_>, round: RoundNumber) -> Option<u64> {
    let (view, now_s) = (scene.view, scene.now?.time_s);
    let end_s = view.times.round_start_s(view.genesis_s, round).saturating_add(view.times.length_s());
    Some(end_s.saturating_sub(now_s))
}

fn judged(answers: &Answers<Answer>, work: impl Future<Output = Input> + Send + 'static) {
    answers.spawn(async move { [Answer::Validator(work.await)] });
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

/// Says to whoever runs this node why it does not sign, and what to do.
fn tell_doubt(doubt: Doubt) {
    match doubt {
        Doubt::Waits { round, from } => tracing::warn!(
            round = round.0,
            from = from.0,
            "this account signed a verdict that is not in the signing log: nothing is signed before round {from}, to see whether another \
             node signs with its key; if a copy of the log exists, stop, take it in (`neuron signing import`), and start again"
        ),
        Doubt::Stops { round, claim } => tracing::error!(
            round = round.0,
            ?claim,
            "another node signs with the key of this account: nothing is signed here any more, for who signs twice is slashed; stop one of \
             the two, take its log into the other's (`neuron signing export`, `import`), and start that one again"
        ),
        Doubt::Doubled { message } => tracing::error!(
            %message,
            "another process writes into the log with this node's key since this one began: nothing is signed here any more, for it \
             probably signs with the account's key too; stop one of the two, take its signing log into the other's (`neuron signing \
             export`, `import`), give each machine a node.key of its own, and start one again"
        ),
    }
}

fn tell(report: &RecheckReport) {
    let trouble = report.trouble.as_deref().unwrap_or("");
    tracing::info!(round = report.round.0, claims = report.claims, signed = ?report.signed, outcome = ?report.outcome, trouble, "round is over");
}
