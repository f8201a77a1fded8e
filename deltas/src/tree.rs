//! The files of a training set and the root that names them all.
//!
//! A set is at most [`MAX_FILES`] files of [`MAX_FILE_BYTES`], [`MAX_TREE_BYTES`] together; the limits hold after every step, so that
//! no order of changes can pass them for a moment.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use crate::merkle;
use crate::path::{self, PathError};

/// Files of a set at most (PROTOCOL 11, Tree).
pub const MAX_FILES: usize = 65_536;
/// Bytes of one file at most: 64 MiB.
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of all texts together at most, without their paths: 1 GiB.
pub const MAX_TREE_BYTES: usize = 1024 * 1024 * 1024;
/// First byte of every [`leaf`]: another encoding would have another one, and no root in common with this one.
pub const LEAF_VERSION: u8 = 1;

/// Why files do not make a set. Nothing changes where one of these is returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The path is none: see [`PathError`].
    #[error(transparent)]
    Path(#[from] PathError),
    /// This path is a file, and a part of another path. Systems of files cannot hold both.
    #[error("`{0}` would be a file and a folder: rename one of them")]
    FileAndFolder(String),
    /// A further file would be one more than [`MAX_FILES`].
    #[error("more than 65,536 files: join some of them")]
    TooManyFiles,
    /// The file of this path has more than [`MAX_FILE_BYTES`].
    #[error("`{0}` is larger than 64 MiB: split it")]
    FileTooLarge(String),
    /// All together would have more than [`MAX_TREE_BYTES`].
    #[error("the set is larger than 1 GiB: name large examples by their digest instead")]
    TooLarge,
}

/// UTF-8 files by path, in the order of the bytes of their paths. Copies share their texts, so that the sets of many heads cost
/// little more than one.
///
/// ```
/// use deltas::{Tree, TreeError};
///
/// let mut set = Tree::new();
/// set.insert("play/act-1.txt", "Who's there?\n")?;
/// assert!(matches!(set.insert("play", ""), Err(TreeError::FileAndFolder(_))));
/// assert_eq!((set.len(), set.bytes(), set.get("play/act-1.txt")), (1, 13, Some("Who's there?\n")));
/// # Ok::<(), TreeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    files: BTreeMap<String, Arc<File>>,
    /// Of all texts, kept so that the limit costs nothing to look at.
    bytes: usize,
}

/// A text, and its digest once somebody has asked for a root: what a delta leaves as it is, is not hashed again.
#[derive(Debug)]
struct File {
    text: Box<str>,
    digest: OnceLock<[u8; 32]>,
}

impl PartialEq for File {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for File {}

impl File {
    fn digest(&self) -> &[u8; 32] {
        self.digest.get_or_init(|| Sha256::digest(self.text.as_bytes()).into())
    }
}

impl Tree {
    /// A set without files: what the first patch of a group applies to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, or replaces its text. An empty text is a file.
    ///
    /// # Errors
    /// [`TreeError`] if the path is none, is a folder of another file or below one, or a limit is passed; then nothing changes.
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
        self.files.insert(path.to_owned(), Arc::new(File { text: text.into(), digest: OnceLock::new() }));
        Ok(())
    }

    /// Whether the path can stand beside those that are there: no folder of `path` may be a file, and `path` no folder.
    fn check_folders(&self, path: &str) -> Result<(), TreeError> {
        let folder = format!("{path}/");
        let below = self.files.range(folder.clone()..).next().filter(|(file, _)| file.starts_with(&folder));
        let above = path.match_indices('/').map(|(end, _)| &path[..end]).find(|folder| self.files.contains_key(*folder));
        match below.is_some() || above.is_some() {
            true => Err(TreeError::FileAndFolder(above.unwrap_or(path).to_owned())),
            false => Ok(()),
        }
    }

    /// Takes a file out; tells whether it was there. Folders are nothing by themselves: with its last file one is gone.
    pub fn remove(&mut self, path: &str) -> bool {
        let removed = self.files.remove(path);
        self.bytes -= removed.as_deref().map_or(0, |file| file.text.len());
        removed.is_some()
    }

    /// The text of a file; `None` for a folder too.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|file| &*file.text)
    }

    /// Path and text of all files, ascending by the bytes of their paths: the order of [`Tree::root`] and of examples.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, file)| (path.as_str(), &*file.text))
    }

    /// Paths that only one of both sets has, or whose texts differ: those of this set first, each part ascending. What both share is
    /// not compared.
    ///
    /// ```
    /// use deltas::Tree;
    ///
    /// let mut before = Tree::new();
    /// before.insert("a.csv", "1\n")?;
    /// before.insert("b.csv", "2\n")?;
    /// let mut after = before.clone();
    /// after.insert("a.csv", "3\n")?;
    /// after.insert("c.csv", "4\n")?;
    /// assert!(before.differing(&after).eq(["a.csv", "c.csv"]));
    /// # Ok::<(), deltas::TreeError>(())
    /// ```
    pub fn differing<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a str> {
        let own = self.files.iter().filter(|(path, file)| other.files.get(*path) != Some(*file));
        let others = other.files.iter().filter(|(path, _)| !self.files.contains_key(*path));
        own.chain(others).map(|(path, _)| path.as_str())
    }

    /// Number of files, at most [`MAX_FILES`].
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are no files: the parent of a group's first patch.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Bytes of all texts together, at most [`MAX_TREE_BYTES`].
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Names the set: Merkle root ([`merkle::root`]) over the [`leaf`] of each file, in the order of [`Tree::iter`]. Equal sets have
    /// equal roots; whoever finds two sets of one root has broken sha2-256.
    ///
    /// ```
    /// use deltas::{Tree, leaf, merkle};
    ///
    /// let mut set = Tree::new();
    /// set.insert("b.txt", "two")?;
    /// set.insert("a.txt", "one")?;
    /// assert_eq!(set.root(), merkle::root([leaf("a.txt", "one"), leaf("b.txt", "two")]));
    /// # Ok::<(), deltas::TreeError>(())
    /// ```
    pub fn root(&self) -> [u8; 32] {
        merkle::root(self.files.iter().map(|(path, file)| leaf_of(path, file.digest())))
    }
}

/// A file as a leaf: version u8 ([`LEAF_VERSION`]) ‖ length of the path in bytes u16, big-endian ‖ path ‖ sha2-256 of the text, so
/// 35 bytes and the path. That a leaf belongs to a root can be shown without the text of any other file.
pub fn leaf(path: &str, text: &str) -> Vec<u8> {
    leaf_of(path, &Sha256::digest(text).into())
}

/// The same where the digest of the text is known.
fn leaf_of(path: &str, digest: &[u8; 32]) -> Vec<u8> {
    let length = u16::try_from(path.len()).unwrap_or(u16::MAX);
    let mut leaf = vec![LEAF_VERSION];
    leaf.extend_from_slice(&length.to_be_bytes());
    leaf.extend_from_slice(path.as_bytes());
    leaf.extend_from_slice(digest);
    leaf
}
