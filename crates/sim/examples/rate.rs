//! Prints how many rounds and transactions a second the chain half does: two trainers, four validators, played by hand.

#[path = "../tests/chain/hand.rs"]
mod hand;

use std::collections::VecDeque;
use std::time::Instant;

use hand::{GROUP, Hand};
use sim::chain::Call;

const ROUNDS: u64 = 1_000;
/// After so many rounds a coinbase is mature.
const MATURE: u64 = 6;

fn main() {
    let begun = Instant::now();
    let mut hand = Hand::new(1);
    println!("the beginning took {:?}", begun.elapsed());
    let started = Instant::now();
    let (mut views, mut transactions) = (0, 0);
    let mut won = VecDeque::new();
    for _ in 0..ROUNDS {
        let before = hand.chain.head().block.number;
        let round = hand.play();
        won.push_back(round);
        while let Some(mature) = won.pop_front_if(|won| won.0 + MATURE < round.0) {
            let winner = hand.trainers[0];
            hand.must(winner, Call::Collect { group: GROUP, rounds: vec![mature], to: winner });
        }
        for number in before + 1..=hand.chain.head().block.number {
            views += usize::from(hand.chain.view(GROUP, number).is_ok());
            transactions += hand.chain.block(number).map_or(0, |mined| mined.receipts.len());
        }
    }
    let took_s = started.elapsed().as_secs_f64();
    println!("{ROUNDS} rounds, {transactions} transactions, {views} views in {took_s:.2} s");
    println!("{:.0} rounds, {:.0} transactions a second", ROUNDS as f64 / took_s, transactions as f64 / took_s);
}
