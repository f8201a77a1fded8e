//! Each vice in networks where nothing else goes wrong: its aim fails, or costs what it is said to cost.

mod archetypes;
mod bounties;
mod deltas;
mod drawn;
mod groups;
mod played;
mod race;
mod stake;
mod validators;
