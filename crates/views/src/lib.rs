//! Every public view of the contracts, and who was paid for what, from their events alone.
//!
//! [`Views`] takes logs one after the other and answers as the contracts would: nodes need no archive of the chain, a page
//! needs no server that it trusts. Nothing here has a clock, a socket or a disk: the second of a question is an argument.

mod amounts;
mod bindings;
mod bounties;
mod coins;
mod dataset;
mod groups;
mod log;
mod measures;
mod read;
mod receipt;
mod receipts;
mod rounds;
mod seat;
mod shown;
mod stake;
mod state;
mod terms;
mod views;

pub use protocol::bounty::{Bounty, BountyStatus};

pub use log::{Contracts, Log, Moment, ViewsError};
pub use receipt::{Reason, Receipt, Subject};
pub use shown::{
    Assent, Ballot, Claim, Clock, Delta, DeltaStatus, Group, Income, Measure, Position, Proposal, Round, SaleTerms, Status, Totals,
};
pub use state::Views;
pub use terms::Terms;
