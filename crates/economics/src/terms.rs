//! What a group is born with, what prices are outside, and which rules are tried that the network does not have.

use protocol::{Micronats, Wei, rules};

/// Stake, seconds and hurdles of a group.
#[derive(Debug, Clone)]
pub struct Terms {
    pub supply: Wei,
    /// Seconds of a round, of an epoch and of a period of the training set.
    pub length_s: u64,
    pub epoch_s: u64,
    pub period_s: u64,
    pub min_deposit: Wei,
    /// A winner is better by `base >> improve` and by `least`.
    pub improve: u8,
    pub least: Micronats,
    /// Hundredths of a standard error; none = luck is not asked about.
    pub certainty: Option<u32>,
    /// Examples of a draw (`eval_max`) and of the whole set.
    pub drawn: u32,
    pub examples: u32,
    /// Awake stake of all other admitted groups.
    pub elsewhere: Wei,
    pub trial: Trial,
}

/// Rules that are tried beside those of the network; the default changes nothing.
#[derive(Debug, Clone)]
pub struct Trial {
    pub pay: Pay,
    /// V times this, numerator and denominator.
    pub validators: (u128, u128),
    /// The k-th to concede loses this many times k sixteenths.
    pub conceding: u64,
    /// The share rule assumes at least this part of the supply at stake; none = as [`rules::total`] says.
    pub floor: Option<u128>,
}

/// Who is paid R.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pay {
    /// The winner alone: the rule.
    Winner,
    /// The true claim behind the winner's gets this many per cent of R, taken off the winner's.
    SecondOfIt(u8),
    /// It gets this many per cent of R on top: the issue grows by them.
    SecondOnTop(u8),
    /// The last five winners get a fifth each.
    LastFive,
}

impl Default for Trial {
    fn default() -> Self {
        Self { pay: Pay::Winner, validators: (1, 1), conceding: 1, floor: None }
    }
}

/// A tenth of all awake stake, rounds of an hour: R = 100, V = 20, a deposit 20 NRN.
impl Default for Terms {
    fn default() -> Self {
        Self {
            supply: Wei::nrn(100_000_000),
            length_s: 3600,
            epoch_s: 86_400,
            period_s: 604_800,
            min_deposit: Wei::nrn(1),
            improve: 10,
            least: Micronats(1000),
            certainty: Some(200),
            drawn: 1024,
            examples: 20_000,
            elsewhere: Wei::nrn(18_000_000),
            trial: Trial::default(),
        }
    }
}

impl Terms {
    /// R of a round in which `awake` stake may judge. The era is the first.
    pub fn reward(&self, awake: Wei) -> Wei {
        let admitted = awake.saturating_add(self.elsewhere);
        let total = match self.trial.floor {
            None => rules::total(admitted, self.supply),
            Some(parts) => admitted.max(Wei(self.supply.0 / parts.max(1))),
        };
        rules::reward(self.supply, self.length_s, awake, total, 0)
    }

    /// The R of which a validator's pay is computed: R itself unless another pay of validators is tried.
    pub fn judged_for(&self, reward: Wei) -> Wei {
        let (parts, whole) = self.trial.validators;
        reward.mul_div(parts, whole)
    }

    /// At least 1.
    pub fn rounds_of_epoch(&self) -> u64 {
        (self.epoch_s / self.length_s).max(1)
    }

    /// At least 1.
    pub fn rounds_of_period(&self) -> u64 {
        (self.period_s / self.length_s).max(1)
    }
}

/// Prices outside, in dollars.
#[derive(Debug, Clone)]
pub struct Prices {
    pub nrn: f64,
    pub gas: f64,
    /// What capital earns elsewhere, a year; costs of machines do not follow the price of NRN, this does.
    pub interest: f64,
    /// Whether the purse still pays gas of verdicts back.
    pub purse: bool,
}

/// NRN at what the test networks sell it for (0.0001 coins of 3,000 dollars); gas of an L2 at 0.01 gwei.
impl Default for Prices {
    fn default() -> Self {
        Self { nrn: 0.3, gas: 0.01e-9 * 3000.0, interest: 0.04, purse: true }
    }
}

impl Prices {
    /// What that much NRN is worth, dollars.
    #[expect(clippy::cast_precision_loss, reason = "dollars are no books: those are in wei")]
    pub fn dollars(&self, amount: Wei) -> f64 {
        amount.0 as f64 / protocol::money::WEI_PER_NRN as f64 * self.nrn
    }

    /// What that much gas costs, dollars.
    #[expect(clippy::cast_precision_loss, reason = "gas has far fewer than 52 bits")]
    pub fn gas(&self, units: u64) -> f64 {
        units as f64 * self.gas
    }
}
