//! What a draw of examples makes of a file, and whether that counts.

use evaluator::{Differences, Terms as Certainty};
use protocol::{Micronats, rules};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::terms::Terms;

/// Nats in micronats.
const MICRO: f64 = 1e6;
/// A step that counts whatever the draw, in standard errors below its mean.
const MARGIN: f64 = 1.5;

/// Standard deviation of the gain of an example, where the mean gain is g nats: this times √g. Of a model whose predictions
/// moved by a divergence of g it would be √2 for one target an example; `cargo run -p training --example luck` finds less for `digits`, and many
/// targets of one example share it.
pub const SPREAD: f64 = 0.5;

/// A file beside its base. Nats.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct File {
    /// By which it is truly better on the whole set.
    pub gain: f64,
    /// Standard deviations of the gain of an example: what training brought, common to all files of a trainer, and noise of its own.
    pub spread: f64,
    pub noise: f64,
}

impl File {
    /// What a trainer came to who lowered the loss by `gain`.
    pub fn trained(gain: f64) -> Self {
        Self { gain, spread: SPREAD * gain.max(0.0).sqrt(), noise: 0.0 }
    }

    /// The same with noise added, for luck, of the size at which the luckiest of `files` gains most on `drawn` examples: noise
    /// that costs κ nats has a spread of `SPREAD`·√κ, so the luckiest stands about `SPREAD`·√(2κ ln files / drawn) − κ higher.
    pub fn shaken(self, files: u32, drawn: u32) -> Self {
        let cost = SPREAD.powi(2) * f64::from(files).ln() / (2.0 * f64::from(drawn));
        Self { gain: self.gain - cost, noise: SPREAD * cost.sqrt(), ..self }
    }
}

/// What a draw shows of a file. Nats.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measured {
    pub gain: f64,
    pub spread: f64,
}

/// The exam of a round: how many examples of how many, and what counts.
#[derive(Debug, Clone, Copy)]
pub struct Exam<'a> {
    terms: &'a Terms,
    base: Micronats,
    /// Standard error for a spread of 1: of a sample without replacement.
    error: f64,
}

impl<'a> Exam<'a> {
    /// On a base of that loss, nats.
    pub fn new(terms: &'a Terms, base: f64) -> Self {
        let (drawn, examples) = (f64::from(terms.drawn.min(terms.examples)), f64::from(terms.examples));
        Self { terms, base: micronats(base), error: ((examples - drawn) / (examples * drawn)).sqrt() }
    }

    /// Loss of the base.
    pub fn base(&self) -> Micronats {
        self.base
    }

    /// Examples of the draw.
    pub fn drawn(&self) -> u32 {
        self.terms.drawn
    }

    /// That part of the base's loss.
    pub fn part(&self, part: f64) -> Micronats {
        micronats(f64::from(self.base.0) / MICRO * part)
    }

    /// `luck`: by how many standard deviations the draw favours what the trainer's files share; that of each file's noise is drawn.
    pub fn measure(&self, file: File, luck: f64, chance: &mut ChaCha8Rng) -> Measured {
        let own: f64 = if file.noise > 0.0 { StandardNormal.sample(chance) } else { 0.0 };
        let gain = file.gain + self.error * (file.spread * luck + file.noise * own);
        Measured { gain, spread: file.spread.hypot(file.noise) }
    }

    /// The loss that is claimed of it.
    pub fn loss(&self, measured: Measured) -> Micronats {
        micronats(f64::from(self.base.0) / MICRO - measured.gain)
    }

    /// Whether a reveal takes it, and validators of a round of so many `commits` find it certain.
    pub fn passes(&self, measured: Measured, commits: u64) -> bool {
        let enough = rules::most_loss(self.base, self.terms.improve, self.terms.least).is_some_and(|most| self.loss(measured) <= most);
        enough && self.terms.certainty.is_none_or(|certainty| self.is_certain(measured, commits, certainty))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "nats of losses, in micronats, stay below 2^32")]
    fn is_certain(&self, Measured { gain, spread }: Measured, commits: u64, certainty: u32) -> bool {
        let drawn = f64::from(self.terms.drawn.min(self.terms.examples));
        let squares = drawn * MICRO.powi(2) * (gain.powi(2) + spread.powi(2));
        let sums = Differences { drawn: drawn as u64, sum: (drawn * gain * MICRO) as i128, squares: squares as u128 };
        sums.are_certain(Certainty { base_price: 0, new_price: 0, examples: Some(self.terms.examples), commits, certainty })
    }

    /// The smallest gain that counts among `commits` even where the draw is unkind, nats.
    pub fn least_step(&self, commits: u64) -> f64 {
        let counts = |gain: f64| {
            let File { gain, spread, .. } = File::trained(gain);
            self.passes(Measured { gain: gain - MARGIN * self.error * spread, spread }, commits)
        };
        let (mut below, mut enough) = (0.0, f64::from(self.base.0) / MICRO);
        for _ in 0..20 {
            let middle = f64::midpoint(below, enough);
            if counts(middle) { enough = middle } else { below = middle }
        }
        enough
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped by the conversion: below 0 is 0")]
fn micronats(nats: f64) -> Micronats {
    Micronats((nats * MICRO).round() as u32)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// Share of `tries` rounds in which one of `files` passes.
    fn passed(terms: &Terms, file: File, files: u32, tries: u32) -> f64 {
        let (exam, mut chance) = (Exam::new(terms, 1.0), ChaCha8Rng::seed_from_u64(1));
        let tried = (0..tries).filter(|_| {
            let luck = StandardNormal.sample(&mut chance);
            (0..files).any(|_| exam.passes(exam.measure(file, luck, &mut chance), files.into()))
        });
        tried.count() as f64 / f64::from(tries)
    }

    #[test]
    fn luck_alone_passes_without_certainty_and_hardly_with_it() {
        let strict = Terms { least: Micronats(0), improve: 20, ..Terms::default() };
        let noise = File::default().shaken(50, strict.drawn);
        assert!(passed(&strict, noise, 50, 400) < 0.14, "exp(-2) is the most that the rule lets through");
        assert!(passed(&Terms { certainty: None, ..strict }, noise, 50, 400) > 0.95);
    }

    #[test]
    fn what_one_commit_may_claim_is_luck_among_a_thousand() {
        let terms = Terms::default();
        let (exam, file) = (Exam::new(&terms, 0.5), File::trained(0.0015));
        let measured = Measured { gain: file.gain, spread: file.spread };
        assert!(exam.passes(measured, 1) && !exam.passes(measured, 1000));
    }

    #[test]
    fn the_least_step_counts_and_half_of_it_does_not() {
        let terms = Terms::default();
        let (step, exam) = (Exam::new(&terms, 2.0).least_step(1), Exam::new(&terms, 2.0));
        let [whole, half] = [step, step / 2.0].map(File::trained).map(|file| Measured { gain: file.gain, spread: file.spread });
        assert!(exam.passes(whole, 1) && !exam.passes(half, 1), "{step}");
    }
}
