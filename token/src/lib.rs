//! NRN: balances, the schedule of its issue, the sale, and stake. Its contracts stand beside it.

pub mod bindings;
mod deploy;
mod emission;
mod errors;
mod events;
mod neuron;
mod permit;
mod position;
mod purse;
mod sale;
mod spending;
mod stake;

pub use deploy::{emission_blueprint, neuron_blueprint, purse_blueprint, sale_blueprint};
pub use emission::Emission;
pub use errors::explain;
pub use events::{emission_event, purse_event, stake_event};
pub use neuron::Neuron;
pub use permit::Permit;
pub use position::Position;
pub use purse::{Purse, pay_back_for};
pub use sale::{Sale, SaleTerms, amount_for, cost_of};
pub use spending::{spend, spend_permitted};
pub use stake::{AllBonded, Stake, StakeTerms, Totals, bond_call};
