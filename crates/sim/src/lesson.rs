//! What is learnt in the exact depth, read once a process: the examples and the manifest of a group file, and how its trainers train.

use std::{path::Path, sync::OnceLock};

use anyhow::{Context as _, Result};
use deltas::Tree;
use evaluator::{Compute, Examples, Manifest};
use node::{birth::extended, config::GroupFile, machine::compute};
use training::Settings;

/// The group file; it counts from the folder of this room, wherever the program runs.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/digits.toml");

/// See the module.
#[derive(Debug)]
pub(crate) struct Lesson {
    pub manifest: Manifest,
    pub examples: Examples,
    pub settings: Settings,
    /// Steps of a run for which there is all the time.
    pub steps: u32,
    /// One thread: seeds run side by side.
    pub compute: Compute,
}

/// The lesson of this process.
///
/// # Errors
/// When the group file or its data cannot be read, with what is wrong there.
pub(crate) fn lesson() -> Result<&'static Lesson, String> {
    static LESSON: OnceLock<Result<Lesson, String>> = OnceLock::new();
    LESSON.get_or_init(|| read(Path::new(FILE)).map_err(|error| format!("{error:#}"))).as_ref().map_err(Clone::clone)
}

fn read(path: &Path) -> Result<Lesson> {
    let GroupFile { manifest, data, training, .. } = GroupFile::read(path)?;
    let settings: Settings = training.try_into().context("[training]")?;
    settings.check().context("[training]")?;
    let steps = settings.steps.context("[training] needs `steps`")?;
    let set = extended(&Tree::default(), &data.genesis, &manifest)?;
    let examples = Examples::parse(&manifest, set.iter())?;
    Ok(Lesson { manifest, examples, settings, steps, compute: Compute::new(compute()?.isa(), 1)? })
}
