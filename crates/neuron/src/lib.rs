//! The `neuron` command as a library: what a person does with the network.

pub mod cli;
