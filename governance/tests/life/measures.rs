//! Measures on a real chain: each kind carried, and refused without its majority.

use chain::words::moment;
use governance::DeltaStatus;
use protocol::chain::{ChainEvent, Outcome};
use protocol::ids::{DeltaNumber, Digest, PositionNumber};
use protocol::measures::{Act, MAX_WAIT_EPOCHS, Measure};
use protocol::money::{Micronats, Wei};

use crate::support::{EPOCH_S, FILE, FOUNDER, GROUP, OWNERS, SIGNERS, TRAINER, World, account, nrn, refusal};

const FIRST: Digest = Digest([0xd1; 32]);
const POISON: Digest = Digest([0xd2; 32]);

#[tokio::test]
async fn a_measure_gathers_its_majority_in_two_calls_and_serves_once() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let act = Act::Period { group: GROUP, present_s: world.view().await.period_next_s, period_s: 120 };
    let majority = network.majority(&act).await.expect("a majority");
    assert_eq!(majority.needed, nrn(350));
    assert!(majority.is_held_by(nrn(351)) && !majority.is_held_by(nrn(350)));
    let measure = world.measure(&act).await;
    let assents = world.assents(&measure);
    let first = network.enact(&measure, &assents[..1]).await.expect("counted");
    assert_eq!((first.done, first.weight, first.needed), (false, nrn(300), nrn(350)));
    assert!(refusal(network.enact(&measure, &assents[..1]).await).contains("NothingCounted"));
    let gathering = network.measure(&measure).await.expect("a state");
    assert_eq!((gathering.weight, gathering.ripe_at, gathering.enacted), (nrn(300), None, false));
    let second = world.network(TRAINER).enact(&measure, &assents[1..]).await.expect("counted");
    assert_eq!((second.done, second.weight), (true, nrn(700)));
    assert!(network.measure(&measure).await.expect("a state").enacted);
    let again = refusal(network.enact(&measure, &assents).await);
    assert!(again.contains("AlreadyEnacted: this very measure took effect"), "{again}");

    world.new_period().await;
    let view = world.view().await;
    assert_eq!((view.period_s, view.period_next_s, view.period_end_s), (120, 120, world.now_s().await + 120));
    let events = world.events().await;
    assert!(events.iter().any(|(_, event)| *event == ChainEvent::PeriodSet { group: GROUP, period_s: 120 }));
    let enacted = events.iter().find_map(|(_, event)| match event {
        ChainEvent::Enacted { measure: name, kind: 0, args, .. } => Some((*name, Act::decode(0, args))),
        _ => None,
    });
    assert_eq!(enacted, Some((measure.name(), Ok(act))));
    let voters = events.iter().filter_map(|(_, event)| match event {
        ChainEvent::Assented { measure: name, voters, .. } if *name == measure.name() => Some(voters.clone()),
        _ => None,
    });
    let expected = [vec![(GROUP, PositionNumber(2))], vec![(GROUP, PositionNumber(1))]];
    assert_eq!(voters.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_measure_that_is_late_early_or_meant_for_something_else_is_refused() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let revoke = Act::Revoke { group: GROUP, name: world.view().await.name };
    let whole = network.majority(&revoke).await.expect("a majority");
    assert!(!whole.is_held_by(nrn(350)) && whole.is_held_by(nrn(351)));
    let late = Measure::new(&revoke, Digest([2; 32]), world.now_s().await);
    assert!(refusal(network.enact(&late, &world.assents(&late)).await).contains("Expired: the measure has expired"));
    let far = Measure::new(&revoke, Digest([2; 32]), u64::MAX);
    let refused = refusal(network.enact(&far, &world.assents(&far)).await);
    let most_s = world.now_s().await + MAX_WAIT_EPOCHS * EPOCH_S;
    let told = |late_s: u64| {
        let latest = moment(most_s + late_s);
        refused.contains(&format!("ExpiryTooFar: an assent waits eight epochs at most; sign with an expiry of {latest} or earlier"))
    };
    assert!((0..10).any(told), "{refused}");
    let other = refusal(world.enact(&Act::Revoke { group: GROUP, name: Digest([5; 32]) }).await);
    assert!(other.contains(&format!("Unexpected: the measure was meant for something else than {}", world.view().await.name)), "{other}");
    assert!(world.view().await.admitted);
}

#[tokio::test]
async fn a_poisoned_delta_is_taken_back_and_its_bond_burned() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let good = world.on_trial(TRAINER, FIRST).await;
    let head = world.view().await.head;
    let poison = world.on_trial(OWNERS[1], POISON).await;
    let view = world.view().await;
    assert_eq!(view.applied, poison);
    assert_ne!(view.head, head);
    let standing = Act::Rollback { group: GROUP, delta: good, patch: FIRST };
    assert!(refusal(world.enact(&standing).await).contains("NotOnTrial: only the delta"));
    let act = Act::Rollback { group: GROUP, delta: poison, patch: POISON };
    assert_eq!(network.majority(&act).await.expect("a majority").needed, Wei(nrn(700).0 - 1), "no less than voted for it");
    let bond = network.delta(GROUP, poison).await.expect("an answer").expect("a delta").bond;
    let supply = network.neuron().supply().await.expect("a supply");
    assert!(world.enact(&act).await.expect("counted").done);
    assert_eq!(network.neuron().supply().await.expect("a supply"), Wei(supply.0 - bond.0));
    let view = world.view().await;
    assert_eq!((view.head, view.applied), (head, DeltaNumber(0)));
    let taken = network.delta(GROUP, poison).await.expect("an answer").expect("a delta");
    assert_eq!(taken.status, DeltaStatus::Taken);
    assert!(refusal(network.refund(GROUP, &[poison]).await).contains("taken out by a measure"));
    let paid = network.refund(GROUP, &[poison, good]).await.expect("one of them stands");
    assert_eq!(paid.len(), 1);

    let lineage = network.lineage(GROUP, 0).await.expect("events");
    let born = crate::support::birth().dataset;
    assert_eq!(lineage.patches(view.head).expect("known"), [&born[..], &[FIRST]].concat());
    let author = account(OWNERS[1]).address();
    let expected = ChainEvent::Taken { group: GROUP, delta: poison, author, head, burned: bond };
    assert!(world.events().await.iter().any(|(_, event)| *event == expected));
}

#[tokio::test]
async fn a_stolen_round_is_struck_and_its_base_restored() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let base = world.view().await.checkpoint;
    let claim = world.won(FILE).await;
    assert_eq!(world.view().await.checkpoint, FILE);
    let decided = network.decision(GROUP, claim.round).await.expect("an answer").expect("a decision").claim;
    let strike = |restore| Act::Strike { group: GROUP, round: claim.round, claim: decided, restore };
    assert!(world.enact(&strike(true)).await.expect("counted").done);
    assert_eq!(world.view().await.checkpoint, base);
    let struck = network.round(GROUP, claim.round).await.expect("an answer").expect("a round");
    assert_eq!(struck.outcome, Outcome::Struck);
    assert!(network.decision(GROUP, claim.round).await.expect("an answer").is_some(), "what had won is still told");
    world.anvil.advance(1_000).await.expect("time passes");
    let winner = account(TRAINER).address();
    let refused = refusal(world.network(TRAINER).collect(GROUP, &[claim.round], winner).await);
    let expected = format!("NotWinner: only {winner} can collect this round, unless a measure struck it");
    assert!(refused.contains(&expected), "{refused}");
    assert!(refusal(world.enact(&strike(false)).await).contains("NothingToStrike"));
    let (round, none) = (claim.round, Wei(0));
    let expected = ChainEvent::Struck { group: GROUP, round, checkpoint: base, issued: none, burned: none };
    assert!(world.events().await.iter().any(|(_, event)| *event == expected));
}

#[tokio::test]
async fn a_group_lowers_its_least_improvement_and_never_raises_it() {
    let world = World::admitted().await;
    let present = world.view().await.least;
    let to = |present, least| Act::Least { group: GROUP, present, least: Micronats(least) };
    let raised = refusal(world.enact(&to(present, 1_001)).await);
    assert!(raised.contains("NotLower: the least improvement is 1000 micronats and can only be lowered"), "{raised}");
    assert_eq!(world.network(FOUNDER).majority(&to(present, 400)).await.expect("a majority").needed, nrn(350));
    assert!(world.enact(&to(present, 400)).await.expect("counted").done);
    assert_eq!(world.view().await.least, Micronats(400));
    assert!(refusal(world.enact(&to(present, 300)).await).contains("Unexpected"));
    let lowered = ChainEvent::LeastSet { group: GROUP, least: Micronats(400) };
    assert!(world.events().await.iter().any(|(_, event)| *event == lowered));
}

#[tokio::test]
async fn a_slash_takes_a_majority_twice_with_its_notice_between() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let (position, signer) = (PositionNumber(2), account(SIGNERS[1]).address());
    let slash = |signer| Act::Slash { group: GROUP, position, signer, basis_points: 1_000 };
    let stranger = refusal(world.enact(&slash(account(FOUNDER).address())).await);
    assert!(stranger.contains("Unexpected: the measure was meant for something else"), "{stranger}");
    let measure = world.measure(&slash(signer)).await;
    let assents = world.assents(&measure);
    let shown = network.enact(&measure, &assents).await.expect("counted");
    let epoch = network.stake().epoch().await.expect("a number");
    assert_eq!((shown.done, shown.ripe_at), (false, Some(epoch + 2)));
    assert_eq!(network.stake().position(GROUP, position).await.expect("a position").live, nrn(300));
    world.next_epoch().await;
    assert!(!network.enact(&measure, &assents).await.expect("counted").done, "its epoch of notice runs");
    world.next_epoch().await;
    assert!(network.enact(&measure, &assents).await.expect("counted").done);
    let slashed = network.stake().position(GROUP, position).await.expect("a position");
    assert_eq!((slashed.live, slashed.slashed_in), (nrn(270), epoch + 2));
    assert_eq!(network.neuron().supply().await.expect("a supply"), nrn(2_970));
    let shown = ChainEvent::Shown { measure: measure.name(), group: GROUP, position, ripe_at: epoch + 2 };
    assert!(world.events().await.iter().any(|(_, event)| *event == shown));
}

#[tokio::test]
async fn all_stake_revokes_a_group() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let revoke = Act::Revoke { group: GROUP, name: world.view().await.name };
    assert!(world.enact(&revoke).await.expect("counted").done);
    assert!(!world.view().await.admitted);
    assert_eq!(network.stake().admitted_awake().await.expect("a sum"), Wei(0));
    let again = Measure::new(&revoke, Digest([4; 32]), world.now_s().await + EPOCH_S);
    assert!(refusal(network.enact(&again, &world.assents(&again)).await).contains("NotAdmitted"));
    assert!(world.events().await.iter().any(|(_, event)| *event == ChainEvent::Revoked { group: GROUP }));
}

#[tokio::test]
async fn an_assent_of_nobody_counts_for_nothing() {
    let world = World::admitted().await;
    let measure = world.measure(&Act::Revoke { group: GROUP, name: world.view().await.name }).await;
    let forged = world.sign(FOUNDER, measure.clone()).signature;
    let by_owner = world.sign(OWNERS[0], measure.clone()).signature;
    let by_signer = world.sign(SIGNERS[0], measure.clone()).signature;
    let refused = world.network(FOUNDER).enact(&measure, &[(GROUP, PositionNumber(1), forged)]).await;
    assert!(refusal(refused).contains("NothingCounted"));
    let both = [(GROUP, PositionNumber(1), by_owner), (GROUP, PositionNumber(1), by_signer)];
    let counted = world.network(FOUNDER).enact(&measure, &both).await.expect("counted");
    assert_eq!(counted.weight, nrn(400), "owner and signer are one voice");
}
