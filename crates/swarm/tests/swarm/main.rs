//! Nodes on the loopback interface: files, logs, late joiners, restarts, and peers that misbehave.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

mod blocks;
mod boot;
mod disk;
mod flood;
mod healing;
mod kubo;
mod liar;
mod logs;
mod rude;
mod shouter;
mod speed;
mod stranger;
mod support;
