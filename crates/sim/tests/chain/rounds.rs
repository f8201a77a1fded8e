//! Rounds by hand, and what they pay.

use protocol::chain::{ChainEvent, Outcome, Phase};
use protocol::ids::{Digest, PositionNumber};
use protocol::money::Wei;
use protocol::rules;
use sim::chain::Call;

use crate::hand::{GROUP, Hand, SALT};

#[test]
fn a_round_pays_winner_validators_and_who_conceded_to_the_wei() {
    let mut hand = Hand::new(1);
    let before = hand.chain.now().supply().expect("a supply");
    assert_eq!(before, Wei::nrn(820_000), "what was sold");
    let round = hand.play();
    let opened = hand.chain.first_block_since(0).map(|first| first.number..=hand.chain.head().block.number).expect("blocks");
    let events: Vec<_> = opened.flat_map(|number| hand.chain.events(number).to_vec()).collect();
    let reward = events.iter().find_map(|event| match event {
        ChainEvent::Opened { reward, .. } => Some(*reward),
        _ => None,
    });
    let reward = reward.expect("a round was opened");
    assert_eq!(reward, rules::reward(before, 120, Wei::nrn(800_000), Wei::nrn(800_000), 0));
    assert!(events.iter().any(|event| matches!(event, ChainEvent::Decided { outcome: Outcome::Won, .. })), "{events:?}");
    let deposit = rules::deposit(reward, Wei(10_000_000_000_000_000), 0);
    let most = Wei(deposit.0 * 15 / 16);
    let (winner, second) = (hand.trainers[0], hand.trainers[1]);
    let nrn = |hand: &mut Hand, of| hand.chain.now().balance(of).expect("a balance");
    assert_eq!(nrn(&mut hand, winner), Wei(Wei::nrn(10_000).0 - deposit.0 + most.0));
    assert_eq!(nrn(&mut hand, second), Wei(Wei::nrn(10_000).0 - deposit.0 + rules::conceded_of(deposit, 1).0));
    let early = hand.does(winner, Call::Collect { group: GROUP, rounds: vec![round], to: winner }).expect_err("not mature");
    assert!(early.starts_with("`collect` was refused: NotMature"), "{early}");
    let matures_s = hand.chain.terms().genesis_s + (round.0 + 1) * 120 + hand.chain.terms().maturity_s;
    hand.chain.mine(matures_s);
    hand.must(winner, Call::Collect { group: GROUP, rounds: vec![round], to: winner });
    assert_eq!(nrn(&mut hand, winner), Wei::nrn(10_000).saturating_add(reward));
    for number in 1..=4 {
        let position = hand.chain.now().position(GROUP, PositionNumber(number)).expect("a position");
        let earned = rules::earned_for(reward, Wei::nrn(800_000), Wei::nrn(200_000));
        assert_eq!((position.earned, position.live), (earned, Wei::nrn(200_000)));
    }
}

#[test]
fn a_refusal_says_why_whether_it_was_tried_or_mined() {
    let mut hand = Hand::new(1);
    let round = hand.reach(Phase::Train);
    let claim = hand.claim(0, 1, round, Digest([9; 32]));
    let call = Call::Reveal { claim, salt: SALT };
    let tried = hand.chain.attempt(hand.trainers[0], &call, Default::default()).expect_err("it is TRAIN").to_string();
    assert!(tried.starts_with("`reveal` was refused: WrongPhase: it is TRAIN until 20"), "{tried}");
    let mined = hand.does(hand.trainers[0], call).expect_err("it is TRAIN");
    assert_eq!(mined, tried);
}
