//! The life of a network on a real chain: birth, stake, rounds, deltas, and what each refusal says.

mod deltas;
mod rounds;
mod support;
mod wiring;
