//! A bounty as its sponsor sees it, from the sealed examples to the training set, where nobody measures.

use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};
use evaluator::HIDDEN_BYTES_MAX;
use protocol::{BountyNumber, Digest, GroupId, RoundNumber, Wei, bounty::WINDOWS, log::Body};

use crate::{schema, small::Small};

const BOUNTY: BountyNumber = BountyNumber(1);
const FIND: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_sponsor_seals_funds_opens_and_gets_most_back_where_nobody_measures() -> Result<()> {
    let small = Small::start("bounties").await?;
    let group = small.group(None).await?;
    small.buy(200).await?;
    write_examples(&small)?;
    check_sealing(&small).await?;
    check_funding(&small).await?;
    check_waiting(&small).await?;
    let (bounty, calendar) = small.bounty(BOUNTY).await?;
    small.pass_until(bounty.term().end_s(calendar)).await?;
    check_opening(&small, group).await?;
    small.pass_until(bounty.term().window_start_s(WINDOWS, calendar)).await?;
    check_settling(&small).await?;
    check_retiring(&small, group).await
}

fn write_examples(small: &Small) -> Result<()> {
    let rows =
        |path: &std::path::Path, count| -> Result<String> { Ok(fs::read_to_string(path)?.split_inclusive('\n').take(count).collect()) };
    let heldout = small.file.data.heldout.as_ref().context("held-out rows")?;
    fs::write(small.folder.join("new.csv"), rows(heldout, 320)?)?;
    fs::write(small.folder.join("others.csv"), rows(heldout, 40)?)?;
    fs::write(small.folder.join("few.csv"), rows(heldout, 29)?)?;
    fs::write(small.folder.join("known.csv"), rows(&small.file.data.genesis, 100)?)?;
    Ok(())
}

async fn check_sealing(small: &Small) -> Result<()> {
    let seal = |examples, out| ["bounty", "seal", "--examples", examples, "--out", out];
    contains(&small.neuron(&seal("new.csv", "hidden")).await?, "sealed 320 examples for group 1 in hidden: root 0x")?;
    small.neuron(&seal("others.csv", "others")).await?;
    for (examples, out, words) in [
        ("new.csv", "hidden", "hidden exists and is not overwritten"),
        ("few.csv", "few", "has 30 to 1024 examples, this one has 29"),
        ("known.csv", "known", "100 of 100 examples are public already (number 1, 2, 3"),
        ("password", "none", "password: the hidden set is none of this group"),
    ] {
        contains(&small.refusal(&seal(examples, out)).await?, words)?;
    }
    ensure!(!small.folder.join("known").exists(), "a set was sealed that is no secret");
    Ok(())
}

async fn check_funding(small: &Small) -> Result<()> {
    let fund = |hidden, term| ["bounty", "fund", "--hidden", hidden, "--amount", "80", "--target", "0.05", "--term", term];
    for (hidden, term, words) in [
        ("new.csv", "6m", "give the file as it was sealed"),
        ("hidden", "5m", "a period of the group at least, 360 s"),
        ("hidden", "1h", "give a --term that is"),
        ("hidden", "never", "write a length of time like 90s"),
    ] {
        contains(&small.refusal(&fund(hidden, term)).await?, words)?;
    }
    let text = small.neuron(&fund("hidden", "6m")).await?;
    for words in ["80 NRN for 0.050000 nats, and a bond of 10 NRN", "  to open   from ", "funded as bounty 1 of group 1: 320 examples"] {
        contains(&text, words)?;
    }
    contains(&small.refusal(&fund("hidden", "6m")).await?, "this hidden set served in bounty 1")
}

/// What is refused until the term is over.
async fn check_waiting(small: &Small) -> Result<()> {
    for (arguments, words) in [
        (&["bounty", "open", "1", "--hidden", "hidden"][..], "the term of bounty 1 is not over: open it from "),
        (&["bounty", "retire", "1", "--hidden", "hidden"], "its set is still a secret"),
        (&["bounty", "settle", "1"], "nothing of bounty 1 is due now; the sponsor opens it from "),
        (&["bounty", "show", "2"], "there is no bounty 2"),
    ] {
        contains(&small.refusal(arguments).await?, words)?;
    }
    let listed = "bounty 1  group 1, 80 NRN for 0.050000 nats, rounds ";
    contains(&small.neuron(&["bounty", "list"]).await?, listed)?;
    contains(&small.neuron(&["group", "show"]).await?, listed)?;
    contains(&small.neuron(&["bounty", "list", "--group", "2"]).await?, "nobody has funded a bounty")
}

async fn check_opening(small: &Small, group: GroupId) -> Result<()> {
    contains(&small.refusal(&["bounty", "open", "1", "--hidden", "others"]).await?, "not the set that was sealed for bounty 1")?;
    let opening = small.neuron(&["bounty", "open", "1", "--hidden", "hidden"]);
    let holding = async {
        let mut file = Digest::ZERO;
        while file.is_zero() {
            tokio::time::sleep(Duration::from_millis(200)).await;
            file = small.bounty(BOUNTY).await?.0.file;
        }
        hold(small, group, file).await
    };
    let (text, bytes) = tokio::try_join!(opening, holding)?;
    ensure!(bytes == fs::read(small.folder.join("hidden"))?, "another file is served");
    contains(&text, "others hold it, with 0 of 0 NRN awake: you may go offline")?;
    contains(&small.neuron(&["bounty", "show", "1"]).await?, "bounty 1 of group 1: opened, to be measured")
}

/// Fetches a file from the command that serves it, and says so.
async fn hold(small: &Small, group: GroupId, file: Digest) -> Result<Vec<u8>> {
    let bytes = small.client.fetch_up_to(file, HIDDEN_BYTES_MAX as u64, FIND).await?;
    small.client.append(group, Body::Have { round: RoundNumber(0), file }).await?;
    Ok(bytes)
}

async fn check_settling(small: &Small) -> Result<()> {
    let before = small.balance().await?;
    contains(&small.neuron(&["bounty", "settle", "1"]).await?, "sponsor: 85 NRN back, 5 NRN burned")?;
    ensure!(small.balance().await? == before.saturating_add(Wei::nrn(85)), "15/16 of 80 and the bond of 10");
    contains(&small.refusal(&["bounty", "settle", "1"]).await?, "nothing of bounty 1 is due now; nothing is left to do")?;
    schema::check("neuron bounty show", &small.neuron(&["--json", "bounty", "show", "1"]).await?)?;
    schema::check("neuron bounty list", &small.neuron(&["--json", "bounty", "list"]).await?)?;
    let shown = small.neuron(&["bounty", "show", "1"]).await?;
    contains(&shown, "  locked    80 NRN and a bond of 10; 0 NRN are left")?;
    contains(&shown, "  found     nothing: too little stake agreed in any window")?;
    contains(&shown, "  paid      sponsor: 85 NRN back, 5 NRN burned")
}

/// The examples, now public, are proposed for the training set.
async fn check_retiring(small: &Small, group: GroupId) -> Result<()> {
    let retiring = small.neuron(&["bounty", "retire", "1", "--hidden", "hidden"]);
    let holding = async {
        while small.deltas(group).await? == 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        hold(small, group, small.delta(group, 1).await?).await
    };
    let (text, patch) = tokio::try_join!(retiring, holding)?;
    contains(&text, "proposed as delta 1 of group 1")?;
    contains(&String::from_utf8(patch)?, "+++ b/hidden-1.csv")?;
    let seal = ["bounty", "seal", "--examples", "others.csv", "--out", "again"];
    contains(&small.refusal(&seal).await?, "40 of 40 examples are public already")
}

fn contains(text: &str, words: &str) -> Result<()> {
    ensure!(text.contains(words), "no {words:?} in {text}");
    Ok(())
}
