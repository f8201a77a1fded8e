//! How one begins and goes on: folders that `neuron init` makes, what settings come to, pages and scripts about the command, containers,
//! and that no page shows a command that does not exist.

mod containers;
mod data;
mod desk;
mod drawn;
mod init;
mod manual;
mod pages;
mod patches;
mod settings;
mod shown;
