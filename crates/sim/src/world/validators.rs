//! What a validator asks for: its four machines, one after the other.

use protocol::{
    bounty::Findings,
    eip712::{Finding, Signature, Signed, Typed, Verdict, sign},
    ids::{GroupId, RoundNumber},
    jury,
    log::{Body, FindingBody},
    panel::{self, Effect},
    steward, validator,
    warden::{self, Duty},
};

use super::{
    World,
    jobs::{Exam, Task},
};
use crate::{
    chain::{Call, Place},
    disk::{DiskError, FINDINGS, VERDICTS},
    log::AppendError,
    node::{Answer, Asked},
    told::digest,
};

impl World {
    pub(crate) fn act_as_validator(&mut self, node: usize, effect: Effect) {
        let group = self.nodes[node].group;
        match effect {
            Effect::Validator(effect) => self.validate(node, effect),
            Effect::Steward(effect) => {
                let call = match effect {
                    steward::Effect::Cast(choices) => Call::Cast { group, choices },
                    steward::Effect::Turn(_) => Call::Turn(group),
                };
                self.send_as(node, call, Asked::Steward);
            }
            Effect::Warden(effect) => self.ward(node, effect),
            Effect::Jury(effect) => self.find(node, effect),
            Effect::Hold { digest, .. } => self.start(node, 0, Task::Hold { file: digest }),
            Effect::TellRoot { head } => self.build_set(node, head),
            Effect::Asleep { until, epoch } => {
                self.note(node, &format!("sleeps until epoch {until}, it is {epoch}"));
                self.wake(node, until.max(epoch + 1));
            }
        }
    }

    /// As somebody does who reads the warning: it counts from that epoch on.
    fn wake(&mut self, node: usize, until: u64) {
        let terms = self.ledger.chain.terms();
        let from_ms = self.ledger.millisecond(terms.genesis_s + (until - 1) * terms.epoch_s) + self.plan.block_ms;
        let view = self.nodes[node].process.as_ref().map(|process| process.teller.view());
        if let Some(own) = view.and_then(|view| view.position_of(self.nodes[node].account)) {
            let call = Call::Wake(Place(self.nodes[node].group, own.number));
            self.ask_at(from_ms, node, self.nodes[node].account, call, Asked::Nobody);
        }
    }

    /// Whoever is killed over it is buried by whoever called.
    fn send_as(&mut self, node: usize, call: Call, asked: Asked) {
        let _ = self.ask(node, call, asked);
    }

    fn validate(&mut self, node: usize, effect: validator::Effect) {
        use validator::Effect as E;
        let measure_ms = self.plan.measure_ms;
        match effect {
            E::MeasureBase { round, checkpoint, seed, .. } => {
                self.start(node, measure_ms, Task::Base(Exam { round, base: checkpoint, seed, commits: 1 }));
            }
            E::Fetch { round, file } => self.start(node, 0, Task::Fetch { round, file }),
            E::Announce { round, file } => self.announce(node, round, file),
            E::Measure { claim, hash, commits, .. } => {
                let exam = self.nodes[node].process.as_ref().and_then(|process| process.exams.get(&claim.round).copied());
                let Some((base, seed)) = exam else {
                    let finding = validator::Finding::Failed { reason: "the base was not measured".to_owned() };
                    let answer = validator::Input::Measured { round: claim.round, claim: hash, finding };
                    return self.answer_after(1, node, Answer::Validator(panel::Answer::Validator(answer)));
                };
                self.start(node, measure_ms, Task::Claim { exam: Exam { round: claim.round, base, seed, commits }, claim, hash });
            }
            E::Sign(verdict) => self.sign(node, verdict),
            E::Post { round, claim, verdicts } => {
                self.note(node, &format!("posts {} verdicts of round {round} for {}", verdicts.len(), digest(&claim)));
                self.send_as(node, Call::Judge { group: self.nodes[node].group, round, claim, verdicts }, Asked::Posted(round));
            }
            E::Doubt(doubt) => self.note(node, &format!("does not sign: {doubt:?}")),
            E::Done(report) => {
                let trouble = report.trouble.map(|trouble| format!(", {trouble}")).unwrap_or_default();
                self.note(node, &format!("round {} is over: {:?}{trouble}", report.round, report.outcome));
            }
        }
    }

    fn sign(&mut self, node: usize, verdict: Verdict) {
        let round = verdict.round;
        let own = &mut self.nodes[node];
        let Some(process) = &mut own.process else { return };
        let noted = process.verdicts.note(verdict, &mut own.disk, &mut own.life);
        let signed = match noted {
            Err(DiskError::Killed) => return,
            Err(error) => Err(error.to_string()),
            Ok(Some(refusal)) => {
                let refused = validator::Input::Refused { round, reason: refusal.to_string() };
                return self.answer(node, Answer::Validator(panel::Answer::Validator(refused)));
            }
            Ok(None) => self.signed(node, verdict),
        };
        let told = signed.and_then(|signed| {
            self.note(node, &format!("signs {} in round {round}", digest(&verdict.claim)));
            if self.nodes[node].is_honest {
                self.checks.signed(node, &verdict, self.nodes[node].disk.is_safe(VERDICTS));
            }
            match self.say(node, &Body::Verdict(signed)) {
                Err(AppendError::Refused(reason)) => Err(reason),
                Ok(()) | Err(AppendError::Disk(_)) => Ok(signed),
            }
        });
        let answer = match told {
            Ok(signed) => validator::Input::Signed(signed),
            Err(reason) => validator::Input::Untold { round, reason },
        };
        self.answer(node, Answer::Validator(panel::Answer::Validator(answer)));
    }

    fn signed<T: Typed>(&self, node: usize, message: T) -> Result<Signed<T>, String> {
        let signature: Signature = sign(message.digest(&self.domain), &self.nodes[node].key).map_err(|error| error.to_string())?;
        Ok(Signed { message, signature })
    }

    fn ward(&mut self, node: usize, effect: warden::Effect) {
        use warden::Effect as E;
        let group = self.nodes[node].group;
        let place = |position| Place(group, position);
        match effect {
            E::Attend { round, verdicts } => {
                self.send_as(node, Call::Attend { group, round, verdicts }, Asked::Duty(Duty::Attend(round)));
            }
            E::ReadAbsent => self.read_absent(node),
            E::Doze { position } => self.send_as(node, Call::Doze(place(position)), Asked::Duty(Duty::Doze(position))),
            E::SlashDouble { position, round, one, other } => {
                self.send_as(node, Call::SlashDouble { position, one, other }, Asked::Duty(Duty::Slash(position, round)));
            }
            E::Replay { round, checkpoint, seed, verdicts, .. } => {
                let work_ms = self.plan.measure_ms * verdicts.len() as u64 / 4;
                self.start(node, work_ms, Task::Replay { exam: Exam { round, base: checkpoint, seed, commits: 1 }, verdicts });
            }
            E::Alarm { verdict, reason } => {
                if self.is_honest(&verdict) && self.deceived != Some(node) {
                    self.checks.alarmed(node, &verdict.message);
                } else {
                    self.checks.alarms += 1;
                }
                self.note(node, &format!("raises an alarm about round {}: {reason}", verdict.message.round));
                self.tell_log(node, &Body::Alarm { verdict, reason });
            }
            E::Compound { position } => self.send_as(node, Call::Compound(place(position)), Asked::Duty(Duty::Compound(position))),
        }
    }

    fn read_absent(&mut self, node: usize) {
        self.nodes[node].usage.calls += 1;
        let absent = match self.endpoint_fails(node) {
            Some((_, reason)) => Err(reason.to_owned()),
            None => self.ledger.absent(self.nodes[node].group).map_err(|error| error.to_string()),
        };
        let wait_ms = self.endpoint_ms(node);
        self.answer_after(wait_ms, node, Answer::Validator(panel::Answer::Warden(warden::Input::Absent(absent))));
    }

    fn find(&mut self, node: usize, effect: jury::Effect) {
        use jury::Effect as E;
        match effect {
            E::Fetch { bounty, file } => self.start(node, 0, Task::Hidden { bounty, file }),
            E::Announce { round, file } => self.announce(node, round, file),
            E::Measure(task) => {
                let work_ms = self.plan.measure_ms * (1 + task.won.len() as u64);
                self.start(node, work_ms, Task::Find(task));
            }
            E::Sign { message, findings } => self.sign_finding(node, message, findings),
            E::Post { bounty, window, findings, signed } => {
                self.send_as(node, Call::Find { bounty, window, findings, signed }, Asked::Jury);
            }
            E::Slash { position, one, other, .. } => self.send_as(node, Call::SlashFindings { position, one, other }, Asked::Jury),
            E::Reward { bounty, findings, rounds } => self.send_as(node, Call::PayRounds { bounty, findings, rounds }, Asked::Jury),
            E::PayFinders { bounty, positions } => self.send_as(node, Call::PayFinders { bounty, positions }, Asked::Jury),
            E::Settle { bounty, findings } => self.send_as(node, Call::SettleBounty { bounty, findings }, Asked::Jury),
        }
    }

    /// Somebody honest has signed what it found.
    fn found(&mut self, node: usize, finding: Finding, findings: &Findings) {
        self.note(node, &format!("finds {} in window {} of bounty {}", digest(&finding.result), finding.window, finding.bounty));
        if self.nodes[node].is_honest {
            let is_safe = self.nodes[node].disk.is_safe(FINDINGS);
            self.checks.note_finding(node, finding, findings.clone(), is_safe);
        }
    }

    fn sign_finding(&mut self, node: usize, message: Finding, findings: Findings) {
        let Finding { bounty, window, result, probe } = message;
        let line = Verdict { group: GroupId(bounty.0), round: RoundNumber(window), claim: result, probe };
        let own = &mut self.nodes[node];
        let Some(process) = &mut own.process else { return };
        let noted = process.findings.note(line, &mut own.disk, &mut own.life);
        let input = match noted.map(|other| (other, self.signed(node, message))) {
            Ok((None, Ok(signed))) => {
                self.found(node, message, &findings);
                let body = FindingBody { message, signature: signed.signature, findings };
                self.tell_log(node, &Body::Finding(body.clone()));
                jury::Input::Heard(body)
            }
            Ok((Some(_), _)) => jury::Input::Refused { bounty, window },
            // It is asked for again, if the process lives.
            Err(_) | Ok((None, Err(_))) => return,
        };
        self.answer(node, Answer::Validator(panel::Answer::Jury(input)));
    }
}
