//! Groups, rounds, choices and measures: what happens at the contract `Network`, which stands beside this.

mod bindings;
mod choices;
mod deploy;
mod errors;
mod events;
mod groups;
mod measures;
mod network;
mod rounds;

pub use choices::{Delta, DeltaStatus};
pub use deploy::{Addresses, Terms, deploy};
pub use errors::{GovernanceError, explain};
pub use events::network_event;
pub use network::Network;
pub use rounds::{Claim, ClaimStatus, FileBinding, Round};
