//! Several jurors, a network that loses, delays and repeats, and a chain that takes what the contracts take.

use std::collections::BTreeSet;

use proptest::prelude::*;
use protocol::bounty::Findings;
use protocol::chain::{Block, ChainEvent, GroupView};
use protocol::jury::{Effect, Input};
use protocol::{Digest, PositionNumber, RoundNumber};

use crate::hidden::*;
use crate::world::*;

/// A message has reached everybody after so many seconds, in a story that is rough.
const DELAY_S: u64 = 40;
const WON: [u64; 3] = [5, 6, 8];

/// What happens in a story.
#[derive(Debug, Clone)]
struct Plot {
    seed: u64,
    jurors: u8,
    /// Positions that sign nothing, and positions that sign two results in each window: together less than a third.
    silent: u8,
    liars: u8,
    opened_s: Option<u64>,
    /// When a round is struck.
    struck: Option<(u64, u64)>,
    /// Whether messages take long, transactions are lost and jurors start again.
    is_rough: bool,
    /// Seconds from one block to the next.
    block_s: u64,
}

impl Plot {
    fn honest(&self) -> u8 {
        self.jurors - self.silent - self.liars
    }

    /// Less than `below`, the same whenever the story is told.
    fn draw(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_add(1);
        u64::from_be_bytes(digest(&self.seed.to_string()).0[..8].try_into().unwrap()) % below
    }

    /// Once in so many times, if the story is rough.
    fn fails(&mut self, once_in: u64) -> bool {
        self.is_rough && self.draw(once_in) == 0
    }
}

/// The rules of the contract, for one bounty.
struct Chain {
    now_s: u64,
    view: GroupView,
    decided: Option<(u64, Findings)>,
    counted: BTreeSet<(u64, Digest, PositionNumber)>,
    paid: BTreeSet<RoundNumber>,
    finders: BTreeSet<PositionNumber>,
    slashed: BTreeSet<PositionNumber>,
    is_settled: bool,
    calls: usize,
    refused: usize,
}

impl Chain {
    fn new(jurors: u8) -> Self {
        let view = GroupView { positions: (1..=jurors).map(|number| position(number, 100)).collect(), ..view() };
        let (counted, paid, finders, slashed) = Default::default();
        Self { now_s: 0, view, decided: None, counted, paid, finders, slashed, is_settled: false, calls: 0, refused: 0 }
    }

    fn signer(&self, position: PositionNumber) -> protocol::Address {
        self.view.position(position).unwrap().signer
    }

    /// What it tells of a call. It panics on what no honest juror asks for; refuses what another one was faster with.
    fn call(&mut self, effect: &Effect) -> Result<Vec<ChainEvent>, String> {
        self.calls += 1;
        let events = match effect {
            Effect::Post { window, findings, signed, .. } => self.find(*window, findings, signed),
            Effect::Reward { findings, rounds, .. } => self.pay_rounds(findings, rounds),
            Effect::PayFinders { positions, .. } => self.pay_finders(positions),
            Effect::Settle { findings, .. } => self.settle(findings),
            Effect::Slash { window, position, one, other, .. } => {
                let signer = self.signer(*position);
                assert!(one.signer(&DOMAIN) == Ok(signer) && other.signer(&DOMAIN) == Ok(signer), "not signed");
                assert!(one.message.result != other.message.result && one.message.window == other.message.window, "no offence");
                assert!(STARTS_S[*window as usize] <= self.now_s, "before the window");
                self.slash(*window, *position)
            }
            _ => panic!("no transaction"),
        };
        self.refused += usize::from(events.is_empty());
        if events.is_empty() { Err("nothing to do".into()) } else { Ok(events) }
    }

    fn find(&mut self, window: u64, findings: &Findings, signed: &[(PositionNumber, protocol::eip712::SignedFinding)]) -> Vec<ChainEvent> {
        let start = STARTS_S[window as usize];
        assert!((start..start + EPOCH_S).contains(&self.now_s), "outside of the window");
        assert!(self.decided.as_ref().is_none_or(|decided| *decided == (window, findings.clone())), "decided already");
        let result = findings.hash();
        let mut fresh = Vec::new();
        for (position, signed) in signed {
            assert_eq!(
                (signed.signer(&DOMAIN), signed.message.result, signed.message.window),
                (Ok(self.signer(*position)), result, window)
            );
            if self.counted.insert((window, result, *position)) {
                fresh.push(position.0);
            }
        }
        if fresh.is_empty() {
            return Vec::new();
        }
        let mut events = vec![found(window, findings, &fresh)];
        let all = self.counted.iter().filter(|(of, found, _)| (*of, *found) == (window, result)).count();
        if self.decided.is_none() && 3 * all > 2 * self.view.positions.len() {
            self.decided = Some((window, findings.clone()));
            events.push(resolved(window, findings));
        }
        events
    }

    fn decided(&self, findings: &Findings) -> u64 {
        let (window, decided) = self.decided.as_ref().expect("not decided");
        assert_eq!(decided, findings, "another result");
        *window
    }

    fn pay_rounds(&mut self, findings: &Findings, rounds: &[RoundNumber]) -> Vec<ChainEvent> {
        self.decided(findings);
        assert!(!findings.steps.is_empty() && rounds.iter().all(|round| WON.contains(&round.0)), "nobody won");
        let mature = |round: &RoundNumber| self.now_s >= TIMES.round_end_s(GENESIS_S, *round) + STRIKES_S;
        assert!(rounds.iter().all(mature), "it can be struck");
        rounds.iter().filter(|round| self.paid.insert(**round)).map(|round| paid(round.0)).collect()
    }

    fn pay_finders(&mut self, positions: &[PositionNumber]) -> Vec<ChainEvent> {
        let (window, findings) = self.decided.clone().expect("not decided");
        assert!(self.now_s >= STARTS_S[window as usize + 1], "the window is not over");
        let result = findings.hash();
        assert!(positions.iter().all(|position| self.counted.contains(&(window, result, *position))), "no finder");
        positions.iter().filter(|position| self.finders.insert(**position)).map(|position| finder_paid(position.0)).collect()
    }

    fn settle(&mut self, findings: &Findings) -> Vec<ChainEvent> {
        assert!(self.now_s >= STARTS_S[3], "the windows are not over");
        if self.decided.is_some() {
            self.decided(findings);
        }
        if std::mem::replace(&mut self.is_settled, true) { Vec::new() } else { vec![returned()] }
    }

    fn slash(&mut self, window: u64, position: PositionNumber) -> Vec<ChainEvent> {
        let accused = self.view.positions.iter_mut().find(|accused| accused.number == position).unwrap();
        if accused.forgiven_until_s > STARTS_S[window as usize] {
            return Vec::new();
        }
        accused.forgiven_until_s = GENESIS_S + ((self.now_s - GENESIS_S) / EPOCH_S + 1) * EPOCH_S;
        self.slashed.insert(position);
        vec![found_twice(window, position.0)]
    }
}

struct Story {
    plot: Plot,
    chain: Chain,
    jurors: Vec<Juror>,
    /// Effects of each juror that were carried out.
    done: Vec<usize>,
    /// Messages under way: when, to whom.
    under_way: Vec<(u64, usize, Input)>,
    transactions: Vec<(usize, Effect)>,
}

impl Story {
    fn new(plot: Plot) -> Self {
        let chain = Chain::new(plot.jurors);
        let mut jurors: Vec<Juror> = (1..=plot.honest()).map(Juror::new).collect();
        jurors.iter_mut().for_each(|juror| juror.tell(Input::Group(chain.view.clone())));
        let done = jurors.iter().map(|juror| juror.effects.len()).collect();
        Self { plot, chain, jurors, done, under_way: Vec::new(), transactions: Vec::new() }
    }

    fn play(mut self) -> Self {
        for time_s in (END_S - 30..STARTS_S[3] + 800).step_by(self.plot.block_s as usize) {
            self.chain.now_s = time_s;
            let (events, answers) = self.mine();
            for (juror, answer) in self.jurors.iter_mut().zip(answers) {
                juror.now_s = time_s;
                events.iter().for_each(|event| juror.event(event.clone()));
                if events.iter().any(|event| matches!(event, ChainEvent::FoundTwice { .. })) {
                    juror.tell(Input::Group(self.chain.view.clone()));
                }
                juror.tell(Input::Block(Block { number: END_S + time_s / self.plot.block_s, ..block(time_s) }));
                answer.into_iter().for_each(|answer| juror.tell(Input::Sent(answer)));
            }
            self.lie();
            self.deliver();
            // What is in one's own log reaches the others also when one starts again right after.
            self.collect();
            self.restart();
        }
        self
    }

    /// Events of the next block, and what each juror is answered.
    fn mine(&mut self) -> (Vec<ChainEvent>, Vec<Option<Result<(), String>>>) {
        let is_now = |at_s: u64| (at_s..at_s + self.plot.block_s).contains(&self.chain.now_s);
        let opened = self.plot.opened_s.filter(|at_s| is_now(*at_s)).map(|_| unsealed());
        let strike = self.plot.struck.filter(|(at_s, _)| is_now(*at_s)).map(|(_, round)| struck(round));
        let mut events: Vec<ChainEvent> = opened.into_iter().chain(strike).collect();
        let mut answers = vec![None; self.jurors.len()];
        // Whoever loses all up to the end of a window has no other rule to blame for it.
        let is_lossy = STARTS_S.iter().all(|end_s| !(end_s - 2 * DELAY_S..*end_s).contains(&self.chain.now_s));
        for (juror, effect) in std::mem::take(&mut self.transactions) {
            // It fails, is carried out and dropped, or is carried out; and sometimes no answer comes.
            let answer = if self.plot.fails(4) && is_lossy {
                Err("lost".into())
            } else if self.plot.fails(8) && is_lossy {
                Ok(())
            } else {
                self.chain.call(&effect).map(|told| events.extend(told))
            };
            answers[juror] = Some(answer).filter(|_| !(self.plot.fails(12) && is_lossy));
        }
        (events, answers)
    }

    fn lie(&mut self) {
        for liar in self.plot.honest() + 1..=self.plot.honest() + self.plot.liars {
            let Some(window) = STARTS_S[..3].iter().position(|start_s| *start_s == self.chain.now_s) else { continue };
            for round in [5, 6] {
                self.publish(&Input::Heard(finding(liar, window as u64, failed(&[round]))));
            }
        }
    }

    fn restart(&mut self) {
        for index in 0..self.jurors.len() {
            let is_sending = self.transactions.iter().any(|(sender, _)| *sender == index);
            let is_over = self.jurors[index].jury.terms().count() == 0;
            if !is_sending && !is_over && self.plot.fails(600) {
                self.jurors[index] = self.jurors[index].restarted();
                self.done[index] = 0;
            }
        }
    }

    fn publish(&mut self, message: &Input) {
        for juror in 0..self.jurors.len() {
            for _ in 0..=self.plot.draw(2) {
                let delay_s = if self.plot.is_rough { self.plot.draw(DELAY_S) } else { 0 };
                let due_s = self.chain.now_s + delay_s;
                self.under_way.push((due_s, juror, message.clone()));
            }
        }
    }

    fn deliver(&mut self) {
        let (due, later) = std::mem::take(&mut self.under_way).into_iter().partition(|(due_s, ..)| *due_s <= self.chain.now_s);
        self.under_way = later;
        let due: Vec<(u64, usize, Input)> = due;
        due.into_iter().for_each(|(_, juror, message)| self.jurors[juror].tell(message));
    }

    fn collect(&mut self) {
        for index in 0..self.jurors.len() {
            let new: Vec<Effect> = self.jurors[index].effects[self.done[index]..].iter().map(|(_, effect)| effect.clone()).collect();
            self.done[index] += new.len();
            for effect in new {
                match effect {
                    Effect::Announce { round, file } => {
                        let position = PositionNumber(index as u64 + 1);
                        self.publish(&Input::Have { round, file, position });
                    }
                    Effect::Sign { message, findings } => self.publish(&Input::Heard(signed(index as u8 + 1, message, findings))),
                    Effect::Fetch { .. } | Effect::Measure(_) => {}
                    transaction => self.transactions.push((index, transaction)),
                }
            }
        }
    }
}

fn plots() -> impl Strategy<Value = Plot> {
    let opened_s = prop::option::weighted(0.8, END_S..STARTS_S[2] + HALF_S - 2 * DELAY_S);
    let struck = prop::option::of((END_S - 30..END_S + STRIKES_S, prop::sample::select(WON.to_vec())));
    let block_s = prop::sample::select(vec![1, 2, 5, 10]);
    (any::<u64>(), 4..8_u8, 0..3_u8, 0..3_u8, opened_s, struck, block_s).prop_map(
        |(seed, jurors, silent, liars, opened_s, struck, block_s)| {
            let most = (jurors - 1) / 3;
            let silent = silent.min(most);
            // Findings are brought in the second half of a window: where that of the last one is all that is left, there must be blocks
            // enough for all that is lost.
            let is_last = opened_s.is_none_or(|opened_s| opened_s >= STARTS_S[1] + HALF_S - 2 * DELAY_S);
            let block_s = if is_last { block_s.min(5) } else { block_s };
            Plot { seed, jurors, silent, liars: liars.min(most - silent), opened_s, struck, is_rough: true, block_s }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn two_thirds_that_are_honest_decide_pay_and_settle_whatever_is_lost(plot in plots()) {
        let story = Story::new(plot.clone()).play();
        let (chain, liars) = (&story.chain, plot.honest() + 1..=plot.honest() + plot.liars);
        let (window, findings) = chain.decided.clone().expect("decided");
        let middles_s = STARTS_S.map(|start_s| start_s + HALF_S);
        let is_close = plot.opened_s.is_some_and(|at_s| middles_s.iter().any(|middle_s| (middle_s - 2 * DELAY_S..*middle_s).contains(&at_s)));
        prop_assert!(is_close || findings.failed == plot.opened_s.is_none(), "only just before a middle some hear of it in time and others do not");
        prop_assert_eq!(findings.won(), WON.len() as u64);
        let is_struck = plot.struck.is_some_and(|(at_s, _)| at_s.next_multiple_of(plot.block_s) <= STARTS_S[window as usize]);
        let steps = if findings.failed { 1 } else { WON.len() - usize::from(is_struck) };
        prop_assert_eq!(findings.steps.len(), steps);
        prop_assert_eq!(chain.paid.len(), WON.len());
        let counted = chain.counted.iter().filter(|(of, result, _)| (*of, *result) == (window, findings.hash())).count();
        prop_assert_eq!(chain.finders.len(), counted);
        prop_assert!(chain.is_settled && story.jurors.iter().all(|juror| juror.jury.terms().count() == 0));
        prop_assert_eq!(chain.slashed.len(), liars.count());
    }

    #[test]
    fn a_smooth_story_costs_no_call_in_vain(plot in plots()) {
        let story = Story::new(Plot { is_rough: false, liars: 0, ..plot }).play();
        // Two findings, rounds or finders fit a call; what is late comes alone.
        let (chain, counted) = (&story.chain, story.chain.finders.len());
        prop_assert_eq!(chain.refused, 0);
        prop_assert!(chain.calls <= counted + WON.len() + counted.div_ceil(2) + 1, "{}", chain.calls);
    }
}
