//! What a pool does with transactions: order, replacement, delay, loss, blocks that are full or dear.

use protocol::ids::Address;
use protocol::money::Wei;
use sim::chain::{Call, Conditions, Offer, SimError, TransactionId};

use crate::hand::Hand;

const GWEI: u128 = 1_000_000_000;

fn offer(fee_gwei: u128, tip_gwei: u128) -> Offer {
    Offer { fee: Wei(fee_gwei * GWEI), tip: Wei(tip_gwei * GWEI), ..Offer::default() }
}

/// A transfer of a wei by that trainer.
fn transfer(hand: &mut Hand, trainer: usize, offer: Offer) -> TransactionId {
    let call = Call::Transfer { to: Address([7; 20]), amount: Wei(1) };
    hand.chain.submit(hand.trainers[trainer], &call, offer)
}

/// The transactions of the next block, in their order.
fn mined(hand: &mut Hand) -> Vec<TransactionId> {
    hand.next();
    hand.chain.head().receipts.iter().map(|receipt| receipt.id).collect()
}

#[test]
fn blocks_take_the_best_tips_first_and_each_account_in_the_order_of_its_nonces() {
    let mut hand = Hand::new(1);
    let first = transfer(&mut hand, 0, offer(100, 1));
    let second = transfer(&mut hand, 0, offer(100, 9));
    let other = transfer(&mut hand, 1, offer(100, 5));
    assert_eq!(mined(&mut hand), [other, first, second]);
}

#[test]
fn a_fee_below_the_base_fee_waits_until_that_falls_or_another_offer_takes_its_place() {
    let mut hand = Hand::new(1);
    hand.chain.set_conditions(Conditions { base_fee: 50 * GWEI as u64, ..Conditions::default() });
    let cheap = transfer(&mut hand, 0, offer(40, 1));
    assert_eq!(mined(&mut hand), []);
    assert!(matches!(hand.chain.replace(cheap, offer(43, 2)), Err(SimError::TooCheap(Wei(fee))) if fee == 40 * GWEI));
    let better = hand.chain.replace(cheap, offer(60, 2)).expect("a tenth more");
    assert!(!hand.chain.waits(cheap));
    assert_eq!(mined(&mut hand), [better]);
    let late = transfer(&mut hand, 0, offer(40, 1));
    assert_eq!(mined(&mut hand), []);
    hand.chain.set_conditions(Conditions::default());
    assert_eq!(mined(&mut hand), [late]);
}

#[test]
fn what_is_held_waits_and_so_does_what_follows_it() {
    let mut hand = Hand::new(1);
    let held = transfer(&mut hand, 0, Offer::default());
    let next = transfer(&mut hand, 0, Offer::default());
    hand.chain.hold(held);
    assert_eq!(mined(&mut hand), []);
    hand.chain.release(held);
    assert_eq!(mined(&mut hand), [held, next]);
}

#[test]
fn what_follows_a_dropped_transaction_waits_until_its_nonce_is_used() {
    let mut hand = Hand::new(1);
    let dropped = transfer(&mut hand, 0, Offer::default());
    let next = transfer(&mut hand, 0, Offer::default());
    hand.chain.drop_waiting(dropped).expect("it waits");
    assert_eq!(mined(&mut hand), []);
    assert!(matches!(hand.chain.drop_waiting(dropped), Err(SimError::NotWaiting(_))));
    let again = transfer(&mut hand, 0, Offer::default());
    assert_eq!(mined(&mut hand), [again, next]);
}

#[test]
fn a_full_block_leaves_the_rest_to_the_next_one() {
    let mut hand = Hand::new(1);
    let all = [0, 1, 0].map(|trainer| transfer(&mut hand, trainer, Offer::default()));
    hand.chain.set_conditions(Conditions { gas_limit: Offer::default().gas + 1, ..Conditions::default() });
    assert_eq!(mined(&mut hand), all[..1]);
    assert_eq!(mined(&mut hand), all[1..2]);
    assert_eq!(mined(&mut hand), all[2..]);
}

#[test]
fn gas_is_paid_at_the_base_fee_and_the_tip() {
    let mut hand = Hand::new(1);
    let trainer = hand.trainers[0];
    let before = hand.chain.now().coins(trainer);
    let id = transfer(&mut hand, 0, offer(100, 3));
    hand.next();
    let used = hand.chain.receipt(id).expect("mined").gas_used;
    let paid = before.saturating_sub(hand.chain.now().coins(trainer));
    assert_eq!(paid, Wei(u128::from(used) * 4 * GWEI), "base fee of a gwei, and three");
}

#[test]
fn who_cannot_pay_waits() {
    let mut hand = Hand::new(1);
    let call = Call::Transfer { to: Address([7; 20]), amount: Wei(0) };
    let poor = hand.chain.submit(Address([0xaa; 20]), &call, Offer::default());
    assert_eq!(mined(&mut hand), []);
    assert!(hand.chain.waits(poor));
    let told = hand.chain.attempt(Address([0xaa; 20]), &call, Offer::default()).expect_err("no coins").to_string();
    assert!(told.contains("cannot pay for transfer"), "{told}");
}
