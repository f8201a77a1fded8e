//! The kernels as plain C++ on the processor, bit by bit beside the evaluator's own. Fibers need `ucontext`, which Windows and musl lack.

#![cfg(all(unix, not(target_env = "musl")))]
#![allow(clippy::unwrap_used, reason = "what must hold here and does not fails the test")]

mod cases;
mod functions;
mod losses;
mod machine;
mod refusals;
mod shards;
mod shim;
mod training;
