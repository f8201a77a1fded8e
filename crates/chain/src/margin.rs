//! How much more gas is asked for than an estimate says.

/// Gas beyond the estimate, because state changes between estimate and block (a new epoch writes some slots more): a
/// fourth, and this much.
const GAS_MARGIN: u64 = 100_000;
/// Most gas that a transaction may ask for (EIP-7825); chains without that rule take more.
const TRANSACTION_GAS_LIMIT: u64 = 16_777_216;

/// The margin ends where pools refuse the whole transaction for it.
pub(crate) fn with_margin(gas: u64) -> u64 {
    let wanted = gas.saturating_add(gas / 4).saturating_add(GAS_MARGIN);
    if gas <= TRANSACTION_GAS_LIMIT { wanted.min(TRANSACTION_GAS_LIMIT) } else { wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_stays_below_the_limit_of_a_transaction() {
        for (gas, limit) in [
            (0, 100_000),
            (21_000, 126_250),
            (13_300_000, 16_725_000),
            (16_000_000, TRANSACTION_GAS_LIMIT),
            (TRANSACTION_GAS_LIMIT, TRANSACTION_GAS_LIMIT),
            (TRANSACTION_GAS_LIMIT + 1, 21_071_521),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(with_margin(gas), limit, "for {gas}");
        }
    }
}
