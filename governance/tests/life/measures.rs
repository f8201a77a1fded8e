//! Measures on a real chain: each kind carried, and refused without its majority.

use governance::DeltaStatus;
use protocol::chain::{ChainEvent, Outcome};
use protocol::ids::{DeltaNumber, Digest, PositionNumber};
use protocol::measures::{Act, Measure};
use protocol::money::Wei;

use crate::support::{FILE, FOUNDER, GROUP, OWNERS, SIGNERS, TRAINER, World, account, nrn, refusal};

const FIRST: Digest = Digest([0xd1; 32]);
const POISON: Digest = Digest([0xd2; 32]);

#[tokio::test]
async fn a_measure_needs_its_majority_and_serves_once() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let act = Act::Period { group: GROUP, period_s: 120 };
    let majority = network.majority(&act).await.expect("a majority");
    assert_eq!((majority.stake, majority.least), (nrn(700), Wei(0)));
    assert!(majority.is_held_by(nrn(400)) && !majority.is_held_by(nrn(350)));
    let measure = Measure::new(&act, Digest([1; 32]), world.now_s().await + 60);
    let second = world.assents(&measure, &SIGNERS)[..1].to_vec();
    assert!(refusal(network.enact(&measure, &second).await).contains("NoMajority"), "300 of 700");
    network.enact(&measure, &world.assents(&measure, &SIGNERS[..1])).await.expect("400 of 700");
    assert!(network.enacted(&measure).await.expect("an answer"));
    assert!(refusal(network.enact(&measure, &world.assents(&measure, &SIGNERS)).await).contains("NonceUsed: this very measure"));
    let late = Measure::new(&act, Digest([2; 32]), world.now_s().await);
    assert!(refusal(network.enact(&late, &world.assents(&late, &SIGNERS)).await).contains("Expired"));
    assert_eq!(world.view().await.period_s, 120);
    world.new_period().await;
    assert_eq!(world.view().await.period_end_s, world.now_s().await + 120);
    let events = world.events().await;
    assert!(events.iter().any(|(_, event)| *event == ChainEvent::PeriodSet { group: GROUP, period_s: 120 }));
    let enacted = events.iter().find_map(|(_, event)| match event {
        ChainEvent::Enacted { kind: 0, args, .. } => Some(Act::decode(0, args)),
        _ => None,
    });
    assert_eq!(enacted, Some(Ok(act)));
    let whole = network.majority(&Act::Revoke { group: GROUP }).await.expect("a majority");
    assert_eq!((whole.stake, whole.least), (nrn(700), nrn(300)));
    assert!(!whole.is_held_by(nrn(350)) && whole.is_held_by(nrn(351)));
}

#[tokio::test]
async fn a_poisoned_delta_is_taken_back_and_half_of_its_bond_goes_to_the_author_before() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let good = world.on_trial(TRAINER, FIRST).await;
    let head = world.view().await.head;
    let poison = world.on_trial(OWNERS[1], POISON).await;
    let view = world.view().await;
    assert_eq!((view.applied, view.standing), (poison, good));
    assert_ne!(view.head, head);
    assert!(refusal(world.enact(&Act::Rollback { group: GROUP, delta: good }).await).contains("NotOnTrial: only the delta"));
    let (author, before) = (account(TRAINER).address(), world.balance(account(TRAINER).address()).await);
    let bond = network.delta(GROUP, poison).await.expect("an answer").expect("a delta").bond;
    world.enact(&Act::Rollback { group: GROUP, delta: poison }).await.expect("taken");
    assert_eq!(world.balance(author).await, Wei(before.0 + bond.0 / 2));
    let view = world.view().await;
    assert_eq!((view.head, view.applied, view.standing), (head, DeltaNumber(0), good));
    let taken = network.delta(GROUP, poison).await.expect("an answer").expect("a delta");
    assert_eq!(taken.status, DeltaStatus::Taken);
    assert!(refusal(network.refund(GROUP, poison).await).contains("TakenBack: a measure took the delta out"));
    network.refund(GROUP, good).await.expect("it stands");

    let lineage = network.lineage(GROUP, 0).await.expect("events");
    let born = crate::support::birth().dataset;
    assert_eq!(lineage.patches(view.head).expect("known"), [&born[..], &[FIRST]].concat());
    let expected = ChainEvent::Taken { group: GROUP, delta: poison, head, author, paid: Wei(bond.0 / 2), burned: Wei(bond.0 - bond.0 / 2) };
    assert!(world.events().await.iter().any(|(_, event)| *event == expected));
}

#[tokio::test]
async fn a_stolen_round_is_struck_and_its_base_restored() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let base = world.view().await.checkpoint;
    let claim = world.won(FILE).await;
    assert_eq!(world.view().await.checkpoint, FILE);
    world.enact(&Act::Strike { group: GROUP, round: claim.round, restore: true }).await.expect("struck");
    assert_eq!(world.view().await.checkpoint, base);
    let struck = network.round(GROUP, claim.round).await.expect("an answer").expect("a round");
    assert_eq!(struck.outcome, Outcome::Struck);
    assert!(network.decision(GROUP, claim.round).await.expect("an answer").is_some(), "what had won is still told");
    world.anvil.advance(1_000).await.expect("time passes");
    let refused = world.network(TRAINER).collect(GROUP, claim.round).await;
    assert!(refusal(refused).contains("NotWinner: only the winner of the round can collect, unless a measure struck it"));
    let again = Measure::new(&Act::Strike { group: GROUP, round: claim.round, restore: false }, Digest([3; 32]), u64::MAX);
    assert!(refusal(network.enact(&again, &world.assents(&again, &SIGNERS)).await).contains("NothingToStrike"));
    let events = world.events().await;
    assert!(events.iter().any(|(_, event)| *event == ChainEvent::Struck { group: GROUP, round: claim.round, checkpoint: base }));
}

#[tokio::test]
async fn all_stake_slashes_a_position_and_revokes_a_group() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let position = PositionNumber(2);
    let too_much = Act::Slash { group: GROUP, position, basis_points: 1_001 };
    assert!(refusal(world.enact(&too_much).await).contains("BadArguments: the arguments have not the length or the range"));
    world.enact(&Act::Slash { group: GROUP, position, basis_points: 1_000 }).await.expect("slashed");
    assert_eq!(network.stake().position(GROUP, position).await.expect("a position").live, nrn(270));
    assert_eq!(network.neuron().supply().await.expect("a supply"), nrn(2_970));

    world.enact(&Act::Revoke { group: GROUP }).await.expect("revoked");
    assert!(!world.view().await.admitted);
    assert_eq!(network.stake().admitted_awake().await.expect("a sum"), Wei(0));
    let again = Measure::new(&Act::Revoke { group: GROUP }, Digest([4; 32]), u64::MAX);
    assert!(refusal(network.enact(&again, &world.assents(&again, &SIGNERS)).await).contains("NotAdmitted"));
    let events = world.events().await;
    assert!(events.iter().any(|(_, event)| *event == ChainEvent::Revoked { group: GROUP }));
}
