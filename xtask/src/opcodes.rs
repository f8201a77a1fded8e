//! Which instructions the contracts may use: those that mean the same on every chain that docs/decisions/0013 names.

use anyhow::{Result, ensure};

/// An instruction that the contracts must not use, and why.
struct Refused {
    code: u8,
    name: &'static str,
    why: &'static str,
}

const fn refuse(code: u8, name: &'static str, why: &'static str) -> Refused {
    Refused { code, name, why }
}

/// Cancun instructions that are absent or mean something else on one of the chains.
const REFUSED: [Refused; 9] = [
    refuse(0x40, "BLOCKHASH", "on Arbitrum it is a pseudo-random number of the rollup's own blocks"),
    refuse(0x41, "COINBASE", "on a rollup it is the sequencer's address"),
    refuse(0x43, "NUMBER", "on Arbitrum it counts the blocks of the chain below; use the timestamp"),
    refuse(0x44, "PREVRANDAO", "on Rootstock it is the difficulty, on Arbitrum the constant 1"),
    refuse(0x45, "GASLIMIT", "on Arbitrum it is no limit that a block has"),
    refuse(0x49, "BLOBHASH", "neither Polygon nor Rootstock has it"),
    refuse(0x4a, "BLOBBASEFEE", "neither Polygon nor Rootstock has it"),
    refuse(0xf2, "CALLCODE", "superseded by DELEGATECALL everywhere"),
    refuse(0xff, "SELFDESTRUCT", "Cancun changed what it does, and not every chain followed"),
];

/// Instructions that Ethereum, OP stack chains, Arbitrum, Polygon and Rootstock all run; INVALID (0xfe) aborts on all of them.
const fn known(code: u8) -> bool {
    matches!(code,
        0x00..=0x0b | 0x10..=0x1d | 0x20 | 0x30..=0x48 | 0x50..=0x5f | 0x60..=0xa4 | 0xf0..=0xf5 | 0xfa | 0xfd..=0xff)
}

const JUMPDEST: u8 = 0x5b;
const PUSH0: u8 = 0x5f;
const PUSH32: u8 = 0x7f;

/// Refuses code that one of the chains would not run as the others do. `hex` as forge writes it.
///
/// # Errors
/// When the hex is malformed or an instruction is not on the list.
pub fn check(name: &str, hex: &str) -> Result<()> {
    let code = bytes(hex)?;
    let mut found = Vec::new();
    for (at, instruction) in reachable(&code) {
        if let Some(refused) = REFUSED.iter().find(|refused| refused.code == instruction) {
            found.push(format!("{} at byte {at}: {}", refused.name, refused.why));
        } else if !known(instruction) {
            found.push(format!("0x{instruction:02x} at byte {at}: not on every chain"));
        }
    }
    ensure!(found.is_empty(), "{name} uses what docs/decisions/0013-evm-version.md refuses:\n  {}", found.join("\n  "));
    Ok(())
}

fn bytes(hex: &str) -> Result<Vec<u8>> {
    let digits = hex.trim_start_matches("0x");
    ensure!(digits.len().is_multiple_of(2) && digits.is_ascii(), "code is no hex: a library is not linked, or forge changed its form");
    (0..digits.len()).step_by(2).map(|at| Ok(u8::from_str_radix(&digits[at..at + 2], 16)?)).collect()
}

/// Instructions that a run can come to, as the machine itself looks for them: from the start, data of pushes skipped; after an
/// instruction that ends or leaves, only a JUMPDEST begins anew. So constants and the code of other contracts are not read as instructions.
fn reachable(code: &[u8]) -> Vec<(usize, u8)> {
    let (mut found, mut at, mut alive) = (Vec::new(), 0, true);
    while let Some(&instruction) = code.get(at) {
        alive |= instruction == JUMPDEST;
        if alive {
            found.push((at, instruction));
        }
        if ends(instruction) {
            alive = false;
        }
        at += 1 + pushed(instruction);
    }
    found
}

/// Bytes of data after an instruction.
fn pushed(instruction: u8) -> usize {
    if (PUSH0..=PUSH32).contains(&instruction) { usize::from(instruction - PUSH0) } else { 0 }
}

/// STOP, JUMP, RETURN, REVERT, INVALID, SELFDESTRUCT.
const fn ends(instruction: u8) -> bool {
    matches!(instruction, 0x00 | 0x56 | 0xf3 | 0xfd | 0xfe | 0xff)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_what_can_run_is_judged() {
        for (code, fine) in [
            ("0x5f5ff3", true),
            ("0x49", false),
            ("0x6049", true),
            ("0x7f4949494949494949494949494949494949494949494949494949494949494949", true),
            ("0x004949", true),
            ("0x00495b49", false),
            ("0x1e", false),
            ("0x5f5c5f5f5d5f5f5f5e48fe", true),
            ("0xa8", false),
            ("0x5f5f5f5f5f5ff2", false),
            ("0x6080__$library$__", false),
        ] {
            assert_eq!(check("code", code).is_ok(), fine, "{code}");
        }
    }
}
