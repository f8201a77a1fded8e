//! Each vice in networks where nothing else goes wrong: its aim fails, or costs what it is said to cost.

mod archetypes;
mod deltas;
mod drawn;
mod played;
mod race;
mod stake;
mod validators;
