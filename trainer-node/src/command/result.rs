//! What a command wrote: exactly as long as the manifest implies before a number of it is looked at, then as strict as anybody's file.

use std::{
    fs::{self, File},
    io::Read as _,
    path::Path,
    sync::Arc,
};

use anyhow::{Context as _, Result, ensure};
use evaluator::{Checkpoint, Manifest, checkpoint_len};

/// Reads the file, never more of it than it may have.
///
/// # Errors
/// When there is none, or it is no checkpoint of the manifest.
pub fn read(manifest: &Manifest, path: &Path) -> Result<Checkpoint> {
    let expected = checkpoint_len(manifest);
    let found = fs::metadata(path).context("it wrote no file to NEURON_OUTPUT: let it save there before it ends")?;
    ensure!(found.is_file(), "what it made at NEURON_OUTPUT is no file: let it write one there");
    let write = "write tensors, names and order of NEURON_BASE with its header as it is";
    ensure!(found.len() == expected, "it wrote {} bytes where a checkpoint of this group has {expected}: {write}", found.len());
    let mut bytes = Vec::with_capacity(usize::try_from(expected).context("its file is too long for this machine")?);
    let file = File::open(path).context("its file cannot be read")?;
    file.take(expected.saturating_add(1)).read_to_end(&mut bytes).context("its file cannot be read")?;
    Checkpoint::from_shared(manifest, Arc::new(bytes)).context("its file is no checkpoint of this group")
}
