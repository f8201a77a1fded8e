//! Files between our node and IPFS nodes of other makes, over bitswap and as CARs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

mod helia;
mod kubo;
mod peers;
mod programs;
mod support;

use std::time::Duration;

/// The empty file, one byte, a full chunk, one byte more, a full node.
const LENGTHS: [usize; 5] = [0, 1, 262_144, 262_145, 45_613_056];
/// Longer than the time after which idle nodes of these makes let go of streams or of one another.
const IDLE: Duration = Duration::from_secs(13);
/// For one file.
const LONG: Duration = Duration::from_secs(120);
