//! The `neuron` command as a library: what a person does with the network.
#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, reason = "they panic where nobody reads any more: `node::output` does not")
)]

pub mod cli;
