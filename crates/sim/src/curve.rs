//! Training in the coarse depth: a checkpoint is one number, its mean loss over all examples; exams see it through noise.
//!
//! An exam draws [`DRAWN`] examples; each has a difficulty of its own, and each checkpoint errs on it by its own. So losses of two
//! checkpoints are paired as real ones are, and the real rule says whether an improvement is one beyond luck.

use std::collections::BTreeMap;
use std::sync::Arc;

use evaluator::{Terms, is_certain, loss_root, mean};
use protocol::{Digest, Micronats, keccak256, trainer::Measured};

use crate::{forgery::Forgery, random::Random};

/// Loss of the first checkpoint: a guess among ten.
const FIRST: f64 = 2_302_585.0;
/// Examples of an exam, and of the whole set.
pub(crate) const DRAWN: usize = 64;
const EXAMPLES: u32 = 4096;
/// Standard errors that an improvement must exceed, hundredths.
pub(crate) const CERTAINTY: u32 = 200;
/// Classes among which a model guesses.
pub(crate) const OUTPUTS: u32 = 10;
/// By what part of its loss a checkpoint errs on one example.
const NOISE: f64 = 0.05;
/// What a full run gains of the loss on average, and how far runs lie apart.
const GAIN: (f64, f64) = (0.04, 0.03);
/// Loss of weights that are as great as they may be.
const HUGE: f64 = 1e9;
/// Exams that are remembered.
const EXAMS_KEPT: usize = 256;

/// Checkpoints and what they are worth.
#[derive(Debug, Clone)]
pub struct Curve {
    seed: u64,
    worth: BTreeMap<Digest, f64>,
    exams: BTreeMap<(Digest, Digest), Arc<Vec<u32>>>,
    pairs: BTreeMap<(Digest, Digest, Digest), Measured>,
}

/// A run of training.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub node: usize,
    pub round: u64,
    pub attempt: u32,
    /// What it gains beside a full run on the first training set: for want of time less, on a better set more.
    pub effort: f64,
}

impl Run {
    /// Another one for every run.
    pub(crate) fn number(&self) -> u64 {
        (self.node as u64) << 48 | self.round << 8 | u64::from(self.attempt)
    }
}

impl Curve {
    /// The curve of a seed, with a first checkpoint of that name.
    pub fn new(seed: u64, first: Digest) -> Self {
        Self { seed, worth: BTreeMap::from([(first, FIRST)]), exams: BTreeMap::new(), pairs: BTreeMap::new() }
    }

    /// Trains from a checkpoint; none if there is no such one.
    pub fn train(&mut self, base: Digest, run: Run) -> Option<Digest> {
        let worth = *self.worth.get(&base)?;
        let mut random = Random::new(self.seed, "training", run.number());
        let gain = (GAIN.0 + GAIN.1 * random.normal()) * run.effort;
        let file = Digest(keccak256(&[&base.0[..], &random.bytes()].concat()));
        self.worth.insert(file, worth * (1.0 - gain));
        Some(file)
    }

    /// A checkpoint between two: that part of the way to the other. None if one of them is none.
    pub fn mix(&mut self, base: Digest, other: Digest, part: f64) -> Option<Digest> {
        let worth = *self.worth.get(&base)? * (1.0 - part) + *self.worth.get(&other)? * part;
        let file = Digest(keccak256(&[&base.0[..], &other.0, &part.to_bits().to_be_bytes()].concat()));
        self.worth.insert(file, worth);
        Some(file)
    }

    /// A file that is made of a checkpoint; of all such ones only the huge is a checkpoint. None if there is no such one.
    pub fn forge(&mut self, base: Digest, forgery: Forgery) -> Option<Digest> {
        self.worth.get(&base)?;
        let file = Digest(keccak256(&[&base.0[..], format!("{forgery:?}").as_bytes()].concat()));
        if forgery == Forgery::Huge {
            self.worth.insert(file, HUGE);
        }
        Some(file)
    }

    /// Whether a file is a checkpoint.
    pub fn knows(&self, file: Digest) -> bool {
        self.worth.contains_key(&file)
    }

    /// What an exam finds about a file and the base of its round; none if one of them is no checkpoint.
    pub fn measure(&mut self, base: Digest, file: Digest, exam: Digest, commits: u64) -> Option<Measured> {
        let (of_base, of_file) = (self.losses(base, exam)?, self.losses(file, exam)?);
        let is_certain = {
            let terms = Terms { base_price: 0, new_price: 0, examples: Some(EXAMPLES), commits: commits.max(1), certainty: CERTAINTY };
            is_certain(&of_base, &of_file, terms)
        };
        let key = (exam, base, file);
        let measured = *self.pairs.entry(key).or_insert_with(|| Measured {
            base: Micronats(mean(&of_base)),
            loss: Micronats(mean(&of_file)),
            loss_root: Digest(loss_root(&of_base, &of_file)),
            is_certain,
        });
        while self.pairs.len() > EXAMS_KEPT {
            self.pairs.pop_first();
        }
        Some(Measured { is_certain, ..measured })
    }

    /// The mean loss of a checkpoint in an exam.
    pub fn loss(&mut self, file: Digest, exam: Digest) -> Option<Micronats> {
        Some(Micronats(mean(&self.losses(file, exam)?)))
    }

    /// What shows that a signer ran a checkpoint on an exam.
    pub fn probe(&self, file: Digest, exam: Digest, signer: protocol::Address) -> Digest {
        Digest(keccak256(&[&b"probe"[..], &file.0, &exam.0, &signer.0].concat()))
    }

    /// Losses of a checkpoint on the examples of an exam, micronats.
    pub(crate) fn losses(&mut self, file: Digest, exam: Digest) -> Option<Arc<Vec<u32>>> {
        let worth = *self.worth.get(&file)?;
        while self.exams.len() > EXAMS_KEPT {
            self.exams.pop_first();
        }
        let drawn = self.exams.entry((exam, file)).or_insert_with(|| {
            let (mut difficulty, mut noise) = (stream(self.seed, exam, Digest::ZERO), stream(self.seed, exam, file));
            let loss = |_| worth * (0.5 + difficulty.unit() + NOISE * noise.normal());
            Arc::new((0..DRAWN).map(loss).map(|loss| loss.max(0.0) as u32).collect())
        });
        Some(drawn.clone())
    }
}

fn stream(seed: u64, exam: Digest, file: Digest) -> Random {
    let hash = keccak256(&[exam.0, file.0].concat());
    let number = hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
    Random::new(seed, "losses", number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST_FILE: Digest = Digest([1; 32]);

    fn run(round: u64) -> Run {
        Run { node: 0, round, attempt: 1, effort: 1.0 }
    }

    #[test]
    fn an_exam_finds_the_same_for_everybody_and_another_exam_finds_something_else() {
        let (mut one, mut other) = (Curve::new(5, FIRST_FILE), Curve::new(5, FIRST_FILE));
        let file = one.train(FIRST_FILE, run(1)).expect("a file");
        assert_eq!(other.train(FIRST_FILE, run(1)), Some(file));
        let exam = Digest([3; 32]);
        let found = one.measure(FIRST_FILE, file, exam, 1).expect("losses");
        assert_eq!(other.measure(FIRST_FILE, file, exam, 1), Some(found));
        assert_ne!(other.measure(FIRST_FILE, file, Digest([4; 32]), 1), Some(found));
        assert_eq!(one.measure(FIRST_FILE, Digest([9; 32]), exam, 1), None);
        assert_eq!(one.loss(file, exam), Some(found.loss));
    }

    #[test]
    fn most_runs_improve_some_beyond_luck_and_doing_nothing_never_does() {
        let mut curve = Curve::new(5, FIRST_FILE);
        let found: Vec<Measured> = (0..400)
            .map(|round| {
                let file = curve.train(FIRST_FILE, run(round)).expect("a file");
                let exam = Digest(keccak256(&round.to_be_bytes()));
                curve.measure(FIRST_FILE, file, exam, 2).expect("losses")
            })
            .collect();
        let better = found.iter().filter(|found| found.loss < found.base).count();
        let certain = found.iter().filter(|found| found.is_certain).count();
        assert!((250..400).contains(&better) && (200..350).contains(&certain), "{better} better, {certain} certain");
        let lucky = (0..400)
            .filter(|round| {
                let idle = curve.train(FIRST_FILE, Run { effort: 0.0, ..run(1000 + round) }).expect("a file");
                let exam = Digest(keccak256(&round.to_be_bytes()));
                curve.measure(FIRST_FILE, idle, exam, 1).expect("losses").is_certain
            })
            .count();
        assert!(lucky < 25, "two standard errors let {lucky} of 400 useless files through");
    }

    #[test]
    fn more_commits_raise_the_bar_though_the_losses_were_measured_before() {
        let mut curve = Curve::new(5, FIRST_FILE);
        let changed = (0..200).any(|round| {
            let file = curve.train(FIRST_FILE, run(round)).expect("a file");
            let mut is_certain = |commits| curve.measure(FIRST_FILE, file, Digest([3; 32]), commits).expect("losses").is_certain;
            is_certain(1) && !is_certain(1000)
        });
        assert!(changed);
    }
}
