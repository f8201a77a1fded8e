//! The files of a new group: manifest, first weights, genesis patch; and what the chain is told of them.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result, ensure};
use deltas::{Patch, Tree};
use evaluator::{Checkpoint, Data, Examples, Manifest, checkpoint_len};
use protocol::{
    Address, Digest, Micronats,
    chain::{self, Birth, GroupView},
    keccak256,
};

use crate::{
    config::{GroupFile, Times},
    folder,
    intake::Intake,
    member::{Member, blocking},
    shards,
};

/// The file of a set that takes the rows of single files.
pub const EXAMPLES: &str = "examples.csv";

/// Stores everything that the group begins with, and returns what `create` needs. `author` signs the genesis patch.
///
/// # Errors
/// When the data cannot be read as examples of the manifest, or a file that the group file names is not the manifest's.
pub async fn prepare(file: &GroupFile, times: &Times, seed: u64, author: Address, intake: &Intake<'_>) -> Result<Birth> {
    let tree = extended(&Tree::default(), &file.data.genesis, &file.manifest)?;
    let patch = Patch::between(&Tree::default(), &tree, author.0, &format!("Genesis of {}", file.name));
    intake.expect(checkpoint_len(&file.manifest) + patch.len() as u64);
    tokens(file, &tree, intake).await?;
    let (manifest, checkpoint) = (intake.client.add(file.manifest.to_bytes()).await?, first_weights(file, seed, intake).await?);
    Ok(birth(times, manifest, checkpoint, vec![intake.bytes(patch).await?]))
}

/// The checkpoint that the group begins with: the one that its file names, or one drawn from the seed.
async fn first_weights(file: &GroupFile, seed: u64, intake: &Intake<'_>) -> Result<Digest> {
    let client = intake.client;
    let Some(path) = &file.data.checkpoint else {
        return intake.bytes(Checkpoint::initial(&file.manifest, keccak256(&seed.to_be_bytes())).to_bytes()).await;
    };
    let digest = intake.file(path).await?;
    let length = client.length_of(digest).await?.unwrap_or_default();
    let (bytes, manifest) = (client.map(digest, length).await?, file.manifest.clone());
    let unfit = || format!("{} holds no weights of this manifest", path.display());
    blocking(move || Ok(Checkpoint::from_shared(&manifest, Arc::new(bytes))?)).await.with_context(unfit)?;
    Ok(digest)
}

/// Stores the tokenizer and the shards of a set of tokens, and of what is proposed and held out.
async fn tokens(file: &GroupFile, tree: &Tree, intake: &Intake<'_>) -> Result<()> {
    let Some(wanted) = file.manifest.data().tokenizer_digest() else { return Ok(()) };
    let path = file.data.tokenizer.as_ref().context("a group of tokens needs its tokenizer.json: name it as `tokenizer` in [data]")?;
    let found = intake.client.add_file(path).await.with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(found.0 == wanted, "{} is not the tokenizer of the manifest: its digest is {found}", path.display());
    let folder = file.data.shards.as_ref().context("a group of tokens needs its shards: name their folder as `shards` in [data]")?;
    let others = file.data.proposed.iter().chain(&file.data.heldout).map(|path| extended(&Tree::default(), path, &file.manifest));
    let trees = std::iter::once(Ok(tree.clone())).chain(others);
    let sets = trees.map(|tree| Ok(Examples::parse(&file.manifest, tree?.iter())?)).collect::<Result<Vec<_>>>()?;
    intake.expect(sets.iter().map(shards::bytes).sum());
    for examples in &sets {
        shards::take(&file.manifest, examples, folder, intake).await?;
    }
    Ok(())
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
        parent.hold(view.checkpoint, None).await?;
        view.checkpoint
    } else {
        parent.client.add(Checkpoint::initial(&file.manifest, keccak256(&seed.to_be_bytes())).to_bytes()).await?
    };
    Ok(birth(times, manifest, checkpoint, Vec::new()))
}

fn birth(times: &Times, manifest: Digest, checkpoint: Digest, dataset: Vec<Digest>) -> Birth {
    let phases = chain::Times { train_s: times.train_s.into(), reveal_s: times.reveal_s.into(), judge_s: times.judge_s.into() };
    let (improve, least) = (times.improve, Micronats(times.least));
    Birth { manifest, checkpoint, dataset, times: phases, period_s: times.period_s.into(), improve, least }
}

/// Reads all data that a group file names as the network will read them.
///
/// # Errors
/// With the path of what is missing or is not as the manifest says.
pub fn check(file: &GroupFile) -> Result<()> {
    let (data, nothing) = (&file.data, Tree::default());
    let genesis = extended(&nothing, &data.genesis, &file.manifest)?;
    data.proposed.iter().try_for_each(|path| extended(&genesis, path, &file.manifest).map(drop))?;
    data.heldout.iter().try_for_each(|path| extended(&nothing, path, &file.manifest).map(drop))
}

/// A set with what a file or a folder holds: a single file of rows goes to the end of `EXAMPLES`; texts, and all files of a
/// folder, come under their own names, in the place of those that are there.
///
/// # Errors
/// When a file cannot be read, or what comes out cannot be read as examples of the manifest.
pub fn extended(set: &Tree, path: &Path, manifest: &Manifest) -> Result<Tree> {
    let (data, shown) = (manifest.data(), path.display());
    let (suffix, mut tree) = (data.suffix(), set.clone());
    ensure!(path.exists(), "there is no {shown}: paths in a group file count from its own folder");
    if path.is_dir() {
        let files = folder::read(path, suffix)?;
        ensure!(!files.is_empty(), "no file in {shown} ends in {suffix}: put the examples there");
        files.iter().try_for_each(|(path, text)| tree.insert(path, text))?;
    } else {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        ensure!(name.ends_with(suffix), "{shown} does not end in {suffix}: name it so, or change the manifest's format");
        let text = folder::text(path)?;
        match data {
            Data::Csv { .. } => tree.insert(EXAMPLES, &[tree.get(EXAMPLES).unwrap_or_default(), &text].concat())?,
            Data::Text { .. } | Data::Tokens { .. } => tree.insert(&name, &text)?,
        }
    }
    Examples::parse(manifest, tree.iter()).with_context(|| format!("{shown} does not suit the manifest"))?;
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn shipped(name: &str) -> GroupFile {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../configs/groups/{name}.toml"));
        GroupFile::read(&path).unwrap_or_else(|error| panic!("{error:#}"))
    }

    #[test]
    fn rows_go_to_the_end_of_one_file_and_texts_come_under_their_names_or_take_the_place_of_others() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (row, play) = (["0,"; 64].concat() + "7\n", "To be, or not to be. ".repeat(8));
        for (path, text) in
            [("genesis/act/1.txt", &play), ("genesis/rows.csv", &row), ("new/act/1.txt", &play[1..].to_owned()), ("2.txt", &play)]
        {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        for (group, paths, wanted) in [
            ("digits", ["genesis/rows.csv", "genesis/rows.csv"], vec![("examples.csv", row.repeat(2))]),
            ("digits", ["genesis", "genesis/rows.csv"], vec![("examples.csv", row.clone()), ("rows.csv", row.clone())]),
            ("tiny-gpt", ["genesis", "2.txt"], vec![("2.txt", play.clone()), ("act/1.txt", play.clone())]),
            ("tiny-gpt", ["genesis", "new"], vec![("act/1.txt", play[1..].to_owned())]),
        ] {
            let manifest = shipped(group).manifest;
            let set = paths.iter().try_fold(Tree::default(), |set, path| extended(&set, &folder.path().join(path), &manifest));
            let set = set.unwrap_or_else(|error| panic!("{group}: {error:#}"));
            assert!(set.iter().eq(wanted.iter().map(|(path, text)| (*path, text.as_str()))), "{group} {paths:?}: {set:?}");
        }
    }
}
