//! Positions that signed two claims in one round, until that has cost them something.

use std::collections::BTreeMap;

use super::View;
use super::io::Effect;
use crate::eip712::SignedVerdict;
use crate::ids::{PositionNumber, RoundNumber};
use crate::order::seed_of;
use crate::rules::may_slash_double;

/// Cases remembered at most; more say nothing new about who is dishonest.
pub const MAX_CASES: usize = 1024;
/// Failures after which a case is left to others.
const MAX_FAILURES: u32 = 3;

/// All cases that can still be shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Doubles {
    cases: BTreeMap<(PositionNumber, RoundNumber), Case>,
}

#[derive(Debug, Clone)]
struct Case {
    one: SignedVerdict,
    other: SignedVerdict,
    since_s: Option<u64>,
    /// Under way, or done and not yet told by its event.
    is_sent: bool,
    failures: u32,
}

impl Doubles {
    pub fn note(&mut self, position: PositionNumber, one: SignedVerdict, other: SignedVerdict) {
        if self.cases.len() < MAX_CASES {
            let case = Case { one, other, since_s: None, is_sent: false, failures: 0 };
            self.cases.entry((position, other.message.round)).or_insert(case);
        }
    }

    /// A slash forgives what was signed before it.
    pub fn slashed(&mut self, position: PositionNumber) {
        self.cases.retain(|(accused, _), _| *accused != position);
    }

    pub fn sent(&mut self, position: PositionNumber, round: RoundNumber, result: Result<(), String>) {
        if let (Some(case), Err(_)) = (self.cases.get_mut(&(position, round)), result) {
            (case.is_sent, case.since_s) = (false, None);
            case.failures += 1;
        }
    }

    /// PROTOCOL 4, Who signs twice: one case of a position at a time.
    pub fn advance(&mut self, view: &View<'_>) -> Option<Effect> {
        let now_s = view.now.time_s;
        let lasts =
            |number, round| view.group.position(number).is_some_and(|position| may_slash_double(view.group, position, round, now_s));
        self.cases.retain(|(position, round), _| lasts(*position, *round));
        let mut before = None;
        let open = self.cases.iter_mut().filter(|((position, _), case)| case.failures < MAX_FAILURES && *position != view.own);
        for ((position, round), case) in open {
            let is_first = before.replace(*position) != Some(*position);
            let since_s = *case.since_s.get_or_insert(now_s);
            let turn_s = view.turn_s(seed_of("double", &[round.0, position.0]), since_s, case.failures.into());
            if is_first && !case.is_sent && now_s >= turn_s {
                case.is_sent = true;
                return Some(Effect::SlashDouble { position: *position, round: *round, one: case.one, other: case.other });
            }
        }
        None
    }
}
