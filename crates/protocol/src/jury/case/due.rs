//! Transactions about a bounty: what is found is posted, what is due is paid, two results of one position are shown.

use super::Case;
use crate::bounty::{Findings, WINDOWS};
use crate::ids::{BountyNumber, Digest, PositionNumber, RoundNumber};
use crate::jury::View;
use crate::jury::io::Effect;
use crate::order::seed_of;

/// What a transaction is about; evidence goes first, as the end of the bounty ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::jury) enum Matter {
    /// A position that signed two results in a window.
    Double(BountyNumber, u64, PositionNumber),
    Bounty(BountyNumber),
}

impl Matter {
    /// Draws the order in which it is sent.
    pub fn seed(self) -> Digest {
        match self {
            Self::Bounty(bounty) => seed_of("bounty", &[bounty.0]),
            Self::Double(bounty, window, position) => seed_of("found twice", &[bounty.0, window, position.0]),
        }
    }
}

/// A transaction that somebody should send.
pub(in crate::jury) struct Due {
    /// What it is about: of one matter one transaction at a time.
    pub matter: Matter,
    /// The call to make.
    pub effect: Effect,
    /// Nobody sends it before.
    pub from_s: u64,
    /// However many wait, it is sent before this second.
    pub until_s: Option<u64>,
}

impl Case {
    /// Transactions that are to be sent next.
    pub fn due(&self, view: &View<'_>) -> Vec<Due> {
        let next = self.post(view).or_else(|| {
            let effect = self.reward(view).or_else(|| self.pay_finders(view)).or_else(|| self.settle(view))?;
            Some(Due { matter: self.matter(), effect, from_s: 0, until_s: None })
        });
        next.into_iter().chain(self.slash(view)).collect()
    }

    fn matter(&self) -> Matter {
        Matter::Bounty(self.sealed.bounty)
    }

    /// What was found by more than two thirds, and what others found so until the window ends. Once all are in, or at half of the
    /// window.
    fn post(&self, view: &View<'_>) -> Option<Due> {
        let (term, bounty) = (self.sealed.term, self.sealed.bounty);
        let number = term.window_at(view.now.time_s, view.calendar)?;
        let (window, end_s) = (self.at(number)?, term.window_start_s(number + 1, view.calendar));
        let result = match &self.decided {
            Some(decided) => (decided.window == number).then_some(decided.result)?,
            None => window.ripe(view.group)?,
        };
        let (findings, mut signed) = window.fresh(view.group, result)?;
        signed.truncate(view.most());
        if signed.is_empty() || view.is_late(end_s) {
            return None;
        }
        let from_s = if window.is_complete(view.group) { 0 } else { term.middle_s(number, view.calendar).saturating_add(view.beat.step_s) };
        let until_s = view.beat.last_s(end_s);
        let effect = Effect::Post { bounty, window: number, findings, signed };
        Some(Due { matter: self.matter(), effect, from_s: from_s.min(until_s), until_s: Some(until_s) })
    }

    /// The contract takes it from the start of the window until an exit after its end, but for what an earlier slash forgives.
    fn slash(&self, view: &View<'_>) -> Vec<Due> {
        let bounty = self.sealed.bounty;
        let doubles = (0..).zip(&self.windows).flat_map(|(number, window)| window.doubles().map(move |double| (number, double)));
        let due =
            doubles.filter(|(number, (position, ..))| self.may_slash(view, *number, *position)).map(|(window, (position, one, other))| {
                let effect = Effect::Slash { bounty, window, position, one, other };
                Due { matter: Matter::Double(bounty, window, position), effect, from_s: 0, until_s: None }
            });
        due.collect()
    }

    fn may_slash(&self, view: &View<'_>, window: u64, position: PositionNumber) -> bool {
        let start_s = self.sealed.term.window_start_s(window, view.calendar);
        let is_forgiven = view.group.position(position).is_none_or(|position| position.forgiven_until_s > start_s);
        let is_own = view.own.is_some_and(|own| own.number == position);
        !is_own && !is_forgiven && view.now.time_s >= start_s
    }

    fn reward(&self, view: &View<'_>) -> Option<Effect> {
        let findings = self.decided.as_ref()?.findings.clone();
        let rounds: Vec<RoundNumber> = self.unpaid_rounds().filter(|round| view.is_mature(*round)).take(view.most()).collect();
        (!rounds.is_empty()).then_some(Effect::Reward { bounty: self.sealed.bounty, findings, rounds })
    }

    fn pay_finders(&self, view: &View<'_>) -> Option<Effect> {
        let end_s = self.sealed.term.window_start_s(self.decided.as_ref()?.window + 1, view.calendar);
        let positions: Vec<PositionNumber> = self.unpaid_positions().take(view.most()).collect();
        (view.now.time_s >= end_s && !positions.is_empty()).then_some(Effect::PayFinders { bounty: self.sealed.bounty, positions })
    }

    fn settle(&self, view: &View<'_>) -> Option<Effect> {
        // Nobody looks at what is shown where nothing was decided.
        let findings = self.decided.as_ref().map_or_else(|| Findings::failed(&[]), |decided| decided.findings.clone());
        let is_over = view.now.time_s >= self.sealed.term.window_start_s(WINDOWS, view.calendar);
        let is_due = !self.is_returned && is_over && view.is_mature(self.sealed.term.last);
        is_due.then_some(Effect::Settle { bounty: self.sealed.bounty, findings })
    }

    /// All that were won are paid, but of a result without steps none; what is due to a struck one is burned.
    pub(super) fn unpaid_rounds(&self) -> impl Iterator<Item = RoundNumber> {
        let is_any = self.decided.as_ref().is_some_and(|decided| !decided.findings.steps.is_empty());
        self.won.keys().copied().filter(move |round| is_any && !self.paid_rounds.contains(round))
    }

    pub(super) fn unpaid_positions(&self) -> impl Iterator<Item = PositionNumber> {
        let window = self.decided.as_ref().and_then(|decided| Some(self.at(decided.window)?.finders(decided.result)));
        window.into_iter().flatten().filter(|position| !self.paid_positions.contains(position))
    }
}
