//! Looking at what the group does to its model: winners on rows that are in no set, the model on rows that are new.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context, Result};
use deltas::Tree;
use evaluator::{Data, Examples, Manifest};
use node::Member;
use protocol::{
    Digest,
    chain::{ChainEvent, GroupView, Outcome},
};

use crate::{
    heldout::{HeldOut, loss},
    news::Teller,
    screen::nats,
};

/// Watches one group.
#[derive(Clone)]
pub struct Watch {
    pub member: Member,
    pub heldout: Option<PathBuf>,
    pub teller: Teller,
}

impl Watch {
    /// Looks at what an event has made new, in a task of its own.
    pub fn hear(&self, event: &ChainEvent, view: &GroupView) {
        let (watch, checkpoint, event) = (self.clone(), view.checkpoint, event.clone());
        let is_new = matches!(event, ChainEvent::Decided { outcome: Outcome::Won, .. } | ChainEvent::Turned { .. });
        if is_new {
            tokio::spawn(async move {
                if let Err(error) = watch.look(event, checkpoint).await {
                    watch.teller.tell("watch", format!("cannot look: {error:#}"));
                }
            });
        }
    }

    async fn look(&self, event: ChainEvent, checkpoint: Digest) -> Result<()> {
        match event {
            ChainEvent::Decided { round, file, .. } => {
                let Some(path) = self.heldout.clone() else { return Ok(()) };
                let checkpoint = self.member.checkpoint(file).await?;
                let score = HeldOut::measure(&self.member, checkpoint, &path).await?;
                self.teller.note(|seen| seen.heldout.extend([(round, score)]));
                self.teller.tell(format!("round {round}"), format!("its model: {score}"));
            }
            ChainEvent::Turned { applied, .. } if applied.0 > 0 => {
                let link = self.member.proposal(applied).await.context("its proposal was not heard")?;
                let (before, body) = (self.member.set(link.parent).await?, self.member.body(link.patch).await?);
                let after = self.member.preview(link.parent, body).await?;
                let checkpoint = self.member.checkpoint(checkpoint).await?;
                let manifest = &self.member.manifest;
                let fresh = Examples::parse(manifest, fresh(&before.tree, &after.tree, manifest))?;
                let known = loss(&self.member, checkpoint.clone(), &before.examples).await?;
                let fresh = loss(&self.member, checkpoint, &fresh).await?;
                self.teller.note(|seen| seen.fresh.extend([(applied, (fresh, known))]));
                let text =
                    format!("fresh loss: the running model has {} nats on what is new, {} on the set before", nats(fresh), nats(known));
                self.teller.tell(format!("delta {applied}"), text);
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a delta has made new: rows that were nowhere, and texts that it added or changed.
fn fresh<'a>(before: &Tree, after: &'a Tree, manifest: &Manifest) -> Vec<(&'a str, String)> {
    let known: BTreeSet<&str> = before.iter().flat_map(|(_, text)| text.split_inclusive('\n')).collect();
    let changed = after.iter().filter(|(path, text)| before.get(path) != Some(*text));
    let fresh = changed.map(|(path, text)| match manifest.data() {
        Data::Csv { .. } | Data::Tokens { .. } => (path, text.split_inclusive('\n').filter(|row| !known.contains(row)).collect()),
        Data::Text { .. } => (path, text.to_owned()),
    });
    fresh.collect()
}
