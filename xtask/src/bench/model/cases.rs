//! What is compared: models, work and who does it, and the ratios to reach.

use Tool::{Burn, Compiled, Eager, Ours};
use Work::{Evaluate, Train};
use anyhow::Result;

use crate::bench::worker::Worker;

/// A model and the examples of one batch.
#[derive(Clone, Copy)]
pub struct Model {
    pub name: &'static str,
    pub batch: usize,
    pub data: Examples,
    /// Whether it is that of a group in `configs/groups`.
    pub is_group: bool,
    pub pace: Pace,
}

/// Where examples come from.
#[derive(Clone, Copy)]
pub enum Examples {
    /// Rows of a file, from the root.
    Rows(&'static str),
    /// Plays.
    Text,
    /// Tokens drawn by chance, so many windows: what they are changes no time.
    Drawn(usize),
}

/// How often is measured.
#[derive(Clone, Copy)]
pub struct Pace {
    /// Turns that are not counted, and those that are.
    pub warm: usize,
    pub counted: usize,
    /// Steps or measurements of a turn, one right after the other: a system may need some milliseconds to give each thread a core.
    pub turn: usize,
}

const USUAL: Pace = Pace { warm: 3, counted: 25, turn: 4 };
/// Where one measurement takes seconds.
const SLOW: Pace = Pace { warm: 1, counted: 7, turn: 1 };

const PLAYS: Model = Model { name: "", batch: 16, data: Examples::Text, is_group: true, pace: USUAL };
pub const TINY: Model = Model { name: "tiny-gpt", ..PLAYS };
pub const SMALL: Model = Model { name: "small-gpt", batch: 4, ..PLAYS };
pub const DIGITS: Model = Model { name: "digits", batch: 64, data: Examples::Rows("data/digits/genesis.csv"), ..PLAYS };
pub const TINY_LLAMA: Model = Model { name: "tiny-llama", ..PLAYS };
const SMALL_LLAMA: Model = Model { name: "small-llama", batch: 4, is_group: false, ..PLAYS };
const GPT_2: Model = Model { name: "gpt2", batch: 2, data: Examples::Drawn(8), is_group: false, pace: SLOW };

/// All of them, the smallest first.
pub const MODELS: [Model; 6] = [DIGITS, TINY, TINY_LLAMA, SMALL, SMALL_LLAMA, GPT_2];

/// What is timed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// So many steps of AdamW.
    Train(usize),
    Evaluate,
}

/// Who does it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// The engine `exact` and the evaluator.
    Ours,
    Burn,
    Eager,
    Compiled,
}

/// Who takes turns: a row of the table for each pair, and the ratio that it should reach.
pub struct Case {
    pub model: Model,
    pub work: Work,
    pub threads: usize,
    pub pairs: &'static [(Tool, Tool, f64)],
}

/// Ratios to reach of an evaluation.
const EVALUATION: &[(Tool, Tool, f64)] = &[(Ours, Eager, 1.4), (Ours, Compiled, 1.2)];
/// Those of models that came later.
const LATER: &[(Tool, Tool, f64)] = &[(Ours, Eager, 1.35), (Ours, Compiled, 1.2)];
/// Of a training step on one thread, and on two.
const ALONE: &[(Tool, Tool, f64)] = &[(Ours, Eager, 1.05), (Ours, Compiled, 1.05)];
const TOGETHER: &[(Tool, Tool, f64)] = &[(Ours, Eager, 1.2), (Ours, Compiled, 1.1)];

/// What is compared, model after model.
pub const CASES: [Case; 18] = [
    case(TINY, Train(1), 1, &[(Ours, Eager, 1.05), (Ours, Compiled, 1.05), (Burn, Eager, 0.5)]),
    case(TINY, Train(1), 2, &[(Ours, Eager, 1.2), (Ours, Compiled, 1.1), (Burn, Eager, 0.5)]),
    case(DIGITS, Train(100), 1, &[(Ours, Eager, 3.0), (Ours, Compiled, 1.0)]),
    case(TINY_LLAMA, Train(1), 1, ALONE),
    case(TINY_LLAMA, Train(1), 2, TOGETHER),
    case(SMALL_LLAMA, Train(1), 1, ALONE),
    case(SMALL_LLAMA, Train(1), 2, TOGETHER),
    case(GPT_2, Train(1), 2, TOGETHER),
    case(TINY, Evaluate, 1, EVALUATION),
    case(TINY, Evaluate, 2, EVALUATION),
    case(SMALL, Evaluate, 1, EVALUATION),
    case(SMALL, Evaluate, 2, EVALUATION),
    case(TINY_LLAMA, Evaluate, 1, LATER),
    case(TINY_LLAMA, Evaluate, 2, LATER),
    case(SMALL_LLAMA, Evaluate, 1, LATER),
    case(SMALL_LLAMA, Evaluate, 2, LATER),
    case(GPT_2, Evaluate, 1, LATER),
    case(GPT_2, Evaluate, 2, LATER),
];

const fn case(model: Model, work: Work, threads: usize, pairs: &'static [(Tool, Tool, f64)]) -> Case {
    Case { model, work, threads, pairs }
}

impl Case {
    pub fn name(&self) -> String {
        let work = if self.work == Evaluate { "evaluate" } else { "train" };
        format!("{work}/{}/threads={}", self.model.name, self.threads)
    }

    /// Everybody of the pairs, once.
    pub fn tools(&self) -> Vec<Tool> {
        let mut tools = Vec::new();
        for tool in self.pairs.iter().flat_map(|(tool, other, _)| [*tool, *other]) {
            if !tools.contains(&tool) {
                tools.push(tool);
            }
        }
        tools
    }
}

impl Work {
    /// Milliseconds of one step or measurement, and its loss.
    pub fn run(self, worker: &mut Worker) -> Result<(f64, f64)> {
        let (command, steps) = match self {
            Train(steps) => (format!("train {steps}"), steps),
            Evaluate => ("evaluate".to_owned(), 1),
        };
        let [seconds, loss]: [f64; 2] = worker.ask(&command)?;
        Ok((seconds * 1e3 / steps as f64, loss))
    }
}
