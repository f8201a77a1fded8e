//! Birth: deployment, the check of the wiring, the sale, stake.

use chain::ChainError;
use chain::words::moment;
use governance::{Addresses, GovernanceError, Network, deploy};
use protocol::chain::ChainEvent;
use protocol::ids::{Address, GroupId, PositionNumber};
use protocol::money::Wei;

use crate::support::{
    EPOCH_S, FOUNDER, GROUP, MATURITY_S, MIN_DEPOSIT, OWNERS, SIGNERS, TRAINER, World, account, anvil, birth, connect, nrn, refusal, terms,
};

#[tokio::test]
async fn a_network_is_found_from_one_address() {
    let world = World::deployed().await;
    let network = world.network(FOUNDER);
    let deployed = network.chain().block(network.first_block().await.expect("a block")).await.expect("a block");
    // The eight blocks may be of one second.
    assert!(deployed.number <= 7 && deployed.time_s == network.terms().genesis_s, "{deployed:?}");
    assert_eq!((network.terms().epoch_s, network.terms().maturity_s), (EPOCH_S, MATURITY_S));
    assert_eq!(network.terms().min_deposit, MIN_DEPOSIT);
    assert_eq!(network.sale().terms().await.expect("terms").minimum, nrn(100));
    assert_eq!(network.emission().start_s().await.expect("an answer"), None);
}

#[tokio::test]
async fn what_is_no_network_is_named() {
    let world = World::deployed().await;
    let chain = world.network(FOUNDER).chain();
    let addresses = *world.network(FOUNDER).addresses();
    for (address, reason) in [
        (Address([0x77; 20]), "no contract at"),
        (addresses.neuron, "`neuron` was refused"),
        (account(FOUNDER).address(), "no contract at"),
    ] {
        let failure = Network::open(chain, address).await.err().expect("it is none");
        let text = failure.to_string();
        assert!(text.starts_with(&format!("{address} is no Neuron network: ")) && text.contains(reason), "{text}");
    }
}

#[tokio::test]
async fn a_network_wired_to_another_is_refused() {
    let world = World::deployed().await;
    let chain = world.network(FOUNDER).chain();
    let right = *world.network(FOUNDER).addresses();
    let second = deploy(chain, &terms(world.now_s().await + 10), |_| {}).await.expect("eight contracts");
    for (crossed, wire) in [
        (Addresses { neuron: right.neuron, ..second }, "network.neuron"),
        (Addresses { sale: right.sale, ..second }, "emission.sale"),
        (Addresses { purse: right.purse, ..second }, "network.purse"),
        (Addresses { registry: right.registry, ..second }, "network.registry"),
        (Addresses { council: right.council, ..second }, "network.council"),
        (Addresses { bounties: right.bounties, ..second }, "network.bounties"),
        (Addresses { network: right.network, ..second }, "network.neuron"),
    ] {
        let text = crossed.verify(chain).await.expect_err("it is crossed").to_string();
        assert!(text.contains(wire), "{wire}: {text}");
    }
    second.verify(chain).await.expect("it is not crossed");
}

#[tokio::test]
async fn a_deployment_that_something_came_between_is_noticed() {
    let anvil = anvil().await;
    let chain = connect(&anvil).await.with_account(account(FOUNDER));
    let both = async {
        let terms = terms(u64::from(u32::MAX));
        tokio::join!(deploy(&chain, &terms, |_| {}), chain.pay(Address([1; 20]), Wei(1)))
    };
    let (deployed, paid) = both.await;
    paid.expect("paid");
    assert!(matches!(deployed, Err(GovernanceError::Displaced { .. })), "{deployed:?}");
}

#[tokio::test]
async fn the_sale_sells_what_was_paid_for() {
    let world = World::deployed().await;
    let buyer = world.network(TRAINER);
    let sale = buyer.sale();
    let before = sale.terms().await.expect("terms");
    let cost = token::cost_of(nrn(150), before.price);
    assert_eq!(token::amount_for(cost, before.price), Some(nrn(150)));
    sale.buy(cost).await.expect("bought");
    assert_eq!(sale.bought(account(TRAINER).address()).await.expect("an amount"), nrn(150));
    let early = refusal(sale.close().await);
    let until = moment(before.deadline_s);
    assert_eq!(early, format!("`close` was refused: SaleRunning: the sale runs until {until}; wait until then"));
    world.anvil.advance(1_000).await.expect("time passes");
    let late = refusal(sale.buy(cost).await);
    assert_eq!(late, format!("`buy` was refused: SaleOver: the sale ended at {until}; close it, then claim"));
    sale.close().await.expect("closed");
    sale.claim().await.expect("claimed");
    assert!(sale.closed().await.expect("an answer"));
    assert_eq!(buyer.neuron().balance(account(TRAINER).address()).await.expect("a balance"), nrn(150));
    assert_eq!(buyer.neuron().supply().await.expect("a supply"), nrn(150));
    let purse = buyer.purse().address();
    assert_eq!(buyer.chain().coin(purse).await.expect("a balance"), cost);
    let events = world.events().await;
    let (block, _) = events.iter().find(|(_, event)| matches!(event, ChainEvent::ScheduleOpened { .. })).expect("it began");
    assert_eq!(buyer.emission().start_s().await.expect("an answer"), Some(block.time_s));
}

#[tokio::test]
async fn a_sale_below_its_minimum_pays_back() {
    let world = World::deployed().await;
    let sale = world.network(TRAINER).sale();
    sale.buy(token::cost_of(nrn(99), crate::support::PRICE)).await.expect("bought");
    world.anvil.advance(1_000).await.expect("time passes");
    assert!(refusal(sale.close().await).contains("BelowMinimum: 1 NRN were missing to the minimum; take your coins back"));
    assert_eq!(sale.paid(account(TRAINER).address()).await.expect("an amount"), token::cost_of(nrn(99), crate::support::PRICE));
    sale.refund().await.expect("paid back");
    assert!(refusal(sale.refund().await).contains("NothingBought"));
}

#[tokio::test]
async fn stake_counts_from_the_next_epoch_and_leaves_after_its_exit() {
    let world = World::admitted().await;
    let (network, position) = (world.network(OWNERS[0]), PositionNumber(1));
    let stake = network.stake();
    let seen = stake.position(GROUP, position).await.expect("a position");
    assert_eq!((seen.owner, seen.signer), (account(OWNERS[0]).address(), account(SIGNERS[0]).address()));
    assert_eq!((seen.live, seen.awake), (nrn(400), true));
    assert_eq!(stake.position_of(GROUP, seen.signer).await.expect("an answer"), Some(position));
    assert_eq!(stake.position_of(GROUP, seen.owner).await.expect("an answer"), None);
    assert_eq!(stake.totals(GROUP).await.expect("sums").awake, nrn(700));
    assert_eq!(stake.admitted_awake().await.expect("a sum"), nrn(700));

    stake.unbond(GROUP, position, nrn(100)).await.expect("unbonded");
    let seen = stake.position(GROUP, position).await.expect("a position");
    assert_eq!((seen.live, seen.next, seen.exiting), (nrn(400), nrn(300), nrn(100)));
    let all = stake.all_bonded().await.expect("sums");
    assert_eq!((all.live, all.next), (nrn(700), nrn(600)));
    let (receiver, before) = (Address([7; 20]), world.balance(seen.owner).await);
    let until = format!("ExitNotOver: it can be withdrawn from {} on", moment(seen.exit_at_s));
    assert!(refusal(stake.withdraw(GROUP, position, receiver).await).contains(&until));
    world.anvil.advance(seen.exit_at_s - world.now_s().await).await.expect("time passes");
    stake.withdraw(GROUP, position, receiver).await.expect("withdrawn");
    assert_eq!((world.balance(seen.owner).await, world.balance(receiver).await), (before, nrn(100)));
    assert_eq!(stake.totals(GROUP).await.expect("sums").bonded, nrn(600));
    let withdrawn = ChainEvent::Withdrawn { group: GROUP, position, to: receiver, amount: nrn(100) };
    assert!(world.events().await.iter().any(|(_, event)| *event == withdrawn));
}

#[tokio::test]
async fn nobody_bonds_for_a_signer_who_does_not_consent() {
    let world = World::sold().await;
    let network = world.network(OWNERS[0]);
    network.create(&birth()).await.expect("a group");
    let stranger = account(SIGNERS[1]).address();
    let refused = network.stake().bond(GROUP, stranger, nrn(1), None).await;
    assert!(refusal(refused).contains("NoConsent"));
    let own = account(OWNERS[0]).address();
    assert_eq!(network.stake().bond(GROUP, own, nrn(1), None).await.expect("bonded"), PositionNumber(1));
}

#[tokio::test]
async fn refusals_name_what_is_lacking() {
    let world = World::sold().await;
    let network = world.network(FOUNDER);
    let poor = refusal(network.neuron().transfer(Address([1; 20]), nrn(5)).await);
    let founder = account(FOUNDER).address();
    let expected = format!("`transfer` was refused: ERC20InsufficientBalance: this needs 5 NRN and {founder} has 0; get the rest first");
    assert_eq!(poor, expected);
    let mut odd = birth();
    odd.times.train_s += 1;
    assert!(refusal(network.create(&odd).await).contains("BadTimes: no time may be 0, an epoch must hold whole rounds"));
    assert!(refusal(network.view(GroupId(7)).await).contains("NoSuchGroup: there is no group 7; groups are numbered from 1"));
}

#[tokio::test]
async fn the_view_of_a_group_tells_all_that_was_fixed() {
    let world = World::admitted().await;
    let view = world.view().await;
    let birth = birth();
    assert_eq!((view.times, view.manifest, view.checkpoint), (birth.times, birth.manifest, birth.checkpoint));
    assert!(view.admitted && view.period_s == birth.period_s && view.period_next_s == birth.period_s);
    assert_eq!((view.improve, view.least), (birth.improve, birth.least));
    assert_eq!((view.awake(), view.bonded()), (nrn(700), nrn(700)));
    let head = birth.dataset.iter().fold(protocol::Digest::default(), |head, patch| protocol::rules::next_head(head, *patch));
    assert_eq!(view.head, head);
    let events = world.events().await;
    let created = events.iter().find_map(|(_, event)| match event {
        ChainEvent::Created { group: GROUP, name, birth, .. } => Some((*name, birth.clone())),
        _ => None,
    });
    assert_eq!(created, Some((view.name, birth)));
    let addresses = *world.network(FOUNDER).addresses();
    let begun = ChainEvent::Begun { registry: addresses.registry, council: addresses.council, bounties: addresses.bounties };
    assert!(events.iter().any(|(_, event)| *event == begun));
}

#[tokio::test]
async fn a_view_as_of_a_block_does_not_know_the_future() {
    let world = World::admitted().await;
    let network = world.network(FOUNDER);
    let admitted = world.events().await.into_iter().rev().find(|(_, event)| matches!(event, ChainEvent::Admitted { .. }));
    let number = admitted.expect("an admission").0.number;
    assert!(network.view_at(GROUP, number).await.expect("a view").admitted);
    assert!(!network.view_at(GROUP, number - 1).await.expect("a view").admitted);
    let never: Result<_, ChainError> = network.view_at(GROUP, 1).await;
    assert!(never.is_err(), "there was no group");
}
