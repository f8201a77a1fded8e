//! A network with a lying trainer, a validator that signs twice and then hides, one that is away for a round, and a
//! poisoned delta: each costs who did it, and nothing stops. A bounty with a hidden set is measured and paid meanwhile.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use devnet::{Options, summarize};
use protocol::{BountyNumber, Digest, RoundNumber, Wei, bounty::Prize, chain::Outcome, rules};

use crate::{
    commands,
    groups::{digits, fresh_folder},
    watched::{Settled, Watched},
};

/// Enough for eight counted rounds after the one in which the validator cheats, for the two after them that are left aside,
/// and for the poison's whole life.
const ROUNDS: u64 = 13;
/// The honest validator that is away for a round.
const AWAY: usize = 3;
const OWNER: Wei = Wei::nrn(200_000);
/// Points of accuracy that the poison costs at least.
const HARM: f64 = 0.05;

#[tokio::test(flavor = "multi_thread")]
async fn who_lies_cheats_hides_or_poisons_pays_for_it_and_nothing_stops() -> Result<()> {
    let options = Options { rounds: ROUNDS, liars: 1, poison: true, bounty: true, group: group_with_one_delta()?, ..Options::default() };
    let mut network = Watched::start("hostile", options).await?;
    let (voting, data) = (network.devnet.votes(), network.devnet.file.data.clone());
    let votes = tokio::spawn(async move { voting.run(&data).await });
    let void = go_void(&mut network).await?;
    // The log keeps alarms as long as the verdict can be shown.
    commands::check(&network, &[("guest", &["round", "alarms"], "was signed without running the model")]).await?;
    let is_over = |network: &Watched| votes.is_finished() && network.devnet.is_complete() && !network.devnet.ledger.dozed.is_empty();
    network.until("all rounds, votes, and the sleep of who hides", 16, is_over).await?;
    votes.await??;
    check_liars(&network).await?;
    check_cheat(&network).await?;
    check_void(&network, void).await?;
    check_poison(&network).await?;
    check_bounty(&network).await?;
    check_commands(&network, void).await?;
    check_book(&mut network).await
}

/// The shipped group with one delta to vote about.
fn group_with_one_delta() -> Result<PathBuf> {
    let shipped = digits();
    let mut group: toml::Table = toml::from_str(&fs::read_to_string(&shipped)?)?;
    let folder = shipped.parent().context("a folder")?;
    let data = group["data"].as_table_mut().context("data")?;
    let absolute = |path: &toml::Value| path.as_str().map(|path| toml::Value::from(folder.join(path).display().to_string()));
    for name in ["genesis", "heldout"] {
        data[name] = absolute(&data[name]).context("a path")?;
    }
    let first = data["proposed"].as_array().and_then(|paths| paths.first()).and_then(absolute).context("a delta")?;
    data["proposed"] = vec![first].into();
    let path = fresh_folder("group-with-one-delta")?.join("digits.toml");
    fs::write(&path, toml::to_string(&group)?)?;
    Ok(path)
}

/// One honest validator is away for the third round, in which three of five sign: more than half, less than two thirds.
async fn go_void(network: &mut Watched) -> Result<RoundNumber> {
    let first = network.until_won(RoundNumber(0)).await?;
    let second = network.until_won(first).await?;
    network.until_over(second).await?;
    network.devnet.validators[AWAY].kill();
    let void = RoundNumber(second.0 + 1);
    network.until_over(void).await?;
    network.devnet.validators[AWAY].restart()?;
    Ok(void)
}

/// Each round has a claim that is better than all honest ones, and false; it costs the deposit and wins nothing.
async fn check_liars(network: &Watched) -> Result<()> {
    let devnet = &network.devnet;
    let liar = devnet.cast.liars[0].address();
    let mut lies = 0;
    for (number, round) in &devnet.ledger.rounds {
        let Some(lie) = round.claims.iter().find(|claim| claim.trainer == liar) else { continue };
        let key = |claim: &protocol::chain::RevealedClaim| rules::rank_key(claim.base, claim.loss, claim.number);
        assert!(round.claims.iter().all(|claim| key(lie) <= key(claim)), "round {number}");
        assert_ne!(round.winner, liar, "round {number}");
        if round.outcome == Outcome::Won {
            let deposit = devnet.network.round(devnet.group, *number).await?.context("opened")?.deposit;
            assert_eq!(network.settled[&(*number, liar)], Settled { refunded: Wei::ZERO, burned: deposit }, "round {number}");
            lies += 1;
        }
    }
    // Nobody honest concedes to a claim because it seems to be better.
    assert!(lies >= ROUNDS as usize / 2, "{lies} lies");
    Ok(())
}

/// Two claims in one round: a twentieth of the stake, and a tenth of that to an honest validator; alarms about its probe;
/// sleep.
async fn check_cheat(network: &Watched) -> Result<()> {
    let devnet = &network.devnet;
    let cheat = devnet.cast.cheats[0].address();
    let twice: Vec<_> = network.signed.iter().filter(|(_, claims)| claims.len() > 1).collect();
    let [((round, signer), claims)] = twice[..] else { panic!("{twice:?}") };
    assert!(*signer == cheat && claims.contains(&Digest::ZERO) && claims.len() == 2);
    let position = devnet.view.position_of(cheat).context("its position")?.number;
    let [slash] = devnet.ledger.slashes[..] else { panic!("{:?}", devnet.ledger.slashes) };
    let about = Wei(OWNER.0 * 11 / 200);
    assert!(slash.position == position && slash.amount >= about && slash.amount.0 - about.0 <= about.0 / 1000, "{slash:?}");
    assert_eq!(slash.reward, Wei(slash.amount.0 - slash.amount.0 * 10 / 11));
    let reporter = network.reporter.context("somebody showed it")?;
    let index = devnet.cast.signers.iter().position(|signer| signer.address() == reporter).context("an honest validator")?;
    assert_eq!(devnet.network.neuron().balance(reporter).await?, slash.reward, "validator {index} owned nothing before");
    assert!(network.alarmed.contains(&(*round, cheat)), "nobody replayed its verdict: {:?}", network.alarmed);
    assert!(network.alarmed.iter().all(|(_, signer)| *signer == cheat), "a false alarm: {:?}", network.alarmed);
    assert_eq!(devnet.ledger.dozed, [position]);
    let view = devnet.network.view(devnet.group).await?;
    assert!(view.positions.iter().all(|position| position.awake_next == (position.signer != cheat)), "{:?}", view.positions);
    Ok(())
}

/// Without a decision nothing is issued, deposits come back, and who judged is recorded.
async fn check_void(network: &Watched, void: RoundNumber) -> Result<()> {
    let devnet = &network.devnet;
    let round = &devnet.ledger.rounds[&void];
    assert_eq!((round.outcome, round.verdicts(), round.validators()), (Outcome::None, 0, Wei::ZERO));
    assert!(!round.claims.is_empty() && round.burned < round.reward, "{round:?}");
    assert_eq!(round.attended, Wei(OWNER.0 * 3), "three of five were there");
    let on_chain = devnet.network.round(devnet.group, void).await?.context("opened")?;
    assert!(on_chain.attended);
    for (index, present) in [(0, true), (1, true), (2, true), (AWAY, false)] {
        assert_eq!(devnet.network.judged_by(devnet.group, void, network.position(index)?).await?, present, "validator {index}");
    }
    let next = devnet.ledger.rounds.range(RoundNumber(void.0 + 1)..).next().context("a later round")?;
    let deposit = devnet.network.round(devnet.group, *next.0).await?.context("opened")?.deposit;
    // An epoch is a round, and half of what was void is forgotten with each.
    let voids = rules::next_voids(0, false, true, next.0.0 - void.0);
    assert_eq!(deposit, rules::deposit(next.1.reward, devnet.view.min_deposit, voids), "the deposit after a void round");
    Ok(())
}

/// Applied, harmful, seen, taken back before it stood; its bond is burned.
async fn check_poison(network: &Watched) -> Result<()> {
    let devnet = &network.devnet;
    let taken: Vec<_> = devnet.ledger.deltas.iter().filter(|(_, delta)| delta.taken.is_some()).collect();
    let [(number, delta)] = taken[..] else { panic!("{taken:?}") };
    let poisoner = devnet.cast.poisoner.as_ref().context("a poisoner")?;
    assert_eq!((delta.author, delta.applied, delta.refunded), (poisoner.address(), true, None));
    assert_eq!(delta.taken, Some(delta.bond));
    let periods = &devnet.ledger.periods;
    let place = periods.iter().position(|period| period.applied == *number).context("it was applied")?;
    let (before, mut now) = (devnet.member.set(periods[place - 1].head).await?, devnet.member.set(devnet.view.head).await?.tree.clone());
    assert!(now.remove("hidden-1.csv"), "what was hidden is in the set");
    assert_eq!(now.root(), before.tree.root(), "beside it the set is the one before the poison");
    let seen = devnet.seen();
    let (fresh, known) = seen.fresh[number];
    assert!(fresh > 4 * known, "fresh loss {fresh}, {known} on the set before");
    let shares: BTreeMap<_, _> = seen.heldout.iter().filter_map(|(round, score)| Some((*round, score.accuracy?))).collect();
    let poisoned = |(number, _): &(&RoundNumber, &f64)| devnet.ledger.rounds[*number].head == periods[place].head;
    let worst = shares.iter().filter(poisoned).map(|(_, share)| *share).fold(1.0, f64::min);
    let best = shares.values().copied().fold(0.0, f64::max);
    assert!(worst < best - HARM, "{shares:?}");
    let last = shares.last_key_value().context("a won round")?.1;
    assert!(*last > worst + HARM, "the model recovers: {shares:?}");
    Ok(())
}

/// Every wei of the bounty went where the rule says, and two thirds were enough to measure: who cheats did not.
async fn check_bounty(network: &Watched) -> Result<()> {
    let devnet = &network.devnet;
    let found = devnet.network.bounty(BountyNumber(1)).await?;
    let bounty = &devnet.ledger.bounties[&BountyNumber(1)];
    let findings = bounty.findings.as_ref().context("it was decided")?;
    let payments = Prize { amount: found.amount, bond: found.bond, target: found.target }.payments(findings);
    assert!(!findings.failed && findings.steps.iter().any(|step| step.better), "{findings:?}");
    assert_eq!((bounty.paid_finders, bounty.returned, bounty.burned), ((payments.finders, 4), Some(payments.returned), payments.burned));
    let steps = findings.steps.iter().zip(&payments.rounds).flat_map(|(step, each)| std::iter::repeat_n(*each, step.won as usize));
    let paid: Vec<Wei> = bounty.rounds.values().map(|(_, amount)| *amount).collect();
    assert_eq!(paid, steps.collect::<Vec<_>>());
    for (number, (winner, _)) in &bounty.rounds {
        assert!((found.first..=found.last).contains(number) && devnet.ledger.rounds[number].winner == *winner, "round {number}");
    }
    assert_eq!((found.left, bounty.left()), (Wei::ZERO, Wei::ZERO));
    Ok(())
}

/// The report is exact to the wei, and tells of all this.
async fn check_book(network: &mut Watched) -> Result<()> {
    network.devnet.settle_pay().await?;
    let devnet = &network.devnet;
    let report = summarize(devnet).await?;
    assert_eq!((report.slashes.len(), report.dozed.as_slice(), report.taken.len()), (1, &["cheat-1".to_owned()][..], 1));
    assert!(report.purse.calls > 0 && !report.purse.paid_back_wei.is_zero(), "{:?}", report.purse);
    assert_eq!((report.held.bonds_wei, report.held.earned_wei), (Wei::ZERO, Wei::ZERO));
    let picture = report.picture();
    for words in ["cheat-1 lost", "was put to sleep", "was taken back", "the purse paid", "earned", "bounty 1: hidden loss"] {
        assert!(picture.contains(words), "no {words:?} in {picture}");
    }
    Ok(())
}

/// What a person is told of it by the command.
async fn check_commands(network: &Watched, void: RoundNumber) -> Result<()> {
    let (second, void, stake) = ((void.0 - 1).to_string(), void.to_string(), network.position(0)?.to_string());
    commands::check(
        network,
        &[
            ("guest", &["round", "show", &void], "void: no decision; who judged was recorded"),
            ("guest", &["delta", "show"], "taken back in period"),
            ("guest", &["bounty", "show", "1"], "hidden loss"),
            ("guest", &["stake", "show"], "NRN earned and not yet stake"),
            ("owner-1", &["stake", "compound", "--position", &stake], "its pay is stake"),
            ("owner-1", &["stake", "list"], "group 1, epoch"),
            ("guest", &["round", "show", &second], "present   positions"),
            ("validator-1", &["measure", "propose", "period", "24", "--epochs", "8", "--reason", "shorter weeks"], "signed for position"),
        ],
    )
    .await?;
    let text = commands::neuron(network, "guest", &["measure", "show"]).await?;
    let name = text.lines().zip(text.lines().skip(1)).find(|(_, next)| next.contains("last 24 s")).context("the new measure")?.0.to_owned();
    commands::check(network, &[("validator-2", &["measure", "sign", &name[..10]], "Period(uint256 group,uint256 present,")]).await?;
    // The owner of a position speaks for it as well as its signer.
    commands::check(network, &[("owner-3", &["measure", "sign", &name[..10]], "signed for position")]).await?;
    commands::check(network, &[("guest", &["measure", "enact", &name[..10]], "enacted with")]).await?;
    ensure!(network.devnet.network.view(network.devnet.group).await?.period_next_s == 24, "periods will last as long as was decided");
    Ok(())
}
