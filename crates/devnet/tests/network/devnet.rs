//! Nodes of each kind fall in the middle of a round and come back; everybody is paid what the rules say.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};
use deltas::Tree;
use devnet::{Options, Process, RoundEntry, key_file};
use node::{NodeConfig, birth::EXAMPLES, member::accuracy, signing::Signing};
use protocol::{
    Address, Digest, RoundNumber, Wei,
    chain::Outcome,
    eip712::Verdict,
    rules,
    signing_log::{HEADER, Refusal, SigningLog},
};

use crate::{
    groups::{digits, fresh_folder},
    watched::{Settled, Watched},
};

const ROUNDS: u64 = 6;
/// The validator that falls.
const VICTIM: usize = 3;
/// What each trainer buys in the sale, and each owner of a position bonds, whole NRN.
const TRAINER: u64 = 10_000;
const OWNER: u64 = 200_000;

/// What happened to whom.
struct Fall {
    trainer: usize,
    /// Won by the trainer that fell afterwards.
    won: RoundNumber,
    /// In this round it fell between commit and reveal, and the validator right after it had signed.
    fell: RoundNumber,
    /// Won while both were down.
    without: RoundNumber,
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_fall_and_come_back_while_the_network_goes_on_and_pays_by_the_rules() -> Result<()> {
    let options = Options { rounds: ROUNDS, group: digits(), ..Options::default() };
    let mut network = Watched::start("falls", options).await?;
    let (voting, data) = (network.devnet.votes(), network.devnet.file.data.clone());
    let votes = tokio::spawn(async move { voting.run(&data).await });
    let fall = fall(&mut network).await?;
    come_back(&mut network, &fall).await?;
    network.until("all rounds and votes", 12, |network| votes.is_finished() && network.devnet.is_complete()).await?;
    votes.await??;
    late(&mut network).await?;
    network.devnet.settle_pay().await?;
    check_fall(&network, &fall).await?;
    check_signing(&network, &fall)?;
    check_rounds(&network).await?;
    check_money(&network, &fall).await?;
    check_set(&network)?;
    check_model(&network).await?;
    check_end(network)
}

/// The winner of the first won round falls with a commit that it has not revealed and a coinbase that it has not
/// collected; a validator falls after it has signed. The next round is won without them.
async fn fall(network: &mut Watched) -> Result<Fall> {
    let won = network.until_won(RoundNumber(0)).await?;
    let winner = network.devnet.ledger.rounds[&won].winner;
    let trainer = network.devnet.cast.trainers.iter().position(|actor| actor.address() == winner).context("no trainer won")?;
    let commit = |network: &Watched| network.committed.iter().find(|(round, who)| *round > won && *who == winner).map(|(round, _)| *round);
    network.until("a commit of the last winner", 3, |network| commit(network).is_some()).await?;
    let fell = commit(network).context("just seen")?;
    network.devnet.trainers[trainer].kill();
    let signer = network.devnet.cast.signers[VICTIM].address();
    network.until("a verdict", 1, |network| network.signed.contains_key(&(fell, signer))).await?;
    network.devnet.validators[VICTIM].kill();
    let without = network.until_won(fell).await?;
    Ok(Fall { trainer, won, fell, without })
}

async fn come_back(network: &mut Watched, fall: &Fall) -> Result<()> {
    network.until_over(fall.without).await?;
    network.devnet.trainers[fall.trainer].restart()?;
    network.devnet.validators[VICTIM].restart()
}

/// A validator without a position and with an empty folder joins when everything has happened.
async fn late(network: &mut Watched) -> Result<()> {
    let devnet = &mut network.devnet;
    let folder = devnet.dir.join("late");
    let node = NodeConfig {
        network: devnet.network_file(),
        data: folder.join("data"),
        keystore: key_file(&devnet.dir.join("keys"), "guest"),
        password_file: Some(devnet.dir.join("keys/password")),
        ..NodeConfig::default()
    };
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("config.toml"), toml::to_string(&BTreeMap::from([("node", node)]))?)?;
    devnet.validators.push(Process::start("late", "validator-node", &folder)?);
    let guest = devnet.cast.guest.address();
    network.until("the root of a late node", 3, |network| network.devnet.root_told_by(guest, network.devnet.view.head).is_some()).await
}

async fn check_fall(network: &Watched, fall: &Fall) -> Result<()> {
    let devnet = &network.devnet;
    let (trainer, position) = (devnet.cast.trainers[fall.trainer].address(), network.position(VICTIM)?);
    let without = &devnet.ledger.rounds[&fall.without];
    assert_eq!((without.verdicts(), without.commits()), (3, 1), "a round without a validator and a trainer");
    assert_ne!(without.winner, trainer);
    assert!(!devnet.network.judged_by(devnet.group, fall.without, position).await?);
    let later = || devnet.ledger.rounds.keys().copied().filter(|round| *round > fall.without);
    assert!(later().any(|round| network.committed.contains(&(round, trainer))), "the trainer never committed again");
    let mut counted = false;
    for round in later() {
        counted |= devnet.network.judged_by(devnet.group, round, position).await?;
    }
    assert!(counted, "no verdict of the validator was counted again");
    let deposit = devnet.network.round(devnet.group, fall.fell).await?.context("opened")?.deposit;
    assert_eq!(network.settled[&(fall.fell, trainer)], Settled { refunded: Wei::ZERO, burned: deposit }, "a seal that was not opened");
    assert!(devnet.ledger.rounds[&fall.won].collected.is_some(), "the coinbase from before the fall");
    Ok(())
}

/// Nobody signed twice, and the log of the validator that fell would not let it.
fn check_signing(network: &Watched, fall: &Fall) -> Result<()> {
    for ((round, signer), claims) in &network.signed {
        assert_eq!(claims.len(), 1, "{signer} signed two claims in round {round}");
    }
    let name = &network.devnet.cast.signers[VICTIM].name;
    let path = network.devnet.dir.join(name).join("data/signing.log");
    let text = fs::read_to_string(&path)?;
    let copy = fresh_folder("copy-of-a-signing-log")?;
    fs::write(copy.join("signing.log"), &text)?;
    let signed = SigningLog::parse(text.as_bytes())?.log;
    let group = network.devnet.group;
    let before = *signed.signed(group, fall.fell).context("it had signed before it fell")?;
    assert_eq!(network.verdicts(fall.fell)[VICTIM], Some(&[before.claim].into()));
    let rounds = text.strip_prefix(HEADER).context("a header")?.lines().map(|line| line.split(' ').nth(1));
    let mut rounds: Vec<_> = rounds.collect();
    let lines = rounds.len();
    rounds.sort_unstable();
    rounds.dedup();
    assert_eq!(rounds.len(), lines, "two lines for one round: {text}");
    let other = Verdict { claim: Digest::ZERO, ..before };
    assert_eq!(Signing::open(&copy)?.note(other)?.err(), Some(Refusal::Other(before)));
    Ok(())
}

/// Each round stands on the winner before it, improves enough, and pays what the rules give for what it opened with.
async fn check_rounds(network: &Watched) -> Result<()> {
    let devnet = &network.devnet;
    let (mut base, mut voids, mut won) = (None, 0, 0);
    let mut last: Option<(RoundNumber, bool, bool)> = None;
    for (number, round) in &devnet.ledger.rounds {
        let on_chain = devnet.network.round(devnet.group, *number).await?.context("it was opened")?;
        assert!(base.is_none_or(|base| base == on_chain.checkpoint), "round {number} does not start from the last winner");
        // An epoch is a round.
        voids = last.map_or(0, |(before, decided, revealed)| rules::next_voids(voids, decided, revealed, number.0 - before.0));
        let reward = rules::reward(round.supply, devnet.view.times.length_s(), round.awake, round.total, 0);
        assert_eq!(round.total, rules::total(round.awake, round.supply), "total of round {number}");
        assert_eq!((round.reward, on_chain.reward), (reward, reward), "reward of round {number}");
        assert_eq!(on_chain.deposit, rules::deposit(reward, devnet.view.min_deposit, voids), "deposit of round {number}");
        last = Some((*number, round.outcome != Outcome::None, !round.claims.is_empty()));
        let each = rules::earned_for(reward, round.awake, Wei::nrn(OWNER));
        assert_eq!((round.validators(), on_chain.paid), (on_chain.paid, Wei(each.0 * u128::from(round.verdicts()))));
        let Some(claim) = round.winning() else { continue };
        assert!(devnet.view.improves(claim.base, claim.loss), "round {number}: {} to {}", claim.base, claim.loss);
        assert_eq!(round.collected, Some((reward, reward)), "coinbase of round {number}");
        assert!(rules::is_quorum(on_chain.judged, round.awake) && round.verdicts() >= 3);
        (base, won) = (Some(claim.file), won + 1);
    }
    assert!(devnet.ledger.rounds.len() as u64 == ROUNDS && won >= ROUNDS - 1, "{won} of {ROUNDS} rounds were won");
    Ok(())
}

/// Nothing was made or lost that the book does not know; trainers and validators hold what they earned.
async fn check_money(network: &Watched, fall: &Fall) -> Result<()> {
    let (devnet, rounds) = (&network.devnet, &network.devnet.ledger.rounds);
    let neuron = devnet.network.neuron();
    let burned: Wei = network.settled.values().map(|settled| settled.burned).sum();
    // What is dropped loses a part of what it has bid beyond the least bond.
    let burned = devnet.ledger.deltas.values().fold(burned, |burned, delta| burned.saturating_add(delta.charged));
    let supply = devnet.genesis_supply.saturating_add(devnet.ledger.minted).saturating_sub(burned);
    assert_eq!(neuron.supply().await?, supply, "supply = sold + minted − burned");
    for actor in &devnet.cast.trainers {
        let own = |who: &Address| *who == actor.address();
        let earned: Wei = rounds.values().filter(|round| own(&round.winner)).filter_map(|round| round.collected).map(|pair| pair.1).sum();
        let lost: Wei = network.settled.iter().filter(|((_, who), _)| own(who)).map(|(_, settled)| settled.burned).sum();
        let expected = Wei::nrn(TRAINER).saturating_add(earned).saturating_sub(lost);
        assert_eq!(neuron.balance(actor.address()).await?, expected, "balance of {}", actor.name);
    }
    let paid: Wei = rounds.values().map(RoundEntry::validators).sum();
    let bonded = Wei::nrn(OWNER * devnet.cast.owners.len() as u64);
    assert_eq!(network.bonded().await?, bonded.saturating_add(paid), "stake of all positions");
    let without = &rounds[&fall.without];
    assert!(without.validators() < rules::validators_reward(without.reward));
    for delta in devnet.ledger.deltas.values() {
        let reward = devnet.ledger.periods.iter().find(|period| period.number == delta.period).context("its period")?.reward;
        let issued = if delta.applied { reward } else { Wei::ZERO };
        assert_eq!((delta.refunded, delta.applied), (Some(issued), !issued.is_zero()));
    }
    Ok(())
}

/// Both deltas are in, and every node built the same set as one gets from the files.
fn check_set(network: &Watched) -> Result<()> {
    let (devnet, data) = (&network.devnet, &network.devnet.file.data);
    let texts = [&data.genesis].into_iter().chain(&data.proposed).map(fs::read_to_string);
    let mut tree = Tree::default();
    tree.insert(EXAMPLES, &texts.collect::<Result<String, _>>()?)?;
    let root = Digest(tree.root());
    let roots = devnet.roots(devnet.view.head);
    assert_eq!(roots.len(), devnet.cast.trainers.len() + devnet.cast.signers.len());
    for (name, told) in roots {
        assert_eq!(told, Some(root), "the set of {name}");
    }
    assert_eq!(devnet.root_told_by(devnet.cast.guest.address(), devnet.view.head), Some(root), "the set of the late node");
    assert_eq!(devnet.ledger.periods.iter().filter(|period| period.applied.0 > 0).count(), data.proposed.len());
    Ok(())
}

async fn check_model(network: &Watched) -> Result<()> {
    let devnet = &network.devnet;
    let checkpoint = devnet.member.checkpoint(devnet.network.view(devnet.group).await?.checkpoint).await?;
    let path = devnet.file.data.heldout.as_ref().context("the group has rows that are never in the set")?;
    let share = accuracy(&checkpoint, &fs::read_to_string(path)?)?;
    assert!(share > 0.90, "{share} of the rows that were never in the set");
    Ok(())
}

/// With the devnet everything ends that it started.
fn check_end(network: Watched) -> Result<()> {
    let devnet = &network.devnet;
    let ids: Vec<u32> = devnet.trainers.iter().chain(&devnet.validators).filter_map(Process::id).collect();
    ensure!(ids.len() == 7, "{} nodes run, not seven", ids.len());
    drop(network);
    for id in ids {
        assert!(!Path::new(&format!("/proc/{id}")).exists(), "process {id} runs on");
    }
    Ok(())
}
