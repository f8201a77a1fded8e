//! Verdicts whose probe is wrong, until the log holds an alarm about each.

use std::collections::{BTreeMap, BTreeSet};

use super::View;
use super::errand::Errand;
use super::io::Effect;
use crate::eip712::SignedVerdict;
use crate::ids::{Address, RoundNumber};
use crate::order::seed_of;

/// Alarms remembered at most.
const MAX_ALARMS: usize = 4096;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Alarms {
    wrong: BTreeMap<(RoundNumber, Address), Alarm>,
    /// Verdicts about which the log holds one.
    told: BTreeSet<(RoundNumber, Address)>,
}

#[derive(Debug, Clone)]
struct Alarm {
    verdict: SignedVerdict,
    reason: String,
    errand: Errand,
}

impl Alarms {
    /// The log holds one.
    pub fn told(&mut self, round: RoundNumber, signer: Address) {
        self.wrong.remove(&(round, signer));
        self.told.insert((round, signer));
        if self.told.len() > MAX_ALARMS {
            self.told.pop_first();
        }
    }

    /// A replay has shown that a probe is wrong.
    pub fn found(&mut self, signer: Address, verdict: SignedVerdict, reason: String) {
        let key = (verdict.message.round, signer);
        if !self.told.contains(&key) && self.wrong.len() < MAX_ALARMS {
            self.wrong.entry(key).or_insert(Alarm { verdict, reason, errand: Errand::default() });
        }
    }

    /// Rounds before this one are of no interest any more.
    pub fn forget(&mut self, first: RoundNumber) {
        self.wrong.retain(|(round, _), _| *round >= first);
        self.told.retain(|(round, _)| *round >= first);
    }

    /// PROTOCOL 13, Probe: one after the other, so that one alarm about a verdict is usually enough.
    pub fn advance(&mut self, view: &View<'_>) -> Vec<Effect> {
        let due = self.wrong.iter_mut().filter_map(|((round, _), alarm)| {
            let is_due = alarm.errand.begins(view, || seed_of("alarm", &[round.0]));
            is_due.then(|| Effect::Alarm { verdict: alarm.verdict, reason: alarm.reason.clone() })
        });
        due.collect()
    }
}
