//! Stake on a real chain: permits, whole gweis, pay that becomes stake, new keys.

use protocol::chain::ChainEvent;
use protocol::ids::PositionNumber;
use protocol::money::Wei;
use protocol::rules;

use crate::support::{FILE, FOUNDER, GROUP, OWNERS, SIGNERS, TRAINER, World, account, birth, nrn, refusal};

/// A dev account whose key signs for nobody yet.
const SPARE: usize = 6;

#[tokio::test]
async fn a_signed_permit_bonds_in_one_transaction_and_nobody_can_spoil_it() {
    let world = World::sold().await;
    let network = world.network(OWNERS[0]);
    network.create(&birth()).await.expect("a group");
    let (stake, owner, signer) = (network.stake(), account(OWNERS[0]).address(), account(SIGNERS[0]).address());
    let (consent, deadline_s) = (world.consent(GROUP, OWNERS[0], SIGNERS[0]), world.now_s().await + 600);
    let nonce = network.chain().next_nonce(owner).await.expect("a count");
    let position = stake.bond_with_permit(GROUP, signer, nrn(5), Some(&consent), deadline_s).await.expect("bonded");
    assert_eq!(network.chain().next_nonce(owner).await.expect("a count"), nonce + 1);
    assert_eq!(stake.position(GROUP, position).await.expect("a position").next, nrn(5));

    let permit = network.neuron().sign_permit(network.address(), nrn(7), deadline_s).await.expect("signed");
    world.network(FOUNDER).neuron().permit(&permit).await.expect("a stranger brings it first");
    assert_eq!(network.neuron().permits(owner).await.expect("a count"), 2);
    stake.bond_permitted(GROUP, signer, None, &permit).await.expect("bonded all the same");
    assert_eq!(stake.position(GROUP, position).await.expect("a position").next, nrn(12));
    let late = stake.bond_with_permit(GROUP, signer, nrn(5), None, 1).await;
    assert!(refusal(late).contains("ERC20InsufficientAllowance: approve 5 NRN"));
}

#[tokio::test]
async fn stakes_are_whole_gweis() {
    let world = World::sold().await;
    let network = world.network(OWNERS[0]);
    network.create(&birth()).await.expect("a group");
    let own = account(OWNERS[0]).address();
    let odd = Wei(nrn(1).0 + 1);
    let refused = refusal(network.stake().bond(GROUP, own, odd, None).await);
    assert!(refused.contains("NotWholeGwei: stakes have at most nine digits after the point"), "{refused}");
    let position = network.stake().bond(GROUP, own, rules::whole_gweis(odd), None).await.expect("bonded");
    assert!(refusal(network.stake().unbond(GROUP, position, Wei(1)).await).contains("NotWholeGwei"));
}

#[tokio::test]
async fn pay_becomes_stake_when_anybody_says_so() {
    let world = World::admitted().await;
    let (stake, position) = (world.network(FOUNDER).stake(), PositionNumber(1));
    assert!(refusal(stake.compound(GROUP, position).await).contains("NothingToCompound"));
    world.won(FILE).await;
    let earned = stake.position(GROUP, position).await.expect("a position").earned;
    assert!(earned > Wei(0) && earned == rules::whole_gweis(earned));
    stake.compound(GROUP, position).await.expect("compounded");
    let after = stake.position(GROUP, position).await.expect("a position");
    assert_eq!((after.live, after.next, after.earned), (nrn(400), nrn(400).saturating_add(earned), Wei(0)));
    let events = world.events().await;
    assert!(events.iter().any(|(_, event)| *event == ChainEvent::Compounded { group: GROUP, position, amount: earned }));
}

#[tokio::test]
async fn a_new_key_signs_from_the_next_epoch_on_and_the_old_one_never_again() {
    let world = World::admitted().await;
    let (stake, position) = (world.network(OWNERS[0]).stake(), PositionNumber(1));
    let [old, new, taken] = [SIGNERS[0], SPARE, SIGNERS[1]].map(|index| account(index).address());
    assert!(refusal(stake.rotate(GROUP, position, new, None).await).contains("NoConsent"));
    let of_other = world.consent(GROUP, OWNERS[0], SIGNERS[1]);
    assert!(refusal(stake.rotate(GROUP, position, taken, Some(&of_other)).await).contains("SignerUsed: this key signs, or signed once"));
    let consent = world.consent(GROUP, OWNERS[0], SPARE);
    stake.rotate(GROUP, position, new, Some(&consent)).await.expect("rotated");
    let seen = stake.position(GROUP, position).await.expect("a position");
    assert_eq!((seen.signer, seen.signer_next), (old, new));
    assert_eq!(world.view().await.position_of(old).map(|found| found.signer_next), Some(new));
    world.next_epoch().await;
    let seen = stake.position(GROUP, position).await.expect("a position");
    assert_eq!((seen.signer, seen.signer_next, seen.live), (new, new, nrn(400)));
    assert_eq!(stake.position_of(GROUP, old).await.expect("an answer"), None);
    assert_eq!(stake.position_of(GROUP, new).await.expect("an answer"), Some(position));
    let own = world.network(OWNERS[1]).stake();
    assert!(refusal(own.rotate(GROUP, position, new, None).await).contains("NotOwner"));
    let rotated = ChainEvent::Rotated { group: GROUP, position, signer: new };
    assert!(world.events().await.iter().any(|(_, event)| *event == rotated));
}

#[tokio::test]
async fn the_purse_pays_the_gas_of_the_deciding_call() {
    let world = World::admitted().await;
    let network = world.network(TRAINER);
    let purse = network.purse();
    assert_eq!(purse.tip().await.expect("a tip"), crate::support::TIP);
    purse.give(nrn(10_000 / 10)).await.expect("given");
    assert!(refusal(purse.pay_back(account(TRAINER).address(), 1).await).contains("NotNetwork"));
    let before = purse.balance().await.expect("a balance");
    world.won(FILE).await;
    let paid = world.events().await.into_iter().find_map(|(_, event)| match event {
        ChainEvent::PaidBack { to, gas, amount } => Some((to, gas, amount)),
        _ => None,
    });
    let (to, gas, amount) = paid.expect("it paid");
    assert_eq!(to, account(FOUNDER).address());
    assert!(gas > 100_000 && amount > Wei(0));
    assert_eq!(purse.balance().await.expect("a balance"), Wei(before.0 - amount.0));
    assert!(amount >= token::pay_back_for(gas, Wei(0), crate::support::TIP, before));
}
