//! A curator who knows git alone changes, proposes, loses, rebases and wins a delta, and sees what became of it.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result, ensure};
use deltas::MAX_PATCH_BYTES;
use node::birth::EXAMPLES;
use protocol::{Digest, GroupId, PositionNumber, RoundNumber, eip712::SignedChoice, log::Body};

use crate::{schema, small::Small};

const FIND: Duration = Duration::from_secs(60);
const GROUP: GroupId = GroupId(1);
/// How the command ends that leaves conflicts.
const CONFLICTS: i32 = 7;

#[tokio::test(flavor = "multi_thread")]
async fn a_curator_with_git_alone_changes_proposes_loses_rebases_and_wins_a_delta() -> Result<()> {
    let small = Small::start("contending").await?;
    small.group(None).await?;
    small.buy(2_000).await?;
    small.admit(GROUP).await?;
    new_period(&small).await?;
    small.neuron(&["delta", "new", "--out", "mine"]).await?;
    small.neuron(&["delta", "new", "--out", "theirs"]).await?;
    relabel(&small, "mine", &[(0, 1), (9, 1)])?;
    relabel(&small, "theirs", &[(0, 2)])?;
    propose(&small, "mine", 1, "Mine").await?;
    propose(&small, "theirs", 2, "Theirs").await?;
    look(&small).await?;
    change_my_mind(&small).await?;
    win(&small, 2).await?;
    lose(&small).await?;
    rebase(&small).await?;
    propose(&small, "rebased", 3, "Mine again").await?;
    win(&small, 3).await?;
    look_back(&small).await
}

async fn new_period(small: &Small) -> Result<()> {
    small.pass_until(small.founder.view(GROUP).await?.period_end_s).await?;
    small.founder.turn(GROUP).await?;
    Ok(())
}

/// Other labels for these rows.
fn relabel(small: &Small, folder: &str, rows: &[(usize, u32)]) -> Result<()> {
    let path = small.folder.join(folder).join(EXAMPLES);
    let mut lines: Vec<String> = fs::read_to_string(&path)?.lines().map(str::to_owned).collect();
    for (row, step) in rows {
        let line = lines.get_mut(*row).context("a row")?;
        let (features, label) = line.rsplit_once(',').context("a label")?;
        *line = format!("{features},{}", (label.parse::<u32>()? + step) % 10);
    }
    Ok(fs::write(path, lines.join("\n") + "\n")?)
}

async fn propose(small: &Small, folder: &str, delta: u64, title: &str) -> Result<()> {
    let told = small.neuron(&["delta", "new", "--from", folder, "--title", title]).await?;
    // What the command says of the patch goes to the other output, and stands behind it here.
    let (patch, _) = told.split_once("the patch changes:").context("a patch and a summary")?;
    fs::write(small.folder.join("p.patch"), patch)?;
    let proposing = small.neuron(&["delta", "propose", "p.patch"]);
    let holding = async {
        while small.deltas(GROUP).await? < delta {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let file = small.delta(GROUP, delta).await?;
        small.client.fetch_up_to(file, MAX_PATCH_BYTES as u64, FIND).await?;
        small.client.append(GROUP, Body::Have { round: RoundNumber(0), file }).await?;
        anyhow::Ok(())
    };
    let (text, ()) = tokio::try_join!(proposing, holding)?;
    contains(&text, &format!("proposed as delta {delta} of group 1"))
}

/// What a voter is shown before he chooses.
async fn look(small: &Small) -> Result<()> {
    let shown = small.neuron(&["delta", "show", "2", "--draw", "sixel"]).await?;
    for words in [
        "    2  proposed in period 2, 0 NRN votes, by 0x",
        "proposed: it can be voted for",
        "`Theirs`",
        "lines    1 come, 1 go",
        "0 added, 0 removed, 1 changed",
        "labels   `0` 107 → 106, `2` 107 → 108",
        "nats is the running model's mean loss on 1 of the examples that come",
        "examples.csv:1, label `2`",
        "\u{1b}Pq\"1;1;48;48#",
        "+++ b/examples.csv",
    ] {
        contains(&shown, words)?;
    }
    Ok(())
}

/// Two votes within one block: the later one replaces the earlier one.
async fn change_my_mind(small: &Small) -> Result<()> {
    let block = small.founder.chain().latest().await?.number;
    for delta in [2, 1] {
        contains(&small.neuron(&["delta", "vote", &delta.to_string()]).await?, "signed: delta")?;
    }
    ensure!(small.founder.chain().latest().await?.number == block, "a block came in between");
    let (first, second) = (choice(small, 2).await?, choice(small, 1).await?);
    ensure!(second.message.seq > first.message.seq, "{} after {}", second.message.seq, first.message.seq);
    Ok(())
}

/// What became of a vote and of the delta, as they are shown now.
async fn stands(small: &Small, delta: u64, words: &str) -> Result<()> {
    contains(&small.neuron(&["delta", "show", &delta.to_string()]).await?, words)
}

/// The founder votes for a delta; what the log holds is brought to the chain as a validator would, and the period ends.
async fn win(small: &Small, delta: u64) -> Result<()> {
    contains(&small.neuron(&["delta", "vote", &delta.to_string()]).await?, "signed: delta")?;
    let choice = choice(small, delta).await?;
    stands(small, delta, "NRN is for it, signed; validators bring it to the chain").await?;
    small.founder.cast(GROUP, &[(PositionNumber(1), choice)]).await?;
    stands(small, delta, "NRN is for it, counted").await?;
    stands(small, delta, &format!("    {delta}  leading in period")).await?;
    new_period(small).await?;
    stands(small, delta, &format!("    {delta}  on trial in period")).await?;
    ensure!(small.founder.view(GROUP).await?.applied.0 == delta, "delta {delta} was not applied");
    Ok(())
}

async fn choice(small: &Small, delta: u64) -> Result<SignedChoice> {
    let start = tokio::time::Instant::now();
    while start.elapsed() < FIND {
        let log = small.client.log(GROUP, 0).await?;
        let bodies = log.iter().filter_map(|entry| Body::from_bytes(entry.envelope.kind(), entry.envelope.body()).ok());
        let choices = bodies.filter_map(|body| if let Body::Choice(choice) = body { Some(choice) } else { None });
        if let Some(choice) = choices.filter(|choice| choice.message.delta.0 == delta).max_by_key(|choice| choice.message.seq) {
            return Ok(choice);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    anyhow::bail!("no choice of delta {delta} came")
}

/// What lost can no longer be voted on, and its folder is an old one.
async fn lose(small: &Small) -> Result<()> {
    contains(&small.refusal(&["delta", "vote", "1"]).await?, "was dropped at the end of its period")?;
    let stale = small.refusal(&["delta", "new", "--from", "mine"]).await?;
    contains(&stale, "`neuron delta rebase --from mine --out NEW-FOLDER` marks both")
}

/// Both ways to the same set: from the folder, and from the delta.
async fn rebase(small: &Small) -> Result<()> {
    for (from, value, out) in [("--from", "mine", "rebased"), ("--delta", "1", "again")] {
        let (code, told) = small.ended("network.toml", &["delta", "rebase", from, value, "--out", out]).await?;
        ensure!(code == Some(CONFLICTS), "{code:?}: {told}");
        contains(&told, "1 marked, you and others changed the same lines")?;
        contains(&told, "1 files have conflicts")?;
    }
    contains(&small.refusal(&["delta", "rebase", "--delta", "1", "--out", "again"]).await?, "again is not empty")?;
    contains(&small.refusal(&["delta", "rebase", "--delta", "9", "--out", "none"]).await?, "there is no delta 9")?;
    let path = small.folder.join("rebased").join(EXAMPLES);
    let marked = fs::read_to_string(&path)?;
    ensure!(marked == fs::read_to_string(small.folder.join("again").join(EXAMPLES))?, "folder and delta lead to two sets");
    contains(&small.refusal(&["delta", "new", "--from", "rebased"]).await?, "has marks of a conflict")?;
    let (before, rest) = marked.split_once("<<<<<<< the set of now\n").context("a mark")?;
    let (_, rest) = rest.split_once("=======\n").context("a mark")?;
    let (mine, after) = rest.split_once(">>>>>>> the change\n").context("a mark")?;
    Ok(fs::write(path, format!("{before}{mine}{after}"))?)
}

async fn look_back(small: &Small) -> Result<()> {
    let log = json(small, "delta log", &["delta", "log"]).await?;
    let titles: Vec<&str> = log["patches"].as_array().into_iter().flatten().filter_map(|patch| patch["title"].as_str()).collect();
    ensure!(titles.get(..2) == Some(&["Mine again", "Theirs"]), "{log}");
    ensure!(log["patches"][0]["lines_added"] == 2 && log["patches"][0]["delta"] == 3, "{log}");
    contains(&small.neuron(&["delta", "log", "-n", "1"]).await?, "`Mine again`: 1 files, 2 lines come, 2 go")?;
    let blame = json(small, "delta blame", &["delta", "blame", EXAMPLES]).await?;
    let origins: Vec<Option<u64>> = (0..10).map(|row| blame["lines"][row]["delta"].as_u64()).collect();
    let wanted: Vec<Option<u64>> = (0..10).map(|row| [0, 9].contains(&row).then_some(3)).collect();
    ensure!(origins == wanted, "{origins:?}");
    contains(&small.refusal(&["delta", "blame", "none.csv"]).await?, "has no file `none.csv`")?;
    let found = json(small, "delta search", &["delta", "search", "--delta", "2"]).await?;
    ensure!(found["count"] == 1 && found["found"][0]["line"] == 1, "{found}");
    let text = found["found"][0]["text"].as_str().context("a line")?;
    contains(&small.neuron(&["delta", "search", text]).await?, "delta 2  ")?;
    contains(&small.neuron(&["delta", "search", "no such line"]).await?, "no applied delta brought such a line")?;
    check_sets(small).await
}

/// The set as it was after each delta.
async fn check_sets(small: &Small) -> Result<()> {
    for (delta, folder) in [("0", "first"), ("2", "second"), ("3", "third")] {
        small.neuron(&["delta", "at", delta, "--out", folder]).await?;
    }
    contains(&small.refusal(&["delta", "at", "1", "--out", "lost"]).await?, "delta 1 was never applied in group 1")?;
    let read = |folder: &str| fs::read_to_string(small.folder.join(folder).join(EXAMPLES));
    ensure!(read("second")? == read("theirs")? && read("third")? == read("rebased")?, "other sets");
    let told = fs::read_to_string(small.folder.join("first/.neuron-set"))?;
    let head: Digest = told.trim_start_matches("head ").trim().parse()?;
    ensure!(read("first")? != read("second")? && head != small.founder.view(GROUP).await?.head, "the set of now");
    Ok(())
}

async fn json(small: &Small, name: &str, arguments: &[&str]) -> Result<serde_json::Value> {
    schema::check(&format!("neuron {name}"), &small.neuron(&[&["--json"], arguments].concat()).await?)
}

fn contains(text: &str, words: &str) -> Result<()> {
    ensure!(text.contains(words), "no {words:?} in {text}");
    Ok(())
}
