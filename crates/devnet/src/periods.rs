//! The weekly vote, shortened: authors propose patches, validators choose, the winner is applied, stands, and is paid.

use std::{collections::VecDeque, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use deltas::{Patch, Tree};
use evaluator::Manifest;
use governance::DeltaStatus;
use node::{birth, config::Data, dataset::Set};
use protocol::{DeltaNumber, Digest, PeriodNumber, RoundNumber, Wei, chain::GroupView, eip712::Choice, log::Body, rules};

use crate::{actors::Actor, bounty::Sponsor, ground::wait_until, poison, votes::Votes};

/// Seconds of a period that a proposer wants to have left, so that everybody can fetch and vote.
const ROOM_S: u64 = 4;
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How often one looks for what is to be confirmed: five minutes.
const LOOKS: u32 = 600;
/// The poisoner bids more than it must, so that sixteen others could not push it out.
const POISON_BONDS: u128 = 2;

/// Something that an author wants in the set.
struct Wish<'a> {
    author: &'a Actor,
    kind: Kind<'a>,
}

enum Kind<'a> {
    /// What this file or folder holds.
    Add(&'a Path),
    Poison,
    /// What was hidden.
    Retire(&'a Sponsor),
}

impl Votes {
    /// All votes, and beside them a bounty, if there is one.
    ///
    /// # Errors
    /// When a file cannot be read, or the chain or the network does not do its part.
    pub async fn run(&self, data: &Data) -> Result<()> {
        let bounty = async {
            match &self.sponsor {
                Some(sponsor) => sponsor.run().await,
                None => Ok(()),
            }
        };
        tokio::try_join!(self.vote(data), bounty).map(drop)
    }

    /// In the first period all files of `data.proposed` compete, in each further one what is left, proposed again on the
    /// new set; the first always wins. A poisoned delta, if there is one, comes second, wins, and is taken back; what was hidden
    /// comes last, once it is opened. Ends when every other bond is back.
    async fn vote(&self, data: &Data) -> Result<()> {
        let mut open = Vec::new();
        self.decide(self.wishes(data), &mut open).await?;
        if let Some(sponsor) = &self.sponsor {
            sponsor.wait_until_open().await?;
            self.decide([Wish { author: &sponsor.actor, kind: Kind::Retire(sponsor) }].into(), &mut open).await?;
        }
        while !open.is_empty() {
            self.refund_due(&mut open).await?;
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// One period for each wish.
    async fn decide<'a>(&'a self, mut left: VecDeque<Wish<'a>>, open: &mut Vec<(&'a Actor, DeltaNumber)>) -> Result<()> {
        while !left.is_empty() {
            let view = self.wait_for_room().await?;
            let mut proposed = Vec::new();
            for wish in &left {
                proposed.push((wish.author, self.propose(&view, wish).await?));
            }
            // All choices are free of gas, one transaction brings them.
            let period = self.hands.of(&self.cast.founder)?.view(self.group).await?.period_number;
            let (_, (first, patch)) = proposed[0];
            self.choose(period, first, patch).await?;
            let winner = left.pop_front();
            open.extend(proposed.into_iter().map(|(author, (delta, _))| (author, delta)));
            self.wait_for_turn(period).await?;
            if matches!(winner, Some(Wish { kind: Kind::Poison, .. })) {
                self.take_back(first, patch).await?;
            }
            self.refund_due(open).await?;
        }
        Ok(())
    }

    fn wishes<'a>(&'a self, data: &'a Data) -> VecDeque<Wish<'a>> {
        let mut wishes = VecDeque::new();
        for (author, path) in self.cast.authors.iter().cycle().zip(&data.proposed) {
            wishes.push_back(Wish { author, kind: Kind::Add(path) });
        }
        if let Some(author) = &self.cast.poisoner {
            wishes.insert(wishes.len().min(1), Wish { author, kind: Kind::Poison });
        }
        wishes
    }

    /// A moment at which proposals are taken, with room for votes before the end.
    async fn wait_for_room(&self) -> Result<GroupView> {
        let network = self.hands.of(&self.cast.founder)?;
        loop {
            let (view, now_s) = (network.view(self.group).await?, network.chain().latest().await?.time_s);
            let is_over = now_s >= view.period_end_s;
            if is_over || rules::may_propose(now_s + ROOM_S, view.period_s, view.period_end_s, view.extended_s) {
                return Ok(view);
            }
            wait_until(network.chain(), view.period_end_s).await?;
        }
    }

    /// Writes the patch that makes the wish come true on the current set, publishes it, and proposes its digest.
    async fn propose(&self, view: &GroupView, wish: &Wish<'_>) -> Result<(DeltaNumber, Digest)> {
        let set = self.set(view.head).await?;
        let (tree, title) = wished(&set.tree, &wish.kind, &self.member.manifest).await?;
        let patch = Patch::between(&set.tree, &tree, wish.author.address().0, &title);
        let digest = self.member.client.add(patch).await?;
        let network = self.hands.of(wish.author)?;
        let least = network.bond_due(self.group).await?;
        let bonds = if matches!(wish.kind, Kind::Poison) { POISON_BONDS } else { 1 };
        let delta = network.propose(self.group, view.head, digest, Wei(least.0 * bonds)).await?;
        let body = Body::Have { round: RoundNumber(0), file: digest };
        self.member.client.append(self.group, body).await?;
        Ok((delta, digest))
    }

    /// The set at a head that stands on chain: the member learns of it when it is confirmed.
    async fn set(&self, head: Digest) -> Result<Arc<Set>> {
        for _ in 0..LOOKS {
            if let Ok(set) = self.member.set(head).await {
                return Ok(set);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.member.set(head).await
    }

    /// Every validator signs its choice and puts it into the log.
    async fn choose(&self, period: PeriodNumber, delta: DeltaNumber, patch: Digest) -> Result<()> {
        let domain = self.hands.of(&self.cast.founder)?.domain();
        for signer in &self.cast.signers {
            let message = Choice { group: self.group, period, delta, patch, seq: 1 };
            let body = Body::Choice(signer.account.sign(message, &domain).await?);
            self.member.client.append(self.group, body).await?;
        }
        Ok(())
    }

    /// The validators turn the period by themselves.
    async fn wait_for_turn(&self, period: PeriodNumber) -> Result<()> {
        let network = self.hands.of(&self.cast.founder)?;
        let end_s = network.view(self.group).await?.period_end_s;
        wait_until(network.chain(), end_s).await?;
        while network.view(self.group).await?.period_number <= period {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Authors take back what they can.
    async fn refund_due<'a>(&'a self, open: &mut Vec<(&'a Actor, DeltaNumber)>) -> Result<()> {
        let mut kept = Vec::new();
        for (author, number) in open.drain(..) {
            let network = self.hands.of(author)?;
            let now_s = network.chain().latest().await?.time_s;
            let delta = network.delta(self.group, number).await?.with_context(|| format!("delta {number} is gone"))?;
            let is_due = match delta.status {
                DeltaStatus::Dropped => true,
                DeltaStatus::Applied => now_s >= delta.stands_at_s,
                DeltaStatus::Refunded | DeltaStatus::Taken => continue,
                DeltaStatus::Open => network.view(self.group).await?.period_number > delta.period,
            };
            match is_due {
                true => drop(network.refund(self.group, &[number]).await?),
                false => kept.push((author, number)),
            }
        }
        *open = kept;
        Ok(())
    }
}

/// The set as somebody wants it, and the title of the patch.
async fn wished(set: &Tree, kind: &Kind<'_>, manifest: &Manifest) -> Result<(Tree, String)> {
    match kind {
        Kind::Add(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            Ok((birth::extended(set, path, manifest)?, format!("Examples from {name}")))
        }
        Kind::Retire(sponsor) => Ok((sponsor.retired(set).await?, "Examples that were hidden".to_owned())),
        Kind::Poison => Ok((poison::poisoned(set, manifest)?, "Better examples".to_owned())),
    }
}
