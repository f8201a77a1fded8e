//! Nodes on the loopback interface: files, logs, late joiners, restarts, and peers that misbehave.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

mod blocks;
mod boot;
<<<<<<< HEAD
mod child;
mod files;
mod liar;
mod logs;
mod meeting;
mod scripted;
=======
mod disk;
mod flood;
mod healing;
mod kubo;
mod liar;
mod logs;
mod rude;
>>>>>>> w2
mod shouter;
mod speed;
mod stranger;
mod support;
