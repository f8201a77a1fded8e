//! A group with its positions in one call: a little program that is run as the creation of a contract that never comes about. It
//! calls `group`, `leastDeposit`, `positions` and, for one number after the other, `position`, lays their answers in a row, and
//! reverts with them: what is returned would have to fit into a contract. Before them stands a word: 1, or 0 before the answer of a
//! call that failed.

use alloy::primitives::{Bytes, U256};
use alloy::sol_types::{SolCall, SolType};
use chain::convert::{self, to_eth};
use chain::{ChainError, Connection};
use protocol::ids::{Address, GroupId, PositionNumber};
use token::Position;

use crate::bindings::{IGroups, INetwork as Abi};
use crate::errors::unreadable;

/// Positions that are read in one call: as many as even a small block's gas is enough for.
pub(crate) const POSITIONS: u64 = 200;
/// Bytes of a word.
const WORD: usize = 32;

/// Places in memory: the call that is made, the number of the last position, and what is told.
const CALL: u8 = 0x00;
const GROUP: u8 = 0x04;
const NUMBER: u8 = 0x24;
const LAST: u8 = 0x60;
const TOLD: u8 = 0x80;
const ANSWERS: u8 = 0xa0;

/// What the contract says of a group, all as of the end of one block.
pub(crate) struct Snapshot {
    pub(crate) group: IGroups::Group,
    pub(crate) least_deposit: U256,
    /// How many positions were ever made.
    pub(crate) made: u64,
    pub(crate) positions: Vec<Position>,
}

impl Snapshot {
    /// Reads at most [`POSITIONS`] positions from number `first` on.
    pub(crate) async fn read(chain: &Connection, network: Address, group: GroupId, first: u64, block: u64) -> Result<Self, ChainError> {
        let told = chain.run_at("group", program(network, group, first), block).await?;
        Self::decode(&told, first)
    }

    fn decode(told: &[u8], first: u64) -> Result<Self, ChainError> {
        let odd = || unreadable("group", "the endpoint ran something else than was asked for");
        let (told, answers) = told.split_at_checked(WORD).ok_or_else(odd)?;
        if U256::from_be_slice(told) != U256::ONE {
            return Err(odd());
        }
        let size = IGroups::Group::ENCODED_SIZE.ok_or_else(odd)?;
        let (group, rest) = answers.split_at_checked(size).ok_or_else(odd)?;
        let (sums, rest) = rest.split_at_checked(2 * WORD).ok_or_else(odd)?;
        let shown = rest.chunks(<token::bindings::IStake::Position as SolType>::ENCODED_SIZE.ok_or_else(odd)?);
        let positions = (first..).zip(shown).map(|(number, shown)| {
            let shown = token::bindings::IStake::positionCall::abi_decode_returns(shown).map_err(|_| odd())?;
            Position::read(PositionNumber(number), &shown)
        });
        Ok(Self {
            group: Abi::groupCall::abi_decode_returns(group).map_err(|_| odd())?,
            least_deposit: U256::from_be_slice(&sums[..WORD]),
            made: convert::number("positions", U256::from_be_slice(&sums[WORD..]))?,
            positions: positions.collect::<Result<_, _>>()?,
        })
    }
}

/// The program, which leaves where it writes next on the stack.
fn program(network: Address, group: GroupId, first: u64) -> Bytes {
    let mut code = Code { bytes: Vec::new(), failed: Vec::new(), network };
    code.store(U256::ONE, TOLD);
    code.op(&[PUSH1, ANSWERS]);
    code.store(U256::from(group.0), GROUP);
    for selector in [Abi::groupCall::SELECTOR, Abi::leastDepositCall::SELECTOR, Abi::positionsCall::SELECTOR] {
        code.select(selector);
        code.call(NUMBER);
    }
    // The lesser of how many there are, the last answer, and of how many are wanted.
    code.op(&[DUP1, PUSH1, WORD as u8, SWAP1, SUB, MLOAD]);
    code.push(U256::from(first.saturating_add(POSITIONS - 1)));
    code.op(&[DUP1, DUP3, XOR, DUP2, DUP4, LT, MUL, XOR, SWAP1, POP, PUSH1, LAST, MSTORE]);
    code.select(Abi::positionCall::SELECTOR);
    code.store(U256::from(first), NUMBER);
    let next = code.here();
    code.op(&[PUSH1, LAST, MLOAD, PUSH1, NUMBER, MLOAD, GT]);
    let end = code.jump(JUMPI);
    code.call(NUMBER + WORD as u8);
    code.op(&[PUSH1, NUMBER, MLOAD, PUSH1, 1, ADD, PUSH1, NUMBER, MSTORE]);
    let again = code.jump(JUMP);
    code.land(again, next);
    let here = code.here();
    code.land(end, here);
    code.op(&[PUSH1, TOLD, SWAP1, SUB, PUSH1, TOLD, REVERT]);
    code.fail();
    code.bytes.into()
}

const ADD: u8 = 0x01;
const MUL: u8 = 0x02;
const SUB: u8 = 0x03;
const LT: u8 = 0x10;
const GT: u8 = 0x11;
const ISZERO: u8 = 0x15;
const XOR: u8 = 0x18;
const RETURNDATASIZE: u8 = 0x3d;
const RETURNDATACOPY: u8 = 0x3e;
const POP: u8 = 0x50;
const MLOAD: u8 = 0x51;
const MSTORE: u8 = 0x52;
const JUMP: u8 = 0x56;
const JUMPI: u8 = 0x57;
const GAS: u8 = 0x5a;
const JUMPDEST: u8 = 0x5b;
const PUSH1: u8 = 0x60;
const PUSH2: u8 = 0x61;
const PUSH20: u8 = 0x73;
const PUSH32: u8 = 0x7f;
const DUP1: u8 = 0x80;
const DUP2: u8 = 0x81;
const DUP3: u8 = 0x82;
const DUP4: u8 = 0x83;
const SWAP1: u8 = 0x90;
const STATICCALL: u8 = 0xfa;
const REVERT: u8 = 0xfd;

/// A program that is written.
struct Code {
    bytes: Vec<u8>,
    /// Jumps for calls that fail.
    failed: Vec<usize>,
    network: Address,
}

impl Code {
    fn op(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn push(&mut self, word: U256) {
        self.op(&[PUSH32]);
        self.op(&word.to_be_bytes::<WORD>());
    }

    fn store(&mut self, word: U256, place: u8) {
        self.push(word);
        self.op(&[PUSH1, place, MSTORE]);
    }

    /// Writes which function is called; what stood behind it stays.
    fn select(&mut self, selector: [u8; 4]) {
        let mut word = [0; WORD];
        word[..4].copy_from_slice(&selector);
        self.op(&[PUSH1, GROUP, MLOAD]);
        self.store(U256::from_be_bytes(word), CALL);
        self.op(&[PUSH1, GROUP, MSTORE]);
    }

    /// Calls with so many bytes and adds the answer to the others.
    fn call(&mut self, bytes: u8) {
        self.op(&[PUSH1, 0, PUSH1, 0, PUSH1, bytes, PUSH1, CALL, PUSH20]);
        self.op(&to_eth(self.network)[..]);
        self.op(&[GAS, STATICCALL, ISZERO]);
        let failed = self.jump(JUMPI);
        self.failed.push(failed);
        self.op(&[RETURNDATASIZE, PUSH1, 0, DUP3, RETURNDATACOPY, RETURNDATASIZE, ADD]);
    }

    /// Where the calls that fail come to.
    fn fail(&mut self) {
        let here = self.here();
        for jump in std::mem::take(&mut self.failed) {
            self.land(jump, here);
        }
        self.store(U256::ZERO, TOLD);
        self.op(&[RETURNDATASIZE, PUSH1, 0, PUSH1, ANSWERS, RETURNDATACOPY]);
        self.op(&[RETURNDATASIZE, PUSH1, WORD as u8, ADD, PUSH1, TOLD, REVERT]);
    }

    /// A place that can be jumped to.
    fn here(&mut self) -> usize {
        self.op(&[JUMPDEST]);
        self.bytes.len() - 1
    }

    /// A jump whose end is not known yet.
    fn jump(&mut self, how: u8) -> usize {
        self.op(&[PUSH2, 0, 0, how]);
        self.bytes.len() - 3
    }

    fn land(&mut self, jump: usize, place: usize) {
        self.bytes[jump..jump + 2].copy_from_slice(&(place as u16).to_be_bytes());
    }
}
