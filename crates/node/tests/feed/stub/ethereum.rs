//! As much of the machine of Ethereum as a program needs that reads a contract.

use alloy::primitives::{Bytes, U256};

/// Steps that a program may take.
const STEPS: usize = 1_000_000;

struct Machine<'a> {
    code: &'a [u8],
    at: usize,
    stack: Vec<U256>,
    memory: Vec<u8>,
    returned: Bytes,
}

/// Runs a program until it reverts, and tells with what; none if it does anything else. `call` answers calls of contracts.
pub fn run(code: &[u8], call: &dyn Fn(&[u8]) -> Option<Bytes>) -> Option<Bytes> {
    let mut machine = Machine { code, at: 0, stack: Vec::new(), memory: Vec::new(), returned: Bytes::new() };
    for _ in 0..STEPS {
        let op = *code.get(machine.at)?;
        machine.at += 1;
        if op == 0xfd {
            let (place, size) = (machine.place()?, machine.place()?);
            return Some(machine.reach(place, size)?.to_vec().into());
        }
        machine.step(op, call)?;
    }
    None
}

impl Machine<'_> {
    fn step(&mut self, op: u8, call: &dyn Fn(&[u8]) -> Option<Bytes>) -> Option<()> {
        match op {
            0x01 | 0x02 | 0x03 | 0x10 | 0x11 | 0x18 => self.reckon(op)?,
            0x15 => {
                let is_zero = self.stack.pop()?.is_zero();
                self.stack.push(U256::from(is_zero));
            }
            0x3d => self.stack.push(U256::from(self.returned.len())),
            0x3e => {
                let (place, from, size) = (self.place()?, self.place()?, self.place()?);
                let returned = self.returned.get(from..from + size)?.to_vec();
                self.reach(place, size)?.copy_from_slice(&returned);
            }
            0x50 => drop(self.stack.pop()?),
            0x51 => {
                let place = self.place()?;
                let word = U256::from_be_slice(self.reach(place, 32)?);
                self.stack.push(word);
            }
            0x52 => {
                let (place, word) = (self.place()?, self.stack.pop()?);
                self.reach(place, 32)?.copy_from_slice(&word.to_be_bytes::<32>());
            }
            0x56 | 0x57 => {
                let place = self.place()?;
                if op == 0x56 || !self.stack.pop()?.is_zero() {
                    (*self.code.get(place)? == 0x5b).then_some(())?;
                    self.at = place;
                }
            }
            0x5a => self.stack.push(U256::from(30_000_000)),
            0x5b => {}
            0x60..=0x7f => {
                let bytes = self.code.get(self.at..self.at + usize::from(op - 0x5f))?;
                self.at += bytes.len();
                self.stack.push(U256::from_be_slice(bytes));
            }
            0x80..=0x8f => self.stack.push(*self.stack.iter().nth_back(usize::from(op - 0x80))?),
            0x90..=0x9f => {
                let (top, other) = (self.stack.len().checked_sub(1)?, self.stack.len().checked_sub(usize::from(op - 0x8e))?);
                self.stack.swap(top, other);
            }
            0xfa => {
                let [_, _, place, size, _, _] = std::array::from_fn(|_| self.place());
                let answer = call(self.reach(place?, size?)?);
                self.stack.push(U256::from(answer.is_some()));
                self.returned = answer.unwrap_or_default();
            }
            _ => return None,
        }
        Some(())
    }

    fn reckon(&mut self, op: u8) -> Option<()> {
        let (one, other) = (self.stack.pop()?, self.stack.pop()?);
        self.stack.push(match op {
            0x01 => one.wrapping_add(other),
            0x02 => one.wrapping_mul(other),
            0x03 => one.wrapping_sub(other),
            0x10 => U256::from(one < other),
            0x11 => U256::from(one > other),
            _ => one ^ other,
        });
        Some(())
    }

    /// A number from the stack that is small enough for a place, or a large one cut.
    fn place(&mut self) -> Option<usize> {
        Some(self.stack.pop()?.saturating_to())
    }

    fn reach(&mut self, place: usize, size: usize) -> Option<&mut [u8]> {
        let end = place.checked_add(size).filter(|end| *end < 1 << 24)?;
        if self.memory.len() < end {
            self.memory.resize(end, 0);
        }
        self.memory.get_mut(place..end)
    }
}
