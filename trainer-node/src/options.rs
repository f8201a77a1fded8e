//! Options of the program.

use std::path::PathBuf;

use clap::Parser;
use node::Groups;
use training::Device;

/// Races in every round of a training group.
#[derive(Parser)]
#[command(name = "trainer-node", version)]
pub struct Arguments {
    /// Settings of this trainer; `configs/trainer.toml` is an example.
    #[arg(long)]
    pub config: PathBuf,
    /// Where to train, whatever the settings say: auto, cpu, cuda, cuda:N, wgpu or wgpu:N. On cuda losses are computed, too.
    #[arg(long)]
    pub device: Option<Device>,
    /// Which groups, whatever the settings say: 1, or 1,4, or "all I have stake in".
    #[arg(long)]
    pub group: Option<Groups>,
}
