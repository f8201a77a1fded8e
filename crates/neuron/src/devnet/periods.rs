//! The weekly vote, shortened: authors propose patches, validators choose, the winner is applied, stands, and is paid.

use anyhow::{Context, Result};
use deltas::Patch;
use node::{Member, config::Data};
use protocol::{DeltaNumber, GroupId, RoundNumber, chain::GroupView, eip712::Choice, log::Body, rules};

use super::{
    actors::{Actor, Cast, Hands},
    setup::wait_until,
};
use crate::birth::EXAMPLES;

/// Seconds of a period that a proposer wants to have left, so that everybody can fetch and vote.
const ROOM_S: u64 = 4;

/// What the votes of a devnet need.
pub struct Votes {
    pub group: GroupId,
    pub cast: Cast,
    pub hands: Hands,
    pub member: Member,
}

impl Votes {
    /// In the first period all files of `data.proposed` compete; in each further one the best that is left is proposed
    /// again, on the new set, until all are in. Ends when every delta is refunded.
    pub async fn run(&self, data: &Data) -> Result<()> {
        let mut left: Vec<(&Actor, String)> = Vec::new();
        for (author, path) in self.cast.authors.iter().cycle().zip(&data.proposed) {
            left.push((author, std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?));
        }
        let mut open = Vec::new();
        while !left.is_empty() {
            let view = self.wait_for_room().await?;
            let mut proposed = Vec::new();
            for (author, lines) in &left {
                proposed.push((*author, self.propose(&view, author, lines).await?));
            }
            // The network's taste: the first delta that is left. All choices are free of gas, one transaction brings them.
            let period = self.hands.of(&self.cast.founder)?.view(self.group).await?.period_number;
            self.choose(period, proposed[0].1).await?;
            left.remove(0);
            open.extend(proposed);
            self.wait_for_turn(period).await?;
            self.refund_due(&mut open).await?;
        }
        while !open.is_empty() {
            self.refund_due(&mut open).await?;
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        Ok(())
    }

    /// A moment at which proposals are taken, with room for votes before the end.
    async fn wait_for_room(&self) -> Result<GroupView> {
        let network = self.hands.of(&self.cast.founder)?;
        loop {
            let (view, now_s) = (network.view(self.group).await?, network.chain().latest().await?.time_s);
            let is_over = now_s >= view.period_end_s;
            if is_over || rules::may_propose(now_s + ROOM_S, view.period_s, view.period_end_s) {
                return Ok(view);
            }
            wait_until(network.chain(), view.period_end_s).await?;
        }
    }

    /// Writes the patch that adds `lines` to the current set, publishes it, and proposes its digest.
    async fn propose(&self, view: &GroupView, author: &Actor, lines: &str) -> Result<DeltaNumber> {
        let set = self.member.set(view.head).await?;
        let mut tree = set.tree.clone();
        let text = [tree.get(EXAMPLES).unwrap_or_default(), lines].concat();
        tree.insert(EXAMPLES, &text)?;
        let title = format!("{} more examples", lines.lines().count());
        let patch = Patch::between(&set.tree, &tree, author.address().0, &title);
        let digest = self.member.client.add(patch).await?;
        let delta = self.hands.of(author)?.propose(self.group, digest).await?;
        let body = Body::Have { round: RoundNumber(0), file: digest };
        self.member.client.append(self.group, body).await?;
        Ok(delta)
    }

    /// Every validator signs its choice and puts it into the log.
    async fn choose(&self, period: protocol::PeriodNumber, delta: DeltaNumber) -> Result<()> {
        let domain = self.hands.of(&self.cast.founder)?.domain();
        for signer in &self.cast.signers {
            let message = Choice { group: self.group, period, delta, seq: 1 };
            let body = Body::Choice(signer.account.sign(message, &domain)?);
            self.member.client.append(self.group, body).await?;
        }
        Ok(())
    }

    /// The validators turn the period by themselves.
    async fn wait_for_turn(&self, period: protocol::PeriodNumber) -> Result<()> {
        let network = self.hands.of(&self.cast.founder)?;
        let end_s = network.view(self.group).await?.period_end_s;
        wait_until(network.chain(), end_s).await?;
        while network.view(self.group).await?.period_number <= period {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        Ok(())
    }

    /// Authors take back what they can.
    async fn refund_due(&self, open: &mut Vec<(&Actor, DeltaNumber)>) -> Result<()> {
        let mut kept = Vec::new();
        for (author, number) in open.drain(..) {
            let network = self.hands.of(author)?;
            let now_s = network.chain().latest().await?.time_s;
            let delta = network.delta(self.group, number).await?.with_context(|| format!("delta {number} is gone"))?;
            let is_due = match delta.status {
                governance::DeltaStatus::Dropped => true,
                governance::DeltaStatus::Applied => now_s >= delta.stands_at_s,
                governance::DeltaStatus::Refunded => continue,
                governance::DeltaStatus::Open => network.view(self.group).await?.period_number > delta.period,
            };
            match is_due {
                true => drop(network.refund(self.group, number).await?),
                false => kept.push((author, number)),
            }
        }
        *open = kept;
        Ok(())
    }
}
