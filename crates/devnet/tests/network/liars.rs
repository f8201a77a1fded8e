//! Two liars who hold real improvements: one flips a bit of the file, the other flatters the loss by a micronat.

use std::{fs, sync::Arc};

use anyhow::{Context, Result, bail, ensure};
use devnet::{Actor, Options};
use evaluator::{Checkpoint, Measurement};
use futures::future::try_join_all;
use governance::Network;
use node::{Exam, member::measure};
use protocol::{
    Digest, Micronats, RoundNumber, Wei,
    chain::{Outcome, Phase, RevealedClaim},
    keccak256, rules,
};

use crate::{
    groups::{digits, fresh_folder},
    watched::{Settled, Watched},
};

/// Steps of the honest trainer: few, so that going further in its direction is better than it.
const STEPS: i64 = 400;
/// How much further, in steps of its last round.
const FACTORS: [f32; 7] = [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0];
/// Losses that a flipped bit must change, so that every draw of examples meets one of them.
const MIN_CHANGED: usize = 8;
/// Bits of a weight, from the lowest up, that may be flipped: still far below what shows in a mean.
const LOW_BITS: u32 = 6;
/// Rounds that the honest trainer may have: more than happen.
const ROUNDS: u64 = 100;

/// One liar's part in a round.
struct Lie {
    liar: Actor,
    /// The file that is revealed.
    file: Arc<Checkpoint>,
    /// The file about which the claim is true, but for `flattery`.
    measured: Arc<Checkpoint>,
    /// Micronats by which the claimed loss is better than that.
    flattery: u32,
}

/// What the liars revealed, in which round.
struct Told {
    round: RoundNumber,
    claims: Vec<RevealedClaim>,
    /// Before the round: what was ever minted, the stake of all positions, the group's checkpoint.
    before: (Wei, Wei, Digest),
}

#[tokio::test(flavor = "multi_thread")]
async fn liars_lose_their_deposits_to_an_honest_trainer_and_to_the_validators_if_there_is_none() -> Result<()> {
    let options = Options { rounds: ROUNDS, trainers: 1, group: lazy_group()?, ..Options::default() };
    let mut network = Watched::start("liars", options).await?;
    let first = network.until_won(RoundNumber(0)).await?;
    let second = network.until_won(first).await?;
    let against = lie(&mut network, first, second).await?;
    let third = network.until_won(second).await?;
    ensure!(third == against.round, "round {} was not won", against.round);
    network.devnet.trainers[0].kill();
    let alone = lie(&mut network, second, third).await?;
    network.until_over(alone.round).await?;
    let early = network.devnet.network.settle(network.devnet.group, alone.round, &[alone.claims[0].trainer]).await;
    ensure!(early.is_err(), "a false claim was settled before a measure could strike its round");
    settle(&mut network, &against).await?;
    settle(&mut network, &alone).await?;
    check_against_the_honest(&network, &against).await?;
    check_alone(&network, &alone).await
}

/// The shipped group with a trainer that takes few steps.
fn lazy_group() -> Result<std::path::PathBuf> {
    let shipped = digits();
    let mut group: toml::Table = toml::from_str(&fs::read_to_string(&shipped)?)?;
    let folder = shipped.parent().context("a folder")?;
    let data = group["data"].as_table_mut().context("data")?;
    for name in ["genesis", "heldout"] {
        data[name] = folder.join(data[name].as_str().context("a path")?).display().to_string().into();
    }
    data.remove("proposed");
    group["training"]["steps"] = STEPS.into();
    let path = fresh_folder("lazy-group")?.join("digits.toml");
    fs::write(&path, toml::to_string(&group)?)?;
    Ok(path)
}

/// Both liars take part in the next round with what lies in the direction from the winner of `from` to the winner of `to`.
async fn lie(network: &mut Watched, from: RoundNumber, to: RoundNumber) -> Result<Told> {
    let lies = prepare(network, from, to).await?;
    let is_train = |network: &Watched| network.devnet.view.clock(network.devnet.now_s).phase == Phase::Train;
    network.until("the next round", 2, |network| network.devnet.now_s >= network.end_s(to) && is_train(network)).await?;
    let round = network.devnet.view.clock(network.devnet.now_s).round;
    commit(network, round, &lies).await?;
    let before = (network.devnet.ledger.minted, network.bonded().await?, network.devnet.view.checkpoint);
    network.until("the seed", 1, |network| network.seeds.contains_key(&round)).await?;
    let claims = reveal(network, round, &lies).await?;
    Ok(Told { round, claims, before })
}

async fn prepare(network: &Watched, from: RoundNumber, to: RoundNumber) -> Result<Vec<Lie>> {
    let devnet = &network.devnet;
    let (before, now) = (devnet.ledger.rounds[&from].file, devnet.ledger.rounds[&to].file);
    let (before, now) = (devnet.member.checkpoint(before).await?, devnet.member.checkpoint(now).await?);
    // Any exam serves as an estimate.
    let exam = devnet.member.exam(devnet.view.head, Digest::ZERO, to).await?;
    let best = further(&before, &now, &exam).await?;
    let flipped = flipped(&best, &exam).await?;
    let [one, two] = &devnet.cast.authors[..] else { bail!("two authors play the liars") };
    for file in [&flipped, &best] {
        devnet.member.client.add(file.to_bytes()).await?;
    }
    Ok(vec![
        Lie { liar: one.clone(), file: flipped, measured: best.clone(), flattery: 0 },
        Lie { liar: two.clone(), file: best.clone(), measured: best, flattery: 1 },
    ])
}

/// The best of the checkpoints beyond `now` on the line from `before`.
async fn further(before: &Checkpoint, now: &Checkpoint, exam: &Exam) -> Result<Arc<Checkpoint>> {
    let mut best: Option<(u32, Arc<Checkpoint>)> = None;
    for factor in FACTORS {
        let value = |(old, new): (&f32, &f32)| new + factor * (new - old);
        let tensors = before.tensors().iter().zip(now.tensors());
        let tensors = tensors.map(|(old, new)| old.iter().zip(new).map(value).collect()).collect();
        let checkpoint = Arc::new(Checkpoint::from_tensors(now.manifest(), tensors)?);
        let loss = measure(checkpoint.clone(), exam.clone()).await?.mean;
        if best.as_ref().is_none_or(|(least, _)| loss < *least) {
            best = Some((loss, checkpoint));
        }
    }
    Ok(best.context("there are factors")?.1)
}

/// `honest` with one of the lowest bits of one weight flipped: the first weight, from the outputs down, for which that changes enough.
async fn flipped(honest: &Arc<Checkpoint>, exam: &Exam) -> Result<Arc<Checkpoint>> {
    let truth = measure(honest.clone(), exam.clone()).await?;
    for (tensor, values) in honest.tensors().iter().enumerate().rev() {
        for (bit, index) in (0..LOW_BITS).flat_map(|bit| (0..values.len()).map(move |index| (bit, index))) {
            let mut tensors = honest.tensors().to_vec();
            let weight = &mut tensors[tensor][index];
            *weight = f32::from_bits(weight.to_bits() ^ 1 << bit);
            let other = Arc::new(Checkpoint::from_tensors(honest.manifest(), tensors)?);
            let losses = measure(other.clone(), exam.clone()).await?.losses;
            let changed = losses.iter().zip(&truth.losses).filter(|(left, right)| left != right).count();
            if changed >= MIN_CHANGED {
                return Ok(other);
            }
        }
    }
    bail!("no flipped bit changes {MIN_CHANGED} losses")
}

async fn commit(network: &Watched, round: RoundNumber, lies: &[Lie]) -> Result<()> {
    let (devnet, group) = (&network.devnet, network.devnet.group);
    let commits = lies.iter().map(|lie| async {
        let file = swarm::digest_of(&lie.file.to_bytes());
        let seal = rules::seal(group, round, file, lie.liar.address(), salt(&lie.liar));
        let network = devnet.hands.of(&lie.liar)?;
        anyhow::Ok(network.commit(group, round, seal, network.deposit_due(group).await?).await?)
    });
    try_join_all(commits).await.map(drop)
}

async fn reveal(network: &Watched, round: RoundNumber, lies: &[Lie]) -> Result<Vec<RevealedClaim>> {
    let (devnet, group) = (&network.devnet, network.devnet.group);
    let opened = devnet.ledger.rounds.get(&round).context("the liars opened it")?;
    let exam = devnet.member.exam(opened.head, network.seeds[&round], round).await?;
    let base = measure(devnet.member.checkpoint(opened.checkpoint).await?, exam.clone()).await?;
    let reveals = lies.iter().map(|lie| async {
        let claim = claim(lie, round, group, &base, &exam).await?;
        devnet.hands.of(&lie.liar)?.reveal(&claim, salt(&lie.liar)).await?;
        anyhow::Ok(claim)
    });
    try_join_all(reveals).await
}

/// What a liar says; it differs from the truth about its file, if only in the root.
async fn claim(lie: &Lie, round: RoundNumber, group: protocol::GroupId, base: &Measurement, exam: &Exam) -> Result<RevealedClaim> {
    let said = measure(lie.measured.clone(), exam.clone()).await?;
    let truth = measure(lie.file.clone(), exam.clone()).await?;
    let root = |of: &Measurement| Digest(evaluator::loss_root(&base.losses, &of.losses));
    let loss = said.mean - lie.flattery;
    ensure!((loss, root(&said)) != (truth.mean, root(&truth)), "{} does not lie", lie.liar.name);
    ensure!(said.mean.abs_diff(truth.mean) <= 1, "{} lies too much to be a test", lie.liar.name);
    let (base, loss) = (Micronats(base.mean), Micronats(loss));
    Ok(RevealedClaim {
        group,
        round,
        trainer: lie.liar.address(),
        number: 0,
        file: swarm::digest_of(&lie.file.to_bytes()),
        base,
        loss,
        loss_root: root(&said),
    })
}

fn salt(liar: &Actor) -> Digest {
    Digest(keccak256(liar.name.as_bytes()))
}

/// Anybody may settle anybody's deposit; that of a false claim not before the round is mature, since it could be struck.
async fn settle(network: &mut Watched, told: &Told) -> Result<()> {
    let (group, round) = (network.devnet.group, told.round);
    let founder: Network = network.devnet.network.clone();
    let liars: Vec<_> = told.claims.iter().map(|claim| claim.trainer).collect();
    let mature_s = network.end_s(round) + network.devnet.view.maturity_s;
    network.until("the maturity of a round", 3, |network| network.devnet.now_s > mature_s).await?;
    founder.settle(group, round, &liars).await?;
    let is_settled = |network: &Watched| told.claims.iter().all(|claim| network.settled.contains_key(&(round, claim.trainer)));
    network.until("the settling of the liars", 2, is_settled).await
}

/// All four validators passed both liars over, whose claims were better, and signed the honest claim.
async fn check_against_the_honest(network: &Watched, told: &Told) -> Result<()> {
    let devnet = &network.devnet;
    let round = &devnet.ledger.rounds[&told.round];
    let honest = devnet.cast.trainers[0].address();
    let truth = round.claims.iter().find(|claim| claim.trainer == honest).context("the honest trainer revealed")?;
    let hash = rules::claim_hash(truth.file, truth.base, truth.loss, truth.loss_root);
    assert_eq!(network.verdicts(told.round), vec![Some(&[hash].into()); 4]);
    assert_eq!((round.outcome, round.winner, round.file), (Outcome::Won, honest, truth.file));
    let deposit = devnet.network.round(devnet.group, told.round).await?.context("opened")?.deposit;
    let key = |claim: &RevealedClaim| rules::rank_key(claim.base, claim.loss, claim.number);
    for claim in round.claims.iter().filter(|claim| claim.trainer != honest) {
        assert!(key(claim) < key(truth), "{} is not better than the honest {}", claim.loss, truth.loss);
        assert_eq!(network.settled[&(told.round, claim.trainer)], Settled { refunded: Wei::ZERO, burned: deposit });
    }
    assert_eq!((round.claims.len(), told.claims.len()), (3, 2));
    Ok(())
}

/// Without an honest claim the round is lost: nothing is issued, the deposits pay the validators and the rest is burned.
async fn check_alone(network: &Watched, told: &Told) -> Result<()> {
    let devnet = &network.devnet;
    let on_chain = devnet.network.round(devnet.group, told.round).await?.context("opened")?;
    assert_eq!(network.verdicts(told.round), vec![Some(&[Digest::ZERO].into()); 4]);
    assert_eq!((on_chain.outcome, on_chain.winner), (Outcome::Lost, protocol::Address::ZERO));
    assert_eq!(devnet.network.decision(devnet.group, told.round).await?, None);
    assert_eq!((on_chain.reveals, on_chain.judged), (2, on_chain.awake));
    let each = rules::earned_for(on_chain.reward, on_chain.awake, Wei(on_chain.awake.0 / 4));
    let validators = Wei(each.0 * 4);
    assert!(on_chain.paid == validators && !validators.is_zero(), "{} instead of {validators}", on_chain.paid);
    let settled: Vec<Settled> = told.claims.iter().map(|claim| network.settled[&(told.round, claim.trainer)]).collect();
    assert!(settled.iter().all(|settled| settled.refunded.is_zero()), "{settled:?}");
    let burned: Wei = settled.iter().map(|settled| settled.burned).sum();
    assert_eq!(burned.saturating_add(validators), Wei(on_chain.deposit.0 * 2));
    let (minted, bonded, checkpoint) = told.before;
    // Its verdicts bring what those of the last round that was won have earned.
    let mut earlier = devnet.ledger.rounds.range(..told.round).rev();
    let (last, _) = earlier.find(|(_, round)| round.outcome == Outcome::Won).context("a round was won before")?;
    let owed = devnet.network.round(devnet.group, *last).await?.context("opened")?.paid;
    assert_eq!(devnet.ledger.minted, minted.saturating_add(owed), "a lost round issues nothing of its own");
    assert_eq!(network.bonded().await?, bonded.saturating_add(validators), "stake of all positions");
    assert_eq!(devnet.network.view(devnet.group).await?.checkpoint, checkpoint);
    Ok(())
}
