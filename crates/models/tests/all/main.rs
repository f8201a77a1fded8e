//! Tests of models in and out: against folders that transformers wrote, and against what must be refused.

#![allow(clippy::unwrap_used, reason = "what must hold here and does not fails the test")]

mod characters;
mod fuzzed;
mod golden;
mod hostile;
mod missing;
mod packing;
mod pinned;
mod tables;
mod written;

use std::path::{Path, PathBuf};

use models::{Import, Options};
use sha2::{Digest as _, Sha256};

/// All that transformers wrote, one an architecture and a generation.
const FOLDERS: [&str; 7] = ["gpt2", "nanogpt", "llama", "llama-4", "mistral", "qwen2", "qwen3"];

/// A folder as transformers wrote it, copied so that it can be changed.
fn copy_of(name: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(golden_folder(name)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

/// What names a file here; the network has a digest of its own.
fn name_of(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn golden_folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The canonical checkpoint of a folder.
fn checkpoint(import: &Import) -> Vec<u8> {
    let mut bytes = Vec::new();
    import.write(&mut bytes, &mut |_| ()).unwrap();
    bytes
}

fn open(folder: &Path) -> Result<Import, models::Refusal> {
    open_as(folder, false)
}

/// The same, with bfloat16 widened or left as it is.
fn open_as(folder: &Path, widen: bool) -> Result<Import, models::Refusal> {
    Import::open(folder, &Options { widen, ..Options::new(name_of) })
}
