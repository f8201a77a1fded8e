//! What the machines of a node ask for: it is checked, and done, or goes wrong.

use std::collections::BTreeSet;

use protocol::eip712::Verdict;
use protocol::signing_log::Decision;
use protocol::validator::{self, BaseFinding, Fetched, Finding};
use protocol::warden;
use protocol::{Digest, PositionNumber, RoundNumber};

use crate::court::*;
use crate::nodes::*;
use crate::world::*;

impl Story {
    /// Whether this kind of thing goes wrong: for most the first time in a round, and then with an answer.
    pub fn goes_wrong(&mut self, node: usize, kind: &'static str, round: RoundNumber) -> Option<bool> {
        let is_first = self.nodes[node].tried.insert((kind, round.0));
        let is_disturbed = self.is_disturbed(node);
        ((is_first || is_disturbed) && self.plot.fails(3)).then(|| !is_disturbed || self.plot.draw(2) == 0)
    }

    pub fn answer(&mut self, node: usize, input: validator::Input) {
        let due_ms = self.now_ms + if self.plot.is_rough { self.plot.draw(5_000) } else { 0 };
        self.nodes[node].under_way.push((due_ms, Told::Validator(input)));
    }

    pub fn judge(&mut self, node: usize, effect: validator::Effect) {
        use validator::{Effect, Input};
        let address = self.nodes[node].address();
        let why = || "not now".to_string();
        match effect {
            Effect::MeasureBase { round, seed, .. } => {
                assert_eq!(Some(seed), self.court.trials[&round.0].seed, "the seed was guessed");
                let finding = BaseFinding { base: BASE, probe: probe(seed, address, None) };
                match self.goes_wrong(node, "base", round) {
                    None => self.answer(node, Input::BaseMeasured { round, result: Ok(finding) }),
                    Some(true) => self.answer(node, Input::BaseMeasured { round, result: Err(why()) }),
                    Some(false) => {}
                }
            }
            Effect::Fetch { round, file } => {
                let is_public = self.claim(round, |claimed| claimed.claim.file == file).is_public;
                match self.goes_wrong(node, "file", round) {
                    None if is_public => self.answer(node, Input::Fetched { round, file, result: Fetched::Held }),
                    Some(false) => {}
                    _ => self.answer(node, Input::Fetched { round, file, result: Fetched::Missing(why()) }),
                }
            }
            Effect::Measure { claim, hash, seed, .. } => {
                let round = claim.round;
                assert_eq!(Some(seed), self.court.trials[&round.0].seed, "the seed was guessed");
                let finding = match self.claim(round, |claimed| claimed.hash == hash).is_true {
                    true => Finding::True { probe: probe(seed, address, Some(claim.file)) },
                    false => Finding::False { reason: why() },
                };
                match self.goes_wrong(node, "claim", round) {
                    None => self.answer(node, Input::Measured { round, claim: hash, finding }),
                    Some(true) => self.answer(node, Input::Measured { round, claim: hash, finding: Finding::Failed { reason: why() } }),
                    Some(false) => {}
                }
            }
            Effect::Announce { round, file } => {
                if self.goes_wrong(node, "have", round).is_none() {
                    let position = PositionNumber(self.nodes[node].signer.into());
                    self.write(&Word::Have { round, file, position });
                }
            }
            Effect::Sign(verdict) => self.sign(node, verdict),
            Effect::Post { round, claim, verdicts } => self.calls.push((node, Call::Judge(round, claim, verdicts))),
            Effect::Doubt(doubt) => panic!("nobody else signs with that key: {doubt:?}"),
            Effect::Done(_) => {}
        }
    }

    pub fn claim(&self, round: RoundNumber, is_it: impl Fn(&Claimed) -> bool) -> Claimed {
        *self.court.trials[&round.0].claims.iter().find(|claimed| is_it(claimed)).unwrap()
    }

    /// The signing log decides; what comes out of it must be true.
    pub fn sign(&mut self, node: usize, verdict: Verdict) {
        use validator::Input;
        let round = verdict.round;
        let asked = *self.nodes[node].asked.entry(round).or_insert(verdict);
        assert_eq!(asked, verdict, "two verdicts of one machine");
        if let Decision::Refuse(_) = self.nodes[node].signing.decide(&verdict) {
            return self.answer(node, Input::Refused { round, reason: "judged before".into() });
        }
        self.check(&verdict);
        self.nodes[node].signing.record(verdict);
        let signed = signed_by(self.nodes[node].signer.into(), verdict);
        match self.goes_wrong(node, "verdict", round) {
            None => {
                self.told.push(signed);
                self.write(&Word::Verdict(signed));
                self.answer(node, Input::Signed(signed));
            }
            Some(true) => self.answer(node, Input::Untold { round, reason: "the disk is full".into() }),
            Some(false) => {}
        }
    }

    /// A claim that was passed over is false, or was not announced in time to anybody; a signed one is true.
    pub fn check(&self, verdict: &Verdict) {
        let (round, end_s) = (verdict.round.0, ROUND_TIMES.round_end_s(GENESIS_S, verdict.round));
        let middle_ms = 1_000 * (end_s - ROUND_TIMES.judge_s / 2);
        for claimed in self.court.trials[&round].claims.iter().take_while(|claimed| claimed.hash != verdict.claim) {
            assert!(
                !claimed.is_true || self.holders(claimed.claim.file, middle_ms - DELAY_MS) * 3 <= self.plot.judges.into(),
                "a false verdict"
            );
        }
        if !verdict.claim.is_zero() {
            let claimed = self.claim(verdict.round, |claimed| claimed.hash == verdict.claim);
            let own = 1;
            assert!(claimed.is_true && (self.holders(claimed.claim.file, u64::MAX) + own) * 3 > self.plot.judges.into(), "a false verdict");
        }
    }

    /// How many have told that they hold it.
    pub fn holders(&self, file: Digest, until_ms: u64) -> usize {
        let said = self.log.iter().filter(|(at_ms, _)| *at_ms <= until_ms).filter_map(|(_, word)| match word {
            Word::Have { file: held, position, .. } if *held == file => Some(*position),
            _ => None,
        });
        said.collect::<BTreeSet<_>>().len()
    }

    pub fn watch(&mut self, node: usize, effect: warden::Effect) {
        use warden::{Effect, Input};
        match effect {
            Effect::Attend { round, verdicts } => self.calls.push((node, Call::Attend(round, verdicts))),
            Effect::SlashDouble { position, round, one, other } => {
                self.calls.push((node, Call::Slash(position, round, Box::new([one, other]))))
            }
            Effect::Replay { round, seed, verdicts, .. } => {
                assert_eq!(Some(seed), self.court.trials[&round.0].seed, "the seed was guessed");
                let is_wrong = |replay: &warden::Replay| probe(seed, replay.signer, replay.file) != replay.verdict.message.probe;
                let wrong = verdicts.into_iter().filter(is_wrong).map(|replay| (replay.verdict, "another probe".into())).collect();
                let answer = match self.goes_wrong(node, "replay", round) {
                    None => Input::Replayed { round, wrong },
                    Some(true) => Input::NotReplayed { round, reason: "no base".into() },
                    Some(false) => return,
                };
                self.nodes[node].under_way.push((self.now_ms, Told::Warden(answer)));
            }
            Effect::Alarm { verdict, .. } => {
                let (round, signer) = (verdict.message.round, verdict.signer(&DOMAIN).unwrap());
                assert!(self.wrong.contains(&(round.0, signer)), "a false alarm");
                if self.goes_wrong(node, "alarm", round).is_none() {
                    self.alarms.insert((round.0, signer));
                    self.write(&Word::Alarm(verdict));
                }
            }
            Effect::ReadAbsent | Effect::Doze { .. } | Effect::Compound { .. } => {}
        }
    }
}
