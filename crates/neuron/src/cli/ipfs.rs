//! `neuron ipfs`: the files in a node's data folder.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use node::{config, keys, output, system};
use protocol::Digest;
use serde_json::{Value, json};
use swarm::{Client, Held, Length, Order, Progress, STORE_BYTES_MAX, Shelf, Status, SwarmError, cid_of, digest_in_text};
use tokio::sync::watch;

use super::{
    bars::{Bar, Unit},
    context::Context,
    units::size,
};

/// What people pin is pinned for this reason.
pub const USER: &str = "user";
/// A file that nobody gives any of for so long is given up.
const QUIET: Duration = Duration::from_secs(60);
/// The longest file that is fetched by its digest alone, bytes: 1 TiB.
const LENGTH_MAX: u64 = 1 << 40;
/// Files that a status lists without `--all`.
const LISTED: usize = 20;
/// How often a node is asked again whether it has a peer.
const POLL: Duration = Duration::from_millis(100);

#[derive(Subcommand)]
pub enum Command {
    /// How much there is, how much there may be, and why what stays does.
    Status {
        #[command(flatten)]
        of: Node,
        /// List every file.
        #[arg(long)]
        all: bool,
    },
    /// Keep a file, here or still to come, whatever else falls. It is named by its digest or its CID.
    Pin {
        file: String,
        #[command(flatten)]
        of: Node,
    },
    /// Let a file fall when room is needed, unless the node itself needs it.
    Unpin {
        file: String,
        #[command(flatten)]
        of: Node,
    },
    /// Remove everything that has no reason to stay.
    Gc {
        #[command(flatten)]
        of: Node,
    },
    /// Write a file to a place; what is not here is fetched from peers.
    Get {
        file: String,
        to: PathBuf,
        #[command(flatten)]
        of: Node,
    },
    /// Take a file in, and pin it. The node that starts here next serves it.
    Add {
        path: PathBuf,
        #[command(flatten)]
        of: Node,
    },
    /// Serve files to everybody until you stop it, for as long as no node runs here.
    Provide {
        files: Vec<String>,
        #[command(flatten)]
        of: Node,
    },
}

#[derive(Args)]
pub struct Node {
    /// Settings of the node.
    #[arg(long, default_value = "configs/trainer.toml")]
    config: PathBuf,
}

impl Node {
    fn open(&self) -> Result<Shelf> {
        shelf(&self.config)
    }
}

/// The files of the node that has these settings, while it does not run.
///
/// # Errors
/// When the settings are none, or the node runs.
pub fn shelf(config: &Path) -> Result<Shelf> {
    let config = config::node_of(config)?;
    told(Shelf::open(&config.data, config.store_bytes()?.unwrap_or(STORE_BYTES_MAX)), &config.data)
}

/// Of a node that runs there it says what to do.
fn told<T>(opened: Result<T, SwarmError>, data: &Path) -> Result<T> {
    match opened {
        Err(SwarmError::FolderInUse { .. }) => bail!(
            "a node runs in {}: it looks after its files itself; to do it by hand, stop the node, repeat this, and start it again",
            data.display()
        ),
        opened => Ok(opened?),
    }
}

/// Does what was asked.
pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Status { of, all } => {
            let status = of.open()?.status();
            context.answer(&report(&status, all, system::now_s()), &data(&status))?;
        }
        Command::Pin { file, of } => {
            let digest = digest(&file)?;
            of.open()?.pin(digest, USER)?;
            context.tell(&format!("{digest} stays from now on"))?;
        }
        Command::Unpin { file, of } => context.tell(&unpinned(&of.open()?, digest(&file)?)?)?,
        Command::Gc { of } => context.tell(&format!("{} are free again", size(of.open()?.collect()?)))?,
        Command::Add { path, of } => {
            let shelf = of.open()?;
            let digest = packed(&shelf, &path)?;
            shelf.pin(digest, USER)?;
            let length = shelf.length_of(digest)?.unwrap_or_default();
            context.tell(&format!("{digest}\n{}\n{} taken in and pinned", cid_of(digest, length), size(length)))?;
        }
        Command::Get { file, to, of } => get(context, digest(&file)?, &to, &of).await?,
        Command::Provide { files, of } => provide(context, &files, &of).await?,
    }
    Ok(())
}

/// Takes a file in, and shows how far that is.
fn packed(shelf: &Shelf, path: &Path) -> Result<Digest> {
    let bar = Bar::new("packing", Unit::Bytes);
    Ok(shelf.add_file(path, |done_bytes, total_bytes| bar.pass(done_bytes, total_bytes))?)
}

fn digest(text: &str) -> Result<Digest> {
    digest_in_text(text).with_context(|| {
        let text = text.escape_debug();
        format!("\"{text}\" names no file: write its digest, 0x and 64 digits, or its CID, bafy… or bafk…")
    })
}

fn unpinned(shelf: &Shelf, digest: Digest) -> Result<String> {
    let was_pinned = shelf.unpin(digest, USER)?;
    let status = shelf.status();
    let others = status.files.iter().find(|held| held.digest == digest).map(|held| held.reasons.join(", ")).unwrap_or_default();
    Ok(match (was_pinned, others.as_str()) {
        (true, "") => format!("{digest} falls when room is needed; to remove what nobody needs now: `neuron ipfs gc`"),
        (false, "") => format!("{digest} was not pinned"),
        (_, others) => format!("{digest} stays, for the node needs it: {others}"),
    })
}

/// From this folder if it is there, else by a node that runs in it as long as the command does.
async fn get(context: &Context, digest: Digest, to: &Path, of: &Node) -> Result<()> {
    if of.open()?.export(digest, to)? {
        context.tell(&format!("{} written", to.display()))?;
        return Ok(());
    }
    let client = visit(context, of).await?;
    let mut order = Order::new(digest, Length::UpTo(LENGTH_MAX), QUIET);
    let (progress, watched) = watch::channel(Progress::default());
    order.progress = Some(progress);
    let shown = tokio::spawn(Bar::new("fetching", Unit::Bytes).follow(watched));
    let brought = client.bring(&order).await;
    drop(order);
    shown.await?;
    let length = brought?;
    client.export(digest, length, to).await?;
    client.shutdown().await;
    context.tell(&format!("{} written, {}", to.display(), size(length)))
}

async fn provide(context: &Context, files: &[String], of: &Node) -> Result<()> {
    let digests: Vec<Digest> = files.iter().map(|file| digest(file)).collect::<Result<_>>()?;
    let client = visit(context, of).await?;
    for digest in digests {
        let length = client.length_of(digest).await?;
        let Some(length) = length else { bail!("{digest} is not here: fetch it first (`neuron ipfs get`), or add it (`neuron ipfs add`)") };
        client.pin(digest, USER).await?;
        client.provide(digest).await?;
        context.tell(&format!("serving {digest}, {}, {}", cid_of(digest, length), size(length)))?;
    }
    for address in client.listen_addresses().await? {
        context.tell(&format!("at {address}"))?;
    }
    context.tell("stop it with Ctrl-C")?;
    tokio::signal::ctrl_c().await?;
    client.shutdown().await;
    Ok(())
}

/// A node in the folder, connected to somebody if somebody answers.
async fn visit(context: &Context, of: &Node) -> Result<Client> {
    let settings = config::node_of(&of.config)?;
    let site = context.site().await?;
    let (client, _) = site.meet(&settings.data, keys::node_key(&settings.data)?, &settings).await?;
    let connected = async {
        while client.peers().await.is_ok_and(|peers| peers.is_empty()) {
            tokio::time::sleep(POLL).await;
        }
    };
    if tokio::time::timeout(QUIET / 6, connected).await.is_err() {
        output::remark("no peer answers: check `peers` in the network file; going on without");
    }
    Ok(client)
}

/// A status in words.
fn report(status: &Status, all: bool, now_s: u64) -> Vec<String> {
    let stays = stays(status);
    let free = status.limit_bytes.saturating_sub(status.held_bytes);
    let mut lines = vec![
        format!("holds    {} of at most {}, {} are left", size(status.held_bytes), size(status.limit_bytes), size(free)),
        format!("stays    {}", size(stays)),
        format!("may fall {}", size(status.held_bytes.saturating_sub(stays))),
    ];
    let listed = if all { status.files.len() } else { LISTED };
    lines.extend(status.files.iter().take(listed).map(|held| line(held, now_s)));
    match status.files.len().saturating_sub(listed) {
        0 => {}
        more => lines.push(format!("and {more} more: --all lists them")),
    }
    lines
}

/// Bytes of what has a reason to stay.
fn stays(status: &Status) -> u64 {
    status.files.iter().filter(|held| !held.reasons.is_empty()).map(|held| held.bytes).sum()
}

/// A status for programs: every file of it.
fn data(status: &Status) -> Value {
    let file = |held: &Held| {
        let used_s = (held.used_s > 0).then_some(held.used_s);
        json!({ "file": held.digest, "bytes": held.bytes, "whole": held.whole, "reasons": held.reasons, "used_s": used_s })
    };
    json!({
        "held_bytes": status.held_bytes, "limit_bytes": status.limit_bytes, "stays_bytes": stays(status),
        "files": status.files.iter().map(file).collect::<Vec<_>>(),
    })
}

fn line(held: &Held, now_s: u64) -> String {
    let why = if held.reasons.is_empty() { "may fall".into() } else { held.reasons.join(", ") };
    let state = match (held.bytes, held.whole) {
        (0, false) => "still to come".into(),
        (bytes, true) => size(bytes),
        (bytes, false) => format!("{}, not whole", size(bytes)),
    };
    let used = if held.used_s == 0 { String::new() } else { format!(", used {}", ago(now_s.saturating_sub(held.used_s))) };
    format!("{}  {state}{used}  {why}", held.digest)
}

/// How long ago, in the unit that people would use.
fn ago(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let unit = units.iter().find(|(length, _)| seconds >= *length);
    match unit.map(|(length, name)| (seconds / length, name)) {
        None => "just now".into(),
        Some((1, name)) => format!("1 {name} ago"),
        Some((count, name)) => format!("{count} {name}s ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_as_people_tell_them() {
        for (seconds, text) in [(5, "just now"), (60, "1 minute ago"), (7_300, "2 hours ago"), (200_000, "2 days ago")] {
            assert_eq!(ago(seconds), text);
        }
    }

    #[test]
    fn a_status_says_what_stays_and_why_and_what_may_fall() {
        let held = |fill: u8, bytes, whole, reasons: &[&str]| Held {
            digest: Digest([fill; 32]),
            bytes,
            whole,
            reasons: reasons.iter().map(ToString::to_string).collect(),
            used_s: if bytes > 0 { 1_000 } else { 0 },
        };
        let files = vec![held(1, 0, false, &["user"]), held(2, 2048, true, &["current of group 1", "user"]), held(3, 512, false, &[])];
        let status = Status { held_bytes: 2560, limit_bytes: 1 << 30, files };
        let text = report(&status, true, 8_200).join("\n");
        for wanted in [
            "holds    2.5 KiB of at most 1.0 GiB",
            "stays    2.0 KiB",
            "may fall 512 bytes",
            "still to come  user",
            "2.0 KiB, used 2 hours ago  current of group 1, user",
            "512 bytes, not whole, used 2 hours ago  may fall",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        let status = Status { files: vec![held(3, 512, true, &[]); LISTED + 2], ..status };
        assert!(report(&status, false, 0).contains(&"and 2 more: --all lists them".to_owned()));
    }

    #[test]
    fn what_names_no_file_is_refused_with_what_does() {
        let error = digest("a\u{1b}[2Jfile").expect_err("no digest").to_string();
        assert!(error.contains("bafy") && !error.contains('\u{1b}'), "{error}");
    }
}
