//! The chain in virtual time, with the contracts' own code.

mod hand;
mod reorganisations;
mod rounds;
