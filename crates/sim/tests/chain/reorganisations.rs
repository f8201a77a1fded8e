//! Blocks that are taken back.

use protocol::chain::Phase;
use protocol::ids::{Address, Digest};
use protocol::money::Wei;
use sim::chain::Chain;

use crate::hand::{GROUP, Hand, beginning};

#[test]
fn transactions_of_lost_blocks_are_mined_again_under_other_hashes() {
    let mut hand = Hand::new(1);
    let round = hand.reach(Phase::Train);
    let (before, coins) = (hand.chain.head().block, hand.chain.now().balance(hand.trainers[0]).expect("a balance"));
    let committed = hand.commit(0, round, Digest([9; 32]));
    hand.next();
    hand.next();
    let lost = hand.chain.head().clone();
    let view = hand.chain.view(GROUP, lost.block.number).expect("a view");
    assert_eq!(hand.chain.reorganise(2).expect("two blocks"), before);
    assert!(hand.chain.waits(committed) && hand.chain.receipt(committed).is_none());
    assert_eq!(hand.chain.now().balance(hand.trainers[0]).expect("a balance"), coins, "as if nothing had been");
    hand.next();
    let again = hand.chain.receipt(committed).expect("mined again");
    assert_eq!((again.block, again.result.clone()), (before.number + 1, Ok(())));
    hand.next();
    assert_eq!(hand.chain.head().block.number, lost.block.number);
    assert_ne!(hand.chain.head().block.hash, lost.block.hash);
    assert_eq!(hand.chain.view(GROUP, lost.block.number).expect("a view"), view);
}

#[test]
fn a_block_of_the_past_is_read_as_it_was() {
    let mut hand = Hand::new(1);
    let before = hand.chain.head().block.number;
    let then = hand.chain.view(GROUP, before).expect("a view");
    hand.play();
    hand.play();
    let fresh = hand.chain.as_of(before, |engine| engine.view(GROUP)).expect("a view");
    assert_eq!(*then, fresh);
    let now = hand.chain.head().block.number;
    assert_ne!(hand.chain.view(GROUP, now).expect("a view"), then);
}

#[test]
fn nothing_before_the_beginning_is_taken_back() {
    let mut hand = Hand::new(1);
    assert!(hand.chain.reorganise(2).is_err(), "one block is left after the beginning");
    assert!(hand.chain.reorganise(1).is_ok());
}

#[test]
fn a_beginning_that_the_contracts_refuse_says_why() {
    let mut beginning = beginning(1, &[], &[]);
    beginning.accounts.push((Address([3; 20]), Wei::nrn(100)));
    beginning.groups[0].birth.times.train_s = 61;
    let told = Chain::begin(&beginning).err().expect("no epoch holds such rounds").to_string();
    assert!(told.starts_with("the beginning failed: `create` was refused: BadTimes"), "{told}");
}

#[test]
fn two_runs_of_a_seed_are_the_same_and_two_seeds_are_not() {
    let run = |seed| {
        let mut hand = Hand::new(seed);
        hand.play();
        hand.chain.reorganise(3).expect("three blocks");
        hand.play();
        let blocks = (0..=hand.chain.head().block.number).filter_map(|number| hand.chain.block(number).cloned());
        format!("{:?}", blocks.collect::<Vec<_>>())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
