//! Values of the ABI as plain ones.

use alloy_primitives::{Address as EthAddress, B256, U256};
use protocol::chain::Outcome;
use protocol::ids::{Address, BountyNumber, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber};
use protocol::money::{Micronats, Wei};

use crate::log::{Fit, Misfit};

pub(crate) fn wei(amount: U256) -> Fit<Wei> {
    u128::try_from(amount).map(Wei).map_err(|_| Misfit("has an amount above 2^128"))
}

pub(crate) fn micronats(loss: U256) -> Fit<Micronats> {
    u32::try_from(loss).map(Micronats).map_err(|_| Misfit("has a loss above 2^32"))
}

/// An amount as a change.
pub(crate) fn signed(amount: Wei) -> i128 {
    i128::try_from(amount.0).unwrap_or(i128::MAX)
}

pub(crate) fn unsigned(amount: i128) -> Wei {
    Wei(u128::try_from(amount).unwrap_or_default())
}

pub(crate) fn count(number: U256) -> Fit<u64> {
    u64::try_from(number).map_err(|_| Misfit("has a number above 2^64"))
}

pub(crate) fn address(address: EthAddress) -> Address {
    Address(address.into_array())
}

pub(crate) fn digest(bytes: B256) -> Digest {
    Digest(bytes.0)
}

pub(crate) fn group(number: U256) -> Fit<GroupId> {
    count(number).map(GroupId)
}

pub(crate) fn round(number: U256) -> Fit<RoundNumber> {
    count(number).map(RoundNumber)
}

pub(crate) fn position(number: U256) -> Fit<PositionNumber> {
    count(number).map(PositionNumber)
}

pub(crate) fn period(number: U256) -> Fit<PeriodNumber> {
    count(number).map(PeriodNumber)
}

pub(crate) fn delta(number: U256) -> Fit<DeltaNumber> {
    count(number).map(DeltaNumber)
}

pub(crate) fn bounty(number: U256) -> Fit<BountyNumber> {
    count(number).map(BountyNumber)
}

pub(crate) fn outcome(number: u8) -> Fit<Outcome> {
    match number {
        1 => Ok(Outcome::Won),
        2 => Ok(Outcome::Lost),
        _ => Err(Misfit("tells of an outcome that there is not")),
    }
}

/// Numbers of 4 bytes each.
pub(crate) fn numbers(list: &[u8]) -> Fit<Vec<u64>> {
    let (words, rest) = list.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(Misfit("has a list of numbers that ends within one"));
    }
    Ok(words.iter().map(|word| u32::from_be_bytes(*word).into()).collect())
}

/// The words of encoded arguments.
pub(crate) fn words(args: &[u8]) -> Vec<U256> {
    args.as_chunks::<32>().0.iter().map(|word| U256::from_be_bytes(*word)).collect()
}
