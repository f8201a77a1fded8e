//! The note that a trainer publishes of its run, and the run again from the note.

use std::sync::atomic::AtomicBool;

use evaluator::{Checkpoint, Compute, Examples, average};
use serde::{Deserialize, Serialize};

use crate::device::Device;
use crate::error::TrainError;
use crate::plan::Plan;
use crate::settings::{EngineChoice, Settings};
use crate::trainer::{Progress, Trainer};

/// Longest note in bytes.
pub const NOTE_BYTES_MAX: usize = 4096;
/// Most checkpoints that a start is the average of.
pub const STARTS_MAX: usize = 16;

/// How the checkpoint of a claim came about. Its text is JSON of at most `NOTE_BYTES_MAX` bytes, with the keys of the log's `training`
/// messages (PROTOCOL 14, Bodies).
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Round of the claim.
    pub round: u64,
    /// Digest of the claim's file.
    pub file: [u8; 32],
    /// Digests of the files that training started from: one, or several whose average in this order was the start.
    pub starts: Vec<[u8; 32]>,
    /// Digest of the training set.
    pub head: [u8; 32],
    /// The recipe.
    pub plan: Plan,
    /// Steps done when the checkpoint was taken.
    pub done: u32,
}

/// Why text is no note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than `NOTE_BYTES_MAX`.
    #[error("a note has at most {NOTE_BYTES_MAX} bytes, this one has {0}")]
    TooLong(usize),
    /// No JSON, fields missing, unknown or of the wrong type.
    #[error("this note cannot be read: {0}")]
    Unreadable(String),
    /// Outside the limits.
    #[error("this note cannot be true: {0}")]
    Limits(String),
}

/// A note as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    round: u64,
    file: String,
    starts: Vec<String>,
    head: String,
    plan: Plan,
    done: u32,
}

impl Note {
    /// The text to publish.
    pub fn to_text(&self) -> String {
        let text = Text {
            round: self.round,
            file: hex::encode_prefixed(self.file),
            starts: self.starts.iter().map(hex::encode_prefixed).collect(),
            head: hex::encode_prefixed(self.head),
            plan: self.plan.clone(),
            done: self.done,
        };
        // Strings, numbers and lists only: serde_json has nothing to refuse.
        serde_json::to_string(&text).unwrap_or_default()
    }

    /// Reads a text that anyone may have written.
    ///
    /// # Errors
    /// When it is no note, or one that cannot be true.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        if text.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong(text.len()));
        }
        let text: Text = serde_json::from_str(text).map_err(|error| NoteError::Unreadable(error.to_string()))?;
        text.plan.check().map_err(|error| NoteError::Limits(error.to_string()))?;
        if text.done > text.plan.steps {
            return Err(NoteError::Limits(format!("{} of {} steps were done", text.done, text.plan.steps)));
        }
        if !(1..=STARTS_MAX).contains(&text.starts.len()) {
            return Err(NoteError::Limits(format!("{} starts, not 1 to {STARTS_MAX}", text.starts.len())));
        }
        let starts: Result<_, _> = text.starts.iter().map(|start| digest(start)).collect();
        let Text { round, plan, done, .. } = text;
        Ok(Self { round, file: digest(&text.file)?, starts: starts?, head: digest(&text.head)?, plan, done })
    }
}

fn digest(text: &str) -> Result<[u8; 32], NoteError> {
    let digits = text.strip_prefix("0x").ok_or_else(|| NoteError::Unreadable(format!("digest {text:?}: it begins with 0x")))?;
    hex::decode_to_array(digits).map_err(|error| NoteError::Unreadable(format!("digest {text:?}: {error}")))
}

/// The run of a note once more; the result equals the claim's file to the bit if the note is true. `starts` are the checkpoints that
/// it names, in its order, `examples` the training set of its head, `device` the processor or a GPU of NVIDIA. Where it was computed
/// stands beside it, in words; in place of a GPU that cannot, the processor does it.
///
/// # Errors
/// When the note's run was not exact, its starts are not these, or the run fails or is stopped.
pub fn replay(
    note: &Note,
    starts: &[Checkpoint],
    examples: &Examples,
    (device, compute): (Device, Compute),
    stop: &AtomicBool,
    progress: impl FnMut(Progress),
) -> Result<(Checkpoint, String), TrainError> {
    if note.plan.settings.engine == EngineChoice::Burn {
        return Err(TrainError::Note("the engine was burn, which gives other bits on other machines".to_owned()));
    }
    if starts.len() != note.starts.len() || note.done > note.plan.steps {
        return Err(TrainError::Note(format!("it names {} starts, {} were given", note.starts.len(), starts.len())));
    }
    let start = match starts {
        [start] => start.clone(),
        _ => average(&starts.iter().collect::<Vec<_>>())?,
    };
    let plan = Plan { settings: Settings { engine: EngineChoice::Exact, ..note.plan.settings.clone() }, ..note.plan.clone() };
    let mut trainer = Trainer::new(&start, examples, &plan, device, compute)?;
    trainer.run(note.done, stop, progress)?;
    Ok((trainer.checkpoint()?, trainer.device_name()))
}
