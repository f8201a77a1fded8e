//! Who earns what by the rules of the network: trainers and validators with costs and beliefs, who play rounds and change what they do by what it paid.
//!
//! Amounts come from [`protocol::rules`], luck of the draw from [`evaluator::Differences`], gas from what the contracts' tests measured. What is assumed
//! beside them is in [`terms`], [`curve`] and the agents; docs/ECONOMICS.md tells it with the answers. A run is a function of its
//! seed.

pub mod curve;
pub mod day;
pub mod exam;
pub mod figures;
pub mod gas;
pub mod group;
pub mod ledger;
pub mod members;
pub mod people;
pub mod plot;
pub mod questions;
pub mod round;
pub mod seal;
pub mod terms;
pub mod trainer;
pub mod validator;
