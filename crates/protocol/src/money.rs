//! Amounts: NRN in wei and losses in micronats.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use ruint::aliases::U512;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Wei of one NRN.
pub const WEI_PER_NRN: u128 = 1_000_000_000_000_000_000;
/// Digits after the point of an amount in NRN.
const DECIMALS: usize = 18;

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Something else than digits, or more than 2^128 - 1.
    #[error("not an amount: write a decimal number below 2^128")]
    Number,
    /// More digits after the point than a wei has.
    #[error("more than 18 digits after the point: one wei is the smallest amount")]
    Decimals,
}

/// An amount of NRN (or of the chain's coin) in wei; 10^18 wei are one NRN. In JSON a decimal string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Wei(pub u128);

impl Wei {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// That many whole NRN; all there can be if it were more.
    pub const fn nrn(whole: u64) -> Self {
        Self((whole as u128).saturating_mul(WEI_PER_NRN))
    }

    /// Whether there is none.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, if it fits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, if it is not negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum, cut to the largest amount.
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, 0 instead of less.
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `floor(self * numerator / denominator)` without overflow in between; 0 if the denominator is 0.
    pub fn mul_div(self, numerator: u128, denominator: u128) -> Self {
        if denominator == 0 {
            return Self::ZERO;
        }
        let product = U512::from(self.0) * U512::from(numerator);
        Self::cut(product / U512::from(denominator))
    }

    /// The amount, cut to the largest one.
    pub(crate) fn cut(amount: U512) -> Self {
        Self(u128::try_from(amount).unwrap_or(u128::MAX))
    }

    /// Reads an amount in NRN: `12`, `0.5`.
    ///
    /// # Errors
    /// [`AmountError`] if it is no decimal number, too large or too fine.
    pub fn from_nrn(text: &str) -> Result<Self, AmountError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.len() > DECIMALS {
            return Err(AmountError::Decimals);
        }
        digits(whole)?
            .checked_mul(WEI_PER_NRN)
            .and_then(|wei| wei.checked_add(digits(&format!("{fraction:0<DECIMALS$}")).ok()?))
            .map(Self)
            .ok_or(AmountError::Number)
    }

    /// The amount in NRN, as short as it is exact: `12`, `0.5`.
    pub fn to_nrn(self) -> String {
        let (whole, fraction) = (self.0 / WEI_PER_NRN, self.0 % WEI_PER_NRN);
        let text = format!("{whole}.{fraction:0>DECIMALS$}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// `u128::from_str` would take a leading plus.
fn digits(text: &str) -> Result<u128, AmountError> {
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().map_err(|_| AmountError::Number),
        false => Err(AmountError::Number),
    }
}

impl fmt::Display for Wei {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for Wei {
    type Err = AmountError;
    fn from_str(text: &str) -> Result<Self, AmountError> {
        digits(text).map(Self)
    }
}

impl Sum for Wei {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::saturating_add)
    }
}

impl Serialize for Wei {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Wei {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A loss: negative log-likelihood in nats times 10^6, rounded; `u32::MAX` where it was not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micronats(pub u32);

/// In nats: `0.123456`.
impl fmt::Display for Micronats {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_in_nrn_are_read_and_written_exactly() {
        for (text, wei) in [("12", 12 * WEI_PER_NRN), ("0.5", WEI_PER_NRN / 2), ("0.000000000000000001", 1), ("0", 0)] {
            assert_eq!(Wei::from_nrn(text), Ok(Wei(wei)));
            assert_eq!(Wei(wei).to_nrn(), text);
        }
        assert_eq!(Wei::nrn(2).to_nrn(), "2");
    }

    #[test]
    fn amounts_that_are_none_are_refused() {
        for text in ["", "x", "+1", "-1", "1.2.3", "1,5", "999999999999999999999999999"] {
            assert_eq!(Wei::from_nrn(text), Err(AmountError::Number), "{text}");
        }
        assert_eq!(Wei::from_nrn("0.0000000000000000001"), Err(AmountError::Decimals));
        assert!(serde_json::from_str::<Wei>("5").is_err());
        assert_eq!(serde_json::from_str::<Wei>("\"5\"").unwrap(), Wei(5));
    }

    #[test]
    fn products_do_not_overflow_in_between() {
        assert_eq!(Wei(u128::MAX).mul_div(u128::MAX, u128::MAX), Wei(u128::MAX));
        assert_eq!(Wei(u128::MAX).mul_div(2, 1), Wei(u128::MAX));
        assert_eq!(Wei(7).mul_div(1, 0), Wei::ZERO);
        assert_eq!(Wei(7).mul_div(1, 2), Wei(3));
    }
}
