//! One validator and one trainer, a process each, serve two groups, and are paid in both by the rules.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};
use devnet::{Devnet, Ledger, Options, RoundEntry};
use node::{
    Heard, birth,
    config::{Phases, Times},
};
use protocol::{
    Address, Digest, GroupId, PositionNumber, RoundNumber, Wei,
    chain::{Block, ChainEvent, Outcome},
    eip712::Consent,
    keccak256,
    measures::Measure,
};

use crate::{
    groups::{changed, fresh_folder},
    watched::Watched,
};

/// After these a group begins no further one.
const ROUNDS: u64 = 5;
/// Time in TRAIN for two runs that take turns.
const CLOCK: &str = "devnet = { train_s = 14, reveal_s = 8, judge_s = 8 }";
/// Longer than both groups take, seconds.
const LIMIT_S: u64 = 500;
/// What the trainer bought in the sale, and what the guest bonds in the second group, whole NRN.
const TRAINER: u64 = 10_000;
const STAKE: u64 = 50_000;
/// It does not exist.
const NOWHERE: u64 = 9;

#[tokio::test(flavor = "multi_thread")]
async fn one_process_serves_two_groups_and_is_paid_in_both() -> Result<()> {
    let group = changed(&fresh_folder("slow-digits")?, CLOCK)?;
    let options = Options { rounds: ROUNDS, trainers: 1, validators: 1, group, ..Options::default() };
    let mut network = Watched::start("two-groups", options).await?;
    let (first, own) = (network.devnet.group, network.position(0)?);
    let (second, other) = second_group(&mut network, (first, own)).await?;
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

/// Founds it, with a position of the guest for which the only validator signs, and lets all stake admit it.
async fn second_group(network: &mut Watched, voter: (GroupId, PositionNumber)) -> Result<(GroupId, PositionNumber)> {
    let devnet = &network.devnet;
    let (founder, guest, signer) =
        (devnet.hands.of(&devnet.cast.founder)?.clone(), devnet.hands.of(&devnet.cast.guest)?.clone(), devnet.cast.signers[0].clone());
    let Phases { train_s, reveal_s, judge_s } = devnet.file.devnet;
    let times = Times { train_s, reveal_s, judge_s, period_s: 2 * (train_s + reveal_s + judge_s), ..devnet.file.times };
    let birth = birth::prepare(&devnet.file, &times, 2, devnet.cast.founder.address(), &devnet.member.client).await?;
    let group = founder.create(&birth).await?;
    devnet.member.client.subscribe(group).await?;
    let consent = signer.account.sign(Consent { group, owner: devnet.cast.guest.address() }, &founder.domain()).await?.signature;
    let position = guest.stake().bond(group, signer.address(), Wei::nrn(STAKE), Some(&consent)).await?;
    guest.stake().wake(group, position).await?;
    let (terms, now_s) = (*founder.terms(), founder.chain().latest().await?.time_s);
    let counts_s = terms.genesis_s + ((now_s - terms.genesis_s) / terms.epoch_s + 1) * terms.epoch_s;
    network.until("the epoch in which its stake counts", 3, |network| network.devnet.now_s > counts_s).await?;
    let name = founder.view(group).await?.name;
    let admission = Measure::admit(group, name, Digest(keccak256(b"second admission")), counts_s + 4 * terms.epoch_s);
    let assent = signer.account.sign(admission.clone(), &founder.domain()).await?.signature;
    let enacted = founder.enact(&admission, &[(voter.0, voter.1, assent), (group, position, assent)]).await?;
    ensure!(enacted.done, "{enacted:?}");
    Ok((group, position))
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
