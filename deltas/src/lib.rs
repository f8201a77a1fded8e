//! The training set: a tree of text files, the patches that change it, and the root that names it.
//!
//! Patches are applied by all nodes to the same effect or not at all: hence own, strict reading and application, where
//! `patch` and `git apply` would search for a place. The rules are those of PROTOCOL 11; a port has to repeat them to the byte, and
//! finds cases in `deltas/tests`.
//!
//! Three things make up the room, and each is a value without clock, disk or network:
//!
//! - [`Tree`]: UTF-8 texts by path, within limits, and their [`Tree::root`];
//! - [`Patch`]: read by [`Patch::parse`], made by [`Patch::between`], carried out by [`Patch::apply`];
//! - [`merkle`]: the hash tree that names sets here, and losses and hidden examples elsewhere.
//!
//! ```
//! use deltas::{Patch, Tree};
//!
//! let mut before = Tree::new();
//! before.insert("digits/a.csv", "0,3,7\n")?;
//! let mut after = before.clone();
//! after.insert("digits/b.csv", "5,1,2\n")?;
//!
//! // What an author publishes, and what every node makes of it.
//! let bytes = Patch::between(&before, &after, [0x11; 20], "Two more strokes");
//! let patch = Patch::parse(&bytes)?;
//! assert_eq!(patch.author(), Some([0x11; 20]));
//! assert_eq!(patch.apply(&before)?.root(), after.root());
//!
//! // On another set it does not apply: nothing is searched for.
//! assert!(patch.apply(&after).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod header;
mod hunks;
mod lines;
/// RFC 6962 hash trees: of files, losses and hidden examples.
pub mod merkle;
mod parse;
mod patch;
mod path;
mod steps;
mod tree;
mod write;

pub use hunks::{LineChange, line_changes};
pub use lines::PatchError;
pub use patch::{ApplyError, MAX_PATCH_BYTES, Patch};
pub use path::{MAX_PATH_BYTES, MAX_PATH_PARTS, PathError, check as check_path};
pub use tree::{LEAF_VERSION, MAX_FILE_BYTES, MAX_FILES, MAX_TREE_BYTES, Tree, TreeError, leaf};
pub use write::MAX_TITLE;
