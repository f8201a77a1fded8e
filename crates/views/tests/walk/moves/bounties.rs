//! A bounty from its birth to its end, as it may go.

use super::*;
use crate::asked::IBounties;
use crate::signing::Measured;

/// How a bounty ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Measured,
    Failed,
    Undecided,
}

impl Walker {
    /// Somebody funds a bounty in group 1, rounds are played, and it ends that way. One who found something finds the opposite too.
    pub async fn play_bounty(&mut self, end: End) -> Option<()> {
        let (id, sponsor) = (GroupId(1), self.world.actors[0].address());
        let period_s = self.world.views.group(id)?.period_s;
        self.wake_all(id).await?;
        let number = u(self.world.views.bounties() + 1);
        let call = INetwork::fundCall {
            group: u(id.0),
            root: word(70_000 + self.world.views.bounties()),
            count: u(100),
            target: u(500_000),
            amount: nrn(1) + u(5),
            bond: nrn(1),
            term: u(period_s),
        };
        let call = self.to_network(sponsor, call);
        assert!(self.run(call).await, "a bounty is funded");
        self.play_round(id, true).await;
        let bounty = self.world.views.bounty(BountyNumber(self.world.views.bounties()))?;
        let terms = *self.world.views.terms();
        let window_s = terms.genesis_s + bounty.windows * EPOCH_S;
        self.world.pass(window_s).await;
        let call = self.to_network(sponsor, INetwork::unsealCall { bounty: number, file: word(71_000) });
        assert!(self.run(call).await, "it is unsealed");
        let won: Vec<_> =
            (bounty.first.0..=bounty.last.0).filter(|round| !self.world.views.round(id, RoundNumber(*round)).winner.is_zero()).collect();
        let step = |round: &u64| IBounties::Step {
            round: alloy::primitives::Uint::from(*round),
            won: won.len() as u32,
            loss: 700_000,
            better: true,
        };
        let steps = won.last().map(step).into_iter().collect();
        let result = IBounties::Result { failed: end == End::Failed, base: 900_000, steps };
        let finders = self.positions(id);
        let told = if end == End::Undecided { 1 } else { finders.len() };
        for lot in finders[..told].chunks(2) {
            let call = self.find(number, &result, lot);
            self.run(call).await;
        }
        self.find_twice(number, &result, finders.first()?).await;
        self.world.pass(terms.genesis_s + (bounty.windows + 3) * EPOCH_S + MATURITY_S).await;
        let from = self.actor();
        let positions = finders.iter().map(|(position, _)| u(position.0)).collect();
        let rounds = won.iter().map(|round| u(*round)).collect();
        for data in [
            INetwork::payFindersCall { bounty: number, positions }.abi_encode(),
            INetwork::payRoundsCall { bounty: number, result: result.clone(), rounds }.abi_encode(),
            INetwork::settleBountyCall { bounty: number, result }.abi_encode(),
        ] {
            self.run(Call { from, to: self.world.at.network, value: U256::ZERO, data }).await;
        }
        assert!(self.world.views.bounty(BountyNumber(self.world.views.bounties()))?.settled, "it is settled");
        Some(())
    }

    /// All of the group sign in the next epoch.
    async fn wake_all(&mut self, id: GroupId) -> Option<()> {
        for (number, shown) in self.positions(id) {
            let data = self.of_position(Move::Wake, id, number, &shown)?;
            self.run(Call { from: eth(shown.owner), to: self.world.at.network, value: U256::ZERO, data }).await;
        }
        self.world.pass(self.world.now_s + EPOCH_S).await;
        Some(())
    }

    fn find(&mut self, bounty: U256, result: &IBounties::Result, who: &[(PositionNumber, Position)]) -> Call {
        let name = alloy::primitives::keccak256(alloy::sol_types::SolValue::abi_encode(result));
        let findings = who.iter().map(|(number, shown)| self.finding(bounty, name, *number, eth(shown.signer))).collect();
        let from = self.actor();
        self.to_network(from, INetwork::findCall { bounty, window: U256::ZERO, result: result.clone(), findings })
    }

    fn finding(&self, bounty: U256, result: B256, number: PositionNumber, signer: Address) -> IBounties::Finding {
        let message = Measured { bounty, window: U256::ZERO, result, probe: word(8) };
        let signed = self.world.key_of(signer).map(|key| signing::short(key, self.world.domain, &message));
        let (r, vs) = signed.unwrap_or_default();
        IBounties::Finding { position: u(number.0), probe: word(8), r, vs }
    }

    async fn find_twice(&mut self, bounty: U256, result: &IBounties::Result, who: &(PositionNumber, Position)) {
        let (number, signer) = (who.0, eth(who.1.signer));
        let name = alloy::primitives::keccak256(alloy::sol_types::SolValue::abi_encode(result));
        let call = INetwork::slashFindingsCall {
            bounty,
            window: U256::ZERO,
            oneResult: name,
            one: self.finding(bounty, name, number, signer),
            otherResult: word(9),
            other: self.finding(bounty, word(9), number, signer),
        };
        let from = self.actor();
        let call = self.to_network(from, call);
        self.run(call).await;
    }
}
