//! What was found of each thing: pure functions of what was looked at.

use std::path::Path;

use node::{
    NodeConfig,
    machine::{Choice, Place},
};
use protocol::{Address, GroupId, Wei, chain::GroupView};
use swarm::{Neighbourhood, Reachability};
use trainer_node::settings::Command;

use crate::cli::check::Finding;

/// Seconds by which the newest block may be older than this machine's clock, where nothing is known of the chain's blocks.
const LAG_S: u64 = 300;
/// Of known blocks so many may be missing.
const LAG_BLOCKS: u64 = 20;
/// Seconds by which it may be ahead.
const LEAD_S: u64 = 60;
/// Gas of a round's calls: commit, reveal, and what follows them.
const ROUND_GAS: u64 = 600_000;
/// Rounds for which the coin should last.
const ROUNDS: u128 = 20;
/// Bytes that a node of a small group needs on the disk and in memory.
const DISK_BYTES: u64 = 2 << 30;
const MEMORY_BYTES: u64 = 512 << 20;

/// What mends a chain that does not answer, or is another one.
pub fn mend_of_chain(is_other: bool, path: &Path) -> String {
    match is_other {
        true => format!("set `rpc` or `chain_id` in {} right", path.display()),
        false => format!("start the endpoint, or name another one as `rpc` in {}", path.display()),
    }
}

/// The newest block against this machine's clock.
pub fn clock(block_s: u64, machine_s: u64, length_s: Option<u64>) -> Finding {
    let lag_s = length_s.map_or(LAG_S, |length_s| length_s.saturating_mul(LAG_BLOCKS).max(LEAD_S));
    let (old_s, ahead_s) = (machine_s.saturating_sub(block_s), block_s.saturating_sub(machine_s));
    if ahead_s > LEAD_S {
        return Finding::wrong(
            format!("the newest block is dated {ahead_s} s after this machine's clock"),
            "set the clock, as by `timedatectl set-ntp true`; on a development chain that was turned forward it does no harm",
        );
    }
    match old_s > lag_s {
        true => Finding::wrong(
            format!("the newest block is {old_s} s old: the chain stands still, its endpoint lags, or this machine's clock is ahead"),
            "compare the clock with another one, then the endpoint's newest block with a block explorer's; name another `rpc`",
        ),
        false => Finding::Fine(format!("the newest block is {old_s} s old")),
    }
}

/// Where losses are computed as the settings ask for it, and whether a GPU could do it.
pub fn gpu(asked: Place, choice: &Choice) -> Finding {
    let machine = &choice.machine;
    match (asked, &choice.reason) {
        (Place::Processor, None) => Finding::Fine(format!("{machine} gives the processor's bits: `--device cuda` computes losses there")),
        (Place::Processor, Some(reason)) => Finding::Fine(format!("losses are computed by the {machine}; {reason}")),
        (Place::Gpu(_), None) => Finding::Fine(format!("{machine} gives the processor's bits: losses are computed there")),
        (Place::Gpu(_), Some(reason)) => Finding::wrong(
            format!("{asked} is asked for, and losses are computed by the {machine}: {reason}"),
            "mend that, or set `device` of [evaluator] to \"cpu\"",
        ),
    }
}

/// Whether rounds of the group are paid.
pub fn group(view: &GroupView) -> Finding {
    let (group, awake) = (view.id, view.awake().to_nrn());
    match (view.admitted, view.awake().is_zero()) {
        (true, false) => Finding::Fine(format!("group {group} is admitted, {awake} NRN are awake")),
        (true, true) => Finding::wrong(
            format!("group {group} has no stake awake: nothing can be decided in it"),
            format!("`neuron stake bond AMOUNT --group {group}`, then `neuron stake wake --group {group}`"),
        ),
        (false, _) => Finding::wrong(
            format!("group {group} is not admitted: its rounds are not paid"),
            "serve another one (`neuron group list`), or ask for a majority: `neuron measure propose admit`",
        ),
    }
}

/// The chain's coin of an account, against what calls cost now.
pub fn gas(coin: Wei, price: Wei, account: Address) -> Finding {
    let round = price.mul_div(ROUND_GAS.into(), 1);
    let rounds = if round.is_zero() { u128::MAX } else { coin.0 / round.0 };
    let has = format!("{} of the chain's coin", coin.to_nrn());
    match rounds {
        0 => Finding::wrong(
            format!("{has} do not pay for the gas of one round, about {}", round.to_nrn()),
            format!("send coin to {account}"),
        ),
        few if few < ROUNDS => Finding::wrong(
            format!("{has} pay for the gas of about {few} rounds at today's price"),
            format!("send coin to {account}: {} are enough for {ROUNDS} rounds", round.mul_div(ROUNDS, 1).to_nrn()),
        ),
        many if many > 1_000_000 => Finding::Fine(format!("{has}, more than a million rounds' gas")),
        many => Finding::Fine(format!("{has}, gas of about {many} rounds at today's price")),
    }
}

/// NRN of an account, against what a commit puts down.
pub fn deposit(balance: Wei, least: Wei, has_stake: bool, account: Address) -> Finding {
    let (has, least_nrn) = (balance.to_nrn(), least.to_nrn());
    match (balance >= least, has_stake) {
        (true, _) => Finding::Fine(format!("{has} NRN, a commit puts {least_nrn} NRN down")),
        (false, true) => Finding::Fine(format!("{has} NRN do not suffice for a trainer's deposit of {least_nrn}; a validator needs none")),
        (false, false) => Finding::wrong(
            format!("{has} NRN: a trainer puts {least_nrn} NRN down for each commit, and there is no stake for a validator"),
            format!(
                "send {} NRN to {account}, or buy them while there is a sale: `neuron sale show`",
                least.saturating_sub(balance).to_nrn()
            ),
        ),
    }
}

/// The positions of an account in the group.
pub fn stake(view: &GroupView, account: Address, epoch: u64) -> Finding {
    let mut fine = Vec::new();
    for (position, _) in view.spoken_for(account).filter(|(position, _)| !position.next.is_zero() || !position.live.is_zero()) {
        let (number, group, nrn) = (position.number, view.id, position.live.to_nrn());
        if position.sleeps_until > epoch.saturating_add(1) && !position.awake_next {
            return Finding::wrong(
                format!("position {number} was put to sleep for its absence, until epoch {} (now: {epoch})", position.sleeps_until),
                format!(
                    "let its node run; from epoch {} on: `neuron stake wake --group {group} --position {number}`",
                    position.sleeps_until - 1
                ),
            );
        }
        if !position.awake_next {
            return Finding::wrong(
                format!("position {number} is at rest: it signs nothing and earns nothing"),
                format!("`neuron stake wake --group {group} --position {number}`"),
            );
        }
        let state = if position.awake { "awake" } else { "awake from the next epoch on" };
        fine.push(format!("position {number} with {nrn} NRN is {state}"));
    }
    match fine.is_empty() {
        true => Finding::Unknown(format!("none in group {}: only validators need it", view.id)),
        false => Finding::Fine(fine.join(", ")),
    }
}

/// Room in a folder.
pub fn disk(folder: &Path, free: Option<u64>) -> Finding {
    let at = folder.display();
    match free {
        None => Finding::Unknown(format!("how much is free in {at} cannot be told")),
        Some(free) if free < DISK_BYTES => Finding::wrong(
            format!("{} MiB are free in {at}, a node needs {} at least", free >> 20, DISK_BYTES >> 20),
            "make room, or let `data` of [node] name a folder on another disk; `neuron ipfs gc` removes what nobody needs",
        ),
        Some(free) => Finding::Fine(format!("{} MiB are free in {at}", free >> 20)),
    }
}

/// Memory that programs can have.
pub fn memory(available: Option<u64>) -> Finding {
    match available {
        None => Finding::Unknown("this system does not tell how much is available".to_owned()),
        Some(available) if available < MEMORY_BYTES => Finding::wrong(
            format!("{} MiB are available, a node of a small group needs {} at least", available >> 20, MEMORY_BYTES >> 20),
            "end other programs, or use a larger machine; `neuron can-join` measures a group's needs",
        ),
        Some(available) => Finding::Fine(format!("{} MiB are available", available >> 20)),
    }
}

/// The program that trains in the place of a trainer's engines.
pub fn command(command: &Command) -> Finding {
    match command.program() {
        Ok(program) => Finding::Fine(format!("{} trains, in {}", program.display(), command.folder().display())),
        Err(error) => Finding::failed(&error, "correct `command` and `folder` of [training] in the settings, or install the program"),
    }
}

/// The addresses on which a node is to listen.
pub fn ports(node: &NodeConfig, taken: &[String], is_running: bool) -> Finding {
    match (is_running, taken) {
        (true, _) => Finding::Fine(format!("a node runs in {} and has its ports", node.data.display())),
        (false, []) if node.listen.is_empty() => Finding::Fine("any free ports: no `listen` is named".to_owned()),
        (false, []) => Finding::Fine(format!("free: {}", node.listen.join(", "))),
        (false, taken) => Finding::wrong(
            format!("another program listens on {}", taken.join(", ")),
            "end it (`ss -lnp` names it), or name other ports in `listen`",
        ),
    }
}

/// Who answers, and how a node here is reached.
pub fn peers(seen: &Neighbourhood, group: GroupId) -> Finding {
    let here = seen.neighbours.iter().filter(|one| one.groups.contains(&group)).count();
    let (all, reached) = (seen.neighbours.len(), seen.reachability.words());
    let told = format!("{all} connected, {here} of them of group {group}; a node here is reached {reached}");
    match (all, here, &seen.reachability) {
        (0, ..) => Finding::wrong(
            seen.troubles.first().map_or_else(|| "no peer answers".to_owned(), |(at, why)| format!("no peer answers; {at}: {why}")),
            "name peers that run as `peers` in the network file; whoever runs the network knows some",
        ),
        (_, 0, _) => {
            Finding::wrong(told, format!("no peer of group {group} answers: name one as `peers`, or wait and look with `neuron peers`"))
        }
        (.., Reachability::Closed | Reachability::Silent) => {
            Finding::wrong(told, "forward the port that the node listens on from the router to this machine, or set `upnp = true`")
        }
        _ => Finding::Fine(told),
    }
}

#[cfg(test)]
mod tests;
