//! The `neuron` command as a library: what a person does with the network, and the devnet.

pub mod birth;
pub mod cli;
pub mod devnet;
mod folder;
mod words;
