//! What the contracts answer when they are asked.

use alloy::primitives::{Address as EthAddress, Bytes, U256};
use alloy::sol_types::{SolCall, SolValue};
use governance::bindings::{IGroups, INetwork as Abi};
use token::bindings::{Emission, IStake};

use super::{GENESIS_S, NETWORK, PHASE_S, Shape, address};

/// The answer to a call of any of them; none where it would revert.
pub fn read(data: &[u8], shape: &Shape) -> Option<Bytes> {
    let (selector, arguments) = data.split_at_checked(4)?;
    let at = |place: u8| EthAddress::from(address(place).0).abi_encode();
    let number = |number: u64| U256::from(number).abi_encode();
    let is_group = |number: U256| number >= U256::ONE && number <= U256::from(shape.groups);
    let answer = match <[u8; 4]>::try_from(selector).ok()? {
        IStake::neuronCall::SELECTOR => at(0),
        IStake::emissionCall::SELECTOR => at(1),
        Emission::saleCall::SELECTOR => at(2),
        IStake::purseCall::SELECTOR => at(3),
        Emission::networkCall::SELECTOR => at(NETWORK),
        Abi::modulesCall::SELECTOR => [at(4), at(5), at(6)].concat(),
        IStake::epochLengthCall::SELECTOR | IStake::exitTimeCall::SELECTOR | IStake::maturityCall::SELECTOR => number(86_400),
        IStake::genesisCall::SELECTOR => number(GENESIS_S),
        IStake::minDepositCall::SELECTOR | Abi::leastDepositCall::SELECTOR => U256::from(10).pow(U256::from(16)).abi_encode(),
        IStake::positionsCall::SELECTOR => number(shape.positions),
        Abi::groupCall::SELECTOR => {
            let asked = Abi::groupCall::abi_decode(data).ok()?;
            is_group(asked.number).then(|| Abi::groupCall::abi_encode_returns(&group()))?
        }
        IStake::positionCall::SELECTOR => {
            let asked = IStake::positionCall::abi_decode(data).ok()?;
            let is_made = asked.number >= U256::ONE && asked.number <= U256::from(shape.positions);
            is_made.then(|| IStake::positionCall::abi_encode_returns(&position(asked.number)))?
        }
        other => further(other, arguments)?,
    };
    Some(answer.into())
}

/// `registry` of the council, and `terms` of the registry, whose bindings are the network's own matter.
fn further(selector: [u8; 4], arguments: &[u8]) -> Option<Vec<u8>> {
    let is = |signature: &str| selector == alloy::primitives::keccak256(signature)[..4];
    let at = |place: u8| EthAddress::from(address(place).0);
    match () {
        () if !arguments.is_empty() => None,
        () if is("registry()") => Some(at(4).abi_encode()),
        () if is("terms()") => {
            let (day, least, genesis) = (U256::from(86_400), U256::from(10).pow(U256::from(16)), U256::from(GENESIS_S));
            Some((at(0), at(1), at(3), day, day, day, least, genesis).abi_encode())
        }
        () => None,
    }
}

fn group() -> IGroups::Group {
    IGroups::Group {
        train: PHASE_S,
        reveal: PHASE_S,
        judge: PHASE_S,
        period: 86_400,
        periodNext: 86_400,
        periodEnd: alloy::primitives::Uint::from(GENESIS_S + 1_000_000_000),
        improve: 10,
        least: 1_000,
        admitted: true,
        ..IGroups::Group::abi_decode(&[0; 24 * 32]).expect("zeros are a group")
    }
}

fn position(number: U256) -> IStake::Position {
    let owner = EthAddress::from_word(number.into());
    let shown = IStake::Position::abi_decode(&[0; 21 * 32]).expect("zeros are a position");
    let live = U256::from(10).pow(U256::from(18)) * number;
    IStake::Position { owner, signer: owner, signerNext: owner, live, next: live, awake: true, awakeNext: true, ..shown }
}
