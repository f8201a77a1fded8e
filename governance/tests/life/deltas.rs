//! Deltas on a real chain: proposed, voted for, applied, refunded.

use chain::words::moment;
use governance::{Ballot, DeltaStatus};
use protocol::chain::{ChainEvent, CountedChoice};
use protocol::eip712::Choice;
use protocol::ids::{DeltaNumber, Digest, PositionNumber};
use protocol::money::Wei;
use protocol::rules;

use crate::support::{FOUNDER, GROUP, OWNERS, PERIOD_S, SIGNERS, TRAINER, World, account, nrn, refusal};

const PATCH: Digest = Digest([0xd1; 32]);

#[tokio::test]
async fn a_delta_with_the_votes_is_applied_and_its_author_paid_when_it_stands() {
    let world = World::admitted().await;
    let network = world.network(TRAINER);
    let author = account(TRAINER).address();
    let period = world.new_period().await;
    let before = (world.balance(author).await, world.view().await);
    let (head, bond) = (before.1.head, network.least_bond(GROUP).await.expect("a bond"));
    let nonce = network.chain().next_nonce(author).await.expect("a count");
    let number = network.propose(GROUP, head, PATCH, bond).await.expect("proposed");
    assert_eq!(network.chain().next_nonce(author).await.expect("a count"), nonce + 1, "the leave came with it");
    let other = refusal(network.propose(GROUP, Digest([5; 32]), PATCH, bond).await);
    assert!(other.contains(&format!("`propose` was refused: WrongParent: the training set is at head {head} by now")), "{other}");
    assert_eq!(network.open_deltas(GROUP).await.expect("deltas"), [number]);
    let delta = network.delta(GROUP, number).await.expect("an answer").expect("a delta");
    assert_eq!((delta.digest, delta.parent, delta.author), (PATCH, before.1.head, author));
    assert_eq!((delta.status, delta.period), (DeltaStatus::Open, period));
    assert!(delta.bond <= network.bond_due(GROUP).await.expect("a bond"));

    network.cast(GROUP, &world.choices(period, (number, PATCH), 1)).await.expect("counted");
    let ballot = network.ballot(GROUP, PositionNumber(1)).await.expect("an answer");
    assert_eq!(ballot, Some(Ballot { delta: number, weight: nrn(400), seq: 1, by_owner: false }));
    let voted = network.delta(GROUP, number).await.expect("an answer").expect("a delta");
    assert_eq!(voted.votes, nrn(700));
    let until = moment(world.view().await.period_end_s);
    assert!(refusal(network.turn(GROUP).await).contains(&format!("PeriodRunning: the period ends at {until}; wait until then")));
    world.new_period().await;
    let view = world.view().await;
    assert_eq!(view.head, rules::next_head(before.1.head, PATCH));

    let applied = network.delta(GROUP, number).await.expect("an answer").expect("a delta");
    assert_eq!((applied.status, applied.stands_at_s), (DeltaStatus::Applied, view.period_end_s));
    assert!(applied.reward > Wei(0));
    assert!(refusal(network.refund(GROUP, &[number]).await).contains("NothingToRefund"));
    world.anvil.advance(PERIOD_S).await.expect("time passes");
    world.network(FOUNDER).refund(GROUP, &[number]).await.expect("refunded");
    assert_eq!(world.balance(author).await, Wei(before.0.0 + applied.reward.0));
    let events = network.history(GROUP, 0).await.expect("events");
    let turned = events.iter().find(|(_, event)| matches!(event, ChainEvent::Turned { applied, .. } if *applied == number));
    assert!(turned.is_some(), "{events:?}");
}

#[tokio::test]
async fn a_vote_can_be_changed_and_keeping_the_set_can_win() {
    let world = World::admitted().await;
    let network = world.network(TRAINER);
    let period = world.new_period().await;
    let head = world.view().await.head;
    let bond = network.least_bond(GROUP).await.expect("a bond");
    let number = network.propose(GROUP, head, PATCH, bond).await.expect("proposed");
    network.cast(GROUP, &world.choices(period, (number, PATCH), 1)).await.expect("counted");
    network.cast(GROUP, &world.choices(period, (DeltaNumber(0), Digest::default()), 2)).await.expect("counted");
    let old = network.cast(GROUP, &world.choices(period, (number, PATCH), 1)).await;
    assert!(refusal(old).contains("NothingCounted: nothing that was brought is new and valid"));
    assert_eq!(network.keep_votes(GROUP).await.expect("votes"), nrn(700));
    world.new_period().await;
    assert_eq!(world.view().await.head, head);
    let dropped = network.delta(GROUP, number).await.expect("an answer").expect("a delta");
    assert_eq!(dropped.status, DeltaStatus::Dropped);
    network.refund(GROUP, &[number, DeltaNumber(2)]).await.expect("the bond comes back");
    assert!(refusal(network.refund(GROUP, &[number]).await).contains("NothingToRefund: each of them was paid back"));
    assert_eq!(network.deltas(GROUP).await.expect("a number"), 1);
    assert_eq!(network.delta(GROUP, DeltaNumber(2)).await.expect("an answer"), None);
}

#[tokio::test]
async fn the_word_of_an_owner_outranks_that_of_the_signer() {
    let world = World::admitted().await;
    let network = world.network(TRAINER);
    let period = world.new_period().await;
    let choice = |delta, seq| Choice { group: GROUP, period, delta, patch: Digest::default(), seq };
    let keep = world.sign(OWNERS[0], choice(DeltaNumber(0), 1));
    network.cast(GROUP, &[(PositionNumber(1), keep)]).await.expect("counted");
    let ballot = network.ballot(GROUP, PositionNumber(1)).await.expect("an answer").expect("a ballot");
    assert!(ballot.by_owner && ballot.weight == nrn(400));
    let later = world.sign(SIGNERS[0], choice(DeltaNumber(0), 9));
    assert!(refusal(network.cast(GROUP, &[(PositionNumber(1), later)]).await).contains("NothingCounted"));
    let events = world.events().await;
    let counted = CountedChoice { position: PositionNumber(1), delta: DeltaNumber(0), weight: nrn(400), seq: 1, by_owner: true };
    assert!(events.iter().any(|(_, event)| *event == ChainEvent::Cast { group: GROUP, period, counted: vec![counted] }));
}
