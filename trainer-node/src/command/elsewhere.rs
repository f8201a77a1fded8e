//! Where processes have no groups and are told nothing by signals, no command trains; the start has said so.

#[path = "order.rs"]
mod order;

use anyhow::{Result, bail};
use evaluator::Checkpoint;
use trainer_node::settings::NOWHERE_ELSE;

pub use self::order::Order;

/// What NEURON_DEVICE would say.
pub fn device_here() -> &'static str {
    "cpu"
}

/// Runs nothing.
///
/// # Errors
/// Always: what to do instead.
pub fn run(_: &Order<'_>) -> Result<Checkpoint> {
    bail!(NOWHERE_ELSE)
}
