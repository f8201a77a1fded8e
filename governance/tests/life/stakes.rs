//! Stake on a real chain: permits, whole gweis, pay that becomes stake, new keys, new owners, contracts as signers.

use protocol::chain::ChainEvent;
use protocol::eip712::Choice;
use protocol::ids::{Address, DeltaNumber, Digest, PositionNumber};
use protocol::measures::Act;
use protocol::money::Wei;
use protocol::rules;

use crate::deploying::set_code;
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
    let position = stake.bond(GROUP, signer, nrn(5), Some(&consent)).await.expect("bonded");
    assert_eq!(network.chain().next_nonce(owner).await.expect("a count"), nonce + 1);
    assert_eq!(stake.position(GROUP, position).await.expect("a position").next, nrn(5));

    let permit = network.neuron().sign_permit(network.address(), nrn(7), deadline_s).await.expect("signed");
    world.network(FOUNDER).neuron().permit(&permit).await.expect("a stranger brings it first");
    assert_eq!(network.neuron().permits(owner).await.expect("a count"), 2);
    stake.bond_permitted(GROUP, signer, None, &permit).await.expect("bonded all the same");
    assert_eq!(stake.position(GROUP, position).await.expect("a position").next, nrn(12));
    assert_eq!(network.neuron().allowance(owner, network.address()).await.expect("an amount"), Wei(0), "nothing is left over");
    let late = network.neuron().sign_permit(network.address(), nrn(5), 1).await.expect("signed");
    let refused = refusal(stake.bond_permitted(GROUP, signer, None, &late).await);
    assert!(refused.contains("`bond` was refused: ERC20InsufficientAllowance: approve 5 NRN"), "{refused}");
    network.neuron().approve(network.address(), nrn(3)).await.expect("allowed");
    stake.bond(GROUP, signer, nrn(3), None).await.expect("bonded with the leave that there was");
    assert_eq!(network.neuron().permits(owner).await.expect("a count"), 2, "no permit was needed");
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
async fn pay_becomes_stake_when_owner_or_signer_say_so() {
    let world = World::admitted().await;
    let (stake, position) = (world.network(SIGNERS[0]).stake(), PositionNumber(1));
    assert!(refusal(stake.compound(GROUP, position).await).contains("NothingToCompound"));
    world.won(FILE).await;
    let earned = stake.position(GROUP, position).await.expect("a position").earned;
    assert!(earned > Wei(0) && earned == rules::whole_gweis(earned));
    let stranger = refusal(world.network(FOUNDER).stake().compound(GROUP, position).await);
    let [owner, signer] = [OWNERS[0], SIGNERS[0]].map(|index| account(index).address());
    assert!(stranger.contains(&format!("call as {owner} or {signer}")), "{stranger}");
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
    assert!(
        refusal(stake.rotate(GROUP, position, taken, Some(&of_other)).await)
            .contains("SignerUsed: this key signs, or signed once, for position 2 of this group")
    );
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
    let rotated = ChainEvent::Rotated { group: GROUP, position, signer: new, judges: true };
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
    assert!(amount.0 % u128::from(gas) == 0, "the same for each unit of gas");
}

#[tokio::test]
async fn a_position_gets_a_new_owner_in_two_steps() {
    let world = World::admitted().await;
    let position = PositionNumber(1);
    let [old, new] = [OWNERS[0], TRAINER].map(|index| world.network(index).stake());
    let [old_owner, new_owner] = [OWNERS[0], TRAINER].map(|index| account(index).address());
    assert!(refusal(new.accept(GROUP, position).await).contains("NotOffered: this position is offered to nobody"));
    old.offer(GROUP, position, Some(new_owner)).await.expect("offered");
    assert_eq!(old.position(GROUP, position).await.expect("a position").offered, Some(new_owner));
    let stranger = refusal(world.network(FOUNDER).stake().accept(GROUP, position).await);
    assert!(stranger.contains(&format!("NotOffered: this position is offered to {new_owner}; accept it as that account")), "{stranger}");
    old.offer(GROUP, position, None).await.expect("taken back");
    assert!(refusal(new.accept(GROUP, position).await).contains("offered to nobody"));
    old.offer(GROUP, position, Some(new_owner)).await.expect("offered");
    new.accept(GROUP, position).await.expect("accepted");

    let seen = new.position(GROUP, position).await.expect("a position");
    assert_eq!((seen.owner, seen.offered, seen.signer), (new_owner, None, account(SIGNERS[0]).address()));
    let refused = refusal(old.unbond(GROUP, position, nrn(1)).await);
    assert!(refused.contains(&format!("NotOwner: only the position's owner may do that: call as {new_owner}")), "{refused}");
    new.unbond(GROUP, position, nrn(1)).await.expect("it is its own");
    assert_eq!(new.positions_of(GROUP, new_owner).await.expect("a list"), [position]);
    assert_eq!(new.positions_of(GROUP, old_owner).await.expect("a list"), []);
    let events = world.events().await;
    for expected in [
        ChainEvent::Offered { group: GROUP, position, to: new_owner },
        ChainEvent::Offered { group: GROUP, position, to: Address::ZERO },
        ChainEvent::OwnerChanged { group: GROUP, position, owner: new_owner },
    ] {
        assert!(events.iter().any(|(_, event)| *event == expected), "{expected:?}");
    }
}

/// Answers every call with what ERC-1271 has a contract say that accepts a signature.
const WALLET_CODE: [u8; 16] = [0x63, 0x16, 0x26, 0xba, 0x7e, 0x60, 0xe0, 0x1b, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3, 0, 0];

#[tokio::test]
async fn a_contract_votes_and_assents_for_a_position_but_does_not_judge() {
    let world = World::admitted().await;
    let (network, wallet) = (world.network(TRAINER), Address([0x5a; 20]));
    set_code(&world.anvil, wallet, &WALLET_CODE).await;
    let anything = world.consent(GROUP, FOUNDER, FOUNDER);
    let position = network.stake().bond(GROUP, wallet, nrn(50), Some(&anything)).await.expect("it consents");
    let refused = refusal(network.stake().wake(GROUP, position).await);
    assert!(refused.contains(&format!("SignerCannotJudge: {wallet} is a contract, which can vote and assent but not judge")), "{refused}");
    assert!(!network.stake().may_wake(GROUP, position).await.expect("an answer"));
    world.next_epoch().await;

    let period = world.new_period().await;
    let choice = Choice { group: GROUP, period, delta: DeltaNumber(0), patch: Digest::default(), seq: 1 };
    network.cast(GROUP, &[(position, world.sign(FOUNDER, choice))]).await.expect("it accepts the signature");
    assert_eq!(network.keep_votes(GROUP).await.expect("votes"), nrn(50));
    let present_s = world.view().await.period_next_s;
    let measure = world.measure(&Act::Period { group: GROUP, present_s, period_s: 120 }).await;
    let assent = world.sign(FOUNDER, measure.clone()).signature;
    let counted = network.enact(&measure, &[(GROUP, position, assent)]).await.expect("counted");
    assert_eq!((counted.done, counted.weight, counted.needed), (false, nrn(50), nrn(375)));
    let seated = ChainEvent::Seated { group: GROUP, position, owner: account(TRAINER).address(), signer: wallet, judges: false };
    assert!(world.events().await.iter().any(|(_, event)| *event == seated));
}
