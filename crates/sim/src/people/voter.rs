//! Votes in most periods, with the position of its validator: for the patch that helps most as far as it can be measured, else for
//! keeping the set. It votes for what its node holds alone, says so in the log, and leaves it to the stewards to bring that.

use protocol::{DeltaNumber, Digest, PeriodNumber, rules};

use crate::{
    plan::Plan,
    random::Random,
    world::{hands::Hands, people::Person},
};

/// Of a thousand periods, in how many it stays at home.
const AT_HOME: u64 = 150;
/// Hundredths of a period before its end at which it votes: the earliest and the latest.
const BEFORE_END: (u64, u64) = (15, 70);
/// Part of a period after which it looks again whether there is anything to vote for.
const LOOK_PART: u64 = 16;
/// Deviation of what it measures of a patch, and what a patch must seem to be worth.
const NOISE: f64 = 0.01;
pub(crate) const ENOUGH: f64 = 0.025;

/// See the module.
pub(super) struct Voter {
    random: Random,
    period: Option<PeriodNumber>,
    /// The second at which it votes; none once it has, or if it stays at home.
    vote_s: Option<u64>,
}

impl Voter {
    pub fn new(plan: &Plan, node: usize) -> Self {
        Self { random: Random::new(plan.seed, "voter", node as u64), period: None, vote_s: None }
    }

    /// The delta that it votes for, its patch, and what that seems to be worth.
    fn choice(&mut self, own: &Hands<'_>, proposals: &[(DeltaNumber, Digest)]) -> (DeltaNumber, Digest, f64) {
        let held = proposals.iter().filter(|(_, patch)| own.holds(*patch));
        let measured = held.map(|(delta, patch)| (*delta, *patch, own.worth_of(*patch) + NOISE * self.random.normal()));
        let good: Vec<(DeltaNumber, Digest, f64)> = measured.filter(|(_, _, worth)| *worth > ENOUGH).collect();
        let best = good.into_iter().max_by(|one, other| one.2.total_cmp(&other.2));
        best.unwrap_or((DeltaNumber(0), Digest::ZERO, 0.0))
    }
}

impl Person for Voter {
    fn look(&mut self, own: &mut Hands<'_>) {
        let (Some(view), now_s) = (own.view(), own.now_s()) else { return };
        if self.period.replace(view.period_number) != Some(view.period_number) {
            let before_s = view.period_s * self.random.within(BEFORE_END.0, BEFORE_END.1) / 100;
            self.vote_s = (!self.random.chance(AT_HOME)).then(|| view.period_end_s.saturating_sub(before_s));
        }
        if self.vote_s.is_none_or(|vote_s| now_s < vote_s) || now_s >= view.period_end_s {
            return;
        }
        let proposals = own.proposals(&view);
        if !proposals.is_empty() {
            let (delta, patch, measured) = self.choice(own, &proposals);
            own.choose_delta(delta, patch, measured);
            self.vote_s = None;
        } else {
            let may_come = rules::may_propose(now_s, view.period_s, view.period_end_s, view.extended_s);
            self.vote_s = may_come.then(|| now_s + view.period_s / LOOK_PART);
        }
    }
}
