//! The most that is offered for gas: what the user allows, what the call is worth, or a multiple of what is usual.

use std::collections::VecDeque;

use protocol::rules::WEI_PER_GWEI;

use crate::errand::Errand;

/// Base fees that are remembered.
pub(crate) const SEEN_LIMIT: usize = 256;
/// What cannot wait may cost so many times as much as what can.
const URGENT_TIMES: u128 = 16;
/// What can wait may cost this part of what it is worth, one fourth; what cannot all of it.
const PATIENT_SHARE: u128 = 4;

/// Base fees, or gas prices where there are none, of blocks that were seen.
#[derive(Debug, Default)]
pub(crate) struct Market(VecDeque<u128>);

impl Market {
    pub(crate) fn see(&mut self, fee: u128) {
        self.0.push_back(fee);
        if self.0.len() > SEEN_LIMIT {
            self.0.pop_front();
        }
    }

    /// What is usual.
    pub(crate) fn median(&self) -> Option<u128> {
        let mut fees: Vec<u128> = self.0.iter().copied().collect();
        fees.sort_unstable();
        fees.get(fees.len() / 2).copied()
    }
}

/// What the user allows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub max_fee_gwei: Option<u64>,
    pub max_fee_times: u64,
}

/// Wei per gas, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling {
    pub limit: u128,
    pub because: Because,
}

/// What a ceiling comes from, in words that end a sentence about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// `max_fee_gwei`.
    Setting,
    /// What the call is worth at the price of NRN that the user gave.
    Worth,
    /// What is usual, and `max_fee_times`.
    Usual,
}

impl std::fmt::Display for Because {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Setting => "max_fee_gwei allows no more: wait, or raise it",
            Self::Worth => "it is not worth more at your nrn_price: wait, or correct that price",
            Self::Usual => "more is far above what is usual here: wait, or set max_fee_gwei or max_fee_times",
        })
    }
}

impl Ceiling {
    /// For a call that may use so much gas, with this `tip` where a tip is paid on top of the base fee.
    pub(crate) fn of(limits: Limits, errand: &Errand, gas: u64, usual: Option<u128>, tip: u128) -> Option<Self> {
        if let Some(gwei) = limits.max_fee_gwei {
            return Some(Self { limit: u128::from(gwei).saturating_mul(WEI_PER_GWEI), because: Because::Setting });
        }
        let can_wait = errand.urgency.can_wait();
        if let Some(worth) = errand.worth {
            let share = if can_wait { worth.0 / PATIENT_SHARE } else { worth.0 };
            return Some(Self { limit: share / u128::from(gas.max(1)), because: Because::Worth });
        }
        let times = u128::from(limits.max_fee_times).saturating_mul(if can_wait { 1 } else { URGENT_TIMES });
        // Where gas costs next to nothing a multiple of it says nothing either.
        let limit = usual?.saturating_mul(times).max(WEI_PER_GWEI).saturating_add(tip);
        Some(Self { limit, because: Because::Usual })
    }
}

#[cfg(test)]
mod tests {
    use protocol::money::Wei;

    use super::*;
    use crate::errand::Urgency as U;

    const GWEI: u128 = WEI_PER_GWEI;

    #[test]
    fn the_ceiling_is_what_the_user_says_or_a_share_of_the_worth_or_a_multiple_of_what_is_usual() {
        let coin = |milli: u128| Some(Wei(milli * 1_000_000_000_000_000));
        for (most, urgency, worth, usual, expected) in [
            (Some(3), U::Leisure, coin(1), Some(GWEI), Some((3 * GWEI, Because::Setting))),
            (None, U::Phase, coin(1), Some(GWEI), Some((10 * GWEI, Because::Worth))),
            (None, U::Settle, coin(1), Some(GWEI), Some((5 * GWEI / 2, Because::Worth))),
            (None, U::Settle, None, Some(2 * GWEI), Some((17 * GWEI, Because::Usual))),
            (None, U::Phase, None, Some(2 * GWEI), Some((257 * GWEI, Because::Usual))),
            (None, U::Leisure, None, Some(7), Some((2 * GWEI, Because::Usual))),
            (None, U::Leisure, None, None, None),
        ] {
            let limits = Limits { max_fee_gwei: most, max_fee_times: 8 };
            let errand = Errand { urgency, worth, ..Errand::default() };
            let found = Ceiling::of(limits, &errand, 100_000, usual, GWEI);
            assert_eq!(found.map(|ceiling| (ceiling.limit, ceiling.because)), expected, "{urgency:?} {most:?} {worth:?} {usual:?}");
        }
    }

    #[test]
    fn what_is_usual_does_not_follow_a_spike() {
        let mut market = Market::default();
        assert_eq!(market.median(), None);
        (0..SEEN_LIMIT).for_each(|_| market.see(10));
        (0..SEEN_LIMIT / 3).for_each(|_| market.see(9_000));
        assert_eq!(market.median(), Some(10));
    }
}
