//! What calls cost in gas, as the contracts' tests measured it.

use std::collections::BTreeMap;

const MEASURED: &str = include_str!("../../../governance/gas/Network.json");

/// What the purse pays back of a decided round, and of each verdict (docs/PROTOCOL.md, chapter 3).
const BACK_DECIDED: u64 = 120_000;
const BACK_VERDICT: u64 = 6_000;
/// Verdicts of the `judge` that was measured beside `verdict`.
const FEW: u64 = 3;

/// Gas of the calls of a round. Units of gas, the transaction's own 21,000 included where a call is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gas {
    /// `commit` that opens a round, and any other.
    pub open: u64,
    pub commit: u64,
    pub reveal: u64,
    pub concede: u64,
    pub settle: u64,
    /// `collect`, which settles the winner's claim too.
    pub collect: u64,
    /// `judge` with three verdicts, and one verdict more.
    pub judge: u64,
    pub verdict: u64,
    pub rest: u64,
    pub wake: u64,
}

impl Gas {
    /// The committed figures.
    ///
    /// # Errors
    /// When governance/gas/Network.json is no JSON of strings, or lacks a call: measure anew with the contracts' tests.
    pub fn measured() -> Result<Self, serde_json::Error> {
        let calls: BTreeMap<String, String> = serde_json::from_str(MEASURED)?;
        let gas = |call: &str| calls.get(call).and_then(|gas| gas.parse().ok()).ok_or_else(|| missing(call));
        Ok(Self {
            open: gas("commit, the first of a round")?,
            commit: gas("commit, a further one")?,
            reveal: gas("reveal, a further one")?,
            concede: gas("concede")?,
            settle: gas("settle, a conceded seal")?,
            collect: gas("collect")?,
            judge: gas("judge, 3 verdicts")?,
            verdict: gas("verdict, a further one")?,
            rest: gas("rest")?,
            wake: gas("wake")?,
        })
    }

    /// Gas that the validators of a decided round bear together, who bring `verdicts`, with and without a purse that pays back.
    pub fn judged(&self, verdicts: u64, purse: bool) -> u64 {
        let used = self.judge.saturating_sub(FEW * self.verdict) + verdicts * self.verdict;
        let back = BACK_DECIDED + verdicts * BACK_VERDICT;
        if purse { used.saturating_sub(back) } else { used }
    }
}

fn missing(call: &str) -> serde_json::Error {
    serde::de::Error::custom(format!("governance/gas/Network.json has no figure for `{call}`: measure it anew"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_purse_never_pays_more_than_the_verdicts_used() {
        let gas = Gas::measured().expect("committed figures");
        for verdicts in 1..1024 {
            assert!(gas.judged(verdicts, true) > 0 && gas.judged(verdicts, true) < gas.judged(verdicts, false), "{verdicts}");
        }
        assert_eq!(gas.judged(FEW, false), gas.judge);
    }
}
