//! Bitswap 1.2: how IPFS nodes exchange blocks.

pub mod behaviour;
mod handler;
mod ledger;
mod message;
mod wants;
