//! The chain in virtual time, with the contracts' own code.

mod books;
mod hand;
mod reorganisations;
mod rounds;
