//! The files of a new group: manifest, first weights, genesis patch; and what the chain is told of them.

use std::path::Path;

use anyhow::{Context, Result};
use deltas::{Patch, Tree};
use evaluator::{Checkpoint, Examples};
use network::Client;
use node::{
    Member,
    config::{GroupFile, Times},
};
use protocol::{
    Address, Digest,
    chain::{self, Birth, GroupView},
    keccak256,
};

/// Name of the file of examples in a set that is made from one.
pub const EXAMPLES: &str = "examples.csv";

/// Stores everything that the group begins with, and returns what `create` needs. `author` signs the genesis patch.
///
/// # Errors
/// When the data cannot be read as examples of the manifest.
pub async fn prepare(file: &GroupFile, times: &Times, seed: u64, author: Address, client: &Client) -> Result<Birth> {
    let tree = tree_of(&file.data.genesis)?;
    Examples::parse(&file.manifest, tree.iter()).with_context(|| format!("{}", file.data.genesis.display()))?;
    let patch = Patch::between(&Tree::default(), &tree, author.0, &format!("Genesis of {}", file.name));
    let weights = Checkpoint::initial(&file.manifest, keccak256(&seed.to_be_bytes()));
    let (manifest, checkpoint) = (client.add(file.manifest.to_bytes()).await?, client.add(weights.to_bytes()).await?);
    Ok(birth(times, manifest, checkpoint, vec![client.add(patch).await?]))
}

/// The same for a child of a group: the set is the parent's, and so are the weights if the manifest is.
///
/// # Errors
/// When the parent's set cannot be read as examples of the manifest.
pub async fn fork(file: &GroupFile, times: &Times, seed: u64, parent: &Member, view: &GroupView) -> Result<Birth> {
    let set = parent.set(view.head).await?;
    Examples::parse(&file.manifest, set.tree.iter()).context("the parent's set cannot be read as the new manifest says")?;
    let manifest = parent.client.add(file.manifest.to_bytes()).await?;
    let checkpoint = if manifest == view.manifest {
        parent.fetch(view.checkpoint).await?;
        view.checkpoint
    } else {
        parent.client.add(Checkpoint::initial(&file.manifest, keccak256(&seed.to_be_bytes())).to_bytes()).await?
    };
    Ok(birth(times, manifest, checkpoint, Vec::new()))
}

fn birth(times: &Times, manifest: Digest, checkpoint: Digest, dataset: Vec<Digest>) -> Birth {
    let phases = chain::Times { train_s: times.train_s.into(), reveal_s: times.reveal_s.into(), judge_s: times.judge_s.into() };
    Birth { manifest, checkpoint, dataset, times: phases, period_s: times.period_s.into(), improve: times.improve }
}

/// A set of one file of examples.
///
/// # Errors
/// When the file cannot be read.
pub fn tree_of(path: &Path) -> Result<Tree> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}: check `data` in the group file", path.display()))?;
    let mut tree = Tree::default();
    tree.insert(EXAMPLES, &text)?;
    Ok(tree)
}
