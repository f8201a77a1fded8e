//! `neuron round alarms`: verdicts of which somebody says that they were signed without running the model, replayed here.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use node::{Site, member};
use protocol::{
    Address, Digest, GroupId, RoundNumber,
    chain::{ChainEvent, GroupView},
    eip712::SignedVerdict,
    log::Body,
    rules::claim_hash,
};

use super::context::{Context, Peer, history};

/// Everything that a replay needs.
struct Court<'a> {
    site: &'a Site,
    peer: &'a Peer,
    view: GroupView,
    events: Vec<ChainEvent>,
}

/// Lists and checks the alarms of a group's log, of one round perhaps.
pub async fn run(context: &Context, group: GroupId, round: Option<RoundNumber>) -> Result<()> {
    let site = context.site().await?;
    let peer = context.peer(&site, group).await?;
    let (view, events) = (site.network.view(group).await?, history(&site, group).await?);
    let court = Court { site: &site, peer: &peer, view, events };
    let mut alarms: BTreeMap<(RoundNumber, [u8; 64]), (SignedVerdict, usize)> = BTreeMap::new();
    for body in peer.read_log().await? {
        if let Body::Alarm { verdict, .. } = body
            && verdict.message.group == group
            && round.is_none_or(|round| round == verdict.message.round)
        {
            let key = (verdict.message.round, verdict.signature.to_bytes());
            alarms.entry(key).or_insert((verdict, 0)).1 += 1;
        }
    }
    if alarms.is_empty() {
        println!("no alarm in the log of group {group}");
    }
    for (verdict, times) in alarms.into_values() {
        let signer = verdict.signer(&site.network.domain());
        let found = match &signer {
            Ok(signer) => court.check(&verdict, *signer).await.unwrap_or_else(|error| format!("cannot be checked here: {error:#}")),
            Err(error) => format!("is no verdict: {error}"),
        };
        let name = signer.map_or_else(|_| "nobody".to_owned(), |signer| signer.to_string());
        println!("round {}: the verdict of {name} {found} ({times} × alarm)", verdict.message.round);
    }
    peer.client.shutdown().await;
    Ok(())
}

impl Court<'_> {
    async fn check(&self, verdict: &SignedVerdict, signer: Address) -> Result<String> {
        let message = verdict.message;
        let Some(position) = self.view.position_of(signer) else { bail!("no position of the group has this signer now") };
        let (base, head) = self.opening(message.round)?;
        let file = if message.claim.is_zero() { base } else { self.file(message.round, message.claim)? };
        let start_s = self.view.times.reveal_start_s(self.view.genesis_s, message.round);
        let seed = self.site.network.chain().first_block_since(start_s).await?.context("REVEAL of that round has not begun")?.hash;
        let member = &self.peer.member;
        let (exam, checkpoint) = (member.exam(head, seed, message.round).await?, member.checkpoint(file).await?);
        let probe = member::probe(checkpoint, exam, seed, signer).await?;
        let number = position.number;
        Ok(match probe == message.probe {
            true => format!("(position {number}) is right: the alarm is false"),
            false => format!("(position {number}) was signed without running the model: its probe should be {probe}"),
        })
    }

    fn opening(&self, round: RoundNumber) -> Result<(Digest, Digest)> {
        let opened = self.events.iter().find_map(|event| match event {
            ChainEvent::Opened { round: opened, checkpoint, head, .. } if *opened == round => Some((*checkpoint, *head)),
            _ => None,
        });
        opened.context("nobody committed in that round")
    }

    fn file(&self, round: RoundNumber, name: Digest) -> Result<Digest> {
        let file = self.events.iter().find_map(|event| match event {
            ChainEvent::Revealed(claim) if claim.round == round => {
                (claim_hash(claim.file, claim.base, claim.loss, claim.loss_root) == name).then_some(claim.file)
            }
            _ => None,
        });
        file.context("its claim was never revealed")
    }
}
