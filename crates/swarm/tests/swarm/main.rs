//! Nodes on the loopback interface: files, logs, late joiners, restarts, and peers that misbehave.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

mod blocks;
mod boot;
mod kubo;
mod liar;
mod logs;
mod meeting;
mod shouter;
mod speed;
mod support;
