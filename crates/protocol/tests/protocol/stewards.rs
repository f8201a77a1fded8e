//! Several stewards, a log that delays, and a chain that takes what the contract takes and loses what some send.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use protocol::chain::{Block, ChainEvent, CountedChoice, GroupView};
use protocol::eip712::SignedChoice;
use protocol::steward::{Effect, Input, Steward};
use protocol::{DeltaNumber, Digest, PositionNumber, Wei};

use crate::steward::{DELTA, END_S, PERIOD, choice, proposed, steward};
use crate::world::*;

const PERIOD_S: u64 = 2_000;
/// A choice has reached everybody after so many seconds.
const DELAY_S: u64 = 20;

#[derive(Debug, Clone)]
struct Plot {
    seed: u64,
    stewards: u8,
    block_s: u64,
    /// Who chooses, how often before, and when.
    choices: Vec<(u8, u64)>,
}

impl Plot {
    fn draw(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_add(1);
        u64::from_be_bytes(digest(&format!("vote {}", self.seed)).0[..8].try_into().unwrap()) % below
    }
}

struct Story {
    plot: Plot,
    view: GroupView,
    stewards: Vec<Steward>,
    /// Choices under way: when, to whom.
    under_way: Vec<(u64, usize, SignedChoice)>,
    written: Vec<(u64, SignedChoice)>,
    history: Vec<ChainEvent>,
    counted: BTreeMap<PositionNumber, u64>,
    turned_s: Option<u64>,
    casts: usize,
}

impl Story {
    fn new(plot: Plot) -> Self {
        let positions = (1..=plot.stewards).map(|number| position(number, 100)).collect();
        let view = GroupView { period_s: PERIOD_S, positions, ..crate::steward::view() };
        let (stewards, under_way, written, history, counted) = Default::default();
        let mut story = Self { plot, view, stewards, under_way, written, history, counted, turned_s: None, casts: 0 };
        story.stewards = (1..=story.plot.stewards).map(|signer| story.begun(signer)).collect();
        story
    }

    fn begun(&self, signer: u8) -> Steward {
        let mut steward = steward(signer);
        steward.handle(Input::Group(self.view.clone()));
        steward.handle(proposed(PERIOD, DELTA, 1));
        self.history.iter().for_each(|event| drop(steward.handle(Input::Event(event.clone()))));
        steward
    }

    fn play(mut self) -> Self {
        let mut calls: Vec<(usize, Effect)> = Vec::new();
        for time_s in (END_S - PERIOD_S / 4..END_S + 2_000).step_by(self.plot.block_s as usize) {
            let (mut events, mut answered) = (Vec::new(), BTreeSet::new());
            for (node, effect) in std::mem::take(&mut calls) {
                // The first one is never lucky: what it sends is lost, and often not answered.
                let is_lost = node == 0 && self.plot.draw(3) > 0;
                events.extend(if is_lost { None } else { self.call(time_s, effect) });
                answered.extend(Some(node).filter(|_| !is_lost || self.plot.draw(2) == 0));
            }
            self.history.extend(events.iter().cloned());
            self.write(time_s);
            for node in 0..self.stewards.len() {
                events.iter().for_each(|event| drop(self.stewards[node].handle(Input::Event(event.clone()))));
                self.restart(node);
                let block = Block { number: time_s / self.plot.block_s, ..block(time_s) };
                calls.extend(self.stewards[node].handle(Input::Block(block)).map(|effect| (node, effect)));
                Some(node)
                    .filter(|node| answered.contains(node))
                    .into_iter()
                    .for_each(|node| drop(self.stewards[node].handle(Input::Failed)));
            }
        }
        self
    }

    /// What it tells; `None` where it fails.
    fn call(&mut self, time_s: u64, effect: Effect) -> Option<ChainEvent> {
        match effect {
            Effect::Cast(choices) => {
                self.casts += 1;
                assert!(time_s >= END_S - PERIOD_S / 4, "before the last quarter");
                let mut counted = Vec::new();
                for (position, signed) in choices.into_iter().filter(|_| time_s < END_S) {
                    let seq = signed.message.seq;
                    if self.counted.get(&position).is_none_or(|before| *before < seq) {
                        self.counted.insert(position, seq);
                        let (delta, weight) = (DeltaNumber(DELTA), Wei::nrn(100));
                        counted.push(CountedChoice { position, delta, weight, seq: seq.into(), by_owner: false });
                    }
                }
                (!counted.is_empty()).then_some(ChainEvent::Cast { group: GROUP, period: PERIOD, counted })
            }
            Effect::Turn(period) => {
                assert!(time_s >= END_S && period == PERIOD, "the period is running");
                let is_first = self.turned_s.is_none();
                self.turned_s.get_or_insert(time_s);
                let (applied, head, reward, period_end_s) = (DeltaNumber(0), Digest::ZERO, Wei::ZERO, time_s + PERIOD_S);
                is_first.then_some(ChainEvent::Turned { group: GROUP, period, applied, head, reward, period_s: PERIOD_S, period_end_s })
            }
        }
    }

    fn write(&mut self, time_s: u64) {
        let now: Vec<_> =
            (1..).zip(self.plot.choices.clone()).filter(|(_, (_, at_s))| (time_s..time_s + self.plot.block_s).contains(at_s)).collect();
        for (seq, (voter, _)) in now {
            let signed = choice(1 + voter % self.plot.stewards, DELTA, seq);
            self.written.push((time_s, signed));
            for node in 0..self.stewards.len() {
                let due_s = time_s + self.plot.draw(DELAY_S);
                self.under_way.push((due_s, node, signed));
            }
        }
        let (due, later) = std::mem::take(&mut self.under_way).into_iter().partition(|(due_s, ..)| *due_s <= time_s);
        self.under_way = later;
        let due: Vec<(u64, usize, SignedChoice)> = due;
        due.into_iter().for_each(|(_, node, signed)| drop(self.stewards[node].handle(Input::Heard(signed))));
    }

    /// The first one starts again and again, and hears the log anew.
    fn restart(&mut self, node: usize) {
        if node == 0 && self.turned_s.is_none() && self.plot.draw(20) == 0 {
            self.stewards[node] = self.begun(1);
            self.under_way.extend(self.written.iter().map(|(time_s, signed)| (time_s + DELAY_S, node, *signed)));
        }
    }
}

fn plots() -> impl Strategy<Value = Plot> {
    let choices = prop::collection::vec((any::<u8>(), END_S - PERIOD_S / 4..END_S - 2), 1..12);
    (any::<u64>(), 2..7_u8, prop::sample::select(vec![1, 2, 5, 12, 30]), choices).prop_map(|(seed, stewards, block_s, choices)| Plot {
        seed,
        stewards,
        block_s,
        choices,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn choices_are_brought_in_time_and_the_period_is_turned_whatever_one_loses(plot in plots()) {
        let story = Story::new(plot.clone()).play();
        // Heard by all, asked for at the next block, carried by the one after it.
        let in_time_s = END_S - DELAY_S - 3 * plot.block_s.max(2);
        let mut last = BTreeMap::new();
        for (_, signed) in story.written.iter().filter(|(time_s, _)| *time_s < in_time_s) {
            let position = story.view.position_of(signed.signer(&DOMAIN).unwrap()).unwrap().number;
            let seq = last.entry(position).or_insert(0);
            *seq = signed.message.seq.max(*seq);
        }
        for (position, seq) in last {
            prop_assert!(story.counted.get(&position).is_some_and(|counted| *counted >= seq), "{} was not heard", position);
        }
        prop_assert!(story.turned_s.is_some(), "nobody turned the period");
        prop_assert!(story.casts <= 4 * plot.choices.len() * usize::from(plot.stewards), "{} casts", story.casts);
    }
}
