//! Looking at what the group does to its model: winners on rows that are in no set, the model on rows that are new.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, Result};
use evaluator::{Checkpoint, Examples};
use node::{
    Member,
    member::{accuracy, blocking},
};
use protocol::{
    Digest,
    chain::{ChainEvent, GroupView, Outcome},
};

use super::{
    news::Teller,
    screen::{nats, percent},
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
                let Some(path) = &self.heldout else { return Ok(()) };
                let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
                let share = accuracy(&*self.member.checkpoint(file).await?, &text)?;
                self.teller.note(|seen| seen.accuracy.extend([(round, share)]));
                self.teller
                    .tell(format!("round {round}"), format!("its model is right on {} of the rows that are in no set", percent(share)));
            }
            ChainEvent::Turned { applied, .. } if applied.0 > 0 => {
                let link = self.member.proposal(applied).await.context("its proposal was not heard")?;
                let (before, body) = (self.member.set(link.parent).await?, self.member.body(link.patch).await?);
                let after = self.member.preview(link.parent, body).await?;
                let old: std::collections::BTreeSet<&str> = before.tree.iter().flat_map(|(_, text)| text.lines()).collect();
                let rows = after.tree.iter().flat_map(|(_, text)| text.lines()).filter(|line| !old.contains(line));
                let rows: String = rows.flat_map(|line| [line, "\n"]).collect();
                let checkpoint = self.member.checkpoint(checkpoint).await?;
                let (fresh, known) = (loss_on(&checkpoint, rows).await?, loss(&checkpoint, before).await?);
                self.teller.note(|seen| seen.fresh.extend([(applied, (fresh, known))]));
                let text =
                    format!("fresh loss: the running model has {} nats on its new rows, {} on the set before", nats(fresh), nats(known));
                self.teller.tell(format!("delta {applied}"), text);
            }
            _ => {}
        }
        Ok(())
    }
}

async fn loss(checkpoint: &Arc<Checkpoint>, set: Arc<node::dataset::Set>) -> Result<u32> {
    let checkpoint = checkpoint.clone();
    blocking(move || mean(&checkpoint, &set.examples)).await
}

async fn loss_on(checkpoint: &Arc<Checkpoint>, rows: String) -> Result<u32> {
    let checkpoint = checkpoint.clone();
    blocking(move || mean(&checkpoint, &Examples::parse(checkpoint.manifest(), [(crate::birth::EXAMPLES, rows.as_str())])?)).await
}

fn mean(checkpoint: &Checkpoint, examples: &Examples) -> Result<u32> {
    let all: Vec<u32> = (0..examples.len() as u32).collect();
    Ok(evaluator::evaluate(checkpoint, examples, &all)?.mean)
}
