//! Duties on a real chain: seals opened without a claim, presence, sleep, and the slash for who signs twice.

use governance::ClaimStatus;
use protocol::chain::{ChainEvent, Outcome, Phase};
use protocol::eip712::{SignedVerdict, Verdict};
use protocol::ids::{Digest, PositionNumber, RoundNumber};
use protocol::money::Wei;
use protocol::rules::{self, Fate};

use crate::support::{EPOCH_S, FILE, FOUNDER, GROUP, OWNERS, SALT, SIGNERS, TRAINER, World, account, claim_hash, nrn, refusal};

/// A dev account that signs for a third position.
const ABSENT: usize = 6;

#[tokio::test]
async fn who_concedes_loses_little_and_stops_nobody() {
    let world = World::admitted().await;
    let network = world.network(TRAINER);
    let trainer = account(TRAINER).address();
    let round = world.to_phase(Phase::Train).await;
    network.commit(GROUP, round, rules::seal(GROUP, round, FILE, trainer, SALT)).await.expect("sealed");
    assert!(refusal(network.concede(GROUP, SALT, FILE).await).contains("WrongPhase"));
    world.to_phase(Phase::Reveal).await;
    assert!(refusal(network.concede(GROUP, SALT, Digest([1; 32])).await).contains("WrongSeal: file and salt must be those"));
    network.concede(GROUP, SALT, FILE).await.expect("opened");
    assert!(refusal(network.concede(GROUP, SALT, FILE).await).contains("NotSealed"));
    let claim = network.claim_of(GROUP, round, trainer).await.expect("an answer").expect("a claim");
    assert_eq!(claim.status, ClaimStatus::Conceded);
    let seen = network.round(GROUP, round).await.expect("an answer").expect("a round");
    assert!(seen.conceded && seen.reveals == 0);
    let events = world.events().await;
    assert!(events.iter().any(|(_, event)| *event == ChainEvent::Conceded { group: GROUP, round, trainer, number: 1 }));

    world.to_phase(Phase::Train).await;
    let before = world.balance(trainer).await;
    network.settle(GROUP, round, trainer).await.expect("settled");
    assert_eq!(world.balance(trainer).await, Wei(before.0 + rules::refund(seen.deposit, Fate::Most).0));
    assert_eq!(world.view().await.voids, 0, "a round without a claim is no void");
}

#[tokio::test]
async fn presence_in_an_undecided_round_is_recorded_in_the_next_one() {
    let world = World::admitted().await;
    let claim = world.revealed(FILE).await;
    let verdicts = world.verdicts(claim.round, claim_hash(&claim));
    let network = world.network(FOUNDER);
    assert!(refusal(network.attend(GROUP, &verdicts).await).contains("NothingToAttend"), "the round is still going on");
    world.to_phase(Phase::Train).await;
    assert!(refusal(network.attend(GROUP, &verdicts[1..]).await).contains("NotEnoughPresent: collect verdicts of more than half"));
    network.attend(GROUP, &verdicts[..1]).await.expect("recorded");
    let view = world.view().await;
    assert_eq!((view.counted, view.recent), (1, vec![claim.round]));
    assert!(network.judged_by(GROUP, claim.round, PositionNumber(1)).await.expect("an answer"));
    assert!(!network.judged_by(GROUP, claim.round, PositionNumber(2)).await.expect("an answer"));
    network.attend(GROUP, &verdicts).await.expect("the other one is added");
    assert!(refusal(network.attend(GROUP, &verdicts).await).contains("NothingCounted"));
    let seen = network.round(GROUP, claim.round).await.expect("an answer").expect("a round");
    assert!(seen.attended && seen.outcome == Outcome::None);
    let stakes = world.events().await.into_iter().filter_map(|(_, event)| match event {
        ChainEvent::Attended { round, counted: 1, stake, .. } if round == claim.round => Some(stake),
        _ => None,
    });
    assert_eq!(stakes.collect::<Vec<_>>(), [nrn(400), nrn(300)]);
}

#[tokio::test]
async fn who_is_absent_from_eight_counted_rounds_is_put_to_sleep_and_nobody_else() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let sleeper = world.bond(GROUP, TRAINER, ABSENT, nrn(10)).await;
    world.anvil.advance(EPOCH_S).await.expect("time passes");
    for number in 1..=8 {
        assert!(network.absent(&world.view().await).await.expect("an answer").is_empty(), "before round {number}");
        assert!(refusal(network.doze(GROUP, sleeper).await).contains("NotAbsent"));
        world.won(Digest([number; 32])).await;
    }
    let view = world.view().await;
    assert_eq!((view.counted, view.recent.len()), (8, 8));
    assert!(view.recent.is_sorted_by(|later, earlier| later > earlier), "{:?}", view.recent);
    assert_eq!(network.absent(&view).await.expect("an answer"), [sleeper]);
    assert!(refusal(network.doze(GROUP, PositionNumber(1)).await).contains("NotAbsent: it was present"));
    network.doze(GROUP, sleeper).await.expect("asleep");
    let position = network.stake().position(GROUP, sleeper).await.expect("a position");
    assert!(position.awake && !position.awake_next);
    assert!(refusal(network.doze(GROUP, sleeper).await).contains("NotAwake"));
    assert!(refusal(world.network(TRAINER).stake().wake(GROUP, sleeper).await).contains("AlreadyAwake: it is awake, or was"));
    assert!(network.absent(&world.view().await).await.expect("an answer").is_empty());
    world.next_epoch().await;
    world.network(TRAINER).stake().wake(GROUP, sleeper).await.expect("awake again");
    let events = world.events().await;
    assert!(events.iter().any(|(_, event)| *event == ChainEvent::Dozed { group: GROUP, position: sleeper }));
}

#[tokio::test]
async fn two_claims_signed_in_one_round_cost_a_twentieth_and_the_reporter_gets_half() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let round = world.to_phase(Phase::Judge).await;
    let signed = |round: RoundNumber, claim: u8| -> SignedVerdict {
        world.sign(SIGNERS[0], Verdict { group: GROUP, round, claim: Digest([claim; 32]), probe: Digest([claim; 32]) })
    };
    let (one, other) = (signed(round, 1), signed(round, 2));
    let position = PositionNumber(1);
    assert!(refusal(network.slash_double(position, &one, &one).await).contains("SameClaim"));
    assert!(refusal(network.slash_double(PositionNumber(2), &one, &other).await).contains("NotSigned"));
    let future = RoundNumber(round.0 + 1);
    assert!(refusal(network.slash_double(position, &signed(future, 1), &signed(future, 2)).await).contains("OutOfTime"));
    let supply = network.neuron().supply().await.expect("a supply");
    assert_eq!(network.slash_double(position, &one, &other).await.expect("slashed"), nrn(10));
    assert_eq!(world.balance(account(FOUNDER).address()).await, nrn(10));
    assert_eq!(network.neuron().supply().await.expect("a supply"), Wei(supply.0 - nrn(10).0), "the other half is burned");
    let view = world.view().await;
    let slashed = view.position(position).expect("a position");
    assert_eq!((slashed.live, view.awake()), (nrn(380), nrn(680)));
    assert!(!rules::may_slash_double(&view, slashed, round, world.now_s().await), "it is forgiven until the epoch ends");
    assert!(refusal(network.slash_double(position, &one, &other).await).contains("OutOfTime"));
    let events = world.events().await;
    let reporter = account(FOUNDER).address();
    assert!(
        events.iter().any(|(_, event)| *event == ChainEvent::DoubleSigned { group: GROUP, position, round, reporter, reward: nrn(10) })
    );
    assert!(events.iter().any(|(_, event)| *event == ChainEvent::Slashed { group: GROUP, position, amount: nrn(20) }));
    let owner = world.network(OWNERS[0]).stake();
    owner.unbond(GROUP, position, nrn(380)).await.expect("what is left can leave");
}
