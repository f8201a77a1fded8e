//! Who races, and what each of them seals.

use evaluator::{Checkpoint, Compute};
use sha2::{Digest, Sha256};
use training::{Device, Plan, TrainError, Trainer};

use crate::group::{Group, Parts, under};
use crate::{Failure, loss};

/// Files that a shopper seals.
const SHOPPED: u16 = 50;
/// Least and greatest noise, as a share of what first weights have.
const NOISE: (f32, f32) = (0.002, 0.3);
/// How often an honest trainer looks at the validation part in a round.
const LOOKS: u32 = 8;

/// Who made a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Contestant {
    /// Trains on without end, from its own weights, on the losses alone.
    Memoriser,
    /// Trains from the base on what the group asks for, and keeps what the validation part likes best.
    Honest,
    /// The base with noise.
    Copier,
    /// Fifty times the base with noise: once the draw is known, the best is revealed.
    Shopper,
}

pub const CONTESTANTS: [Contestant; 4] = [Contestant::Memoriser, Contestant::Honest, Contestant::Copier, Contestant::Shopper];

/// A sealed file.
pub struct File {
    pub by: Contestant,
    pub weights: Checkpoint,
}

/// Everybody in one race.
pub struct Field<'a> {
    pub group: &'a Group,
    pub parts: &'a Parts,
    pub compute: Compute,
    pub split: u64,
    /// What the memoriser has, under the manifest without a price.
    pub memory: Checkpoint,
}

impl Field<'_> {
    /// What is sealed in a round, in the order of commits, which takes turns.
    ///
    /// # Errors
    /// When a run fails.
    pub fn seal(&mut self, base: &Checkpoint, round: u64) -> Result<Vec<File>, Failure> {
        self.memorise(base, round)?;
        let mut files = vec![File { by: Contestant::Memoriser, weights: under(base.manifest(), &self.memory)? }];
        if let Some(weights) = self.train(base, round)? {
            files.push(File { by: Contestant::Honest, weights });
        }
        for number in 0..SHOPPED {
            files.push(File { by: Contestant::Shopper, weights: self.noised(base, [round, number.into()], number)? });
        }
        // Another size in each round.
        let size = (round % u64::from(SHOPPED)) as u16;
        files.push(File { by: Contestant::Copier, weights: self.noised(base, [round, SHOPPED.into()], size)? });
        let turn = usize::from(seed(&[self.split, round])[0]);
        let count = files.len();
        files.rotate_left(turn % count);
        Ok(files)
    }

    /// The memoriser goes on, from the base if that remembers more.
    fn memorise(&mut self, base: &Checkpoint, round: u64) -> Result<(), Failure> {
        let base = under(self.memory.manifest(), base)?;
        let loss = |weights: &Checkpoint| loss(self.compute, weights, &self.parts.training);
        let start = if loss(&base)? < loss(&self.memory)? { base } else { self.memory.clone() };
        let mut trainer = self.trainer(&start, 2 * round)?;
        (0..self.group.steps).try_for_each(|_| trainer.step().map(drop))?;
        self.memory = trainer.checkpoint()?;
        Ok(())
    }

    /// The honest trainer's file, unless the base stays the best on the validation part.
    fn train(&self, base: &Checkpoint, round: u64) -> Result<Option<Checkpoint>, Failure> {
        let loss = |weights: &Checkpoint| loss(self.compute, weights, &self.parts.validation);
        let mut trainer = self.trainer(base, 2 * round + 1)?;
        let (mut least, mut best) = (loss(base)?, None);
        for _ in 0..LOOKS {
            (0..self.group.steps / LOOKS).try_for_each(|_| trainer.step().map(drop))?;
            let weights = trainer.checkpoint()?;
            let loss = loss(&weights)?;
            if loss < least {
                (least, best) = (loss, Some(weights));
            }
        }
        Ok(best)
    }

    fn trainer(&self, start: &Checkpoint, run: u64) -> Result<Trainer<'_>, TrainError> {
        let plan = Plan { settings: self.group.settings(), seed: self.split << 32 | run, steps: self.group.steps };
        Trainer::new(start, &self.parts.training, &plan, Device::Cpu, self.compute)
    }

    /// The base with noise: the difference of two first weights, in which what is not drawn is nothing. The scale rises with `size`.
    fn noised(&self, base: &Checkpoint, [round, number]: [u64; 2], size: u16) -> Result<Checkpoint, Failure> {
        let place = f32::from(size) / f32::from(SHOPPED);
        let scale = NOISE.0 * (NOISE.1 / NOISE.0).powf(place);
        let first = |side| Checkpoint::initial(base.manifest(), seed(&[self.split, round, number, side]));
        let (plus, minus) = (first(0), first(1));
        let noise = plus.tensors().iter().zip(minus.tensors());
        let tensors = base.tensors().iter().zip(noise).map(|(values, (plus, minus))| {
            let noise = plus.iter().zip(minus);
            values.iter().zip(noise).map(|(value, (plus, minus))| value + scale * (plus - minus)).collect()
        });
        Ok(Checkpoint::clamped(base.manifest(), tensors.collect())?)
    }
}

/// A number that nobody knows before it is drawn: the same words give the same one.
pub fn seed(words: &[u64]) -> [u8; 32] {
    let mut sum = Sha256::new();
    words.iter().for_each(|word| sum.update(word.to_be_bytes()));
    sum.finalize().into()
}
