//! What a command is asked for.

use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Instant,
};

use anyhow::Result;
use evaluator::Checkpoint;
use trainer_node::settings::Command;

/// One order to train.
pub struct Order<'a> {
    pub command: &'a Command,
    pub round: u64,
    /// What the run starts from.
    pub start: &'a Checkpoint,
    /// Writes the training set's files into a folder that is not there yet.
    pub write_set: &'a dyn Fn(&Path) -> Result<()>,
    /// The group's folder for such runs; made if missing.
    pub folder: &'a Path,
    /// Where the shards of a set of tokens lie, each under its CID.
    pub shards: Option<PathBuf>,
    pub seed: u64,
    /// What NEURON_DEVICE says if the settings do not.
    pub device: String,
    /// By then the file must be there.
    pub until: Instant,
    /// The run is of no use any more.
    pub cancelled: &'a AtomicBool,
    /// This program ends.
    pub ends: &'a AtomicBool,
}
