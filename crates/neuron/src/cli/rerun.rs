//! `neuron replay --training`: the run behind a claim once more, from the note that its trainer published.

use std::{fmt, sync::atomic::AtomicBool};

use anyhow::{Context as _, Result, ensure};
use node::{
    Exam, Member,
    bindings::Bindings,
    machine::{Place, compute},
    member::blocking,
    shards,
};
use protocol::{
    Digest, NodeId,
    chain::RevealedClaim,
    eip712::Domain,
    log::{Body, TrainingBody},
};
use training::{Device, Note, Progress, lesson, replay};

use super::{
    bars::{Bar, Unit},
    past::Past,
};

/// What came of a run when it was repeated.
#[derive(Debug, PartialEq, Eq)]
pub enum Again {
    /// The file of the claim, to the bit.
    Same {
        steps: u32,
        starts: usize,
        /// Where it was repeated, in words.
        place: String,
    },
    Other,
    NoNote,
    Unknown(String),
}

impl fmt::Display for Again {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same { steps, starts: 1, place } => write!(out, "the same file to the bit, by {steps} steps on {place}"),
            Self::Same { steps, starts, place } => {
                write!(out, "the same file to the bit, by {steps} steps from the average of {starts} files on {place}")
            }
            Self::Other => out.write_str("another file: it was not trained as its trainer says"),
            Self::NoNote => out.write_str("its trainer has told nothing about it"),
            Self::Unknown(reason) => write!(out, "cannot be repeated here: {reason}"),
        }
    }
}

/// The newest note about a claim by a node that speaks for its trainer.
pub fn note_of(claim: &RevealedClaim, log: &[(NodeId, Body)], domain: Domain) -> Option<Note> {
    let mut bindings = Bindings::new(domain);
    for (author, body) in log {
        if let Body::Binding(binding) = body {
            bindings.note(*author, binding);
        }
    }
    let of_trainer = log.iter().rev().filter(|(author, _)| bindings.account(*author) == Some(claim.trainer));
    let mut told = of_trainer.filter_map(|(_, body)| if let Body::Training(told) = body { read(told) } else { None });
    told.find(|note| (note.round, note.file) == (claim.round.0, claim.file.0))
}

/// A note's text has the keys of such a message.
fn read(told: &TrainingBody) -> Option<Note> {
    Note::parse(&told.to_json()).ok()
}

/// Repeats the run that a note of a claim in `past` tells of, at that place; `exam` holds the set of that round.
pub async fn again(member: &Member, exam: &Exam, (past, place): (&Past, Place), note: Option<Note>) -> Again {
    let Some(note) = note else { return Again::NoNote };
    let (steps, starts) = (note.done, note.starts.len());
    match repeat(member, exam, (past, place), note).await {
        Ok(Some(place)) => Again::Same { steps, starts, place },
        Ok(None) => Again::Other,
        Err(error) => Again::Unknown(format!("{error:#}")),
    }
}

/// Where it was repeated, if that gave the same file.
async fn repeat(member: &Member, exam: &Exam, (past, place): (&Past, Place), note: Note) -> Result<Option<String>> {
    ensure!(note.head == past.head.0, "it was trained on another set than that of the round");
    let mut starts = Vec::new();
    for start in &note.starts {
        let start = member.checkpoint(Digest(*start)).await.context("what it started from cannot be had")?;
        starts.push(start.as_ref().clone());
    }
    let (file, set) = (member.fetch(Digest(note.file)).await?, exam.set.clone());
    let part = lesson(&set.examples, &note.plan.settings, note.plan.seed);
    shards::hold_all(member, part.as_ref().unwrap_or(&set.examples)).await?;
    let again = blocking(move || {
        let bar = Bar::new("training", Unit::Each("steps"));
        let tell = |progress: Progress| bar.pass(progress.step.into(), progress.steps.into());
        let examples = part.as_ref().unwrap_or(&set.examples);
        Ok(replay(&note, &starts, examples, (device_of(place), compute()?), &AtomicBool::new(false), tell)?)
    });
    let (checkpoint, place) = again.await?;
    Ok((checkpoint.to_bytes() == *file).then_some(place))
}

/// The same place for training.
pub fn device_of(place: Place) -> Device {
    match place {
        Place::Processor => Device::Cpu,
        Place::Gpu(number) => Device::Cuda(number as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chain::Account;
    use protocol::{Address, GroupId, Micronats, RoundNumber, eip712::Node, log::Binding};
    use training::{Plan, Settings};

    const DOMAIN: Domain = Domain { chain_id: 1, network: Address([3; 20]) };

    fn note(round: u64, file: u8, seed: u64) -> Note {
        let plan = Plan { settings: Settings::default(), seed, steps: 10 };
        Note { round, file: [file; 32], starts: vec![[1; 32]], head: [2; 32], plan, done: 10 }
    }

    fn claim(trainer: Address) -> RevealedClaim {
        let (group, round, file) = (GroupId(1), RoundNumber(4), Digest([7; 32]));
        let (base, loss, loss_root) = (Micronats(2), Micronats(1), Digest::ZERO);
        RevealedClaim { group, round, trainer, number: 1, file, base, loss, loss_root }
    }

    #[tokio::test]
    async fn only_a_node_that_speaks_for_the_trainer_tells_how_its_file_was_trained() {
        let (trainer, other) = (Account::random(), Account::random());
        let node = |number: u8| NodeId([number; 32]);
        let bind = async |node: NodeId, account: &Account| {
            let signature = account.sign(Node { node }, &DOMAIN).await.expect("signed").signature;
            (node, Body::Binding(Binding { account: account.address(), signature }))
        };
        let tell = |node: NodeId, note: Note| (node, Body::Training(TrainingBody::from_json(&note.to_text()).expect("such a message")));
        let stolen = (node(3), bind(node(1), &trainer).await.1);
        let log = [
            tell(node(1), note(4, 7, 1)),
            tell(node(1), note(4, 7, 2)),
            tell(node(1), note(3, 7, 3)),
            tell(node(1), note(4, 8, 4)),
            (node(1), Body::Note("in words".into())),
            tell(node(2), note(4, 7, 5)),
            tell(node(3), note(4, 7, 6)),
            bind(node(1), &trainer).await,
            bind(node(2), &other).await,
            stolen,
        ];
        let seed = |account: &Account| note_of(&claim(account.address()), &log, DOMAIN).map(|note| note.plan.seed);
        assert_eq!(seed(&trainer), Some(2), "the newest about this claim");
        assert_eq!(seed(&other), Some(5));
        assert_eq!(seed(&Account::random()), None);
    }
}
