//! The books beside the contracts, through rounds of every kind.

use protocol::chain::Phase;
use protocol::ids::{Digest, PositionNumber};
use protocol::money::Wei;
use sim::chain::{Books, Call, Place, SimError};

use crate::hand::{GROUP, Hand, SALT};

/// Compares block by block up to the head.
fn check(books: &mut Books, hand: &mut Hand) {
    let head = hand.chain.head().block.number;
    books.check(&mut hand.chain, head).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_books_are_right_after_each_block_of_won_rounds() {
    let mut hand = Hand::new(1);
    let mut books = Books::new(&hand.chain);
    let first = hand.chain.head().block.number;
    let rounds = [hand.play(), hand.play()];
    for number in first..=hand.chain.head().block.number {
        books.check(&mut hand.chain, number).unwrap_or_else(|error| panic!("block {number}: {error}"));
    }
    hand.chain.mine(hand.now_s() + hand.chain.terms().maturity_s);
    let winner = hand.trainers[0];
    hand.must(winner, Call::Collect { group: GROUP, rounds: rounds.to_vec(), to: winner });
    check(&mut books, &mut hand);
    hand.must(hand.validator(0), Call::Compound(Place(GROUP, PositionNumber(1))));
    check(&mut books, &mut hand);
}

#[test]
fn the_books_are_right_when_validators_are_paid_out_of_deposits() {
    let mut hand = Hand::new(1);
    let mut books = Books::new(&hand.chain);
    let round = hand.reach(Phase::Train);
    hand.commit(0, round, Digest([9; 32]));
    hand.commit(1, round, Digest([8; 32]));
    hand.next();
    hand.reach(Phase::Reveal);
    let claim = hand.claim(0, 1, round, Digest([9; 32]));
    hand.must(hand.trainers[0], Call::Reveal { claim, salt: SALT });
    hand.reach(Phase::Judge);
    let verdicts = hand.verdicts(round, Digest([0; 32]));
    for lot in [&verdicts[..1], &verdicts[1..3], &verdicts[3..]] {
        hand.must(hand.validator(0), Call::Judge { group: GROUP, round, claim: Digest([0; 32]), verdicts: lot.to_vec() });
        check(&mut books, &mut hand);
    }
    hand.reach(Phase::Train);
    hand.chain.mine(hand.now_s() + hand.chain.terms().maturity_s);
    hand.must(hand.trainers[1], Call::Settle { group: GROUP, round, trainers: hand.trainers.clone() });
    check(&mut books, &mut hand);
    hand.must(hand.validator(2), Call::Compound(Place(GROUP, PositionNumber(3))));
    check(&mut books, &mut hand);
}

#[test]
fn coins_that_nobody_owes_the_network_are_noticed() {
    let mut hand = Hand::new(1);
    let mut books = Books::new(&hand.chain);
    check(&mut books, &mut hand);
    let network = hand.chain.addresses().network;
    hand.must(hand.trainers[0], Call::Transfer { to: network, amount: Wei(1) });
    let head = hand.chain.head().block.number;
    let wrong = books.check(&mut hand.chain, head).expect_err("a wei too much");
    assert!(matches!(&wrong, SimError::Books(what) if what.contains("not 800000000000000000000000 =")), "{wrong}");
}

#[test]
fn of_a_block_before_the_last_one_nothing_is_compared_since_the_books_know_more() {
    let mut hand = Hand::new(1);
    let mut books = Books::new(&hand.chain);
    let before = hand.chain.head().block.number;
    hand.play();
    check(&mut books, &mut hand);
    books.check(&mut hand.chain, before).expect("nothing to compare");
    check(&mut books, &mut hand);
}

#[test]
fn a_block_that_was_taken_back_is_not_for_the_books() {
    let mut hand = Hand::new(1);
    let mut books = Books::new(&hand.chain);
    check(&mut books, &mut hand);
    hand.chain.reorganise(1).expect("a block");
    hand.next();
    let head = hand.chain.head().block.number;
    assert!(matches!(books.check(&mut hand.chain, head), Err(SimError::Block(_))));
}
