//! More than a third of awake stake, and brings its verdict in the last second of JUDGE with just enough of the others': "verdicts
//! kept back to the last second, so that all others look absent".

use std::collections::BTreeMap;

use protocol::{
    Address, Wei,
    chain::{Clock, GroupView, Phase},
    eip712::{SignedVerdict, Verdict},
    log::Body,
    machine::Heard,
    panel, rules, validator,
};

use crate::{
    chain::Call,
    node::Effect,
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

#[derive(Default)]
pub(super) struct LastSecond {
    kept: Option<Verdict>,
    heard: BTreeMap<Address, SignedVerdict>,
}

impl LastSecond {
    /// Its own verdict, and as few others for the same claim as decide.
    fn batch(&self, own: &Hands<'_>, view: &GroupView, kept: Verdict) -> Option<Call> {
        let signed = own.sign(0, kept)?;
        let same = |signer: &Address| {
            self.heard.get(signer).filter(|heard| heard.message.claim == kept.claim && heard.message.round == kept.round)
        };
        let (mut verdicts, mut stake) = (Vec::new(), Wei::ZERO);
        for position in view.positions.iter().rev().filter(|position| position.awake) {
            let is_own = position.signer == own.account(0);
            if let Some(verdict) = same(&position.signer).copied().or(is_own.then_some(signed))
                && !rules::is_quorum(stake, view.awake())
            {
                stake = stake.saturating_add(position.live);
                verdicts.push((position.number, verdict));
            }
        }
        Some(Call::Judge { group: own.group(), round: kept.round, claim: kept.claim, verdicts })
    }

    fn is_late(own: &Hands<'_>, clock: Clock) -> bool {
        clock.phase == Phase::Judge && own.now_s() + (2 * own.block_ms()).div_ceil(1000) >= clock.phase_end_s
    }
}

impl Adversary for LastSecond {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        match met {
            Met::Heard(Heard::Log { body: Body::Verdict(verdict), .. }) => {
                if let Some(signer) = own.signer_of(verdict) {
                    self.heard.insert(signer, *verdict);
                }
            }
            Met::Heard(Heard::Block(_)) => {
                let (Some(clock), Some(view)) = (own.clock(), own.view()) else { return };
                if let Some(kept) = self.kept.take_if(|_| Self::is_late(own, clock))
                    && let Some(call) = self.batch(own, &view, kept)
                {
                    own.call(0, call);
                }
            }
            _ => {}
        }
    }

    fn instead(&mut self, _: &mut Hands<'_>, effect: Effect) -> Vec<Effect> {
        match effect {
            Effect::Validator(panel::Effect::Validator(validator::Effect::Sign(verdict))) => {
                self.kept = Some(verdict);
                Vec::new()
            }
            Effect::Validator(panel::Effect::Validator(validator::Effect::Post { .. })) => Vec::new(),
            // It is content to see the others absent.
            Effect::Validator(panel::Effect::Warden(protocol::warden::Effect::Attend { .. })) => Vec::new(),
            other => vec![other],
        }
    }
}
