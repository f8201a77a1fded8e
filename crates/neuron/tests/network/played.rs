//! A round on the network of one node, played by hand: who founded it wins and judges, somebody else commits and never reveals.

use anyhow::{Context as _, Result, ensure};
use chain::{Account, dev::Anvil};
use governance::Network;
use protocol::{
    Digest, GroupId, Micronats, PositionNumber, RoundNumber, Wei,
    chain::{Phase, RevealedClaim},
    eip712::Verdict,
    measures::{Act, Measure},
    rules::{claim_hash, seal},
};

use crate::small::Small;

const SALT: Digest = Digest([3; 32]);
const FILE: Digest = Digest([9; 32]);
const POSITION: PositionNumber = PositionNumber(1);

/// The round, and who did not reveal.
pub struct Played {
    pub round: RoundNumber,
    pub silent: Account,
}

impl Small {
    /// The founder's stake is awake and has admitted the group.
    pub async fn admit(&self, group: GroupId) -> Result<()> {
        let network = &self.founder;
        let position = network.stake().bond(group, self.account.address(), Wei::nrn(1_000), None).await?;
        ensure!(position == POSITION, "another position: {position}");
        network.stake().wake(group, position).await?;
        self.anvil.advance(network.terms().epoch_s).await?;
        let act = Act::Admit { group, name: network.view(group).await?.name };
        let measure = Measure::new(&act, SALT, network.chain().latest().await?.time_s + network.terms().epoch_s);
        let assent = self.account.sign(measure.clone(), &network.domain()).await?.signature;
        ensure!(network.enact(&measure, &[(group, position, assent)]).await?.done, "the group was not admitted");
        Ok(())
    }

    /// Plays a round up to its decision.
    pub async fn play(&self, group: GroupId) -> Result<Played> {
        let silent = Anvil::account(1)?;
        self.founder.neuron().transfer(silent.address(), Wei::nrn(100)).await?;
        let other = self.founder.through(&self.founder.chain().with_account(silent.clone()));
        let round = self.commit(group, &[(&self.founder, &self.account, FILE), (&other, &silent, Digest([8; 32]))]).await?;
        self.to_phase(group, Phase::Reveal).await?;
        let (trainer, base, loss) = (self.account.address(), Micronats(2_000_000), Micronats(1_000_000));
        let claim = RevealedClaim { group, round, trainer, number: 1, file: FILE, base, loss, loss_root: Digest([7; 32]) };
        self.founder.reveal(&claim, SALT).await?;
        self.to_phase(group, Phase::Judge).await?;
        let name = claim_hash(claim.file, claim.base, claim.loss, claim.loss_root);
        let verdict = Verdict { group, round, claim: name, probe: Digest([6; 32]) };
        let signed = self.account.sign(verdict, &self.founder.domain()).await?;
        ensure!(self.founder.judge(group, round, name, &[(POSITION, signed)]).await?, "nothing was decided");
        Ok(Played { round, silent })
    }

    async fn commit(&self, group: GroupId, trainers: &[(&Network, &Account, Digest)]) -> Result<RoundNumber> {
        // A round of its own, from its start.
        self.to_phase(group, Phase::Judge).await?;
        let round = self.to_phase(group, Phase::Train).await?;
        for (network, account, file) in trainers {
            let sealed = seal(group, round, *file, account.address(), SALT);
            network.commit(group, round, sealed, network.deposit_due(group).await?).await?;
        }
        Ok(round)
    }

    async fn to_phase(&self, group: GroupId, wanted: Phase) -> Result<RoundNumber> {
        for _ in 0..4 {
            let (round, phase, until_s) = self.founder.phase(group).await?;
            if phase == wanted {
                return Ok(round);
            }
            self.pass_until(until_s).await?;
        }
        None.context("that phase did not come")
    }

    /// The round is over and mature; the winner collects, and the other deposit is settled.
    pub async fn settle(&self, group: GroupId, played: &Played) -> Result<Wei> {
        let view = self.founder.view(group).await?;
        self.pass_until(view.times.round_end_s(view.genesis_s, played.round) + view.maturity_s).await?;
        self.founder.settle(group, played.round, &[played.silent.address()]).await?;
        Ok(self.founder.collect(group, &[played.round], self.account.address()).await?)
    }
}
