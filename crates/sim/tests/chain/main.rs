//! The chain in virtual time, with the contracts' own code.

mod acts;
mod books;
mod hand;
mod pool;
mod reorganisations;
mod rounds;
