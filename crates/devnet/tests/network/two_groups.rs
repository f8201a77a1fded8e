//! One validator and one trainer, a process each, serve a group and its fork, to which stake was moved, and are paid in both by the rules.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio};

use anyhow::{Context, Result, ensure};
use devnet::{Devnet, Ledger, Options, RoundEntry};
use node::{Heard, config::Phases};
use protocol::{
    Address, Digest, GroupId, PositionNumber, RoundNumber, Wei,
    chain::{Block, ChainEvent, Outcome},
    keccak256,
    measures::Measure,
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Child as Process,
};

use crate::{
    commands::{command, neuron},
    groups::{changed, fresh_folder},
    watched::Watched,
};

/// After these a group begins no further one.
const ROUNDS: u64 = 5;
/// Time in TRAIN for two runs that take turns.
const CLOCK: &str = "devnet = { train_s = 14, reveal_s = 8, judge_s = 8 }";
/// Longer than both groups take, seconds.
const LIMIT_S: u64 = 500;
/// What the trainer bought in the sale, and what the guest bonds and moves to the fork, whole NRN.
const TRAINER: u64 = 10_000;
const STAKE: u64 = 50_000;
/// A fork, and the process that serves its files.
struct Child {
    group: GroupId,
    position: PositionNumber,
    _process: Process,
}

/// It does not exist.
const NOWHERE: u64 = 9;

#[tokio::test(flavor = "multi_thread")]
async fn one_process_serves_a_group_and_its_fork_to_which_stake_moved_and_is_paid_in_both() -> Result<()> {
    let group = changed(&fresh_folder("slow-digits")?, CLOCK)?;
    let options = Options { rounds: ROUNDS, trainers: 1, validators: 1, group, ..Options::default() };
    let mut network = Watched::start("two-groups", options).await?;
    let (first, own) = (network.devnet.group, network.position(0)?);
    let child = child_of(&mut network, (first, own)).await?;
    let (second, other) = (child.group, child.position);
    serve_both(&mut network.devnet, [first, second])?;
    let books = play(&mut network, [first, second]).await?;
    let trainer = network.devnet.cast.trainers[0].address();
    check_trainer(&network.devnet, trainer, &books).await?;
    for (group, position) in [(first, own), (second, other)] {
        check_validator(&network.devnet, group, position, &books[&group]).await?;
    }
    let said = |name: &str| fs::read_to_string(network.devnet.dir.join(name).join("node.log"));
    assert_eq!(said("trainer-1")?.matches("this group cannot be served yet").count(), 1, "once, of group {NOWHERE}");
    assert!(!said("validator-1")?.contains("nothing is signed"), "it knows what it signed");
    Ok(())
}

/// Forks it as a person does, brings the guest's stake over to a position for which the only validator signs, and lets all stake admit it.
async fn child_of(network: &mut Watched, voter: (GroupId, PositionNumber)) -> Result<Child> {
    let stake = STAKE.to_string();
    neuron(network, "guest", &["stake", "bond", &stake]).await?;
    let (process, group) = fork(network).await?;
    // What is bonded counts, and can be moved, from the next epoch on.
    next_epoch(network).await?;
    let (number, guest) = (group.to_string(), network.devnet.cast.guest.address().to_string());
    let signer = network.devnet.cast.signers[0].address().to_string();
    let consent = neuron(network, "validator-1", &["stake", "consent", &guest, "--group", &number]).await?;
    let moved = ["stake", "move", "--child", &number, "--signer", &signer, "--consent", consent.trim()];
    let told = neuron(network, "guest", &moved).await?;
    let position = told.split_once("is that of position ").and_then(|(_, rest)| rest.split(' ').next()).context("its heir")?;
    let wake = ["stake", "wake", "--group", &number, "--position", position];
    ensure!(told.contains(&wake.join(" ")), "the next command, {wake:?}, is not in {told}");
    neuron(network, "guest", &wake).await?;
    let position = PositionNumber(position.parse()?);
    network.devnet.member.client.subscribe(group).await?;
    admit(network, voter, (group, position)).await?;
    Ok(Child { group, position, _process: process })
}

/// Runs `neuron group fork`, which serves the child's files as long as it lives, with the first group's model and a clock of its own.
async fn fork(network: &Watched) -> Result<(Process, GroupId)> {
    let Phases { train_s, reveal_s, judge_s } = network.devnet.file.devnet;
    let period_s = 2 * (train_s + reveal_s + judge_s);
    let times = format!("times = {{ train_s = {train_s}, reveal_s = {reveal_s}, judge_s = {judge_s}, period_s = {period_s} }}");
    let file = changed(&fresh_folder("forked-digits")?, &times)?;
    let mut command = command(&network.devnet.network_file(), network, "founder")?;
    let mut process = command.args(["group", "fork"]).arg(file).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(process.stdout.take().context("its output")?).lines();
    let told = lines.next_line().await?.context("it ended")?;
    let number = told.split_once(" is group ").and_then(|(_, rest)| rest.split(',').next()).with_context(|| told.clone())?;
    let group = GroupId(number.parse()?);
    ensure!(network.devnet.network.view(group).await?.parent == network.devnet.group, "{told}");
    // What it says afterwards is read, so that it is never in the way.
    tokio::spawn(async move { while lines.next_line().await.is_ok_and(|line| line.is_some()) {} });
    Ok((process, group))
}

/// Waits for the next epoch; the second in which it began.
async fn next_epoch(network: &mut Watched) -> Result<u64> {
    let chain = network.devnet.network.chain();
    let (terms, now_s) = (*network.devnet.network.terms(), chain.latest().await?.time_s);
    let begins_s = terms.genesis_s + ((now_s - terms.genesis_s) / terms.epoch_s + 1) * terms.epoch_s;
    network.until("the next epoch", 3, |network| network.devnet.now_s > begins_s).await?;
    Ok(begins_s)
}

async fn admit(network: &mut Watched, voter: (GroupId, PositionNumber), (group, position): (GroupId, PositionNumber)) -> Result<()> {
    let founder = network.devnet.hands.of(&network.devnet.cast.founder)?.clone();
    let signer = network.devnet.cast.signers[0].clone();
    let counts_s = next_epoch(network).await?;
    let name = founder.view(group).await?.name;
    let admission = Measure::admit(group, name, Digest(keccak256(b"second admission")), counts_s + 4 * founder.terms().epoch_s);
    let assent = signer.account.sign(admission.clone(), &founder.domain()).await?.signature;
    let enacted = founder.enact(&admission, &[(voter.0, voter.1, assent), (group, position, assent)]).await?;
    ensure!(enacted.done, "{enacted:?}");
    Ok(())
}

/// Starts both programs again: the trainer for both groups and for one that does not exist, the validator for all that it signs in.
fn serve_both(devnet: &mut Devnet, [first, second]: [GroupId; 2]) -> Result<()> {
    let (named, staked) = (toml::Value::try_from([first.0, second.0, NOWHERE])?, toml::Value::from("all I have stake in"));
    for (process, groups) in [(&mut devnet.trainers[0], named), (&mut devnet.validators[0], staked)] {
        process.kill();
        serve_groups(&devnet.dir.join(&process.name).join("config.toml"), groups)?;
        process.restart()?;
    }
    Ok(())
}

fn serve_groups(path: &Path, groups: toml::Value) -> Result<()> {
    let mut config: toml::Table = toml::from_str(&fs::read_to_string(path)?)?;
    let node = config.get_mut("node").and_then(toml::Value::as_table_mut).context("[node]")?;
    node.insert("group".into(), groups);
    Ok(fs::write(path, toml::to_string(&config)?)?)
}

/// Waits until both groups have had their rounds, one at least was won in each, and nothing is owed.
async fn play(network: &mut Watched, groups: [GroupId; 2]) -> Result<BTreeMap<GroupId, Vec<ChainEvent>>> {
    let until_s = network.devnet.now_s + LIMIT_S;
    while network.devnet.now_s < until_s {
        if !matches!(network.devnet.step().await?, Heard::Block(_)) {
            continue;
        }
        let mut books: BTreeMap<GroupId, Vec<ChainEvent>> = BTreeMap::new();
        for group in groups {
            let events = network.devnet.network.history(group, network.devnet.site.file.deployed_block).await?;
            books.insert(group, events.into_iter().map(|(_, event)| event).collect());
        }
        if books.iter().all(|(group, events)| is_over(*group, events)) {
            return Ok(books);
        }
    }
    anyhow::bail!("not over within {LIMIT_S} s; the nodes' logs are in {}", network.devnet.dir.display())
}

fn is_over(group: GroupId, events: &[ChainEvent]) -> bool {
    let rounds = ledger(group, events).rounds;
    let won = rounds.values().filter(|round| round.outcome == Outcome::Won).count();
    rounds.len() as u64 >= ROUNDS && won > 0 && rounds.values().all(RoundEntry::is_closed)
}

fn ledger(group: GroupId, events: &[ChainEvent]) -> Ledger {
    let (mut ledger, block) = (Ledger::new(group), Block { number: 0, time_s: 0, hash: Digest::ZERO });
    events.iter().for_each(|event| ledger.note(event, &block));
    ledger
}

/// What it bought, less its deposits, with all that came back and was issued.
async fn check_trainer(devnet: &Devnet, trainer: Address, books: &BTreeMap<GroupId, Vec<ChainEvent>>) -> Result<()> {
    let mut deposits: BTreeMap<(GroupId, RoundNumber), Wei> = BTreeMap::new();
    let (mut got, mut gave) = (Wei::nrn(TRAINER), Wei::ZERO);
    for event in books.values().flatten() {
        match event {
            ChainEvent::Opened { group, round, deposit, .. } => drop(deposits.insert((*group, *round), *deposit)),
            ChainEvent::Committed { group, round, .. } => gave = gave.saturating_add(deposits[&(*group, *round)]),
            ChainEvent::Settled { refunded, .. } => got = got.saturating_add(*refunded),
            ChainEvent::Collected { winner, to, issued, deposit, .. } => {
                assert_eq!((winner, to), (&trainer, &trainer));
                got = got.saturating_add(*issued).saturating_add(*deposit);
            }
            _ => {}
        }
    }
    let balance = devnet.network.neuron().balance(trainer).await?;
    assert_eq!(balance.saturating_add(gave), got, "to the wei");
    Ok(())
}

/// What its verdicts for what was decided earn, paid already or to be.
async fn check_validator(devnet: &Devnet, group: GroupId, position: PositionNumber, events: &[ChainEvent]) -> Result<()> {
    let earned: Wei = ledger(group, events).rounds.values().map(|round| round.validators()).sum();
    let paid = events.iter().map(|event| if let ChainEvent::Compounded { amount, .. } = event { *amount } else { Wei::ZERO });
    let waiting = devnet.network.stake().position(group, position).await?.earned;
    assert!(!earned.is_zero(), "group {group}");
    assert_eq!(paid.sum::<Wei>().saturating_add(waiting), earned, "group {group}, to the wei");
    Ok(())
}
