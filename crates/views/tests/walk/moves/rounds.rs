//! Moves of a round: sealed, revealed, judged, settled, collected.

use super::*;

impl Walker {
    pub(super) fn round_move(&mut self, next: Move) -> Option<Call> {
        match next {
            Move::Create => {
                let birth = self.birth(vec![word(3), word(4)]);
                let from = self.actor();
                Some(self.to_network(from, INetwork::createCall { birth }))
            }
            Move::Fork => {
                let (parent, from) = (u(self.group()?.0), self.actor());
                let birth = self.birth(Vec::new());
                (self.world.views.groups() < 5).then(|| self.to_network(from, INetwork::forkCall { parent, birth }))
            }
            Move::Commit => {
                let (id, from) = (self.group()?, self.actor());
                self.commit(id, from)
            }
            Move::Reveal | Move::Concede => {
                let id = self.group()?;
                let round = self.world.views.phase(id, self.world.now_s + 1)?.round;
                let (from, _) = self.sealed(id, round).choose(&mut self.random).copied()?;
                self.unseal(id, from, next == Move::Concede)
            }
            Move::Judge => {
                let id = self.group()?;
                let round = self.world.views.phase(id, self.world.now_s + 1)?.round;
                let claim = self.some_claim(id, round);
                self.judge(id, round, claim, |_| true)
            }
            Move::JudgeLate => {
                let id = self.group()?;
                let round = RoundNumber(self.world.views.phase(id, self.world.now_s + 1)?.round.0.checked_sub(1)?);
                let claim = self.world.views.decision(id, round).0;
                self.judge(id, round, claim, |_| true)
            }
            Move::Attend => self.attend(),
            Move::Settle => self.settle(),
            Move::Collect => self.collect(),
            Move::Doze => {
                let id = self.group()?;
                let awake: Vec<_> = self.positions(id).into_iter().filter(|(_, shown)| shown.awake_next).collect();
                let absent = awake.iter().find(|(number, _)| is_absent(*number)).filter(|_| !once_in(&mut self.random, 4));
                let (number, _) = absent.cloned().or_else(|| awake.choose(&mut self.random).cloned())?;
                let from = self.actor();
                Some(self.to_network(from, INetwork::dozeCall { group: u(id.0), position: u(number.0) }))
            }
            Move::SlashDouble => self.slash_double(),
            _ => None,
        }
    }

    pub(super) fn birth(&mut self, dataset: Vec<B256>) -> IGroups::Birth {
        let (train, reveal, judge) = *[(30, 20, 10), (20, 20, 20), (60, 30, 30)].choose(&mut self.random).expect("times");
        let period = u32::try_from(PERIOD_S).expect("32 bits");
        // Nothing, little, or more than some files gain.
        let least = *[0, 1_000, 590_000].choose(&mut self.random).expect("micronats");
        IGroups::Birth { manifest: word(1), checkpoint: word(2), dataset, train, reveal, judge, period, improve: 10, least }
    }

    pub(super) fn commit(&mut self, id: GroupId, from: Address) -> Option<Call> {
        let round = self.world.views.phase(id, self.world.now_s + 1)?.round;
        self.nonce += 1;
        let shared = once_in(&mut self.random, 3);
        let file = if shared { word(1_000 + round.0) } else { word(10_000 + self.random.random_range(0..400)) };
        let loss = 400_000 + u32::from(file[31]) * 100;
        let secret = Secret { file, salt: word(self.nonce), base: 1_000_000, loss };
        self.secrets.entry((id, round, from)).or_insert(secret);
        let secret = self.secrets[&(id, round, from)];
        let (group, number) = (u(id.0), u(round.0));
        let hidden = alloy::sol_types::SolValue::abi_encode(&(group, number, secret.file, from, secret.salt));
        let seal = alloy::primitives::keccak256(hidden);
        Some(self.to_network(from, INetwork::commitCall { group, round: number, seal, maxDeposit: U256::MAX }))
    }

    pub(super) fn sealed(&self, id: GroupId, round: RoundNumber) -> Vec<(Address, Digest)> {
        let claims = self.world.views.claims(id, round);
        claims.filter(|(_, claim)| claim.status == Status::Sealed).map(|(trainer, claim)| (eth(trainer), claim.name)).collect()
    }

    pub(super) fn unseal(&mut self, id: GroupId, from: Address, concedes: bool) -> Option<Call> {
        let round = self.world.views.phase(id, self.world.now_s + 1)?.round;
        let Secret { file, salt, base, loss } = *self.secrets.get(&(id, round, from))?;
        let group = u(id.0);
        if !concedes {
            let call = INetwork::revealCall { group, salt, file, base, loss, lossRoot: word(5) };
            return Some(self.to_network(from, call));
        }
        let mut revealed = self.world.views.claims(id, round).filter(|(_, claim)| claim.status == Status::Revealed);
        let rival = eth(revealed.next()?.0);
        Some(self.to_network(from, INetwork::concedeCall { group, salt, file, rival }))
    }

    /// A claim of the round, mostly the best; now and then that none is true.
    pub(super) fn some_claim(&mut self, id: GroupId, round: RoundNumber) -> Digest {
        let mut claims: Vec<_> = self.world.views.claims(id, round).filter(|(_, claim)| claim.status == Status::Revealed).collect();
        claims.sort_by_key(|(_, claim)| (claim.loss, claim.number));
        let names: Vec<_> = claims.into_iter().map(|(_, claim)| claim.name).collect();
        match self.random.random_range(0..10) {
            0 => Digest::ZERO,
            1 => names.last().copied().unwrap_or_default(),
            _ => names.first().copied().unwrap_or_default(),
        }
    }

    pub(super) fn verdict(
        &self,
        id: GroupId,
        round: RoundNumber,
        claim: Digest,
        number: PositionNumber,
        signer: Address,
    ) -> IRounds::Verdict {
        let probe = word(8);
        let message = Verdict { group: u(id.0), round: u(round.0), claim: b256(claim), probe };
        let signed = self.world.key_of(signer).map(|key| signing::short(key, self.world.domain, &message));
        let (r, vs) = signed.unwrap_or_default();
        IRounds::Verdict { position: u(number.0), probe, r, vs }
    }

    pub(super) fn judge(&mut self, id: GroupId, round: RoundNumber, claim: Digest, who: impl Fn(PositionNumber) -> bool) -> Option<Call> {
        let some = self.some_positions(id);
        let some = some.into_iter().filter(|(number, _)| who(*number));
        let verdicts: Vec<_> = some.map(|(number, shown)| self.verdict(id, round, claim, number, eth(shown.signer))).collect();
        let from = self.actor();
        let call = INetwork::judgeCall { group: u(id.0), round: u(round.0), claim: b256(claim), verdicts };
        Some(self.to_network(from, call))
    }

    pub(super) fn attend(&mut self) -> Option<Call> {
        let id = self.group()?;
        let round = RoundNumber(self.world.views.phase(id, self.world.now_s + 1)?.round.0.checked_sub(1)?);
        let mut attendances = Vec::new();
        for (number, shown) in self.some_positions(id) {
            let claim = self.some_claim(id, round);
            let verdict = self.verdict(id, round, claim, number, eth(shown.signer));
            attendances.push(IRounds::Attendance { claim: b256(claim), verdict });
        }
        let from = self.actor();
        Some(self.to_network(from, INetwork::attendCall { group: u(id.0), round: u(round.0), attendances }))
    }

    /// Rounds before the running one in which somebody committed.
    pub(super) fn past(&self, id: GroupId) -> Vec<RoundNumber> {
        let running = self.world.views.phase(id, self.world.now_s + 1).map_or(0, |clock| clock.round.0);
        (0..running).map(RoundNumber).filter(|round| self.world.views.round(id, *round).commits != 0).collect()
    }

    pub(super) fn settle(&mut self) -> Option<Call> {
        let id = self.group()?;
        let owed = |round: &RoundNumber| self.world.views.claims(id, *round).any(|(_, claim)| claim.status != Status::Settled);
        let rounds: Vec<_> = self.past(id).into_iter().filter(owed).collect();
        let round = *rounds.choose(&mut self.random)?;
        let trainers = self.world.views.claims(id, round).map(|(trainer, _)| eth(trainer)).collect();
        let from = self.actor();
        Some(self.to_network(from, INetwork::settleCall { group: u(id.0), round: u(round.0), trainers }))
    }

    pub(super) fn collect(&mut self) -> Option<Call> {
        let id = self.group()?;
        let views = &self.world.views;
        let due: Vec<_> = self.past(id).into_iter().map(|round| (round, views.round(id, round))).collect();
        let due: Vec<_> = due.into_iter().filter(|(_, shown)| !shown.winner.is_zero() && !shown.collected).collect();
        let (first, shown) = due.first()?;
        let winner = eth(shown.winner);
        let also = due.iter().skip(1).find(|(_, other)| other.winner == shown.winner).map(|(round, _)| u(round.0));
        let also = also.filter(|_| once_in(&mut self.random, 2));
        let rounds = [u(first.0)].into_iter().chain(also).collect();
        let to = self.actor();
        Some(self.to_network(winner, INetwork::collectCall { group: u(id.0), rounds, to }))
    }

    /// A whole round: some commit and reveal, and unless it is let go void, all judge but those who never do.
    pub(super) async fn play_round(&mut self, id: GroupId, judged: bool) -> Option<bool> {
        let clock = self.world.views.phase(id, self.world.now_s + 1)?;
        if clock.phase != Phase::Train {
            self.world.pass(self.end_of_round(id)?).await;
        }
        for from in self.actors().into_iter().take(self.random.random_range(1..4)) {
            let call = self.commit(id, from)?;
            self.run(call).await;
        }
        self.world.pass(self.world.views.phase(id, self.world.now_s)?.until_s).await;
        let round = self.world.views.phase(id, self.world.now_s)?.round;
        for (from, _) in self.sealed(id, round) {
            let concedes = once_in(&mut self.random, 4);
            let Some(call) = self.unseal(id, from, concedes) else { continue };
            self.run(call).await;
        }
        self.world.pass(self.world.views.phase(id, self.world.now_s)?.until_s).await;
        if judged {
            let claim = self.some_claim(id, round);
            if once_in(&mut self.random, 8) {
                self.drain().await;
            }
            for _ in 0..3 {
                let call = self.judge(id, round, claim, |number| !is_absent(number))?;
                self.run(call).await;
            }
        }
        Some(self.world.views.round(id, round).reveals != 0)
    }

    /// So many rounds that who was in none of them can be put to sleep.
    pub(super) async fn play_many(&mut self) -> Option<bool> {
        let (id, from) = (self.group()?, self.actor());
        for (number, shown) in self.positions(id) {
            let data = self.of_position(Move::Wake, id, number, &shown)?;
            self.run(Call { from: eth(shown.owner), to: self.world.at.network, value: U256::ZERO, data }).await;
        }
        self.world.pass(self.world.now_s + EPOCH_S).await;
        for _ in 0..11 {
            self.play_round(id, true).await?;
        }
        let absent = self.positions(id).into_iter().find(|(number, shown)| is_absent(*number) && shown.awake);
        let call = INetwork::dozeCall { group: u(id.0), position: u(absent?.0.0) };
        let call = self.to_network(from, call);
        Some(self.run(call).await)
    }

    pub(super) fn end_of_round(&self, id: GroupId) -> Option<u64> {
        let clock = self.world.views.phase(id, self.world.now_s)?;
        let times = self.world.views.group(id)?.times;
        Some(times.round_end_s(self.world.views.terms().genesis_s, clock.round))
    }

    pub(super) fn slash_double(&mut self) -> Option<Call> {
        let id = self.group()?;
        let running = self.world.views.phase(id, self.world.now_s + 1)?.round;
        let round = RoundNumber(running.0.checked_sub(self.random.random_range(0..25))?);
        let (number, shown) = self.position(id)?;
        let signer = eth(if once_in(&mut self.random, 4) { shown.signer_next } else { shown.signer });
        let attendance = |claim: u8| {
            let claim = Digest([claim; 32]);
            IRounds::Attendance { claim: b256(claim), verdict: self.verdict(id, round, claim, number, signer) }
        };
        let (one, other) = (attendance(1), attendance(2));
        let from = self.actor();
        Some(self.to_network(from, INetwork::slashDoubleCall { group: u(id.0), round: u(round.0), one, other }))
    }
}
