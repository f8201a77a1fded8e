//! The chain as a program meets it: a real anvil, directly and behind a server that fails on purpose.

mod connecting;
mod endpoints;
mod faulty;
mod flights;
mod following;
mod geth;
mod keys;
mod keystores;
mod providers;
mod remote;
mod rootstock;
mod sending;
mod signer;
mod support;
