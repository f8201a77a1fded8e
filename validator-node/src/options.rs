//! Options of the program.

use std::path::PathBuf;

use clap::Parser;
use node::{Groups, machine::Place};

/// Rechecks claims in a training group.
#[derive(Parser)]
#[command(name = "validator-node", version)]
pub struct Arguments {
    /// Settings of this validator; `configs/validator.toml` is an example.
    #[arg(long)]
    pub config: PathBuf,
    /// Sign at once, though chain or log may show verdicts of this account that its signing log lacks. For whoever knows that no other
    /// node signs with its key.
    #[arg(long)]
    pub no_doppelganger_check: bool,
    /// Where losses are computed, whatever the settings say: cpu, cuda or cuda:N; the bits are the same.
    #[arg(long)]
    pub device: Option<Place>,
    /// Which groups, whatever the settings say: 1, or 1,4, or "all I have stake in".
    #[arg(long)]
    pub group: Option<Groups>,
}
