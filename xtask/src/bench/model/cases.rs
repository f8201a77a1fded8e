//! What is compared: models, work and who does it, and the ratios to reach.

use Tool::{Burn, Compiled, Eager, Ours};
use Work::{Evaluate, Train};
use anyhow::Result;

use crate::bench::worker::Worker;

/// A model and the examples of one batch.
pub struct Model {
    pub name: &'static str,
    pub batch: usize,
    /// Examples, from the root; text if there are none.
    pub data: Option<&'static str>,
}

pub const TINY: Model = Model { name: "tiny-gpt", batch: 16, data: None };
pub const SMALL: Model = Model { name: "small-gpt", batch: 4, data: None };
pub const DIGITS: Model = Model { name: "digits", batch: 64, data: Some("data/digits/genesis.csv") };

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
pub const EVALUATION: &[(Tool, Tool, f64)] = &[(Ours, Eager, 1.4), (Ours, Compiled, 1.2)];

pub const CASES: [Case; 7] = [
    Case { model: TINY, work: Train(1), threads: 1, pairs: &[(Ours, Eager, 1.05), (Ours, Compiled, 1.05), (Burn, Eager, 0.5)] },
    Case { model: TINY, work: Train(1), threads: 2, pairs: &[(Ours, Eager, 1.2), (Ours, Compiled, 1.1), (Burn, Eager, 0.5)] },
    Case { model: DIGITS, work: Train(100), threads: 1, pairs: &[(Ours, Eager, 3.0), (Ours, Compiled, 1.0)] },
    Case { model: TINY, work: Evaluate, threads: 1, pairs: EVALUATION },
    Case { model: TINY, work: Evaluate, threads: 2, pairs: EVALUATION },
    Case { model: SMALL, work: Evaluate, threads: 1, pairs: EVALUATION },
    Case { model: SMALL, work: Evaluate, threads: 2, pairs: EVALUATION },
];

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
