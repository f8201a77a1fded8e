//! Commands that read, after a round that was won, judged and paid: what they say to people and to programs.

use std::{fs, time::Duration};

use anyhow::{Result, ensure};
use protocol::{GroupId, Wei};
use serde_json::Value;

use crate::{played::Played, schema, small::Small};

/// How long a file is looked for.
const FIND: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn who_was_paid_and_why_is_read_from_the_chain_alone() -> Result<()> {
    let small = Small::start("reading").await?;
    let group = small.group(None).await?;
    small.buy(2_000).await?;
    check_before(&small).await?;
    small.admit(group).await?;
    let played = small.play(group).await?;
    check_decided(&small, &played).await?;
    let issued = small.settle(group, &played).await?;
    check_paid(&small, group, &played, issued).await?;
    check_positions(&small, group).await?;
    check_votes(&small).await?;
    check_others(&small, &played).await?;
    check_rest(&small).await?;
    check_doctor(&small).await
}

/// What was there before answers programs, too.
async fn check_others(small: &Small, played: &Played) -> Result<()> {
    let round = played.round.to_string();
    for (name, arguments) in [
        ("token balance", &["token", "balance"][..]),
        ("sale show", &["sale", "show"]),
        ("key show", &["key", "show"]),
        ("group list", &["group", "list"]),
        ("group show", &["group", "show"]),
        ("delta show", &["delta", "show"]),
        ("bounty list", &["bounty", "list"]),
        ("round show", &["round", "show", round.as_str()]),
        ("tx list", &["tx", "list"]),
        ("peers", &["peers", "--seconds", "1"]),
    ] {
        json(small, name, arguments).await?;
    }
    let measures = json(small, "measure show", &["measure", "show"]).await?;
    ensure!(measures["measures"][0]["state"] == "it was enacted", "the admission, which no log holds: {measures}");
    contains(&small.refusal(&["measure", "show", "0x77"]).await?, "no measure of group 1 begins with 0x77")
}

/// What takes a node's folder, or none.
async fn check_rest(small: &Small) -> Result<()> {
    json(small, "round alarms", &["round", "alarms"]).await?;
    let node = crate::bad_input::node(small, "shelf", &[])?;
    small.neuron(&["ipfs", "add", "network.toml", "--config", &node]).await?;
    let held = json(small, "ipfs status", &["ipfs", "status", "--config", &node]).await?;
    ensure!(held["files"][0]["reasons"][0] == "user" && held["held_bytes"] == held["stays_bytes"], "what was added is pinned: {held}");
    let settings = json(small, "config show", &["config", "show", &node]).await?;
    ensure!(settings["files"].as_array().is_some_and(|files| files.len() == 2), "settings and network file: {settings}");
    Ok(())
}

/// Where nobody has done anything.
async fn check_before(small: &Small) -> Result<()> {
    contains(&small.neuron(&["receipts"]).await?, "took part in nothing yet")?;
    contains(&small.refusal(&["why", "1"]).await?, "nobody has committed in group 1 yet")?;
    contains(&small.refusal(&["why", "1", "--group", "9"]).await?, "there is no group 9")?;
    contains(&small.neuron(&["stake", "list"]).await?, "`neuron stake bond` makes one")?;
    contains(&small.neuron(&["vote", "list", "--chain-only"]).await?, "nothing is being voted on")?;
    contains(&small.neuron(&["group", "validators", "1"]).await?, "nobody has stake here")?;
    contains(&small.neuron(&["can-join"]).await?, "yes, for nothing: this machine is fast enough, but the group is not admitted")?;
    json(small, "can-join", &["can-join"]).await?;
    json(small, "group progress", &["group", "progress"]).await?;
    check_verify(small).await
}

/// Decided, and not yet to be collected.
async fn check_decided(small: &Small, played: &Played) -> Result<()> {
    let told = small.neuron(&["why", &played.round.to_string()]).await?;
    for words in [
        "won by 0x",
        "2.000000 → 1.000000 nats won; ",
        ": not paid yet, 1 NRN put down",
        " NRN can be collected from ",
        "did not reveal in time, though others did: its deposit is lost",
        "validator (position 1) 0x",
        "its verdict was counted with 1000 of 1000 NRN awake",
        "    in 0x",
        "checked by: neuron replay --round ",
    ] {
        contains(&told, words)?;
    }
    let silent = small.neuron(&["why", &played.round.to_string(), "--account", &played.silent.address().to_string()]).await?;
    ensure!(silent.contains("not paid") && !silent.contains("validator"), "somebody else's in {silent}");
    Ok(())
}

/// What is told is what the contracts did, to the wei.
async fn check_paid(small: &Small, group: GroupId, played: &Played, issued: Wei) -> Result<()> {
    let earned = small.founder.stake().position(group, protocol::PositionNumber(1)).await?.earned;
    ensure!(!issued.is_zero() && !earned.is_zero(), "nothing was paid: {issued} {earned}");
    let round = played.round.to_string();
    let why = json(small, "why", &["why", &round]).await?;
    let paid: Vec<&Value> = why["receipts"].as_array().into_iter().flatten().filter(|receipt| receipt["paid"] == true).collect();
    ensure!(paid.len() == 2, "the winner and its position: {why}");
    let all = json(small, "receipts", &["receipts"]).await?;
    for (field, wanted) in [("winner_wei", issued), ("validator_wei", earned)] {
        ensure!(all["sums"][field] == wanted.to_string(), "{field} is not {wanted} in {all}");
    }
    ensure!(all["sums"]["put_wei"] == all["sums"]["back_wei"], "the winner's deposit came back: {all}");
    let silent = json(small, "receipts", &["receipts", "--account", &played.silent.address().to_string()]).await?;
    ensure!(silent["sums"]["put_wei"] == silent["sums"]["lost_wei"] && silent["sums"]["winner_wei"] == "0", "{silent}");
    let transactions = |receipt: &Value| receipt["transactions"].as_array().map_or(0, Vec::len);
    ensure!(paid.iter().map(|receipt| transactions(receipt)).collect::<Vec<_>>() == [2, 1], "commit and collect; judge: {why}");
    let table = small.neuron(&["receipts", "--csv"]).await?;
    ensure!(table.lines().count() == 3 && table.starts_with("group,of,number,role"), "{table}");
    contains(&table, &format!("1,round,{round},trainer,,"))?;
    contains(&small.neuron(&["receipts"]).await?, &format!("{} NRN for winning", issued.to_nrn()))
}

async fn check_positions(small: &Small, group: GroupId) -> Result<()> {
    check_names(small).await?;
    contains(&small.neuron(&["stake", "list"]).await?, "100.00 % of what is awake in the group")?;
    contains(&small.neuron(&["stake", "earned"]).await?, "position 1 of group 1")?;
    let validators = small.neuron(&["group", "validators", &group.to_string()]).await?;
    contains(&validators, "present in 1 of the last 1 rounds that count")?;
    contains(&validators, "(you)")?;
    for (name, arguments) in [
        ("stake show", &["stake", "show"][..]),
        ("stake list", &["stake", "list"]),
        ("stake earned", &["stake", "earned"]),
        ("group validators", &["group", "validators", "1"]),
    ] {
        json(small, name, arguments).await?;
    }
    Ok(())
}

/// What the network file calls accounts and groups stands in what people read, and programs are told addresses.
async fn check_names(small: &Small) -> Result<()> {
    let own = small.account.address().to_string();
    let names = [("digits", toml::Value::from(1)), ("alice", own.clone().into()), ("Digits", 2.into())];
    small.altered("named.toml", "names", names.into_iter().map(|(name, of)| (name.to_owned(), of)).collect::<toml::Table>())?;
    small.altered("bob.toml", "names", [("bob".to_owned(), toml::Value::from(own.clone()))].into_iter().collect::<toml::Table>())?;
    small.altered("digits.toml", "names", [("digits".to_owned(), toml::Value::from(1))].into_iter().collect::<toml::Table>())?;
    for (file, arguments, wanted) in [
        ("bob.toml", &["group", "validators", "1"][..], "owner bob (0x"),
        ("bob.toml", &["--json", "group", "validators", "1"], own.as_str()),
        ("bob.toml", &["key", "show"], own.as_str()),
        ("bob.toml", &["token", "balance"], " (bob)\n"),
        ("named.toml", &["stake", "list"], "owner alice (0x"),
        ("digits.toml", &["group", "list"], "   1  digits, admitted, "),
        ("named.toml", &["stake", "list"], "\"digits\" looks like \"Digits\"; it is not shown"),
    ] {
        let (_, told) = small.ended(file, arguments).await?;
        contains(&told, wanted)?;
        ensure!(wanted != own || !told.contains("bob"), "addresses for programs: {told}");
        ensure!(!told.contains("group 1 ("), "two names that look alike: {told}");
    }
    Ok(())
}

async fn check_votes(small: &Small) -> Result<()> {
    let group = GroupId(1);
    let head = small.founder.view(group).await?.head;
    small.founder.turn(group).await?;
    let bond = small.founder.bond_due(group).await?;
    small.founder.propose(group, head, protocol::Digest([5; 32]), bond).await?;
    let told = small.neuron(&["vote", "list", "--chain-only"]).await?;
    for words in [
        "delta 1 of group 1",
        "0 NRN for it, it takes 100 NRN at least",
        "position 1 of group 1: not yet",
        "`neuron delta vote 1 --group 1`",
    ] {
        contains(&told, words)?;
    }
    json(small, "vote list", &["vote", "list"]).await?;
    check_refused(small, group).await
}

/// What cannot work is said before anything is sent.
async fn check_refused(small: &Small, group: GroupId) -> Result<()> {
    let (chain, own) = (small.anvil.chain(), small.account.address());
    let before = chain.next_nonce(own).await?;
    let digits = crate::bad_input::shown(&crate::groups::digits())?;
    for (arguments, wanted) in [
        (&["group", "create", &digits][..], "does not divide an epoch of this network, 180 s"),
        (&["group", "fork", &digits], "does not divide an epoch of this network, 180 s"),
        (&["stake", "bond", "0.01", "--signer", "0x00000000000000000000000000000000000000ad"], "too few to be awake"),
        (&["stake", "bond", "1", "--group", "9"], "there is no group 9"),
        (&["stake", "bond", "0.0000000001"], "at most nine digits"),
        (&["stake", "bond", "1000000"], "ERC20InsufficientBalance"),
        (&["token", "send", "0x00000000000000000000000000000000000000ad", "1000000"], "ERC20InsufficientBalance"),
        (&["delta", "vote", "9"], "there is no delta 9"),
        (&["sale", "buy", "1"], "the sale ended"),
    ] {
        contains(&small.refusal(arguments).await?, wanted)?;
    }
    small.pass_until(small.founder.view(group).await?.period_end_s).await?;
    contains(&small.refusal(&["delta", "vote", "1"]).await?, "is over since ")?;
    ensure!(chain.next_nonce(own).await? == before, "something was sent");
    Ok(())
}

/// The network, a checkpoint that is the group's own, a patch of somebody else, and nonsense.
async fn check_verify(small: &Small) -> Result<()> {
    let (group, network) = (GroupId(1), small.founder.address().to_string());
    contains(&small.neuron(&["verify", &network]).await?, "ok     Network       0x")?;
    json(small, "verify", &["verify", &network]).await?;
    contains(&small.refusal(&["verify", &small.account.address().to_string()]).await?, "WRONG  wiring")?;
    let view = small.founder.view(group).await?;
    let checkpoint = small.client.fetch_up_to(view.checkpoint, 1 << 30, FIND).await?;
    fs::write(small.folder.join("base"), &checkpoint[..])?;
    contains(&small.refusal(&["verify", "base"]).await?, "train on: a claim may have ")?;
    fs::write(small.folder.join("foreign"), "Neuron-Author: 0x0909090909090909090909090909090909090909\n\ndiff --git a/x.csv b/x.csv\n")?;
    contains(&small.refusal(&["verify", "foreign"]).await?, "WRONG")?;
    contains(&small.refusal(&["verify", "password"]).await?, "WRONG  form")
}

/// The chain's time was turned forward, which the doctor sees; a dead endpoint as well.
async fn check_doctor(small: &Small) -> Result<()> {
    let told = small.refusal(&["doctor", "--seconds", "2"]).await?;
    for words in [
        "ok     chain",
        "ok     contracts",
        "WRONG  clock",
        "→ set the clock",
        "ok     key",
        "ok     gas",
        "ok     stake",
        " wrong: the line",
    ] {
        contains(&told, words)?;
    }
    small.altered("dead.toml", "rpc", crate::bad_input::NOBODY)?;
    let (_, told) = small.ended("dead.toml", &["doctor", "--seconds", "0"]).await?;
    contains(&told, "→ start the endpoint, or name another one as `rpc`")?;
    let nobody = small.account.address().to_string();
    for (network, arguments, code) in [
        ("network.toml", &["doctor", "--seconds", "0"][..], 6),
        ("network.toml", &["group", "list"], 0),
        ("network.toml", &["group", "list", "--colour"], 2),
        ("network.toml", &["stake", "unbond", "1000000"], 5),
        ("network.toml", &["why", "1", "--group", "9"], 4),
        ("network.toml", &["delta", "show", "99"], 4),
        ("network.toml", &["verify", &nobody], 6),
        ("network.toml", &["verify", "none.csv"], 1),
        ("dead.toml", &["group", "list"], 3),
        ("dead.toml", &["doctor", "--seconds", "0"], 6),
    ] {
        let (ended, told) = small.ended(network, arguments).await?;
        ensure!(ended == Some(code), "{arguments:?} ended with {ended:?}, not {code}: {told}");
    }
    Ok(())
}

/// The answer of a command for programs, held to what docs/json.md tells of it.
async fn json(small: &Small, name: &str, arguments: &[&str]) -> Result<Value> {
    let answer = small.neuron(&[&["--json"], arguments].concat()).await?;
    schema::check(&format!("neuron {name}"), &answer)
}

fn contains(text: &str, words: &str) -> Result<()> {
    ensure!(text.contains(words), "no {words:?} in {text}");
    Ok(())
}
