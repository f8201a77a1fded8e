//! Forks on a real chain: a child inherits the training set, and stake moves to it without an exit.

use protocol::chain::{Birth, ChainEvent};
use protocol::ids::{Digest, GroupId, PositionNumber};
use protocol::measures::Act;
use protocol::money::Wei;
use protocol::rules;

use crate::support::{FOUNDER, GROUP, OWNERS, SIGNERS, TRAINER, World, account, birth, nrn, refusal};

const CHILD: GroupId = GroupId(2);
const BEFORE: Digest = Digest([0xd1; 32]);
const AFTER: Digest = Digest([0xd2; 32]);

fn other_model() -> Birth {
    Birth { manifest: Digest([0x11; 32]), dataset: Vec::new(), ..birth() }
}

#[tokio::test]
async fn a_child_inherits_the_set_and_goes_its_own_way() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    world.on_trial(TRAINER, BEFORE).await;
    let head = world.view().await.head;
    assert!(refusal(network.fork(GROUP, &birth()).await).contains("DatasetInherited: a fork has its parent's training set"));
    assert!(refusal(network.fork(GroupId(9), &other_model()).await).contains("NoSuchGroup"));
    assert_eq!(network.fork(GROUP, &other_model()).await.expect("a child"), CHILD);
    world.on_trial(TRAINER, AFTER).await;

    let child = network.view(CHILD).await.expect("the child");
    assert_eq!((child.parent, child.head, child.admitted), (GROUP, head, false));
    assert_eq!(network.ancestry(CHILD).await.expect("a family"), [CHILD, GROUP]);
    let lineage = network.lineage(CHILD, 0).await.expect("events");
    assert_eq!(lineage.patches(child.head).expect("known"), [&birth().dataset[..], &[BEFORE]].concat());
    let of_parent = lineage.patches(world.view().await.head).expect("known");
    assert_eq!(of_parent, [&birth().dataset[..], &[BEFORE, AFTER]].concat());
    assert!(network.lineage(GROUP, 0).await.expect("events").patches(Digest([5; 32])).is_err());
}

#[tokio::test]
async fn stake_moves_to_a_child_and_a_slash_follows_it() {
    let world = World::admitted().await;
    let (network, stake) = (world.network(OWNERS[0]), world.network(OWNERS[0]).stake());
    let (position, signer) = (PositionNumber(1), account(SIGNERS[0]).address());
    network.fork(GROUP, &other_model()).await.expect("a child");
    let stranger = world.network(FOUNDER).move_stake(GROUP, position, CHILD, account(FOUNDER).address(), None).await;
    assert!(refusal(stranger).contains("NotOwner"));
    assert!(refusal(network.move_stake(GROUP, position, GROUP, signer, None).await).contains("NotAChild: stake moves only"));
    assert!(refusal(network.move_stake(GROUP, position, CHILD, signer, None).await).contains("NoConsent"));
    let consent = world.consent(CHILD, OWNERS[0], SIGNERS[0]);
    let heir = network.move_stake(GROUP, position, CHILD, signer, Some(&consent)).await.expect("moved");
    stake.wake(CHILD, heir).await.expect("awake");
    world.next_epoch().await;
    let child = network.view(CHILD).await.expect("the child");
    assert_eq!((child.awake(), world.view().await.bonded()), (nrn(400), nrn(300)));
    let left = stake.position(GROUP, position).await.expect("a position");
    assert_eq!((left.live, left.awake, left.heir), (Wei(0), false, Some((CHILD, heir))));
    let moved = ChainEvent::Moved { group: GROUP, position, child: CHILD, child_position: heir, amount: nrn(400) };
    assert!(world.events().await.iter().any(|(_, event)| *event == moved));

    assert_eq!(left.moved, nrn(400));
    let act = Act::Slash { group: GROUP, position, signer: left.signer_next, basis_points: 500 };
    let measure = world.measure(&act).await;
    let assent = |signer| world.sign(signer, measure.clone()).signature;
    let assents = [(CHILD, heir, assent(SIGNERS[0])), (GROUP, PositionNumber(2), assent(SIGNERS[1]))];
    assert!(!network.enact(&measure, &assents).await.expect("counted").done, "it is shown first");
    world.next_epoch().await;
    world.next_epoch().await;
    assert!(network.enact(&measure, &assents).await.expect("counted").done);
    assert_eq!(stake.position(CHILD, heir).await.expect("a position").live, nrn(380));
    assert_eq!(rules::whole_gweis(nrn(380)), nrn(380));
}
