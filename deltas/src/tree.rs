//! The files of a training set and the root that names them all.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::merkle;
use crate::path::{self, PathError};

/// Files of a set at most.
pub const MAX_FILES: usize = 65_536;
/// Bytes of one file at most.
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of all files together at most.
pub const MAX_TREE_BYTES: usize = 1024 * 1024 * 1024;
/// First byte of every leaf.
pub const LEAF_VERSION: u8 = 1;

/// Why files do not make a set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    #[error(transparent)]
    Path(#[from] PathError),
    #[error("`{0}` would be a file and a folder: rename one of them")]
    FileAndFolder(String),
    #[error("more than 65,536 files: join some of them")]
    TooManyFiles,
    #[error("`{0}` is larger than 64 MiB: split it")]
    FileTooLarge(String),
    #[error("the set is larger than 1 GiB: name large examples by their digest instead")]
    TooLarge,
}

/// UTF-8 files by path. Copies share their texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    files: BTreeMap<String, Arc<str>>,
    bytes: usize,
}

impl Tree {
    /// A set without files: the parent of the first patch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file or replaces it.
    ///
    /// # Errors
    /// [`TreeError`] if the path is none or a limit is passed; then nothing changes.
    pub fn insert(&mut self, path: &str, text: &str) -> Result<(), TreeError> {
        path::check(path)?;
        self.check_folders(path)?;
        if text.len() > MAX_FILE_BYTES {
            return Err(TreeError::FileTooLarge(path.to_owned()));
        }
        if self.files.len() >= MAX_FILES && !self.files.contains_key(path) {
            return Err(TreeError::TooManyFiles);
        }
        let bytes = self.bytes - self.get(path).map_or(0, str::len) + text.len();
        if bytes > MAX_TREE_BYTES {
            return Err(TreeError::TooLarge);
        }
        self.bytes = bytes;
        self.files.insert(path.to_owned(), text.into());
        Ok(())
    }

    /// No folder of `path` may be a file, and `path` no folder.
    fn check_folders(&self, path: &str) -> Result<(), TreeError> {
        let folder = format!("{path}/");
        let below = self.files.range(folder.clone()..).next().filter(|(file, _)| file.starts_with(&folder));
        let above = path.match_indices('/').map(|(end, _)| &path[..end]).find(|folder| self.files.contains_key(*folder));
        match below.is_some() || above.is_some() {
            true => Err(TreeError::FileAndFolder(above.unwrap_or(path).to_owned())),
            false => Ok(()),
        }
    }

    /// Takes a file out; tells whether it was there.
    pub fn remove(&mut self, path: &str) -> bool {
        let removed = self.files.remove(path);
        self.bytes -= removed.as_deref().map_or(0, str::len);
        removed.is_some()
    }

    /// The text of a file.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|text| &**text)
    }

    /// Path and text of all files, sorted by the bytes of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), &**text))
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are no files.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Bytes of all texts together.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Names the set: Merkle root (RFC 6962, sha2-256) over [`leaf`] of the sorted files.
    pub fn root(&self) -> [u8; 32] {
        merkle::root(self.iter().map(|(path, text)| leaf(path, text)))
    }
}

/// A file as a leaf: version u8 ‖ length of path u16, big-endian ‖ path ‖ sha2-256 of the text.
pub fn leaf(path: &str, text: &str) -> Vec<u8> {
    let length = u16::try_from(path.len()).unwrap_or(u16::MAX);
    let mut leaf = vec![LEAF_VERSION];
    leaf.extend_from_slice(&length.to_be_bytes());
    leaf.extend_from_slice(path.as_bytes());
    leaf.extend_from_slice(&Sha256::digest(text));
    leaf
}
