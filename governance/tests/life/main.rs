//! The life of a network on a real chain: birth, stake, rounds, deltas, and what each refusal says.

mod deltas;
mod deploying;
mod descriptors;
mod duties;
mod forks;
mod geth;
mod measures;
mod rounds;
mod stakes;
mod support;
mod wiring;
