//! Values of contracts as people read them.

use alloy::primitives::{Address as EthAddress, U256};

use crate::convert;

const DAY_S: u64 = 86_400;
/// First second of the year 10000.
const END_S: u64 = 253_402_300_800;

/// An amount in NRN, or in the chain's coin.
pub fn nrn(amount: U256) -> String {
    convert::wei(amount).map_or_else(|| format!("{amount} · 10^-18"), |amount| amount.to_nrn())
}

/// An account with its checksum (EIP-55).
pub fn account(address: EthAddress) -> String {
    convert::address(address).to_string()
}

/// A second since 1970 as a contract tells it: `2027-03-31T12:00:00Z`.
pub fn time(second: U256) -> String {
    convert::count(second).map_or_else(|| format!("second {second}"), moment)
}

/// A second since 1970 as text, in UTC: `2027-03-31T12:00:00Z`.
pub fn moment(time_s: u64) -> String {
    if time_s >= END_S {
        return format!("second {time_s}");
    }
    let ((year, month, day), of_day) = (date_of(time_s / DAY_S), time_s % DAY_S);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", of_day / 3_600, of_day / 60 % 60, of_day % 60)
}

/// Year, month and day of that many days after 1970-01-01 in the Gregorian calendar. Years are counted from March, so that
/// a leap day is a year's last.
fn date_of(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (era * 400 + year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_told_as_moments() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-11-21T12:00:00Z", 1_795_262_400),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("9999-12-31T23:59:59Z", END_S - 1),
        ] {
            assert_eq!(moment(seconds), text);
        }
        assert_eq!(time(U256::from(u64::MAX)), format!("second {}", u64::MAX));
        assert_eq!(time(U256::MAX), format!("second {}", U256::MAX));
    }

    #[test]
    fn amounts_and_accounts_are_told_in_full() {
        assert_eq!(nrn(U256::from(1_500_000_000_000_000_000_u64)), "1.5");
        assert_eq!(nrn(U256::MAX), format!("{} · 10^-18", U256::MAX));
        assert_eq!(account(EthAddress::repeat_byte(0xab)), EthAddress::repeat_byte(0xab).to_checksum(None));
    }
}
