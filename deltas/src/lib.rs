//! The training set: a tree of text files, the patches that change it, and the root that names it.
//!
//! Patches are applied by all nodes to the same effect or not at all: hence own, strict reading and application, where
//! `patch` and `git apply` would search for a place.

mod header;
mod lines;
pub mod merkle;
mod parse;
mod patch;
mod path;
mod tree;
mod write;

pub use lines::PatchError;
pub use patch::{ApplyError, MAX_PATCH_BYTES, Patch};
pub use path::{MAX_PATH_BYTES, MAX_PATH_PARTS, PathError, check as check_path};
pub use tree::{LEAF_VERSION, MAX_FILE_BYTES, MAX_FILES, MAX_TREE_BYTES, Tree, TreeError, leaf};
pub use write::MAX_TITLE;
