//! The validators of a group together: how a round is decided and paid, and how they change by what it paid.

use protocol::{Wei, rules};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::{
    gas::Gas,
    round::{Decision, heaviest},
    terms::{Prices, Terms},
    validator::{CHOICES, Leaving, Manner, Validator},
};

/// Seconds of a year.
const YEAR_S: f64 = 31_557_600.0;
/// Part of those who could do better that see it in an epoch.
const REVIEWS: f64 = 0.25;
/// Who is outside wants this much more than its costs.
const RETURN: f64 = 1.1;
/// Part of those that try another manner in an epoch without a reason.
const WHIMS: f64 = 0.01;

/// What is believed of the last rounds and epochs: means in which each new one has the weight 1 / window.
#[derive(Debug, Clone)]
pub struct Beliefs {
    /// Share of rounds in which what a manner signs is decided, by [`Manner::place`].
    pub right: [f64; 4],
    /// Part of stake that an epoch costs whose probes are wrong.
    pub slashed: f64,
    /// Models measured a round by who checks, and gas a round of who signs.
    pub measured: f64,
    pub gas: f64,
    /// Epochs over which they are formed.
    pub window: f64,
}

impl Default for Beliefs {
    fn default() -> Self {
        Self { right: [1.0; 4], slashed: 0.0, measured: 2.0, gas: 0.0, window: 14.0 }
    }
}

impl Beliefs {
    /// Of a round, as if a day had 24.
    fn weight(&self) -> f64 {
        1.0 / (24.0 * self.window)
    }
}

/// All of them, running or not.
#[derive(Debug, Clone, Default)]
pub struct Members {
    pub all: Vec<Validator>,
    pub beliefs: Beliefs,
    /// Dollars an epoch that it costs to keep a program of one's own: the one that everybody can have runs the models.
    pub upkeep: f64,
}

impl Members {
    /// With the beliefs that everybody begins with.
    pub fn new(all: Vec<Validator>) -> Self {
        Self { all, upkeep: 0.1, ..Self::default() }
    }

    fn stake_of(&self, counts: impl Fn(&Validator) -> bool) -> Wei {
        self.all.iter().filter(|validator| counts(validator)).map(|validator| validator.stake).sum()
    }

    /// Stake that counts for decisions in this epoch.
    pub fn awake(&self) -> Wei {
        self.stake_of(|validator| validator.is_awake)
    }

    /// All stake.
    pub fn bonded(&self) -> Wei {
        self.stake_of(|_| true)
    }

    /// Share of the awake stake that is of a manner and speaks.
    pub fn share(&self, manner: Manner) -> f64 {
        let part = self.stake_of(|validator| validator.speaks() && validator.manner == manner);
        ratio(part, self.awake())
    }

    /// JUDGE of a round with so many `claims`: `first` is the place of the first true one, `friend` of one that colluders sign.
    /// Everybody who speaks signs, those who copy last; says what was decided.
    pub fn decide(&mut self, claims: usize, first: Option<usize>, friend: Option<usize>) -> Decision {
        let truth = first.unwrap_or(claims);
        let mut options = [Some(truth), None, Some(0), Some(friend.unwrap_or(truth))];
        let mut tallies = vec![Wei::ZERO; claims + 1];
        self.sign(&options, &mut tallies);
        let copied = heaviest(&tallies);
        self.sign(&[None, copied, None, None], &mut tallies);
        options[Manner::Copies.place()] = copied;
        let awake = self.awake();
        let decided = tallies.iter().position(|tally| rules::is_quorum(*tally, awake));
        self.believe(&options, decided, first.map_or(claims, |place| place + 1) + 1);
        match decided {
            None => Decision::Void,
            Some(option) if option == claims => Decision::Lost,
            Some(option) => Decision::Won(option),
        }
    }

    /// Signs for all whose manner has an option.
    fn sign(&mut self, options: &[Option<usize>; 4], tallies: &mut [Wei]) {
        for validator in self.all.iter_mut().filter(|validator| validator.speaks()) {
            if let Some(option) = options[validator.manner.place()] {
                validator.signed = Some(option);
                tallies[option] = tallies[option].saturating_add(validator.stake);
            }
        }
    }

    fn believe(&mut self, options: &[Option<usize>; 4], decided: Option<usize>, measured: usize) {
        let weight = self.beliefs.weight();
        for (right, option) in self.beliefs.right.iter_mut().zip(options) {
            let is_right = decided.is_some() && *option == decided;
            *right += weight * (f64::from(u8::from(is_right)) - *right);
        }
        #[expect(clippy::cast_precision_loss, reason = "claims are few")]
        let measured = measured as f64;
        self.beliefs.measured += weight * (measured - self.beliefs.measured);
    }

    /// Nothing was to be decided in this round.
    pub fn idle(&mut self) {
        self.believe(&[None; 4], None, 0);
    }

    /// Pays who signed what was decided for R = `reward`; gives what all got.
    pub fn pay(&mut self, option: usize, reward: Wei, awake: Wei) -> Wei {
        let mut paid = Wei::ZERO;
        for validator in self.all.iter_mut().filter(|validator| validator.signed == Some(option)) {
            let earned = rules::earned_for(reward, awake, validator.stake);
            validator.ledger.earn(earned);
            paid = paid.saturating_add(earned);
        }
        paid
    }

    /// Charges a round: machines, what was `measured` by those who run models, gas of the verdicts if it was decided.
    pub fn charge(&mut self, measured: usize, is_decided: bool, prices: &Prices, gas: &Gas) {
        let signers = self.all.iter().filter(|validator| validator.signed.is_some()).count() as u64;
        let each = if is_decided { gas.judged(signers, prices.purse) / signers.max(1) } else { 0 };
        self.beliefs.gas += (each as f64 - self.beliefs.gas) * self.beliefs.weight();
        for validator in self.all.iter_mut().filter(|validator| validator.is_running) {
            let signed = validator.signed.is_some();
            let checks = if signed && validator.manner.runs_models() { validator.check * measured as f64 } else { 0.0 };
            validator.ledger.spend(validator.machine + checks + if signed { prices.gas(each) } else { 0.0 });
        }
    }

    /// Whether presence in an undecided round is known: more than half of the awake stake signed something.
    pub fn is_shown(&self) -> bool {
        rules::is_majority(self.stake_of(|validator| validator.signed.is_some()), self.awake())
    }

    /// Ends a round; `is_counted`: presence in it is known.
    pub fn end_round(&mut self, epoch: u64, is_counted: bool) {
        for validator in &mut self.all {
            if is_counted {
                validator.attend(epoch);
            }
            validator.signed = None;
        }
    }

    /// Begins an epoch.
    pub fn begin(&mut self, epoch: u64) {
        self.all.iter_mut().for_each(|validator| validator.begin(epoch));
    }

    /// Remembers what an epoch's slashes took from those whose probes are wrong, as a part of their stake.
    pub fn remember(&mut self, slashed: Wei) {
        let stake = self.stake_of(|validator| validator.is_running && !validator.manner.runs_models());
        self.beliefs.slashed += (ratio(slashed, stake).min(1.0) - self.beliefs.slashed) / self.beliefs.window;
    }

    /// What an epoch would bring a validator in a manner, dollars, with so much stake awake beside its own.
    pub fn expects(&self, validator: &Validator, manner: Manner, others: Wei, terms: &Terms, prices: &Prices) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "rounds of an epoch are few")]
        let rounds = terms.rounds_of_epoch() as f64;
        let awake = others.saturating_add(validator.stake);
        let pay = prices.dollars(rules::earned_for(terms.judged_for(terms.reward(awake)), awake, validator.stake));
        let (checks, upkeep, slashed) = match manner.runs_models() {
            true => (validator.check * self.beliefs.measured, 0.0, 0.0),
            false => (0.0, self.upkeep, self.beliefs.slashed),
        };
        #[expect(clippy::cast_precision_loss, reason = "an epoch is short")]
        let interest = prices.interest * terms.epoch_s as f64 / YEAR_S;
        let held = prices.dollars(validator.stake) * (slashed + interest);
        rounds * (self.beliefs.right[manner.place()] * pay - validator.machine - checks - prices.gas * self.beliefs.gas) - upkeep - held
    }

    /// Some look at what else they could do.
    pub fn review(&mut self, terms: &Terms, prices: &Prices, gas: &Gas, chance: &mut ChaCha8Rng) {
        let awake = self.awake();
        for place in 0..self.all.len() {
            if self.all[place].manner != Manner::Colludes && chance.random_bool(REVIEWS) {
                let others = if self.all[place].is_awake { awake.saturating_sub(self.all[place].stake) } else { awake };
                self.reconsider(place, others, terms, prices, gas);
            }
            if self.all[place].is_free && chance.random_bool(WHIMS) {
                self.all[place].manner = CHOICES[chance.random_range(0..CHOICES.len())];
            }
        }
    }

    fn reconsider(&mut self, place: usize, others: Wei, terms: &Terms, prices: &Prices, gas: &Gas) {
        let validator = &self.all[place];
        let expects = |manner| self.expects(validator, manner, others, terms, prices);
        let (mut manner, mut most) = (validator.manner, expects(validator.manner));
        for other in CHOICES.into_iter().filter(|_| validator.is_free) {
            if expects(other) > most {
                (manner, most) = (other, expects(other));
            }
        }
        let hopes = expects(manner);
        #[expect(clippy::cast_precision_loss, reason = "rounds of an epoch are few")]
        let costs = validator.machine * terms.rounds_of_epoch() as f64;
        let validator = &mut self.all[place];
        validator.manner = manner;
        match (validator.is_running, validator.leaving) {
            (_, Leaving::Never) => {}
            (true, Leaving::Rests) if hopes < 0.0 => {
                (validator.is_running, validator.wakes) = (false, false);
                validator.ledger.spend(prices.gas(gas.rest));
            }
            (true, Leaving::Silent) if hopes < 0.0 => validator.is_running = false,
            (false, _) if hopes > (RETURN - 1.0) * costs => {
                validator.is_running = true;
                validator.ledger.spend(prices.gas(gas.wake));
            }
            _ => {}
        }
    }
}

/// Part of a whole; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "shares are no books: those are in wei")]
pub fn ratio(part: Wei, whole: Wei) -> f64 {
    if whole.is_zero() { 0.0 } else { part.0 as f64 / whole.0 as f64 }
}
