//! Measures of a walk: all who have stake assent, but for some.

use alloy::primitives::{B256, Bytes, U256};
use alloy::sol_types::{SolCall, SolStruct, SolValue};
use protocol::chain::Outcome;
use protocol::ids::{GroupId, RoundNumber};
use rand::Rng;
use rand::seq::IndexedRandom;

use crate::asked::{IMeasures, INetwork, b256};
use crate::moves::{Call, Move, Walker, u};
use crate::once_in;
use crate::signing::{self, Admit, Least, Period, Revoke, Rollback, Slash, Strike};
use crate::world::{EPOCH_S, eth};

/// A measure that people assent to.
#[derive(Clone)]
pub struct Pending {
    kind: u8,
    args: Vec<u8>,
    nonce: U256,
    expiry: U256,
    name: B256,
}

impl Walker {
    /// Whether the measure took effect.
    pub async fn enact(&mut self, next: Move) -> Option<bool> {
        let shown = self.pending.iter().position(|_| next == Move::Slash && !once_in(&mut self.random, 3));
        let measure = match shown {
            Some(index) => self.pending.remove(index),
            None => self.proposal(next)?,
        };
        let lots = if once_in(&mut self.random, 2) { 2 } else { 1 };
        for lot in 0..lots {
            let call = self.enacting(&measure, lot, lots);
            self.run(call).await;
        }
        let became = self.world.views.measure(protocol::Digest(measure.name.0));
        if became.ripe_at != 0 && !became.enacted {
            self.pending.push(measure);
            if once_in(&mut self.random, 2) {
                self.world.pass(self.world.now_s + 2 * EPOCH_S).await;
            }
        }
        Some(became.enacted)
    }

    /// What those with every `lots`-th position sign.
    fn enacting(&mut self, measure: &Pending, lot: u64, lots: u64) -> Call {
        let mut assents = Vec::new();
        for group in (1..=self.world.views.groups()).map(GroupId) {
            for (number, shown) in self.positions(group) {
                if number.0 % lots != lot || once_in(&mut self.random, 20) {
                    continue;
                }
                let by = eth(if once_in(&mut self.random, 3) { shown.owner } else { shown.signer });
                let signature = self.world.key_of(by).map(|key| signing::of_hash(key, self.world.domain, measure.name));
                let signature = signature.unwrap_or(Bytes::from_static(b"wallet"));
                assents.push(IMeasures::Assent { group: u(group.0), position: u(number.0), signature });
            }
        }
        let Pending { kind, args, nonce, expiry, .. } = measure.clone();
        let call = INetwork::enactCall { kind, args: args.into(), nonce, expiry, assents };
        Call { from: self.actor(), to: self.world.at.network, value: U256::ZERO, data: call.abi_encode() }
    }

    fn proposal(&mut self, next: Move) -> Option<Pending> {
        self.nonce += 1;
        let (nonce, expiry) = (u(self.nonce), u(self.world.now_s + 7 * EPOCH_S));
        let id = self.group()?;
        let tried = (1..=self.world.views.groups()).map(GroupId).find(|id| self.on_trial(*id));
        let id = tried.filter(|_| next == Move::RollBack).unwrap_or(id);
        let shown = self.world.views.group(id)?.clone();
        let (group, name) = (u(id.0), b256(shown.name));
        let (kind, args, hash) = match next {
            Move::SetPeriod => {
                let (present, period) = (u(shown.period_next_s), u(self.random.random_range(200..600)));
                (0, (group, present, period).abi_encode(), Period { group, present, period, nonce, expiry }.eip712_hash_struct())
            }
            Move::SetLeast => {
                let (present, least) = (u(shown.least.0.into()), u(self.random.random_range(0..=shown.least.0).into()));
                (6, (group, present, least).abi_encode(), Least { group, present, least, nonce, expiry }.eip712_hash_struct())
            }
            Move::RollBack => {
                let delta = u(shown.applied.0);
                let patch = b256(self.world.views.delta(id, shown.applied).digest);
                (1, (group, delta, patch).abi_encode(), Rollback { group, delta, patch, nonce, expiry }.eip712_hash_struct())
            }
            Move::Admit => (2, (group, name).abi_encode(), Admit { group, name, nonce, expiry }.eip712_hash_struct()),
            Move::Revoke => (3, (group, name).abi_encode(), Revoke { group, name, nonce, expiry }.eip712_hash_struct()),
            Move::Strike => {
                let last = self.decided(id)?;
                let (round, claim, restore) = (u(last.0), b256(self.world.views.decision(id, last).0), once_in(&mut self.random, 2));
                let hash = Strike { group, round, claim, restore, nonce, expiry }.eip712_hash_struct();
                (4, (group, round, claim, restore).abi_encode(), hash)
            }
            _ => {
                let (number, position) = self.positions(id).choose(&mut self.random).cloned()?;
                let (position, signer) = (u(number.0), eth(position.signer_next));
                let points = u(self.random.random_range(1..=1000));
                let hash = Slash { group, position, signer, basisPoints: points, nonce, expiry }.eip712_hash_struct();
                (5, (group, position, signer, points).abi_encode(), hash)
            }
        };
        Some(Pending { kind, args, nonce, expiry, name: hash })
    }

    fn on_trial(&self, id: GroupId) -> bool {
        self.world.views.group(id).is_some_and(|shown| shown.applied.0 != 0 && self.world.now_s + 1 < shown.period_end_s)
    }

    /// A round that was decided lately.
    fn decided(&mut self, id: GroupId) -> Option<RoundNumber> {
        let recent = self.world.views.group(id)?.recent.clone();
        let open = |round: &RoundNumber| matches!(self.world.views.round(id, *round).outcome, Outcome::Won | Outcome::Lost);
        let open: Vec<_> = recent.into_iter().filter(open).take(2).collect();
        open.choose(&mut self.random).copied()
    }
}
