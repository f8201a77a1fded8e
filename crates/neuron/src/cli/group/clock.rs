//! Whether a group's clock goes with a network, before anything is sent.

use anyhow::{Result, ensure};
use node::config::Times;
use token::StakeTerms;

/// Whether a network with these terms takes a group with such a clock.
///
/// # Errors
/// With the numbers that do not go together, and what to write instead.
pub fn check(times: &Times, terms: &StakeTerms) -> Result<()> {
    let phases = [times.train_s, times.reveal_s, times.judge_s].map(u64::from);
    ensure!(phases.iter().all(|seconds| *seconds > 0) && times.period_s > 0, "no phase and no period in [times] may be 0 s long");
    let (length_s, period_s) = (phases.iter().sum::<u64>(), u64::from(times.period_s));
    let StakeTerms { epoch_s, exit_s, maturity_s, .. } = *terms;
    ensure!(
        epoch_s.is_multiple_of(length_s),
        "a round of {length_s} s (train_s, reveal_s and judge_s in [times]) does not divide an epoch of this network, {epoch_s} s"
    );
    ensure!(
        length_s <= maturity_s,
        "a round of {length_s} s is longer than the maturity of this network, {maturity_s} s: shorten it in [times]"
    );
    ensure!(
        2 * period_s <= exit_s,
        "two periods of {period_s} s do not go into an exit of this network, {exit_s} s: set `period_s` in [times] to {} or less",
        exit_s / 2
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use protocol::Wei;

    use super::*;

    #[test]
    fn a_clock_that_does_not_fit_the_network_is_refused_with_its_numbers() {
        let terms = |epoch_s, exit_s, maturity_s| StakeTerms { epoch_s, exit_s, maturity_s, genesis_s: 0, min_deposit: Wei::ZERO };
        let usual = Times::default();
        for (times, terms, wanted) in [
            (usual, terms(86_400, 28 * 86_400, 604_800), ""),
            (
                usual,
                terms(3_600, 100_800, 3_600),
                "two periods of 604800 s do not go into an exit of this network, 100800 s: set `period_s`",
            ),
            (usual, terms(3_601, 28 * 86_400, 3_600), "does not divide an epoch of this network, 3601 s"),
            (usual, terms(3_600, 28 * 86_400, 3_599), "longer than the maturity of this network, 3599 s"),
            (Times { judge_s: 0, ..usual }, terms(86_400, 28 * 86_400, 604_800), "0 s long"),
            (Times { period_s: 0, ..usual }, terms(86_400, 28 * 86_400, 604_800), "0 s long"),
            (Times { period_s: 50_400, ..usual }, terms(3_600, 100_800, 3_600), ""),
            (Times { period_s: 50_401, ..usual }, terms(3_600, 100_800, 3_600), "set `period_s` in [times] to 50400 or less"),
        ] {
            let told = check(&times, &terms).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(told.contains(wanted) && told.is_empty() == wanted.is_empty(), "{wanted:?}: {told}");
        }
    }
}
