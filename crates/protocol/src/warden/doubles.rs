//! Positions that signed two claims in one round, until that has cost them something.

use std::collections::BTreeMap;

use super::View;
use super::errand::Errand;
use super::io::Effect;
use crate::eip712::SignedVerdict;
use crate::ids::{PositionNumber, RoundNumber};
use crate::order::seed_of;

/// Cases remembered at most; more say nothing new about who is dishonest.
pub const MAX_CASES: usize = 1024;

/// All cases that can still be shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Doubles {
    cases: BTreeMap<(PositionNumber, RoundNumber), Case>,
    /// The round in which the cases were looked through last.
    sifted: Option<RoundNumber>,
}

#[derive(Debug, Clone)]
struct Case {
    one: SignedVerdict,
    other: SignedVerdict,
    errand: Errand,
}

impl Doubles {
    /// Takes two verdicts of one position and round for two claims.
    pub fn note(&mut self, position: PositionNumber, one: SignedVerdict, other: SignedVerdict) {
        if self.cases.len() < MAX_CASES {
            let case = Case { one, other, errand: Errand::default() };
            self.cases.entry((position, other.message.round)).or_insert(case);
        }
    }

    /// A slash forgives what was signed before it.
    pub fn slashed(&mut self, position: PositionNumber) {
        self.cases.retain(|(accused, _), _| *accused != position);
    }

    /// Takes the answer to a slash.
    pub fn sent(&mut self, position: PositionNumber, round: RoundNumber, is_done: bool, now_s: u64, pause_s: u64) {
        if let Some(case) = self.cases.get_mut(&(position, round)) {
            case.errand.answered(is_done, now_s, pause_s);
        }
    }

    /// PROTOCOL 13, Presence and honesty: `slashDouble`, one case of a position at a time.
    pub fn advance(&mut self, view: &View<'_>) -> Option<Effect> {
        let may_show = |number: &PositionNumber, round: &RoundNumber| {
            let position = view.group.position(*number);
            position.is_some_and(|position| view.group.may_slash_double(position, *round, view.now.time_s))
        };
        if self.sifted.replace(view.clock.round) != Some(view.clock.round) {
            self.cases.retain(|(position, round), _| may_show(position, round));
        }
        let mut before = None;
        let open = self.cases.iter_mut().filter(|((position, _), case)| !case.errand.is_given_up() && *position != view.own);
        let first = open.filter(|((position, _), _)| before.replace(*position) != Some(*position));
        for ((position, round), case) in first {
            let seed = || seed_of("double", &[round.0, position.0]);
            if case.errand.begins(view, seed) && may_show(position, round) {
                return Some(Effect::SlashDouble { position: *position, round: *round, one: case.one, other: case.other });
            }
        }
        None
    }
}
