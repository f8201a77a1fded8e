//! Rounds on a real chain: won, lost, refused.

use chain::words::moment;
use governance::{ClaimStatus, Decision, Tally};
use protocol::chain::{ChainEvent, Outcome, Phase};
use protocol::eip712::{SignedVerdict, Verdict};
use protocol::ids::{Address, Digest, PositionNumber, RoundNumber};
use protocol::money::Wei;
use protocol::rules::{self, Commit, Standing};

use crate::support::{EPOCH_S, FILE, FOUNDER, GROUP, MATURITY_S, OWNERS, SALT, TRAINER, World, account, claim_hash, nrn, refusal};

#[tokio::test]
async fn a_won_round_pays_trainer_and_validators_and_moves_the_checkpoint() {
    let world = World::admitted().await;
    let network = world.network(TRAINER);
    let trainer = account(TRAINER).address();
    let claim = world.revealed(FILE).await;
    let opened = network.round(GROUP, claim.round).await.expect("a round").expect("it was opened");
    let total = rules::total(nrn(700), nrn(3_000));
    assert_eq!(opened.reward, rules::reward(nrn(3_000), 60, nrn(700), total, 0));
    assert_eq!((opened.commits, opened.reveals, opened.outcome), (1, 1, Outcome::None));
    assert_eq!(network.quorum(GROUP).await.expect("an answer"), Some(Wei(nrn(700).0 * 2 / 3)));
    let before = world.balance(trainer).await;

    let verdicts = world.verdicts(claim.round, claim_hash(&claim));
    assert!(world.network(FOUNDER).judge(GROUP, claim.round, claim_hash(&claim), &verdicts).await.expect("counted"));
    let decided = network.round(GROUP, claim.round).await.expect("a round").expect("it was opened");
    assert_eq!((decided.outcome, decided.winner), (Outcome::Won, trainer));
    let decision = network.decision(GROUP, claim.round).await.expect("an answer");
    assert_eq!(decision, Some(Decision { claim: claim_hash(&claim), file: FILE }));
    let earned = [400, 300].map(|stake| rules::earned_for(opened.reward, nrn(700), nrn(stake)));
    assert_eq!((decided.judged, decided.paid), (nrn(700), earned[0].saturating_add(earned[1])));
    let seen: Vec<Wei> = world.view().await.positions.iter().map(|position| position.earned).collect();
    assert_eq!(seen, earned);
    assert!(network.judged_by(GROUP, claim.round, PositionNumber(1)).await.expect("an answer"));
    assert_eq!(world.view().await.checkpoint, FILE);
    assert!(network.has_won(GROUP, FILE).await.expect("an answer"));
    assert!(!network.has_won(GROUP, Digest([1; 32])).await.expect("an answer"));

    world.to_phase(Phase::Train).await;
    network.settle(GROUP, claim.round, &[trainer]).await.expect("settled");
    let settled = rules::settle(opened.deposit, Commit::Revealed(Standing::First));
    assert_eq!(world.balance(trainer).await, Wei(before.0 + settled.refunded.0));
    let view = world.view().await;
    let mature_s = view.times.round_end_s(view.genesis_s, claim.round) + MATURITY_S;
    let early = refusal(network.collect(GROUP, &[claim.round], trainer).await);
    assert!(early.contains(&format!("NotMature: the round is mature at {}", moment(mature_s))), "{early}");
    world.anvil.advance(MATURITY_S).await.expect("time passes");
    let issued = network.collect(GROUP, &[claim.round], trainer).await.expect("collected");
    assert_eq!(issued, opened.reward);
    assert_eq!(world.balance(trainer).await, Wei(before.0 + opened.deposit.0 + issued.0));
    assert!(refusal(network.collect(GROUP, &[claim.round], trainer).await).contains("AlreadyCollected"));
}

#[tokio::test]
async fn the_events_of_a_round_tell_its_story_in_order() {
    let world = World::admitted().await;
    let claim = world.revealed(FILE).await;
    let verdicts = world.verdicts(claim.round, claim_hash(&claim));
    let network = world.network(FOUNDER);
    network.judge(GROUP, claim.round, claim_hash(&claim), &verdicts).await.expect("decided");
    let history = network.history(GROUP, 0).await.expect("events");
    let story: Vec<&ChainEvent> = history.iter().map(|(_, event)| event).collect();
    let all = world.events().await;
    let of_group: Vec<&ChainEvent> = all.iter().map(|(_, event)| event).filter(|event| event.group() == Some(GROUP)).collect();
    assert_eq!(story, of_group);
    let names: Vec<&str> = story.iter().map(|event| name_of(event)).collect();
    let of_stake = ["seated", "bonded", "woken", "seated", "bonded", "woken"];
    let of_round = ["opened", "committed", "revealed", "decided", "judged"];
    assert_eq!(names, [&["created"], &of_stake[..], &["admitted"], &of_round].concat());
    assert!(story.contains(&&ChainEvent::Revealed(claim)));
    assert!(all.iter().any(|(_, event)| matches!(event, ChainEvent::ScheduleOpened { supply, .. } if *supply == nrn(3_000))));
    let judged = story.iter().find_map(|event| match event {
        ChainEvent::Judged { stake, positions, .. } => Some((*stake, positions.clone())),
        _ => None,
    });
    assert_eq!(judged, Some((nrn(700), vec![PositionNumber(1), PositionNumber(2)])));
    assert!(all.iter().any(|(_, event)| matches!(event, ChainEvent::Enacted { kind: 2, .. })));
}

fn name_of(event: &ChainEvent) -> &'static str {
    match event {
        ChainEvent::Created { .. } => "created",
        ChainEvent::Seated { .. } => "seated",
        ChainEvent::Bonded { .. } => "bonded",
        ChainEvent::Woken { .. } => "woken",
        ChainEvent::Admitted { .. } => "admitted",
        ChainEvent::Opened { .. } => "opened",
        ChainEvent::Committed { .. } => "committed",
        ChainEvent::Revealed(_) => "revealed",
        ChainEvent::Decided { .. } => "decided",
        ChainEvent::Judged { .. } => "judged",
        _ => "other",
    }
}

#[tokio::test]
async fn a_round_in_which_nothing_is_true_is_lost() {
    let world = World::admitted().await;
    let claim = world.revealed(FILE).await;
    let network = world.network(TRAINER);
    let none = Digest::default();
    network.judge(GROUP, claim.round, none, &world.verdicts(claim.round, none)).await.expect("decided");
    let lost = network.round(GROUP, claim.round).await.expect("a round").expect("it was opened");
    assert_eq!((lost.outcome, network.decision(GROUP, claim.round).await.expect("an answer")), (Outcome::Lost, None));
    assert_ne!(world.view().await.checkpoint, FILE);
    let trainer = account(TRAINER).address();
    assert!(refusal(network.collect(GROUP, &[claim.round], trainer).await).contains("NotWinner: nobody won this round"));
    world.to_phase(Phase::Train).await;
    let early = refusal(network.settle(GROUP, claim.round, &[trainer]).await);
    assert!(early.contains("NothingToSettle"), "a strike would save it: {early}");
    world.anvil.advance(MATURITY_S).await.expect("time passes");
    network.settle(GROUP, claim.round, &[trainer]).await.expect("settled");
    assert_eq!(network.round(GROUP, claim.round).await.expect("a round").expect("it was opened").charged, 1);
}

#[tokio::test]
async fn a_verdict_of_another_round_is_not_counted() {
    let world = World::admitted().await;
    let claim = world.revealed(FILE).await;
    let old = world.verdicts(RoundNumber(claim.round.0 - 1), claim_hash(&claim));
    let refused = world.network(FOUNDER).judge(GROUP, claim.round, claim_hash(&claim), &old).await;
    assert!(refusal(refused).contains("NothingCounted: nothing that was brought is new and valid"));
}

#[tokio::test]
async fn a_commit_out_of_its_phase_is_refused_with_its_reason() {
    let world = World::admitted().await;
    let round = world.to_phase(Phase::Reveal).await;
    let refused = refusal(world.network(TRAINER).commit(GROUP, round, Digest([1; 32]), nrn(1)).await);
    let until = moment(world.view().await.clock(world.now_s().await).phase_end_s);
    let expected = format!("`commit` was refused: WrongPhase: it is REVEAL until {until}; commit and show presence in TRAIN");
    assert!(refused.starts_with(&expected), "{refused}");
    assert_eq!(world.network(TRAINER).phase(GROUP).await.expect("a phase").0, round);
}

#[tokio::test]
async fn a_commit_for_another_round_or_for_too_little_is_refused_with_what_is_due() {
    let world = World::admitted().await;
    let network = world.network(TRAINER);
    let round = world.to_phase(Phase::Train).await;
    let next = RoundNumber(round.0 + 1);
    let refused = refusal(network.commit(GROUP, next, Digest([1; 32]), nrn(1)).await);
    let expected = format!("`commit` was refused: WrongRound: round {round} runs now; name that one");
    assert!(refused.starts_with(&expected), "{refused}");
    let least = network.least_deposit(GROUP).await.expect("a deposit");
    assert_eq!(world.view().await.least_deposit, least);
    let refused = refusal(network.commit(GROUP, round, Digest([1; 32]), Wei(least.0 - 1)).await);
    assert!(refused.contains(&format!("DepositTooHigh: a commit costs {} NRN in this round", least.to_nrn())), "{refused}");
    network.commit(GROUP, round, Digest([1; 32]), least).await.expect("sealed");
}

#[tokio::test]
async fn a_commit_is_one_transaction_with_a_permit_or_with_the_leave_that_there_is() {
    let world = World::admitted().await;
    let network = world.network(TRAINER);
    let trainer = account(TRAINER).address();
    let nonce = network.chain().next_nonce(trainer).await.expect("a count");
    let round = world.sealed(TRAINER, FILE).await;
    assert_eq!(network.chain().next_nonce(trainer).await.expect("a count"), nonce + 1);
    assert_eq!(network.neuron().permits(trainer).await.expect("a count"), 1);
    world.to_phase(Phase::Judge).await;

    network.allow_deposit(GROUP).await.expect("allowed");
    let (nonce, leave) = (nonce + 2, network.neuron().allowance(trainer, network.address()).await.expect("an amount"));
    network.allow_deposit(GROUP).await.expect("it is allowed already");
    let next = world.sealed(TRAINER, FILE).await;
    assert_eq!(network.chain().next_nonce(trainer).await.expect("a count"), nonce + 1);
    assert_eq!(network.neuron().permits(trainer).await.expect("a count"), 1, "no permit was needed");
    let deposit = network.round(GROUP, next).await.expect("an answer").expect("a round").deposit;
    let left = network.neuron().allowance(trainer, network.address()).await.expect("an amount");
    assert_eq!(left, Wei(leave.0 - deposit.0));
    let claim = network.claim_of(GROUP, round, trainer).await.expect("an answer").expect("a claim");
    assert_eq!((claim.name, claim.number), (rules::seal(GROUP, round, FILE, trainer, SALT), 1));
    assert_eq!((claim.status, claim.concession), (ClaimStatus::Sealed, None));
    assert_eq!(network.claim_of(GROUP, round, account(FOUNDER).address()).await.expect("an answer"), None);
}

#[tokio::test]
async fn a_round_is_decided_in_two_calls() {
    let world = World::admitted().await;
    let claim = world.revealed(FILE).await;
    let (network, hash) = (world.network(FOUNDER), claim_hash(&claim));
    let verdicts = world.verdicts(claim.round, hash);
    assert!(!network.judge(GROUP, claim.round, hash, &verdicts[..1]).await.expect("counted"), "400 of 700 do not decide");
    let tally = network.tally(GROUP, claim.round, hash).await.expect("an answer");
    assert_eq!(tally, Tally { stake: nrn(400), trainer: Some(claim.trainer) });
    let seen = network.round(GROUP, claim.round).await.expect("an answer").expect("a round");
    assert_eq!((seen.outcome, seen.judged), (Outcome::None, Wei(0)));
    let again = refusal(network.judge(GROUP, claim.round, hash, &verdicts[..1]).await);
    assert!(again.contains("NothingCounted"), "{again}");
    assert!(network.judge(GROUP, claim.round, hash, &verdicts).await.expect("counted"));
    let seen = network.round(GROUP, claim.round).await.expect("an answer").expect("a round");
    assert_eq!((seen.outcome, seen.judged), (Outcome::Won, nrn(700)));
    let none = Digest::default();
    let other = refusal(network.judge(GROUP, claim.round, none, &world.verdicts(claim.round, none)).await);
    assert!(other.contains(&format!("OtherClaimDecided: this round is decided for {hash}")), "{other}");
}

#[tokio::test]
async fn a_late_verdict_is_paid_until_the_next_round_is_over() {
    /// A dev account that signs for a third position.
    const LATE: usize = 6;
    let world = World::admitted().await;
    let late = world.bond(GROUP, TRAINER, LATE, nrn(10)).await;
    world.anvil.advance(EPOCH_S).await.expect("time passes");
    let claim = world.won(FILE).await;
    let (network, hash) = (world.network(FOUNDER), claim_hash(&claim));
    let verdict: SignedVerdict = world.sign(LATE, Verdict { group: GROUP, round: claim.round, claim: hash, probe: Digest([8; 32]) });
    assert!(!network.judged_by(GROUP, claim.round, late).await.expect("an answer"));
    assert_eq!(world.to_phase(Phase::Reveal).await, RoundNumber(claim.round.0 + 1));
    let decided = network.judge(GROUP, claim.round, hash, &[(late, verdict)]).await.expect("counted");
    assert!(!decided, "it was decided before");
    let seen = network.round(GROUP, claim.round).await.expect("an answer").expect("a round");
    let earned = network.stake().position(GROUP, late).await.expect("a position").earned;
    assert_eq!((seen.judged, earned), (nrn(710), rules::earned_for(seen.reward, nrn(710), nrn(10))));
    assert!(earned > Wei(0) && network.judged_by(GROUP, claim.round, late).await.expect("an answer"));
    world.to_phase(Phase::Train).await;
    let refused = refusal(network.judge(GROUP, claim.round, hash, &[(late, verdict)]).await);
    assert!(refused.contains(&format!("WrongRound: round {} runs now", claim.round.0 + 2)), "{refused}");
}

#[tokio::test]
async fn deposits_are_settled_and_coinbases_collected_in_lots() {
    let world = World::admitted().await;
    let network = world.network(TRAINER);
    let (winner, second, receiver) = (account(TRAINER).address(), account(OWNERS[0]).address(), Address([7; 20]));
    let round = world.sealed(TRAINER, FILE).await;
    assert_eq!(world.sealed(OWNERS[0], Digest([0xf2; 32])).await, round);
    world.to_phase(Phase::Reveal).await;
    let claim = world.reveal(TRAINER, round, FILE, 1).await;
    world.reveal(OWNERS[0], round, Digest([0xf2; 32]), 2).await;
    world.to_phase(Phase::Judge).await;
    let hash = claim_hash(&claim);
    assert!(network.judge(GROUP, round, hash, &world.verdicts(round, hash)).await.expect("counted"));
    let over = refusal(network.settle(GROUP, round, &[winner, second]).await);
    assert!(over.contains("RoundNotOver: the round ends at"), "{over}");
    let other = world.won(Digest([0xf3; 32])).await.round;
    world.to_phase(Phase::Train).await;

    let before = [world.balance(winner).await, world.balance(second).await];
    let receipts = network.settle(GROUP, round, &[second, receiver, winner]).await.expect("settled");
    assert_eq!(receipts.len(), 1, "who committed nothing is passed over");
    let deposits = [network.round(GROUP, round).await, network.round(GROUP, other).await];
    let deposits = deposits.map(|round| round.expect("an answer").expect("a round")).map(|round| (round.deposit, round.reward));
    let back = rules::settle(deposits[0].0, Commit::Revealed(Standing::Behind)).refunded;
    assert_eq!(world.balance(second).await, Wei(before[1].0 + back.0));
    assert_eq!(world.balance(winner).await, Wei(before[0].0 + back.0), "the winner gets as much at once");
    assert!(refusal(network.settle(GROUP, round, &[winner, second]).await).contains("NothingToSettle"));

    world.anvil.advance(MATURITY_S).await.expect("time passes");
    let issued = network.collect(GROUP, &[round, other], receiver).await.expect("collected");
    assert_eq!(issued, deposits[0].1.saturating_add(deposits[1].1));
    // Of the round that was not settled before all of the deposit is left.
    let kept = rules::settle(deposits[0].0, Commit::Revealed(Standing::First)).kept.saturating_add(deposits[1].0);
    assert_eq!(world.balance(receiver).await, issued.saturating_add(kept));
}
