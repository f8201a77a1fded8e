//! Events as the contracts encode them: the lives of groups that take turns.

use alloy::primitives::{B256, LogData, U256, keccak256};
use alloy::sol_types::SolEvent;
use governance::bindings::INetwork as Abi;
use token::bindings::IStake;

/// The group of an event.
pub fn group_of(event: u64, groups: u64) -> u64 {
    event.wrapping_mul(7_919) % groups + 1
}

/// The event of that number.
pub fn event(event: u64, groups: u64) -> LogData {
    let (group, step) = (U256::from(group_of(event, groups)), event / groups);
    let (round, trainer) = (U256::from(step / 6), alloy::primitives::Address::repeat_byte(0x77));
    let (file, claim) = (keccak256(event.to_be_bytes()), keccak256(event.to_le_bytes()));
    let (wei, none) = (U256::from(10).pow(U256::from(18)), B256::ZERO);
    match step % 6 {
        0 => {
            let (deposit, awake, total, supply, voids) = (wei, wei, wei, wei, U256::ZERO);
            Abi::Opened { group, round, checkpoint: file, head: none, reward: wei, deposit, awake, total, supply, voids }.encode_log_data()
        }
        1 => Abi::Committed { group, round, trainer, number: U256::ONE, seal: claim }.encode_log_data(),
        2 => {
            let (number, base, loss) = (U256::ONE, 700_000, 600_000);
            Abi::Revealed { group, round, trainer, number, file, base, loss, lossRoot: claim }.encode_log_data()
        }
        3 => Abi::Judged { group, round, claim, stake: wei, amount: wei, positions: vec![0, 0, 0, 1].into() }.encode_log_data(),
        4 => Abi::Decided { group, round, winner: trainer, outcome: 1, claim, file, checkpoint: file }.encode_log_data(),
        _ => IStake::Compounded { group, position: U256::ONE, amount: wei }.encode_log_data(),
    }
}
