//! Moves of members and authors: deltas, choices, measures.

use super::*;

impl Walker {
    pub(super) fn member_move(&mut self, next: Move) -> Option<Call> {
        match next {
            Move::Propose => {
                let (id, from) = (self.group()?, self.actor());
                let more = self.random.random_range(0..1_000_000);
                self.propose(id, from, more)
            }
            Move::Cast => {
                let id = self.group()?;
                let open = self.world.views.open_deltas(id).to_vec();
                let liked = open.choose(&mut self.random).copied().unwrap_or(DeltaNumber(0));
                self.cast(id, liked)
            }
            Move::Turn => {
                let (id, from) = (self.group()?, self.actor());
                Some(self.to_network(from, INetwork::turnCall { group: u(id.0) }))
            }
            Move::Refund => self.refund(),
            Move::Transfer | Move::Burn => {
                let (from, to, value) = (self.actor(), self.actor(), self.whole(20));
                let data = match next {
                    Move::Burn => Neuron::burnCall { amount: value }.abi_encode(),
                    _ => Neuron::transferCall { to, value }.abi_encode(),
                };
                Some(Call { from, to: self.world.at.neuron, value: U256::ZERO, data })
            }
            _ => None,
        }
    }

    /// The schedule is used up, so that the pay that is noted next is cut.
    pub(super) async fn drain(&mut self) -> Option<bool> {
        let amount = u256(self.world.views.allowance(self.world.now_s + 1));
        let data = Emission::issueCall { to: self.actor(), amount }.abi_encode();
        let issue = Call { from: eth(self.world.at.network), to: self.world.at.emission, value: U256::ZERO, data };
        let done = self.run(issue).await;
        if let Some(call) = self.stake_move(Move::Compound) {
            self.run(call).await;
        }
        Some(done)
    }

    pub(super) fn propose(&mut self, id: GroupId, from: Address, more: u64) -> Option<Call> {
        let least = self.world.views.least_bond(id, self.world.now_s + 1)?;
        let parent = b256(self.world.views.group(id)?.head);
        let (digest, amount) = (word(500 + self.random.random_range(0..30)), u256(least) + U256::from(more));
        Some(self.to_network(from, INetwork::proposeCall { group: u(id.0), parent, digest, amount }))
    }

    /// Proposes until a delta takes another's place.
    pub(super) async fn fill(&mut self) -> Option<bool> {
        let id = self.group()?;
        let (from, before) = (self.actor(), self.world.views.group(id)?.proposals);
        for more in 0..18 {
            let call = self.propose(id, from, 1_000 + more)?;
            self.run(call).await;
        }
        // The last ones had no place of their own.
        Some(self.world.views.group(id)?.proposals > before + 16)
    }

    /// A delta is proposed, voted for, and applied at the end of the period.
    pub(super) async fn apply(&mut self) -> Option<bool> {
        let (id, from) = (self.group()?, self.actor());
        let call = self.propose(id, from, 0)?;
        self.run(call).await;
        let liked = *self.world.views.open_deltas(id).last()?;
        let shown = self.world.views.group(id)?;
        let late_s = shown.period_end_s - shown.period_s / 16;
        if once_in(&mut self.random, 2) {
            self.world.pass(late_s).await;
        }
        for _ in 0..2 {
            let call = self.cast(id, liked)?;
            self.run(call).await;
        }
        self.world.pass(self.world.views.group(id)?.period_end_s).await;
        let call = self.to_network(from, INetwork::turnCall { group: u(id.0) });
        self.run(call).await;
        Some(self.world.views.group(id)?.applied.0 != 0)
    }

    pub(super) fn cast(&mut self, id: GroupId, liked: DeltaNumber) -> Option<Call> {
        let shown = self.world.views.group(id)?;
        let (period, over) = (shown.period_number, self.world.now_s + 1 >= shown.period_end_s);
        let mut open = self.world.views.open_deltas(id).to_vec();
        open.push(DeltaNumber(0));
        let mut choices = Vec::new();
        for (number, position) in self.some_positions(id) {
            let delta = if once_in(&mut self.random, 4) { *open.choose(&mut self.random)? } else { liked };
            let patch = b256(self.world.views.delta(id, delta).digest);
            let seq = u(self.random.random_range(0..20));
            let (delta, period) = (u(delta.0), u(period.0 + u64::from(over)));
            let message = Choice { group: u(id.0), period, delta, patch, seq };
            let by = eth(if once_in(&mut self.random, 4) { position.owner } else { position.signer });
            let signature = self.world.key_of(by).map(|key| signing::long(key, self.world.domain, &message));
            let signature = signature.unwrap_or(Bytes::from_static(b"wallet"));
            choices.push(IDataset::Choice { position: u(number.0), delta, patch, seq, signature });
        }
        let from = self.actor();
        Some(self.to_network(from, INetwork::castCall { group: u(id.0), choices }))
    }

    pub(super) fn refund(&mut self) -> Option<Call> {
        let id = self.group()?;
        let last = self.world.views.group(id)?.proposals;
        let due = |status| matches!(status, DeltaStatus::Applied | DeltaStatus::Dropped);
        let all = (1..=last).map(DeltaNumber).filter(|delta| due(self.world.views.delta(id, *delta).status));
        let deltas: Vec<_> = all.map(|delta| u(delta.0)).collect();
        let from = self.actor();
        (!deltas.is_empty()).then(|| self.to_network(from, INetwork::refundCall { group: u(id.0), deltas }))
    }
}
