//! Patches as people's tools write them, and edited folders: what they change is told before anything is signed.

use std::{
    fs,
    io::{ErrorKind, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use deltas::{MAX_PATCH_BYTES, Patch, Tree};
use evaluator::{Data, Manifest};
use node::{Site, dataset::Set, folder, output};
use patches::{Reading, Shape, Summary, shown};
use protocol::{Address, Digest, GroupId};

use super::{Context, Visit};

/// Bytes of a patch that are read at most; UTF-16 needs twice those of the strict form.
const MAX_BYTES: u64 = 2 * MAX_PATCH_BYTES as u64;
/// What a delta is called whose author gives it no title.
const TITLE: &str = "A delta";

/// How a patch is read.
#[derive(Args)]
pub struct Source {
    /// The patch, as git, diff, hg, svn or a mail program wrote it; - for standard input.
    pub patch: PathBuf,
    /// How many folders to take off the names in it; found by itself where only one number fits.
    #[arg(long)]
    pub strip: Option<usize>,
    /// What it is good for; by default the subject of the mail.
    #[arg(long)]
    pub title: Option<String>,
}

/// Options of `neuron delta check`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,
    #[arg(long, default_value_t = 1)]
    pub group: u64,
    /// Look at it on the set in this folder instead of the group's, without a chain.
    #[arg(long)]
    pub folder: Option<PathBuf>,
    /// Write the strict form, in your name, into this new file.
    #[arg(long)]
    pub write: Option<PathBuf>,
}

/// Says what a patch would change.
///
/// # Errors
/// With what stands in its way.
pub async fn check(context: &Context, options: Options) -> Result<()> {
    let bytes = bytes(&options.source.patch)?;
    let strip = options.source.strip;
    let (reading, tree, lines) = match &options.folder {
        Some(place) => {
            let (tree, left_out) = folder::read_set(place, &Tree::new())?;
            let reading = patches::read(&bytes, &tree, strip)?;
            let has = |suffix: &&str| tree.iter().any(|(path, _)| path.ends_with(suffix));
            let suffix = [".csv", ".tokens"].into_iter().find(has).unwrap_or(".txt");
            let shape = Shape { suffix, is_rows: suffix == ".csv" };
            let lines = told(&[left_out_lines(&left_out), reading.notes.clone()].concat(), &Summary::between(&tree, &reading.tree, shape));
            (reading, tree, lines)
        }
        None => {
            let site = context.site().await?;
            let visit = context.visit(&site, GroupId(options.group)).await?;
            let head = site.network.view(visit.member.group).await?.head;
            let set = visit.member.set(head).await?;
            let reading = read(bytes, &set, strip).await?;
            let author = reading.author.map_or(Address::ZERO, Address);
            let body = reading.body(&set.tree, author.0, TITLE);
            let mut lines = told(&reading.notes, &summary(&visit.member.manifest, &set.tree, &reading.tree));
            let after = visit.member.preview(head, body).await.context("the changed set cannot be used")?;
            lines.push(format!("it applies to the set of now: {} examples then, root {}", after.examples.len(), after.root));
            visit.client.shutdown().await;
            (reading, set.tree.clone(), lines)
        }
    };
    output::show(text(&lines).as_bytes())?;
    let Some(file) = options.write else { return Ok(()) };
    let author = context.own_address().await?;
    check_author(&reading, author)?;
    write_new(&file, &reading.body(&tree, author.0, title(options.source.title.as_deref(), &reading)))
}

/// The body that a patch becomes, once its author, what it changes and what it is called are told.
///
/// # Errors
/// With what stands in its way, or when it is somebody else's.
pub async fn proposed(source: &Source, bytes: Vec<u8>, visit: &Visit, head: Digest, author: Address) -> Result<Vec<u8>> {
    let set = visit.member.set(head).await?;
    let reading = read(bytes, &set, source.strip).await?;
    check_author(&reading, author)?;
    let lines = told(&reading.notes, &summary(&visit.member.manifest, &set.tree, &reading.tree));
    output::show(text(&lines).as_bytes())?;
    Ok(reading.body(&set.tree, author.0, title(source.title.as_deref(), &reading)))
}

/// A patch of an edited folder; one that was written at an older head has its changes carried onto the set of now.
///
/// # Errors
/// When the folder cannot be read, changes nothing, or changes what has changed since.
pub async fn of_folder(place: &Path, site: &Site, visit: &Visit, author: Address, title: Option<&str>) -> Result<Vec<u8>> {
    let head = site.network.view(visit.member.group).await?.head;
    let set = visit.member.set(head).await?;
    let base = match folder::base(place)? {
        Some(base) if base != head => {
            visit.member.set(base).await.with_context(|| format!("{} was written from another group's set", place.display()))?
        }
        _ => set.clone(),
    };
    let (tree, left_out) = folder::read_set(place, &base.tree)?;
    ensure!(tree != base.tree, "{} is the set that it was written from: change something first", place.display());
    if let Some(path) = patches::marked(&base.tree, &tree).next() {
        bail!("{} has marks of a conflict (<<<<<<<): decide between both sides and take them out", shown(path));
    }
    let title = title.unwrap_or(TITLE);
    let patch = Patch::between(&base.tree, &tree, author.0, title);
    let reading = read(patch, &set, None).await.with_context(|| match Arc::ptr_eq(&base, &set) {
        true => format!("the change in {} cannot be proposed", place.display()),
        false => format!("{} was written at an older head, and what you changed has changed since: `neuron delta rebase --from {} --out NEW-FOLDER` marks both", place.display(), place.display()),
    })?;
    let mut notes = left_out_lines(&left_out);
    notes.extend(reading.notes.iter().cloned());
    if !Arc::ptr_eq(&base, &set) {
        notes.push("the folder was written at an older head: what you changed was carried onto the set of now".to_owned());
    }
    let lines = told(&notes, &summary(&visit.member.manifest, &set.tree, &reading.tree));
    // The patch goes to standard output.
    let _ = std::io::stderr().write_all(text(&lines).as_bytes());
    let body = reading.body(&set.tree, author.0, title);
    visit.member.preview(head, body.clone()).await.context("the changed set cannot be used")?;
    Ok(body)
}

/// What a delta does to the set that it was proposed for, in lines.
pub fn change(manifest: &Manifest, old: &Tree, new: &Tree) -> Vec<String> {
    summary(manifest, old, new).lines()
}

/// The bytes of a patch.
///
/// # Errors
/// When it cannot be read, or is too large.
pub fn bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let unreadable = || format!("cannot read {}", path.display());
    let read = match path == Path::new("-") {
        true => std::io::stdin().take(MAX_BYTES + 1).read_to_end(&mut bytes),
        false => fs::File::open(path).with_context(unreadable)?.take(MAX_BYTES + 1).read_to_end(&mut bytes),
    };
    read.with_context(unreadable)?;
    Ok(bytes)
}

async fn read(bytes: Vec<u8>, set: &Arc<Set>, strip: Option<usize>) -> Result<Reading> {
    let set = set.clone();
    Ok(tokio::task::spawn_blocking(move || patches::read(&bytes, &set.tree, strip)).await??)
}

/// The same, counted.
pub fn summary(manifest: &Manifest, old: &Tree, new: &Tree) -> Summary {
    let data = manifest.data();
    Summary::between(old, new, Shape { suffix: data.suffix(), is_rows: matches!(data, Data::Csv { .. }) })
}

/// Clients vote only for patches that name their proposer.
fn check_author(reading: &Reading, author: Address) -> Result<()> {
    match reading.author.map(Address) {
        Some(named) if named != author => {
            bail!("the patch names {named} as its author, the proposer is {author}: let its author propose it")
        }
        _ => Ok(()),
    }
}

fn title<'a>(given: Option<&'a str>, reading: &'a Reading) -> &'a str {
    given.or(reading.title.as_deref().filter(|title| !title.trim().is_empty())).unwrap_or(TITLE)
}

fn told(notes: &[String], summary: &Summary) -> Vec<String> {
    let notes = notes.iter().map(|note| format!("note: {note}"));
    notes.chain(["the patch changes:".to_owned()]).chain(summary.lines()).collect()
}

/// That these paths were left out of a folder's set.
pub fn left_out_lines(paths: &[String]) -> Vec<String> {
    paths
        .iter()
        .map(|path| format!("{} was left out: hidden files, and what editors and notebooks leave behind, are no data", shown(path)))
        .collect()
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let file = fs::OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => anyhow::anyhow!("{} is there already: name a new file", path.display()),
        _ => anyhow::Error::new(error).context(format!("cannot write {}", path.display())),
    })?;
    file.write_all(bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Lines as they are printed.
pub fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}
