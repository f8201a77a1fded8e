//! Nodes on the loopback interface: files, logs, late joiners, restarts, and peers that misbehave.

mod blocks;
mod boot;
mod kubo;
mod liar;
mod logs;
mod shouter;
mod speed;
mod support;
