//! Groups, rounds, choices, measures and bounties: what happens at the contract `Network`, which stands beside this.

mod addresses;
pub mod bindings;
mod bounties;
pub mod calls;
mod choices;
mod deploy;
mod duties;
mod errors;
mod events;
mod groups;
mod lots;
mod measures;
mod network;
mod rounds;
mod snapshot;
mod words;

pub use addresses::Addresses;
pub use calls::Offer;
pub use choices::{Ballot, Delta, DeltaStatus};
pub use deploy::{Step, Terms, audit, blueprints, deploy, least_gas};
pub use errors::{GovernanceError, explain};
pub use events::network_event;
pub use groups::group_view;
pub use measures::{Enactment, Majority, MeasureState};
pub use network::{Network, chronicle_path};
pub use rounds::{Claim, ClaimStatus, Decision, Round, Tally};
