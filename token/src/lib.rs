//! NRN: balances, the schedule of its issue, the sale, and stake. Its contracts stand beside it.

mod bindings;
mod deploy;
mod emission;
mod errors;
mod events;
mod neuron;
mod purse;
mod sale;
mod stake;

pub use deploy::{deploy_emission, deploy_neuron, deploy_purse, deploy_sale};
pub use emission::Emission;
pub use errors::explain;
pub use events::{emission_event, stake_event};
pub use neuron::Neuron;
pub use purse::Purse;
pub use sale::{Sale, SaleTerms, amount_for, cost_of};
pub use stake::{Position, Stake, StakeTerms, Totals};
