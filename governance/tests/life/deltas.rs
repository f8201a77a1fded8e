//! Deltas on a real chain: proposed, voted for, applied, refunded.

use governance::DeltaStatus;
use protocol::chain::ChainEvent;
use protocol::ids::{DeltaNumber, Digest};
use protocol::money::Wei;
use protocol::rules;

use crate::support::{FOUNDER, GROUP, PERIOD_S, TRAINER, World, account, nrn, refusal};

const PATCH: Digest = Digest([0xd1; 32]);

#[tokio::test]
async fn a_delta_with_the_votes_is_applied_and_its_author_paid_when_it_stands() {
    let world = World::admitted().await;
    let network = world.network(TRAINER);
    let author = account(TRAINER).address();
    let period = world.new_period().await;
    let before = (world.balance(author).await, world.view().await);
    let number = network.propose(GROUP, PATCH, network.least_bond(GROUP).await.expect("a bond")).await.expect("proposed");
    assert_eq!(network.open_deltas(GROUP).await.expect("deltas"), [number]);
    let delta = network.delta(GROUP, number).await.expect("an answer").expect("a delta");
    assert_eq!((delta.digest, delta.parent, delta.author), (PATCH, before.1.head, author));
    assert_eq!((delta.status, delta.period), (DeltaStatus::Open, period));
    assert!(delta.bond <= network.bond_due(GROUP).await.expect("a bond"));

    network.cast(GROUP, &world.choices(period, number, 1)).await.expect("counted");
    let voted = network.delta(GROUP, number).await.expect("an answer").expect("a delta");
    assert_eq!(voted.votes, nrn(700));
    assert!(refusal(network.turn(GROUP).await).contains("PeriodRunning: wait for the end of the period"));
    world.new_period().await;
    let view = world.view().await;
    assert_eq!(view.head, rules::next_head(before.1.head, PATCH));

    let applied = network.delta(GROUP, number).await.expect("an answer").expect("a delta");
    assert_eq!((applied.status, applied.stands_at_s), (DeltaStatus::Applied, view.period_end_s));
    assert!(applied.reward > Wei(0));
    assert!(refusal(network.refund(GROUP, number).await).contains("NotStanding"));
    world.anvil.advance(PERIOD_S).await.expect("time passes");
    world.network(FOUNDER).refund(GROUP, number).await.expect("refunded");
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
    let number = network.propose(GROUP, PATCH, network.least_bond(GROUP).await.expect("a bond")).await.expect("proposed");
    network.cast(GROUP, &world.choices(period, number, 1)).await.expect("counted");
    network.cast(GROUP, &world.choices(period, DeltaNumber(0), 2)).await.expect("counted");
    network.cast(GROUP, &world.choices(period, number, 1)).await.expect("nothing new is no error");
    assert_eq!(network.keep_votes(GROUP).await.expect("votes"), nrn(700));
    world.new_period().await;
    assert_eq!(world.view().await.head, head);
    let dropped = network.delta(GROUP, number).await.expect("an answer").expect("a delta");
    assert_eq!(dropped.status, DeltaStatus::Dropped);
    network.refund(GROUP, number).await.expect("the bond comes back");
    assert!(refusal(network.refund(GROUP, number).await).contains("AlreadyRefunded: nothing is left to do"));
    assert_eq!(network.deltas(GROUP).await.expect("a number"), 1);
    assert_eq!(network.delta(GROUP, DeltaNumber(2)).await.expect("an answer"), None);
}
