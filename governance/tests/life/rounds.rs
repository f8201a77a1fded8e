//! Rounds on a real chain: won, lost, refused.

use governance::{ClaimStatus, Decision};
use protocol::chain::{ChainEvent, Outcome, Phase};
use protocol::ids::{Digest, PositionNumber, RoundNumber};
use protocol::money::Wei;
use protocol::rules;

use crate::support::{FILE, FOUNDER, GROUP, MATURITY_S, TRAINER, World, account, claim_hash, nrn, refusal};

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
    let before = world.balance(trainer).await;

    let verdicts = world.verdicts(claim.round, claim_hash(&claim));
    world.network(FOUNDER).judge(GROUP, claim_hash(&claim), &verdicts).await.expect("decided");
    let decided = network.round(GROUP, claim.round).await.expect("a round").expect("it was opened");
    assert_eq!((decided.outcome, decided.winner), (Outcome::Won, trainer));
    let decision = network.decision(GROUP, claim.round).await.expect("an answer");
    assert_eq!(decision, Some(Decision { claim: claim_hash(&claim), file: FILE }));
    let payable = rules::validators_reward(opened.reward);
    let earned = [400, 300].map(|stake| rules::earned_for(payable, nrn(700), nrn(stake)));
    assert_eq!((decided.judged, decided.paid), (nrn(700), earned[0].saturating_add(earned[1])));
    let seen: Vec<Wei> = world.view().await.positions.iter().map(|position| position.earned).collect();
    assert_eq!(seen, earned);
    assert!(network.judged_by(GROUP, claim.round, PositionNumber(1)).await.expect("an answer"));
    assert_eq!(world.view().await.checkpoint, FILE);
    assert_eq!(network.file_of(FILE).await.expect("an answer").map(|file| (file.group, file.won)), Some((GROUP, true)));

    world.to_phase(Phase::Train).await;
    network.settle(GROUP, claim.round, trainer).await.expect("settled");
    assert_eq!(world.balance(trainer).await, Wei(before.0 + opened.deposit.0));
    assert!(refusal(network.collect(GROUP, claim.round).await).contains("NotMature"));
    world.anvil.advance(MATURITY_S).await.expect("time passes");
    let issued = network.collect(GROUP, claim.round).await.expect("collected");
    assert_eq!(issued, opened.reward);
    assert!(refusal(network.collect(GROUP, claim.round).await).contains("AlreadyCollected"));
}

#[tokio::test]
async fn the_events_of_a_round_tell_its_story_in_order() {
    let world = World::admitted().await;
    let claim = world.revealed(FILE).await;
    let verdicts = world.verdicts(claim.round, claim_hash(&claim));
    world.network(FOUNDER).judge(GROUP, claim_hash(&claim), &verdicts[..1]).await.expect_err("400 of 700 do not decide");
    world.network(FOUNDER).judge(GROUP, claim_hash(&claim), &verdicts).await.expect("decided");
    let network = world.network(FOUNDER);
    let history = network.history(GROUP, 0).await.expect("events");
    let story: Vec<&ChainEvent> = history.iter().map(|(_, event)| event).collect();
    let all = world.events().await;
    let of_group: Vec<&ChainEvent> = all.iter().map(|(_, event)| event).filter(|event| event.group() == Some(GROUP)).collect();
    assert_eq!(story, of_group);
    let names: Vec<&str> = story.iter().map(|event| name_of(event)).collect();
    let expected = ["created", "bonded", "woken", "bonded", "woken", "admitted", "opened", "committed", "revealed", "decided", "judged"];
    assert_eq!(names, expected);
    assert!(story.contains(&&ChainEvent::Revealed(claim)));
    assert!(all.iter().any(|(_, event)| matches!(event, ChainEvent::ScheduleOpened { supply, .. } if *supply == nrn(3_000))));
    assert!(all.iter().any(|(_, event)| matches!(event, ChainEvent::Issued { .. })), "validators are paid by the issue");
    assert!(all.iter().any(|(_, event)| matches!(event, ChainEvent::Enacted { kind: 2, .. })));
}

fn name_of(event: &ChainEvent) -> &'static str {
    match event {
        ChainEvent::Created { .. } => "created",
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
    network.judge(GROUP, none, &world.verdicts(claim.round, none)).await.expect("decided");
    let lost = network.round(GROUP, claim.round).await.expect("a round").expect("it was opened");
    assert_eq!((lost.outcome, network.decision(GROUP, claim.round).await.expect("an answer")), (Outcome::Lost, None));
    assert_ne!(world.view().await.checkpoint, FILE);
    assert!(refusal(network.collect(GROUP, claim.round).await).contains("NotWinner"));
}

#[tokio::test]
async fn a_verdict_of_another_round_is_not_counted() {
    let world = World::admitted().await;
    let claim = world.revealed(FILE).await;
    let old = world.verdicts(RoundNumber(claim.round.0 - 1), claim_hash(&claim));
    let refused = world.network(FOUNDER).judge(GROUP, claim_hash(&claim), &old).await;
    assert!(refusal(refused).contains("NothingCounted: no verdict was new and valid"));
}

#[tokio::test]
async fn a_commit_out_of_its_phase_is_refused_with_its_reason() {
    let world = World::admitted().await;
    let round = world.to_phase(Phase::Reveal).await;
    let refused = world.network(TRAINER).commit(GROUP, round, Digest([1; 32])).await;
    assert_eq!(refusal(refused), "`commit` was refused: WrongPhase: this round is in another phase; look at the group's clock");
}

#[tokio::test]
async fn leave_for_deposits_is_asked_once_for_many_rounds() {
    let world = World::admitted().await;
    let network = world.network(TRAINER);
    let trainer = account(TRAINER).address();
    let round = world.to_phase(Phase::Train).await;
    network.allow_deposit(GROUP, round).await.expect("allowed");
    let nonce = network.chain().next_nonce(trainer).await.expect("a count");
    network.commit(GROUP, round, Digest([1; 32])).await.expect("sealed");
    assert_eq!(network.chain().next_nonce(trainer).await.expect("a count"), nonce + 1);
    let claim = network.claim_of(GROUP, round, trainer).await.expect("an answer").expect("a claim");
    assert_eq!((claim.name, claim.number, claim.status), (Digest([1; 32]), 1, ClaimStatus::Sealed));
    assert_eq!(network.claim_of(GROUP, round, account(FOUNDER).address()).await.expect("an answer"), None);
}
