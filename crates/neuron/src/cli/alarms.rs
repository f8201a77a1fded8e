//! `neuron round alarms`: verdicts of which somebody says that they were signed without running the model, replayed here.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use node::{Site, member};
use protocol::{
    Address, GroupId, RoundNumber,
    chain::{ChainEvent, GroupView},
    eip712::SignedVerdict,
    log::Body,
};

use serde_json::json;

use super::{
    context::{Context, Visit, history},
    past::Past,
};

/// Everything that a replay needs.
struct Court<'a> {
    site: &'a Site,
    visit: &'a Visit,
    view: GroupView,
    events: Vec<ChainEvent>,
}

/// Lists and checks the alarms of a group's log, of one round perhaps.
pub async fn run(context: &Context, group: GroupId, round: Option<RoundNumber>) -> Result<()> {
    let site = context.site().await?;
    let visit = context.visit(&site, group).await?;
    let (view, events) = (site.network.view(group).await?, history(&site, group).await?);
    let court = Court { site: &site, visit: &visit, view, events };
    let mut alarms: BTreeMap<(RoundNumber, [u8; 64]), (SignedVerdict, usize)> = BTreeMap::new();
    for (_, body) in visit.read_log().await? {
        if let Body::Alarm { verdict, .. } = body
            && verdict.message.group == group
            && round.is_none_or(|round| round == verdict.message.round)
        {
            let key = (verdict.message.round, verdict.signature.to_bytes());
            alarms.entry(key).or_insert((verdict, 0)).1 += 1;
        }
    }
    if alarms.is_empty() {
        context.say(&format!("no alarm in the log of group {group}"))?;
    }
    let mut listed = Vec::new();
    for (verdict, times) in alarms.into_values() {
        let signer = verdict.signer(&site.network.domain());
        let found = match &signer {
            Ok(signer) => court.check(&verdict, *signer).await.unwrap_or_else(|error| format!("cannot be checked here: {error:#}")),
            Err(error) => format!("is no verdict: {error}"),
        };
        let signer = signer.ok();
        let (round, name) = (verdict.message.round, signer.map_or_else(|| "nobody".to_owned(), |signer| signer.to_string()));
        context.say(&format!("round {round}: the verdict of {name} {found} ({times} × alarm)"))?;
        listed.push(json!({ "round": round, "signer": signer, "found": found, "times": times }));
    }
    visit.client.shutdown().await;
    context.sum(&json!({ "group": group, "alarms": listed }))
}

impl Court<'_> {
    async fn check(&self, verdict: &SignedVerdict, signer: Address) -> Result<String> {
        let message = verdict.message;
        let Some(position) = self.view.position_of(signer) else { bail!("no position of the group has this signer now") };
        let past = Past::read(self.site, &self.view, &self.events, message.round).await?;
        let file = match message.claim.is_zero() {
            true => past.base,
            false => past.claim(message.claim).context("its claim was never revealed")?.file,
        };
        let (member, seed) = (&self.visit.member, past.seed.hash);
        let (exam, checkpoint) = (member.exam(past.head, seed, past.round).await?, member.checkpoint(file).await?);
        let probe = member::probe(checkpoint, exam, seed, signer).await?;
        let number = position.number;
        Ok(match probe == message.probe {
            true => format!("(position {number}) is right: the alarm is false"),
            false => format!("(position {number}) was signed without running the model: its probe should be {probe}"),
        })
    }
}
