//! Answers of contracts that need not be computed again as long as what they were read from stands.

use std::collections::{BTreeMap, VecDeque};

use alloy::primitives::{Address, Bytes};
use protocol::chain::Phase;
use protocol::ids::RoundNumber;

use super::state::{Slot, State};

/// Answers to one question that are kept: nodes that lag ask for what was.
const ANSWERS_LIMIT: usize = 4;
/// Questions whose answers are kept; then all are forgotten.
const QUESTIONS_LIMIT: usize = 65_536;

/// As much of the time as an answer depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Time {
    pub epoch: u64,
    pub era: u64,
    pub phase: Option<(RoundNumber, Phase)>,
}

struct Answer {
    time: Time,
    read: Vec<Slot>,
    output: Bytes,
}

#[derive(Default)]
pub(super) struct Known {
    answers: BTreeMap<(Address, Bytes), VecDeque<Answer>>,
}

impl Known {
    /// What the contract at `to` answers at that time, if it is known and nothing that it was read from is another now.
    pub fn find(&self, to: Address, question: &Bytes, time: Time, state: &State) -> Option<Bytes> {
        let stands = |(address, slot, value): &Slot| state.value(*address, *slot) == *value;
        let answers = self.answers.get(&(to, question.clone()))?;
        let answer = answers.iter().find(|answer| answer.time == time && answer.read.iter().all(stands))?;
        Some(answer.output.clone())
    }

    pub fn keep(&mut self, to: Address, question: Bytes, time: Time, read: Vec<Slot>, output: Bytes) {
        if self.answers.len() >= QUESTIONS_LIMIT {
            self.answers.clear();
        }
        let answers = self.answers.entry((to, question)).or_default();
        answers.push_front(Answer { time, read, output });
        answers.truncate(ANSWERS_LIMIT);
    }
}
