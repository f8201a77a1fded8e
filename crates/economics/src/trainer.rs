//! Trainers: what they seal, and whether they stay.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::{
    curve::Curve,
    exam::{Exam, File},
    ledger::Ledger,
    seal::Seal,
};

/// How much of what rivals showed is remembered from round to round.
const MEMORY: f64 = 0.98;
/// A leader who feeds by his rivals is so much better than what he saw of them.
const AHEAD: f64 = 1.2;
/// The twin of a file is worse by this part of its gain.
const TWIN: f64 = 1e-3;
/// Part of the base's loss that a false claim says is left.
pub const FALSE_LOSS: f64 = 0.5;
/// Part of those outside who look at the group in an epoch; who was disappointed looks half as often each time.
const CURIOUS: f64 = 0.1;

/// What a trainer does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Craft {
    /// Trains a round from the base and seals what improves enough.
    Honest,
    /// Seals so many copies of the base with noise.
    Copier { files: u32 },
    /// Trains a round, and seals so many shaken copies of what it has.
    Shopper { files: u32 },
    /// Trains a round, and seals a second file that is hardly worse, by another account.
    Twin,
    /// Goes on training what it has for itself, and hands it out as it likes, in one of `every` rounds.
    Leader { feeds: Feeds, every: u64 },
    /// Claims of the base what is not true.
    Cheat,
}

/// How much a leader seals of what it is ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feeds {
    All,
    /// The smallest step that counts.
    Least,
    /// A little more than rivals lately gained, and no less than counts.
    Rivals,
    /// Seals both of the latter and one twice as good: it reveals the least that wins.
    Ladder,
}

/// What a round is trained on.
pub struct Ground<'a> {
    pub round: u64,
    pub curve: Curve,
    /// Work in the base, and its loss in nats.
    pub work: f64,
    pub base: f64,
    /// Of the round before.
    pub commits: u64,
    pub exam: Exam<'a>,
}

/// Who races, in the group or looking at it from outside.
#[derive(Debug, Clone)]
pub struct Trainer {
    pub craft: Craft,
    /// Work that it does in a round, and the standard deviation of its logarithm.
    pub skill: f64,
    pub luck: f64,
    /// Dollars a round.
    pub cost: f64,
    /// Work in the file that a leader keeps to itself.
    pub own: f64,
    /// Best gain of rivals that it remembers, nats.
    pub seen: f64,
    /// Rounds over which it weighs what it earned, none = it never leaves.
    pub patience: Option<u32>,
    pub is_in: bool,
    /// Rounds since it came, and how often it went.
    pub since: u32,
    pub left: i32,
    /// What it believes a round brings, dollars.
    pub belief: f64,
    pub won: u64,
    /// Until this epoch.
    pub won_before: u64,
    pub ledger: Ledger,
}

impl Trainer {
    /// In the group, and never leaving it; `cost` in dollars a round.
    pub fn new(craft: Craft, skill: f64, cost: f64) -> Self {
        Self {
            craft,
            skill,
            cost,
            luck: 0.3,
            own: 0.0,
            seen: 0.0,
            patience: None,
            is_in: true,
            since: 0,
            left: 0,
            belief: 0.0,
            won: 0,
            won_before: 0,
            ledger: Ledger::default(),
        }
    }

    /// Works a round and pushes what it seals.
    pub fn seal(&mut self, trainer: usize, ground: &Ground<'_>, chance: &mut ChaCha8Rng, seals: &mut Vec<Seal>) {
        let drawn = ground.exam.drawn();
        let mut push = |file| seals.push(Seal::new(trainer, file));
        match self.craft {
            Craft::Honest => self.trained(ground, chance).into_iter().for_each(push),
            Craft::Twin => {
                if let Some(file) = self.trained(ground, chance) {
                    push(file);
                    push(File { gain: file.gain * (1.0 - TWIN), ..file });
                }
            }
            Craft::Copier { files } => (0..files).for_each(|_| push(File::default().shaken(files, drawn))),
            Craft::Shopper { files } => {
                let trained = self.trained(ground, chance);
                trained.into_iter().for_each(|file| (0..files).for_each(|_| push(file.shaken(files, drawn))));
            }
            Craft::Leader { feeds, every } => self.feed(feeds, every, ground, chance).into_iter().for_each(push),
            Craft::Cheat => seals.push(Seal { is_false: true, ..Seal::new(trainer, File::default()) }),
        }
    }

    /// A round's work.
    fn work(&mut self, chance: &mut ChaCha8Rng) -> f64 {
        self.ledger.spend(self.cost);
        let luck: f64 = StandardNormal.sample(chance);
        self.skill * (self.luck * luck).exp()
    }

    /// A round's training from the base, if it passes a draw of the trainer's own.
    fn trained(&mut self, ground: &Ground<'_>, chance: &mut ChaCha8Rng) -> Option<File> {
        let work = ground.work + self.work(chance);
        let file = File::trained(ground.base - ground.curve.loss(work));
        let measured = ground.exam.measure(file, StandardNormal.sample(chance), chance);
        ground.exam.passes(measured, 1).then_some(file)
    }

    /// Trains what it has on, and chooses what to seal of it.
    fn feed(&mut self, feeds: Feeds, every: u64, ground: &Ground<'_>, chance: &mut ChaCha8Rng) -> Vec<File> {
        self.own = self.own.max(ground.work) + self.work(chance);
        let all = ground.base - ground.curve.loss(self.own);
        if !ground.round.is_multiple_of(every) || ground.exam.base().0 == 0 {
            return Vec::new();
        }
        let least = ground.exam.least_step(ground.commits);
        let rivals = least.max(AHEAD * self.seen).min(all);
        match feeds {
            _ if all < least => Vec::new(),
            Feeds::All => vec![File::trained(all)],
            Feeds::Least => vec![File::trained(least)],
            Feeds::Rivals => vec![File::trained(rivals)],
            Feeds::Ladder => [least, rivals, all.min(2.0 * rivals)].map(File::trained).to_vec(),
        }
    }

    /// Remembers the best gain that others showed, nats.
    pub fn see(&mut self, gain: f64) {
        self.seen = gain.max(MEMORY * self.seen);
    }

    /// Weighs what the round brought, dollars.
    pub fn weigh(&mut self, profit: f64) {
        self.since = self.since.saturating_add(1);
        if let Some(patience) = self.patience {
            self.belief += (profit - self.belief) / f64::from(patience.max(1));
        }
    }

    /// Leaves what does not pay, or comes where `share`, the part of R that one more would get on average, pays; dollars.
    pub fn review(&mut self, share: f64, chance: &mut ChaCha8Rng) {
        let Some(patience) = self.patience else { return };
        let comes = !self.is_in && share > self.cost && chance.random_bool(CURIOUS * 0.5_f64.powi(self.left));
        if comes || (self.is_in && self.since >= patience && self.belief < 0.0) {
            (self.is_in, self.since, self.belief) = (comes, 0, 0.0);
            self.left += i32::from(!comes);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_trainer_leaves_what_does_not_pay_once_it_has_seen_enough_and_comes_where_a_share_pays() {
        let mut chance = ChaCha8Rng::seed_from_u64(1);
        let mut trainer = Trainer { patience: Some(10), ..Trainer::new(Craft::Honest, 1.0, 2.0) };
        (0..9).for_each(|_| trainer.weigh(-1.0));
        trainer.review(0.0, &mut chance);
        assert!(trainer.is_in);
        trainer.weigh(-1.0);
        trainer.review(0.0, &mut chance);
        assert!(!trainer.is_in);
        (0..100).for_each(|_| trainer.review(1.9, &mut chance));
        assert!(!trainer.is_in);
        (0..100).for_each(|_| trainer.review(2.1, &mut chance));
        assert!(trainer.is_in);
    }
}
