//! Blocks on disk, named by their digests and checked again whenever they are read.
//!
//! | what | where | |
//! |---|---|---|
//! | a file of one chunk | `<first byte>/<digest>` | a single block |
//! | a longer file | `flat/<digest>.data` | its bytes in one piece, which can be mapped |
//! | its tree | `flat/<digest>.tree` | its inner nodes; [`tree`] |
//! | what must stay | `pins` | [`pins`] |
//!
//! Digests are in hexadecimal. A block is written once: blocks of a long file are served out of it. Older
//! stores hold chunks of long files as single blocks: those are served as they are, and put together when
//! the file is mapped. What nobody pinned falls when room is needed, the longest unused first.
//!
//! | file | what |
//! |---|---|
//! | `disk` | names, syncing, places |
//! | `error` | what goes wrong |
//! | `index` | what is held, in memory |
//! | `tree`, `pins` | the two formats |
//! | `blocks` | the store: blocks in and out |
//! | `opening` | what a folder holds |
//! | `room` | what falls, what stays |
//! | `partial` | a long file while it comes |
//! | `whole` | whole files in and out |
//! | `status` | what there is, for people |

mod blocks;
mod disk;
mod error;
mod index;
mod opening;
/// A long file while it comes.
pub mod partial;
mod pins;
mod room;
/// What there is, for people.
pub mod status;
mod tree;
/// Whole files in and out.
pub mod whole;

pub use blocks::BlockStore;
pub use error::StoreError;
pub use pins::PinsError;

#[cfg(test)]
mod tests;
