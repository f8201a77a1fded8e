//! Duties on a real chain: seals opened without a claim, presence, sleep, and the slash for who signs twice.

use governance::ClaimStatus;
use protocol::chain::{ChainEvent, Outcome, Phase};
use protocol::eip712::{SignedVerdict, Verdict};
use protocol::ids::{Digest, PositionNumber, RoundNumber};
use protocol::money::Wei;
use protocol::rules::{self, Commit};

use crate::support::{EPOCH_S, FILE, FOUNDER, GROUP, OWNERS, SALT, SIGNERS, TRAINER, World, account, claim_hash, nrn, refusal};

const OTHER: Digest = Digest([0xf2; 32]);
/// A dev account that signs for a third position.
const ABSENT: usize = 6;

#[tokio::test]
async fn who_concedes_to_a_claim_that_stands_loses_little() {
    let world = World::admitted().await;
    let network = world.network(OWNERS[0]);
    let (trainer, rival) = (account(OWNERS[0]).address(), account(TRAINER).address());
    let round = world.sealed(OWNERS[0], OTHER).await;
    assert_eq!(world.sealed(TRAINER, FILE).await, round);
    assert!(refusal(network.concede(GROUP, SALT, OTHER, rival).await).contains("WrongPhase: it is TRAIN until"));
    world.to_phase(Phase::Reveal).await;
    assert!(refusal(network.concede(GROUP, SALT, FILE, rival).await).contains("WrongSeal: file and salt must be those"));
    assert!(refusal(network.concede(GROUP, SALT, OTHER, rival).await).contains("NoRival: no claim of that account stands"));
    world.reveal(TRAINER, round, FILE, 2).await;
    network.concede(GROUP, SALT, OTHER, rival).await.expect("opened");
    let again = refusal(network.concede(GROUP, SALT, OTHER, rival).await);
    assert!(again.contains("NotSealed: this account has conceded already"), "{again}");
    let claim = network.claim_of(GROUP, round, trainer).await.expect("an answer").expect("a claim");
    assert_eq!((claim.status, claim.concession), (ClaimStatus::Conceded, Some(1)));
    let seen = network.round(GROUP, round).await.expect("an answer").expect("a round");
    assert_eq!((seen.conceded, seen.reveals), (1, 1));
    let conceded = ChainEvent::Conceded { group: GROUP, round, trainer, number: 1, file: OTHER, rival, order: 1 };
    assert!(world.events().await.iter().any(|(_, event)| *event == conceded));

    world.to_phase(Phase::Train).await;
    let before = world.balance(trainer).await;
    network.settle(GROUP, round, &[trainer]).await.expect("settled");
    let back = rules::settle(seen.deposit, Commit::Conceded { order: 1 }).refunded;
    assert_eq!(world.balance(trainer).await, Wei(before.0 + back.0));
}

#[tokio::test]
async fn presence_in_an_undecided_round_is_recorded_in_the_next_one() {
    let world = World::admitted().await;
    let claim = world.revealed(FILE).await;
    let verdicts = world.verdicts(claim.round, claim_hash(&claim));
    let network = world.network(FOUNDER);
    let early = refusal(network.attend(GROUP, claim.round, &verdicts).await);
    assert!(early.contains(&format!("WrongRound: round {} runs now", claim.round)), "{early}");
    world.to_phase(Phase::Train).await;
    assert!(!network.attend(GROUP, claim.round, &verdicts[1..]).await.expect("recorded"), "300 of 700 are not enough");
    assert_eq!(world.view().await.counted, 0);
    assert!(network.attend(GROUP, claim.round, &verdicts).await.expect("recorded"), "the other one is added");
    let view = world.view().await;
    assert_eq!((view.counted, view.newest, view.recent.len()), (1, vec![claim.round], 0));
    assert!(network.judged_by(GROUP, claim.round, PositionNumber(1)).await.expect("an answer"));
    assert!(refusal(network.attend(GROUP, claim.round, &verdicts).await).contains("NothingCounted"));
    let seen = network.round(GROUP, claim.round).await.expect("an answer").expect("a round");
    assert!(seen.attended && seen.outcome == Outcome::None);
    let shown = world.events().await.into_iter().filter_map(|(_, event)| match event {
        ChainEvent::Attended { round, stake, counts, positions, .. } if round == claim.round => Some((stake, counts, positions)),
        _ => None,
    });
    let expected = [(nrn(300), false, vec![PositionNumber(2)]), (nrn(400), true, vec![PositionNumber(1)])];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn who_is_absent_from_eight_counted_rounds_is_put_to_sleep_and_nobody_else() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let sleeper = world.bond(GROUP, TRAINER, ABSENT, nrn(10)).await;
    world.anvil.advance(EPOCH_S).await.expect("time passes");
    for number in 1..=10 {
        assert!(network.absent(&world.view().await).await.expect("an answer").is_empty(), "before round {number}");
        assert!(refusal(network.doze(GROUP, sleeper).await).contains("NotAbsent"));
        world.won(Digest([number; 32])).await;
    }
    let view = world.view().await;
    assert_eq!((view.counted, view.newest.len(), view.recent.len()), (10, 2, 8));
    let rounds = [&view.newest[..], &view.recent].concat();
    assert!(rounds.is_sorted_by(|later, earlier| later > earlier), "{rounds:?}");
    assert_eq!(network.absent(&view).await.expect("an answer"), [sleeper]);
    assert!(
        refusal(network.doze(GROUP, PositionNumber(1)).await).contains("NotAbsent: it was present in one of the eight rounds that count")
    );
    network.doze(GROUP, sleeper).await.expect("asleep");
    let position = network.stake().position(GROUP, sleeper).await.expect("a position");
    assert!(position.awake && !position.awake_next);
    let until = world.view().await.epoch(world.now_s().await) + 2;
    assert_eq!((position.sleeps_until, position.dozed), (until, 0));
    assert!(refusal(network.doze(GROUP, sleeper).await).contains("NotAwake"));
    assert!(refusal(world.network(TRAINER).stake().wake(GROUP, sleeper).await).contains("AlreadyAwake: it is awake, or was"));
    assert!(network.absent(&world.view().await).await.expect("an answer").is_empty());
    let stake = world.network(TRAINER).stake();
    assert!(!stake.may_wake(GROUP, sleeper).await.expect("an answer"));
    world.next_epoch().await;
    assert!(stake.may_wake(GROUP, sleeper).await.expect("an answer"));
    stake.wake(GROUP, sleeper).await.expect("awake again");
    let events = world.events().await;
    assert!(events.iter().any(|(_, event)| *event == ChainEvent::Dozed { group: GROUP, position: sleeper, until }));
}

#[tokio::test]
async fn two_claims_signed_in_one_round_cost_a_twentieth_and_a_little_more_for_the_reporter() {
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
    assert_eq!(network.slash_double(position, &one, &other).await.expect("slashed"), nrn(2));
    assert_eq!(world.balance(account(FOUNDER).address()).await, nrn(2));
    assert_eq!(network.neuron().supply().await.expect("a supply"), Wei(supply.0 - nrn(20).0), "a twentieth is burned");
    let view = world.view().await;
    let slashed = view.position(position).expect("a position");
    assert_eq!((slashed.live, view.awake()), (nrn(378), nrn(678)));
    assert!(!view.may_slash_double(slashed, round, world.now_s().await), "it is forgiven until the epoch ends");
    assert!(refusal(network.slash_double(position, &one, &other).await).contains("OutOfTime"));
    let events = world.events().await;
    let none = Wei(0);
    let slashed = ChainEvent::Slashed { group: GROUP, position, live: nrn(22), next: nrn(22), exiting: none, exiting_later: none };
    let reporter = account(FOUNDER).address();
    assert!(
        events
            .iter()
            .any(|(_, event)| *event
                == ChainEvent::DoubleSigned { group: GROUP, position, round, reporter, burned: nrn(20), reward: nrn(2) })
    );
    assert!(events.iter().any(|(_, event)| *event == slashed));
    let owner = world.network(OWNERS[0]).stake();
    owner.unbond(GROUP, position, nrn(378)).await.expect("what is left can leave");
}
