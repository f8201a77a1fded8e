//! Several validators and wardens, a network and a chain that lose, delay and repeat, and machines that start anew at any moment.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use protocol::chain::{Block, ChainEvent};
use protocol::eip712::{SignedVerdict, Typed as _, Verdict, sign};
use protocol::signing_log::{Decision, SigningLog};
use protocol::validator::{self, BaseFinding, Fetched, Finding, Validator};
use protocol::warden::{self, Duty, Warden};
use protocol::{Address, Digest, PositionNumber, RoundNumber};

use crate::court::*;
use crate::world::*;

/// A message has reached everybody who is there after so many milliseconds.
const DELAY_MS: u64 = 20_000;
/// A machine that starts anew has heard the whole log after so many.
const COPY_MS: u64 = 250_000;

/// What happens in a story.
#[derive(Debug, Clone)]
struct Plot {
    seed: u64,
    judges: u8,
    /// The last positions sign nothing, sign two claims, or sign without running the model.
    vices: Vec<u8>,
    /// Milliseconds from one block to the next.
    spacing_ms: u64,
    rounds: u64,
    /// Whether answers fail or never come, and blocks are not told.
    is_rough: bool,
}

impl Plot {
    fn honest(&self) -> u8 {
        self.judges - self.vices.len() as u8
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_add(1);
        u64::from_be_bytes(digest(&format!("draw {}", self.seed)).0[..8].try_into().unwrap()) % below
    }

    fn fails(&mut self, once_in: u64) -> bool {
        self.is_rough && self.draw(once_in) == 0
    }
}

/// What a machine is told.
#[derive(Debug, Clone)]
enum Told {
    Validator(validator::Input),
    Warden(warden::Input),
}

/// A message of the log, and when it was written.
#[derive(Debug, Clone)]
enum Word {
    Verdict(SignedVerdict),
    Have { round: RoundNumber, file: Digest, position: PositionNumber },
    Alarm(SignedVerdict),
}

/// What is under way to the chain.
enum Call {
    Judge(RoundNumber, Digest, Vec<(PositionNumber, SignedVerdict)>),
    Attend(RoundNumber, Vec<(PositionNumber, SignedVerdict)>),
    Slash(PositionNumber, RoundNumber, SignedVerdict, SignedVerdict),
}

/// One node: its disk, and its machines.
struct Node {
    signer: u8,
    signing: SigningLog,
    validator: Validator,
    warden: Warden,
    /// What was asked for and may fail the first time: of what kind, in which round.
    tried: BTreeSet<(&'static str, u64)>,
    /// The verdict that these machines asked for in a round.
    asked: BTreeMap<RoundNumber, Verdict>,
    /// What is under way to it, and when that comes.
    under_way: Vec<(u64, Told)>,
    /// Events of blocks that it was not told.
    missed: Vec<ChainEvent>,
}

impl Node {
    fn new(signer: u8) -> Self {
        let (domain, step_s, edge_s, verdicts_a_call) = (DOMAIN, STEP_S, EDGE_S, 3);
        let signer_address = signer_of(signer, 0);
        let config = validator::Config { group: GROUP, domain, signer: signer_address, edge_s, step_s, verdicts_a_call };
        let duties = warden::Config { group: GROUP, domain, signer: signer_address, edge_s, step_s, verdicts_a_call, compound_part: 0 };
        Self {
            signer,
            signing: SigningLog::default(),
            validator: Validator::new(config),
            warden: Warden::new(duties),
            tried: BTreeSet::new(),
            asked: BTreeMap::new(),
            under_way: Vec::new(),
            missed: Vec::new(),
        }
    }

    fn address(&self) -> Address {
        signer_of(self.signer, 0)
    }
}

struct Story {
    plot: Plot,
    court: Court,
    nodes: Vec<Node>,
    now_ms: u64,
    history: Vec<(Block, Vec<ChainEvent>)>,
    log: Vec<(u64, Word)>,
    calls: Vec<(usize, Call)>,
    /// Whoever is disturbed in this round: all of it may go wrong.
    disturbed: BTreeSet<u8>,
    /// Wrong verdicts, and those about which there is an alarm.
    wrong: BTreeSet<(u64, Address)>,
    alarms: BTreeSet<(u64, Address)>,
    /// Verdicts of the honest.
    told: Vec<SignedVerdict>,
}

impl Story {
    fn new(plot: Plot) -> Self {
        let now = Block { number: 0, time_s: GENESIS_S, hash: digest("genesis") };
        let court = Court { judges: plot.judges, now, trials: BTreeMap::new() };
        let nodes = (1..=plot.honest()).map(Node::new).collect();
        let (history, log, calls, disturbed, wrong, alarms, told) = Default::default();
        let mut story = Self { plot, court, nodes, now_ms: GENESIS_S * 1_000, history, log, calls, disturbed, wrong, alarms, told };
        (0..story.nodes.len()).for_each(|node| story.start(node));
        story
    }

    fn play(mut self) -> Self {
        let end_ms = 1_000 * (GENESIS_S + self.plot.rounds * ROUND_TIMES.length_s());
        while self.now_ms + self.plot.spacing_ms < end_ms {
            self.now_ms += self.plot.spacing_ms;
            let time_s = self.now_ms / 1_000;
            let number = self.court.now.number + 1;
            let round = self.court.round();
            self.court.block(Block { number, time_s, hash: digest(&format!("block {number}")) });
            if self.court.round() != round || number == 1 {
                self.begin();
            }
            let events = self.mine();
            self.history.push((self.court.now, events));
            (0..self.nodes.len()).for_each(|node| self.tell_block(node));
            self.vices();
            (0..self.nodes.len()).for_each(|node| self.deliver(node));
        }
        self
    }

    /// A round begins: who is disturbed in it, and what will be revealed.
    fn begin(&mut self) {
        let most = usize::from((self.plot.judges - 1) / 3).saturating_sub(self.plot.vices.len());
        self.disturbed = (0..most).map(|_| 1 + self.plot.draw(self.plot.honest().into()) as u8).collect();
        let view = self.court.view(Court::epoch_of(self.court.round()));
        for node in 0..self.nodes.len() {
            self.tell(node, Told::Validator(validator::Input::Group(view.clone())));
            self.tell(node, Told::Warden(warden::Input::Group(view.clone())));
        }
        self.court.trials.entry(self.court.round()).or_default().is_stalled = self.plot.is_rough && self.plot.draw(4) == 0;
    }

    /// Events of this block: first what trainers do, then what was asked for.
    fn mine(&mut self) -> Vec<ChainEvent> {
        let round = self.court.round();
        let second = self.court.now.time_s - ROUND_TIMES.round_start_s(GENESIS_S, RoundNumber(round));
        let is_first = |from_s: u64| second >= from_s && (second * 1_000).saturating_sub(from_s * 1_000) < self.plot.spacing_ms.max(1_000);
        let mut events = Vec::new();
        if is_first(60) {
            events.push(opened_event(RoundNumber(round), digest("checkpoint")));
        }
        let is_shown = self.court.trials.get(&round).is_some_and(|trial| !trial.claims.is_empty());
        if is_first(ROUND_TIMES.train_s + 40) && !is_shown {
            for trainer in 30..30 + self.plot.draw(4) as u8 {
                let (loss, is_true, is_public) = (1_900_000 - 1_000 * u32::from(trainer), self.plot.draw(2) == 0, self.plot.draw(3) > 0);
                events.push(self.court.reveal(round, trainer, loss, is_true, is_public));
            }
        }
        for (node, call) in std::mem::take(&mut self.calls) {
            self.carry_out(node, call, &mut events);
        }
        events
    }

    fn carry_out(&mut self, node: usize, call: Call, events: &mut Vec<ChainEvent>) {
        let fate = if self.is_disturbed(node) { self.plot.draw(6) } else { 9 };
        let told = match &call {
            _ if fate < 2 => Vec::new(),
            Call::Judge(round, claim, verdicts) => self.court.judge(round.0, *claim, verdicts),
            Call::Attend(round, verdicts) => self.court.attend(round.0, verdicts),
            Call::Slash(position, round, one, other) => self.court.slash(round.0, *position, one, other),
        };
        // A reorganisation drops what was carried out; an answer is lost.
        let result = if told.is_empty() && fate != 0 { Err("nothing counted".into()) } else { Ok(()) };
        events.extend(told);
        let answer = match call {
            Call::Judge(round, ..) => Told::Validator(validator::Input::Posted { round, result }),
            Call::Attend(round, _) => Told::Warden(warden::Input::Sent { duty: Duty::Attend(round), result }),
            Call::Slash(position, round, ..) => Told::Warden(warden::Input::Sent { duty: Duty::Slash(position, round), result }),
        };
        if fate != 1 && fate != 2 {
            self.nodes[node].under_way.push((self.now_ms, answer));
        }
    }

    fn is_disturbed(&self, node: usize) -> bool {
        self.plot.is_rough && self.disturbed.contains(&self.nodes[node].signer)
    }

    /// A disturbed node is not told every block, or starts anew.
    fn tell_block(&mut self, node: usize) {
        let (block, events) = self.history.last().cloned().unwrap();
        self.nodes[node].missed.extend(events);
        if self.is_disturbed(node) && self.plot.draw(10) == 0 {
            return;
        }
        if self.is_disturbed(node) && self.plot.draw(1 + 120_000 / self.plot.spacing_ms) == 0 {
            return self.start(node);
        }
        for event in std::mem::take(&mut self.nodes[node].missed) {
            self.tell(node, Told::Validator(validator::Input::Event(event.clone())));
            self.tell(node, Told::Warden(warden::Input::Event(event)));
        }
        self.tell(node, Told::Validator(validator::Input::Block(block)));
        self.tell(node, Told::Warden(warden::Input::Block(block)));
    }

    /// New machines: the view, history with quiet blocks left out, and the log little by little.
    fn start(&mut self, node: usize) {
        let old = std::mem::replace(&mut self.nodes[node], Node::new(node as u8 + 1));
        (self.nodes[node].signing, self.nodes[node].tried) = (old.signing, old.tried);
        let view = self.court.view(Court::epoch_of(self.court.round()));
        let near = self.history.len().saturating_sub(self.plot.draw(1 + 600_000 / self.plot.spacing_ms) as usize);
        let history: Vec<_> =
            self.history.iter().cloned().enumerate().filter(|(place, (_, events))| *place >= near || !events.is_empty()).collect();
        let mut inputs = vec![Told::Validator(validator::Input::Group(view.clone())), Told::Warden(warden::Input::Group(view))];
        for (_, (block, events)) in history {
            inputs.extend(events.iter().cloned().map(|event| Told::Validator(validator::Input::Event(event))));
            inputs.extend(events.into_iter().map(|event| Told::Warden(warden::Input::Event(event))));
            inputs.extend([Told::Validator(validator::Input::Block(block)), Told::Warden(warden::Input::Block(block))]);
        }
        inputs.extend([Told::Validator(validator::Input::Live), Told::Warden(warden::Input::Live)]);
        inputs.into_iter().for_each(|input| self.tell(node, input));
        for (_, word) in self.log.clone() {
            self.send(node, &word, COPY_MS);
        }
    }

    /// Somebody writes into the log.
    fn write(&mut self, word: &Word) {
        self.log.push((self.now_ms, word.clone()));
        for node in 0..self.nodes.len() {
            for _ in 0..=self.plot.draw(2) {
                self.send(node, word, DELAY_MS);
            }
        }
    }

    fn send(&mut self, node: usize, word: &Word, delay_ms: u64) {
        let due_ms = self.now_ms + if self.plot.is_rough { self.plot.draw(delay_ms) } else { 0 };
        let told = match word.clone() {
            Word::Verdict(verdict) => vec![Told::Validator(validator::Input::Heard(verdict)), Told::Warden(warden::Input::Heard(verdict))],
            Word::Have { round, file, position } => vec![Told::Validator(validator::Input::Have { round, file, position })],
            Word::Alarm(verdict) => vec![Told::Warden(warden::Input::Alarmed(verdict))],
        };
        self.nodes[node].under_way.extend(told.into_iter().map(|told| (due_ms, told)));
    }

    /// What has come by now, in any order.
    fn deliver(&mut self, node: usize) {
        loop {
            let now_ms = self.now_ms;
            let (mut due, later): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.nodes[node].under_way).into_iter().partition(|(due_ms, _)| *due_ms <= now_ms);
            self.nodes[node].under_way = later;
            if due.is_empty() {
                return;
            }
            if self.plot.is_rough && self.plot.draw(2) == 0 {
                due.reverse();
            }
            due.into_iter().for_each(|(_, told)| self.tell(node, told));
        }
    }

    fn tell(&mut self, node: usize, told: Told) {
        match told {
            Told::Validator(input) => {
                let effects = self.nodes[node].validator.handle(input);
                effects.into_iter().for_each(|effect| self.judge(node, effect));
            }
            Told::Warden(input) => {
                let effects = self.nodes[node].warden.handle(input);
                effects.into_iter().for_each(|effect| self.watch(node, effect));
            }
        }
    }

    /// Whether this kind of thing goes wrong: for most the first time in a round, and then with an answer.
    fn goes_wrong(&mut self, node: usize, kind: &'static str, round: RoundNumber) -> Option<bool> {
        let is_first = self.nodes[node].tried.insert((kind, round.0));
        let is_disturbed = self.is_disturbed(node);
        ((is_first || is_disturbed) && self.plot.fails(3)).then(|| !is_disturbed || self.plot.draw(2) == 0)
    }

    fn answer(&mut self, node: usize, input: validator::Input) {
        let due_ms = self.now_ms + if self.plot.is_rough { self.plot.draw(5_000) } else { 0 };
        self.nodes[node].under_way.push((due_ms, Told::Validator(input)));
    }

    fn judge(&mut self, node: usize, effect: validator::Effect) {
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
            Effect::Done(_) => {}
        }
    }

    fn claim(&self, round: RoundNumber, is_it: impl Fn(&Claimed) -> bool) -> Claimed {
        *self.court.trials[&round.0].claims.iter().find(|claimed| is_it(claimed)).unwrap()
    }

    /// The signing log decides; what comes out of it must be true.
    fn sign(&mut self, node: usize, verdict: Verdict) {
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
    fn check(&self, verdict: &Verdict) {
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
    fn holders(&self, file: Digest, until_ms: u64) -> usize {
        let said = self.log.iter().filter(|(at_ms, _)| *at_ms <= until_ms).filter_map(|(_, word)| match word {
            Word::Have { file: held, position, .. } if *held == file => Some(*position),
            _ => None,
        });
        said.collect::<BTreeSet<_>>().len()
    }

    fn watch(&mut self, node: usize, effect: warden::Effect) {
        use warden::{Effect, Input};
        match effect {
            Effect::Attend { round, verdicts } => self.calls.push((node, Call::Attend(round, verdicts))),
            Effect::SlashDouble { position, round, one, other } => self.calls.push((node, Call::Slash(position, round, one, other))),
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

    /// What others than the honest say, in the middle of JUDGE, and in the next TRAIN what does not count.
    fn vices(&mut self) {
        let (round, time_s) = (self.court.round(), self.court.now.time_s);
        let middle_s = ROUND_TIMES.round_end_s(GENESIS_S, RoundNumber(round)) - ROUND_TIMES.judge_s / 2;
        let while_ms = self.plot.spacing_ms.max(1_000);
        let is_now = |at_s: u64| time_s >= at_s && (time_s - at_s) * 1_000 < while_ms;
        if is_now(ROUND_TIMES.round_start_s(GENESIS_S, RoundNumber(round)) + 30) && round > 0 {
            self.say_what_does_not_count(round - 1);
        }
        let is_said = self.log.iter().any(|(_, word)| matches!(word, Word::Verdict(verdict) if verdict.message.probe == digest("lazy") && verdict.message.round.0 == round));
        if !is_now(middle_s) || is_said || self.court.trials[&round].claims.is_empty() {
            return;
        }
        let truth = self.court.truth(round);
        let other = self.court.trials[&round].claims.iter().map(|claimed| claimed.hash).find(|hash| *hash != truth).unwrap_or(Digest::ZERO);
        for (place, vice) in (self.plot.honest() + 1..).zip(self.plot.vices.clone()) {
            let claims: &[Digest] = match vice {
                0 => &[],
                1 => &[truth, other],
                _ => &[truth],
            };
            claims.iter().for_each(|claim| self.say(place.into(), round, *claim));
        }
        // Whoever has little to lose signs what all do, with the keys of now.
        for position in [ROTATING, NEWCOMER] {
            self.say(name_of(position, Court::epoch_of(round)), round, truth);
        }
    }

    fn say(&mut self, name: u64, round: u64, claim: Digest) {
        let message = Verdict { group: GROUP, round: RoundNumber(round), claim, probe: digest("lazy") };
        let verdict = SignedVerdict { message, signature: sign(message.digest(&DOMAIN), &key_of(name)).unwrap() };
        self.wrong.insert((round, verdict.signer(&DOMAIN).unwrap()));
        self.write(&Word::Verdict(verdict));
    }

    /// Keys that sign only since then, positions that were asleep, strangers, and alarms of nobody.
    fn say_what_does_not_count(&mut self, past: u64) {
        let claim = self.court.trials[&past].decided.unwrap_or(Digest::ZERO);
        for name in [name_of(ROTATING, Court::epoch_of(past) + 1), 777] {
            self.say(name, past, claim);
        }
        if Court::epoch_of(past) == 0 {
            self.say(NEWCOMER.into(), past, claim);
        }
        let strange = Verdict { group: GROUP, round: RoundNumber(u64::MAX), claim, probe: claim };
        self.write(&Word::Alarm(signed_by(778, strange)));
    }

    /// Honest positions whose verdict was told, and not counted.
    fn left_out(&self, round: u64) -> Vec<u8> {
        let trial = &self.court.trials[&round];
        let told = self.told.iter().filter(|verdict| verdict.message.round.0 == round);
        let position =
            |verdict: &SignedVerdict| self.nodes.iter().find(|node| verdict.signer(&DOMAIN) == Ok(node.address())).unwrap().signer;
        let left = told.map(|verdict| (verdict.message.claim, position(verdict))).filter(|counted| !trial.counted.contains(counted));
        left.map(|(_, position)| position).collect()
    }

    /// Bytes that the machines of a node hold, as they write themselves.
    fn held(&self) -> usize {
        self.nodes.iter().map(|node| format!("{:?}{:?}", node.validator, node.warden).len()).max().unwrap_or(0)
    }
}

fn plots() -> impl Strategy<Value = Plot> {
    let spacing_ms = prop::sample::select(vec![250, 1_000, 2_000, 5_000, 12_000, 30_000]);
    (any::<u64>(), 4..8_u8, prop::collection::vec(0..3_u8, 0..3), spacing_ms).prop_map(|(seed, judges, mut vices, spacing_ms)| {
        vices.truncate(usize::from((judges - 1) / 3));
        let rounds = if spacing_ms < 1_000 { 2 } else { 5 };
        Plot { seed, judges, vices, spacing_ms, rounds, is_rough: true }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 12, ..ProptestConfig::with_cases(16) })]

    #[test]
    fn honest_validators_decide_what_is_true_and_show_what_is_wrong_whatever_is_lost(plot in plots()) {
        let story = Story::new(plot.clone()).play();
        let shown: Vec<u64> = (0..plot.rounds - 1).filter(|round| !story.court.trials[round].claims.is_empty()).collect();
        for round in &shown {
            let trial = &story.court.trials[round];
            if trial.is_stalled {
                prop_assert!(trial.counts, "nobody has shown who judged round {round}");
            } else {
                prop_assert_eq!(trial.decided, Some(story.court.truth(*round)), "round {}", round);
                prop_assert_eq!(story.left_out(*round), [0; 0], "verdicts of round {} were not brought", round);
            }
        }
        for (position, vice) in (plot.honest() + 1..).zip(&plot.vices) {
            let is_slashed = |round: &u64| story.court.trials[round].slashed.contains(&position);
            prop_assert!(*vice != 1 || shown.is_empty() || shown.iter().any(is_slashed), "{position} signed two claims");
            let is_told = |round: &u64| story.alarms.contains(&(*round, signer_of(position, 0)));
            prop_assert!(*vice != 2 || shown.iter().all(is_told), "{position} did not run the model");
        }
    }
}

#[test]
fn machines_hold_no_more_after_thirty_rounds_than_after_ten() {
    let held = |rounds| {
        let plot = Plot { seed: 1, judges: 5, vices: vec![1], spacing_ms: 30_000, rounds, is_rough: false };
        Story::new(plot).play().held()
    };
    let (ten, thirty) = (held(10), held(30));
    assert!(thirty * 10 < ten * 11, "{ten} bytes, then {thirty}");
}
