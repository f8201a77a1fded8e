//! Nodes on the loopback interface: files, logs, late joiners, restarts, and peers that misbehave.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

mod blocks;
mod boot;
mod child;
mod disk;
mod files;
mod flood;
mod healing;
mod liar;
mod logs;
mod meeting;
mod rude;
mod scripted;
mod shouter;
mod stranger;
mod support;
