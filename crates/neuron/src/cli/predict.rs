//! `neuron predict`: the latest checkpoint on this machine, without account, transaction or price.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use protocol::GroupId;

use super::context::Context;

/// The most lines of one file.
const MAX_LINES: usize = 100_000;

#[derive(Args)]
pub struct Options {
    /// Number of the group.
    #[arg(long, default_value_t = 1)]
    group: u64,
    /// Features of one example, as in the training set but without the label.
    #[arg(long, conflicts_with = "file")]
    line: Option<String>,
    /// A file with one such line for each example.
    #[arg(long)]
    file: Option<PathBuf>,
}

pub async fn run(context: &Context, options: Options) -> Result<()> {
    let text = match (&options.line, &options.file) {
        (Some(line), _) => line.clone(),
        (None, Some(path)) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
        (None, None) => anyhow::bail!("nothing to predict: give --line or --file"),
    };
    ensure!(text.lines().count() <= MAX_LINES, "at most {MAX_LINES} lines at a time");
    let (site, group) = (context.site().await?, GroupId(options.group));
    let peer = context.peer(&site, group).await?;
    let checkpoint = peer.member.checkpoint(site.network.view(group).await?.checkpoint).await?;
    for line in text.lines() {
        let log_probabilities = node::member::compute()?.predict(&checkpoint, line)?;
        let best = log_probabilities.iter().enumerate().max_by(|left, right| left.1.total_cmp(right.1));
        let (class, value) = best.context("the model has no outputs")?;
        println!("{class}  ({:.1} %)", f64::from(*value).exp() * 100.0);
    }
    peer.client.shutdown().await;
    Ok(())
}
