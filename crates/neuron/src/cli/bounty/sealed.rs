//! Hidden sets on this machine: written once, read again, and held against everything that is public.

use std::{fs::OpenOptions, io::Write, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use evaluator::{Examples, HIDDEN_BYTES_MAX, Hidden, Manifest};
use models::Tokenizer;
use node::{
    Site,
    dataset::Set,
    folder,
    member::{blocking, loss},
    output,
};
use protocol::{DeltaNumber, Digest, GroupId, Micronats, chain::ChainEvent, lineage::Link};

use super::told::Dated;
use crate::cli::context::{Context, Visit, history};

/// How long an opened set of an earlier bounty is looked for.
const EARLIER: Duration = Duration::from_secs(10);
/// Places of known examples that are named.
const NAMED: usize = 10;

pub async fn seal(context: &Context, group: GroupId, examples: &Path, out: &Path) -> Result<()> {
    ensure!(!out.exists(), "{} exists and is not overwritten: it may be a secret that a bounty needs; give another --out", out.display());
    let text = folder::text(examples)?;
    let site = context.site().await?;
    let visit = context.visit(&site, group).await?;
    let manifest = &visit.member.manifest;
    let body = match manifest.data().tokenizer_digest() {
        Some(digest) => numbers(&visit.member.tokenizer(Digest(digest)).await?, &text)?,
        None => text,
    };
    let bytes = Hidden::write(manifest, rand::random(), &body).with_context(|| examples.display().to_string())?;
    let hidden = Hidden::read(manifest, &bytes)?;
    check_overlap(&site, &visit, &hidden).await?;
    visit.client.shutdown().await;
    write(out, &bytes)?;
    context.tell(&format!("sealed {} examples for group {group} in {}: root {}", hidden.len(), out.display(), Digest(hidden.root())))?;
    context.tell(
        "keep it and its examples secret, and keep a copy: who sees them can train on them, who loses the file loses amount and bond",
    )?;
    context.tell(&format!("lock NRN for it: `neuron bounty fund --group {group} --hidden {} --help`", out.display()))
}

/// The tokens of a text, as a hidden set of a group of tokens has them.
fn numbers(tokenizer: &[u8], text: &str) -> Result<String> {
    let tokens = Tokenizer::from_bytes(tokenizer)?.encode(text, false)?;
    Ok(tokens.iter().map(u32::to_string).collect::<Vec<_>>().join(" "))
}

/// A new file that others on this machine cannot read.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(bytes)?;
    Ok(file.sync_all()?)
}

/// The bytes of a hidden set and what is in them.
pub fn read(manifest: &Manifest, path: &Path) -> Result<(Vec<u8>, Hidden)> {
    let bytes = folder::text(path)?.into_bytes();
    let hidden = Hidden::read(manifest, &bytes).with_context(|| path.display().to_string())?;
    Ok((bytes, hidden))
}

/// A sponsor opens what he has sealed, or loses everything.
pub fn check_root(dated: &Dated, hidden: &Hidden) -> Result<()> {
    let (number, root, sealed) = (dated.number, Digest(hidden.root()), dated.bounty.root);
    ensure!(
        root == sealed,
        "this is not the set that was sealed for bounty {number}: its root is {root}, not {sealed}; look for the right file"
    );
    Ok(())
}

/// Says so if the running model knows no more of the examples than a guess: where no winner does, the bounty fails.
pub async fn look(site: &Site, visit: &Visit, hidden: &Hidden) -> Result<()> {
    let checkpoint = visit.member.checkpoint(site.network.view(visit.member.group).await?.checkpoint).await?;
    let (hidden, guess) = (hidden.clone(), Micronats(evaluator::uniform_loss(visit.member.manifest.outputs())));
    let loss = blocking(move || {
        let all: Vec<u32> = (0..hidden.len() as u32).collect();
        loss(&checkpoint, hidden.examples(), &all)
    })
    .await?;
    if loss >= guess {
        output::remark(&format!(
            "the running model has {loss} nats on these examples, a guess has {guess}: if no winner of the term does better, amount and bond are lost"
        ));
    }
    Ok(())
}

/// Tells which examples are public already, and refuses a set that would fail because of them.
pub async fn check_overlap(site: &Site, visit: &Visit, hidden: &Hidden) -> Result<()> {
    let group = visit.member.group;
    let (mut sets, mut opened) = (vec![visit.member.set(site.network.view(group).await?.head).await?], Vec::new());
    for delta in site.network.open_deltas(group).await? {
        match proposed(visit, delta).await {
            Ok(set) => sets.push(Arc::new(set)),
            Err(error) => output::remark(&format!("delta {delta} was not looked at: {error:#}")),
        }
    }
    for event in history(site, group).await? {
        let ChainEvent::Unsealed { bounty, file, .. } = event else { continue };
        match earlier(visit, file).await {
            Ok(set) => opened.push(set),
            Err(error) => output::remark(&format!("the opened set of bounty {bounty} was not looked at: {error:#}")),
        }
    }
    tell_known(hidden, &sets.iter().map(|set| &set.examples).collect::<Vec<_>>(), &opened)
}

/// What an open delta makes of the training set.
async fn proposed(visit: &Visit, delta: DeltaNumber) -> Result<Set> {
    let Link { patch, parent } = visit.member.proposal(delta).await.with_context(|| format!("there is no delta {delta}"))?;
    visit.member.preview(parent, visit.member.body(patch).await?).await
}

async fn earlier(visit: &Visit, file: Digest) -> Result<Hidden> {
    let bytes = visit.client.fetch_up_to(file, HIDDEN_BYTES_MAX as u64, EARLIER).await?;
    Ok(Hidden::read(&visit.member.manifest, &bytes)?)
}

fn tell_known(hidden: &Hidden, public: &[&Examples], opened: &[Hidden]) -> Result<()> {
    let mut kept = hidden.kept(public);
    for earlier in opened {
        let new = hidden.kept_beside(earlier);
        kept.retain(|place| new.binary_search(place).is_ok());
    }
    let known: Vec<String> =
        (0..hidden.len() as u32).filter(|index| kept.binary_search(index).is_err()).map(|index| (index + 1).to_string()).collect();
    if known.is_empty() {
        return Ok(());
    }
    let more = if known.len() > NAMED { ", …" } else { "" };
    let which = format!(
        "{} of {} examples are public already (number {}{more})",
        known.len(),
        hidden.len(),
        known[..known.len().min(NAMED)].join(", ")
    );
    ensure!(
        hidden.is_enough(kept.len()),
        "{which}: more than a sixteenth, or less than 30 left, and the bounty fails; take them out and seal anew"
    );
    output::remark(&format!("{which}: they will not be measured"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use node::config::GroupFile;

    fn manifest() -> Manifest {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/groups/digits.toml");
        GroupFile::read(&path).unwrap_or_else(|error| panic!("{error:#}")).manifest
    }

    fn rows(numbers: impl Iterator<Item = u32>) -> String {
        numbers.map(|number| format!("{number},{}{}\n", ["0,"; 63].concat(), number % 10)).collect()
    }

    #[test]
    fn a_set_with_more_than_a_sixteenth_of_public_examples_is_refused_with_their_places() {
        let manifest = manifest();
        let bytes = Hidden::write(&manifest, [1; 32], &rows(0..64)).expect("written");
        let hidden = Hidden::read(&manifest, &bytes).expect("read");
        let public = |numbers| Examples::parse(&manifest, [("a.csv", rows(numbers))]).expect("examples");
        for (numbers, refusal) in [
            (100..110, None),
            (60..99, None),
            (59..99, Some("5 of 64 examples are public already (number 60, 61, 62, 63, 64)")),
            (1..64, Some("number 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …")),
        ] {
            let told = tell_known(&hidden, &[&public(100..101), &public(numbers.start..numbers.end)], &[]);
            match refusal {
                None => told.expect("allowed"),
                Some(words) => assert!(told.expect_err("refused").to_string().contains(words), "{words}"),
            }
        }
        let refused = tell_known(&hidden, &[], std::slice::from_ref(&hidden)).expect_err("opened before").to_string();
        assert!(refused.contains("64 of 64 examples are public already"), "{refused}");
        assert_eq!(Hidden::body(&bytes).unwrap(), rows(0..64));
    }

    #[test]
    fn a_hidden_set_is_a_secret_of_its_owner_and_never_overwritten() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("hidden");
        write(&path, b"one").expect("written");
        assert!(write(&path, b"two").is_err());
        assert_eq!(std::fs::read(&path).expect("read"), b"one");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }
    }
}
