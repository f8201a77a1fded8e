//! The fold, fed with logs made by hand.
#![allow(clippy::too_many_arguments)]

use alloy::primitives::{Address as EthAddress, U256};
use alloy::sol;
use alloy::sol_types::SolEvent;
use protocol::ids::{Address, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::money::Wei;
use views::{Contracts, Log, Moment, Views};

sol!(Neuron, "../../token/abi/Neuron.json");
sol!(Sale, "../../token/abi/Sale.json");
sol!(INetwork, "../../governance/abi/INetwork.json");

const NEURON: Address = Address([1; 20]);
const SALE: Address = Address([3; 20]);
const NETWORK: Address = Address([5; 20]);
const GENESIS_S: u64 = 1_000;
const EPOCH_S: u64 = 600;
const OWNER: EthAddress = EthAddress::repeat_byte(0x0a);
const SIGNER: EthAddress = EthAddress::repeat_byte(0x0b);
const GROUP: GroupId = GroupId(1);
const POSITION: PositionNumber = PositionNumber(1);

fn views() -> Views {
    let [emission, purse] = [2, 4].map(|byte| Address([byte; 20]));
    Views::new(Contracts { neuron: NEURON, emission, sale: SALE, purse, network: NETWORK })
}

fn log(address: Address, event: &impl SolEvent, time_s: u64) -> Log {
    let encoded = event.encode_log_data();
    let topics = encoded.topics().iter().map(|topic| Digest(topic.0)).collect();
    Log { address, topics, data: encoded.data.to_vec(), block: time_s, time_s }
}

fn u(number: u64) -> U256 {
    U256::from(number)
}

fn gweis(amount: u64) -> U256 {
    U256::from(amount) * U256::from(1_000_000_000)
}

fn begun() -> INetwork::Begun {
    let terms = INetwork::Terms {
        neuron: EthAddress::new(NEURON.0),
        emission: EthAddress::repeat_byte(2),
        purse: EthAddress::repeat_byte(4),
        epochLength: u(EPOCH_S),
        exitTime: u(1_200),
        maturity: u(240),
        minDeposit: u(5),
        genesis: u(GENESIS_S),
    };
    INetwork::Begun {
        terms,
        registry: EthAddress::repeat_byte(6),
        council: EthAddress::repeat_byte(7),
        bountiesCode: EthAddress::repeat_byte(8),
    }
}

fn created() -> INetwork::Created {
    let birth = IGroups::Birth {
        manifest: [1; 32].into(),
        checkpoint: [2; 32].into(),
        dataset: vec![[3; 32].into()],
        train: 30,
        reveal: 20,
        judge: 10,
        period: 300,
        improve: 10,
        least: 1_000,
    };
    let (group, parent) = (u(1), u(0));
    INetwork::Created { group, creator: OWNER, parent, name: [4; 32].into(), head: [5; 32].into(), periodEnd: u(1_400), birth }
}

fn seated() -> INetwork::Seated {
    INetwork::Seated { group: u(1), position: u(1), owner: OWNER, signer: SIGNER, judges: true }
}

fn bonded(amount: U256) -> INetwork::Bonded {
    INetwork::Bonded { group: u(1), position: u(1), amount }
}

/// A network with a group and a position of 100 gweis, bonded in epoch 0.
fn with_position() -> Views {
    let mut views = views();
    for log in [
        log(NETWORK, &begun(), GENESIS_S),
        log(NETWORK, &created(), GENESIS_S + 100),
        log(NETWORK, &seated(), GENESIS_S + 110),
        log(NETWORK, &bonded(gweis(100)), GENESIS_S + 110),
    ] {
        assert_eq!(views.apply(&log), Ok(true));
    }
    views
}

#[test]
fn stake_counts_from_the_next_epoch_on() {
    let views = with_position();
    let stake = |now_s| views.position(GROUP, POSITION, now_s).map(|shown| (shown.live, shown.next));
    assert_eq!(stake(GENESIS_S + EPOCH_S - 1), Some((Wei(0), Wei(100_000_000_000))));
    assert_eq!(stake(GENESIS_S + EPOCH_S), Some((Wei(100_000_000_000), Wei(100_000_000_000))));
    assert_eq!(views.stake(GROUP, GENESIS_S + EPOCH_S).bonded, Wei(100_000_000_000));
    assert_eq!(views.all_bonded(GENESIS_S), (Wei(0), Wei(100_000_000_000)));
}

#[test]
fn what_is_not_there_is_no_answer_or_nothing() {
    let views = with_position();
    assert_eq!(views.position(GROUP, PositionNumber(2), GENESIS_S), None);
    assert_eq!(views.phase(GroupId(2), GENESIS_S), None);
    assert_eq!(views.least_bond(GroupId(2), GENESIS_S), None);
    assert_eq!(views.round(GROUP, RoundNumber(7)).commits, 0);
    assert!(views.receipts(GROUP, RoundNumber(7)).is_empty());
}

#[test]
fn logs_of_others_change_nothing() {
    let mut views = with_position();
    let last = views.last();
    let foreign = log(Address([9; 20]), &bonded(gweis(1)), GENESIS_S + 200);
    assert_eq!(views.apply(&foreign), Ok(false));
    let unknown = Log { topics: vec![Digest([9; 32])], ..log(NETWORK, &bonded(gweis(1)), GENESIS_S + 200) };
    assert_eq!(views.apply(&unknown), Ok(false));
    let nameless = Log { topics: Vec::new(), ..log(NETWORK, &bonded(gweis(1)), GENESIS_S + 200) };
    assert_eq!(views.apply(&nameless), Ok(false));
    assert_eq!(views.last(), last);
    // The sale's events are not those of the network.
    let misplaced = log(NETWORK, &Sale::Closed { sold: u(1), proceeds: u(1) }, GENESIS_S + 200);
    assert_eq!(views.apply(&misplaced), Ok(false));
}

#[test]
fn a_log_that_cannot_follow_is_an_error_that_says_what_to_do() {
    let mut views = with_position();
    let stranger = INetwork::Woken { group: u(1), position: u(2) };
    let error = views.apply(&log(NETWORK, &stranger, GENESIS_S + 200)).expect_err("there is no such position");
    assert_eq!(
        error.to_string(),
        "the log of block 1200 speaks of a position that was not made: \
         start again and feed every log of the contracts once, in the chain's order"
    );
    let late = views.apply(&log(NETWORK, &bonded(gweis(1)), GENESIS_S)).expect_err("time does not go back");
    assert!(late.to_string().contains("is older than the one before it"), "{late}");
    let more = Neuron::Transfer { from: OWNER, to: SIGNER, value: u(1) };
    assert!(views.apply(&log(NEURON, &more, GENESIS_S + 200)).is_err(), "the owner has none");
}

#[test]
fn broken_encodings_are_errors() {
    let whole = log(NETWORK, &created(), GENESIS_S + 200);
    for length in [0, 31, 64, whole.data.len() - 33] {
        let broken = Log { data: whole.data[..length].to_vec(), ..whole.clone() };
        assert!(with_position().apply(&broken).is_err(), "{length} bytes");
    }
    let huge = log(NETWORK, &bonded(U256::MAX), GENESIS_S + 200);
    assert!(with_position().apply(&huge).is_err());
    let uneven =
        INetwork::Judged { group: u(1), round: u(0), claim: [0; 32].into(), stake: u(0), amount: u(0), positions: vec![0, 0, 1].into() };
    assert!(with_position().apply(&log(NETWORK, &uneven, GENESIS_S + 200)).is_err());
}

#[test]
fn the_last_log_that_counted_is_known() {
    let views = with_position();
    assert_eq!(views.last(), Moment { block: GENESIS_S + 110, time_s: GENESIS_S + 110 });
    assert_eq!(views.terms().epoch_s, EPOCH_S);
    assert_eq!(views.modules(), (Address([6; 20]), Address([7; 20]), Address([8; 20])));
}
