//! Training in two depths behind the same questions: a curve for large runs, real files for small ones.

use protocol::{Address, Digest, GroupId, Micronats, keccak256, trainer::Measured};

use crate::{
    curve::{Curve, Run},
    exact::Exact,
    exam::Exam,
    forgery::Forgery,
};

/// What a checkpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// A number.
    #[default]
    Coarse,
    /// A file that the real trainer has made and the real evaluator measures.
    Exact,
}

impl Depth {
    pub const ALL: [Self; 2] = [Self::Coarse, Self::Exact];
}

/// See the module.
#[derive(Debug, Clone)]
pub enum Training {
    Coarse(Curve),
    Exact(Exact),
}

impl Training {
    /// Of a seed, and the name of the first checkpoint. Exams of real files are drawn for that group; a curve serves any.
    ///
    /// # Errors
    /// When what is to be learnt cannot be read.
    pub fn begin(depth: Depth, seed: u64, group: GroupId) -> Result<(Self, Digest), String> {
        match depth {
            Depth::Coarse => {
                let first = Digest(keccak256(&seed.to_be_bytes()));
                Ok((Self::Coarse(Curve::new(seed, first)), first))
            }
            Depth::Exact => Exact::begin(seed, group).map(|(exact, first)| (Self::Exact(exact), first)),
        }
    }

    /// Trains from a checkpoint; none if there is no such one.
    pub fn train(&mut self, base: Digest, run: Run) -> Option<Digest> {
        match self {
            Self::Coarse(curve) => curve.train(base, run),
            Self::Exact(exact) => exact.train(base, run),
        }
    }

    /// Learns the examples of an exam by heart. On a curve that is worth nothing, for it has no examples that come again.
    pub fn memorise(&mut self, base: Digest, known: Exam, run: Run) -> Option<Digest> {
        match self {
            Self::Coarse(curve) => curve.train(base, Run { effort: 0.0, ..run }),
            Self::Exact(exact) => exact.memorise(base, known, run),
        }
    }

    /// A checkpoint between two: that part of the way to the other. None if one of them is none.
    pub fn mix(&mut self, base: Digest, other: Digest, part: f64) -> Option<Digest> {
        match self {
            Self::Coarse(curve) => curve.mix(base, other, part),
            Self::Exact(exact) => exact.mix(base, other, part),
        }
    }

    /// A file that is made of a checkpoint; none if there is no such one.
    pub fn forge(&mut self, base: Digest, forgery: Forgery) -> Option<Digest> {
        match self {
            Self::Coarse(curve) => curve.forge(base, forgery),
            Self::Exact(exact) => exact.forge(base, forgery),
        }
    }

    /// What an exam finds about a file and its base; none if one of them is no checkpoint.
    pub fn measure(&mut self, exam: Exam, file: Digest) -> Option<Measured> {
        match self {
            Self::Coarse(curve) => curve.measure(exam.base, file, exam.seed, exam.commits),
            Self::Exact(exact) => exact.measure(exam, file),
        }
    }

    /// The loss of the base of an exam in it.
    pub fn loss(&mut self, exam: Exam) -> Option<Micronats> {
        match self {
            Self::Coarse(curve) => curve.loss(exam.base, exam.seed),
            Self::Exact(exact) => exact.loss(exam),
        }
    }

    /// What shows that a signer ran a checkpoint on an exam; none if it is no checkpoint.
    pub fn probe(&mut self, exam: Exam, file: Digest, signer: Address) -> Option<Digest> {
        match self {
            Self::Coarse(curve) => Some(curve.probe(file, exam.seed, signer)),
            Self::Exact(exact) => exact.probe(exam, file, signer),
        }
    }

    /// Losses of a checkpoint on a hidden set, micronats; none if it is no checkpoint. Hidden sets are of the coarse depth alone.
    pub fn hidden(&mut self, set: Digest, file: Digest) -> Option<Vec<u32>> {
        match self {
            Self::Coarse(curve) => curve.losses(file, set).map(|losses| losses.to_vec()),
            Self::Exact(_) => None,
        }
    }

    /// What shows that a signer ran a checkpoint on a hidden set.
    pub fn hidden_probe(&self, seed: Digest, file: Digest, signer: Address) -> Digest {
        match self {
            Self::Coarse(curve) => curve.probe(file, seed, signer),
            Self::Exact(_) => Digest::ZERO,
        }
    }
}
