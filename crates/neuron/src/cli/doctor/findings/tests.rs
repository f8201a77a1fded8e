//! What the doctor says of each thing, by tables.

use protocol::{PositionNumber, chain::PositionView};

use super::*;
use crate::cli::{check::Check, sample::group as view};

const ACCOUNT: Address = Address([1; 20]);

fn position(awake: bool, awake_next: bool) -> PositionView {
    let (number, live) = (PositionNumber(3), Wei::nrn(5));
    PositionView { number, owner: ACCOUNT, live, next: live, awake, awake_next, ..PositionView::default() }
}

fn check(finding: &Finding, is_wrong: bool, wanted: &str) {
    let told = Check { name: "thing", finding: finding.clone() }.lines().join("\n");
    assert!(finding.is_wrong() == is_wrong && told.contains(wanted), "wrong {is_wrong} and {wanted:?}: {told}");
    assert_eq!(told.contains('→'), is_wrong, "what is wrong names what mends it: {told}");
}

#[test]
fn a_clock_may_differ_a_little_from_the_newest_block() {
    for (block_s, machine_s, length_s, is_wrong, wanted) in [
        (1_000, 1_000, None, false, "0 s old"),
        (1_000, 1_300, None, false, "300 s old"),
        (1_000, 1_301, None, true, "301 s old"),
        (1_000, 1_241, Some(12), true, "241 s old"),
        (1_000, 1_240, Some(12), false, "240 s old"),
        (1_000, 1_060, Some(1), false, "60 s old"),
        (1_060, 1_000, None, false, "0 s old"),
        (1_061, 1_000, None, true, "61 s after this machine's clock"),
    ] {
        check(&clock(block_s, machine_s, length_s), is_wrong, wanted);
    }
}

#[test]
fn a_group_is_worth_serving_if_its_rounds_can_be_decided_and_are_paid() {
    check(&group(&view(true, vec![position(true, true)])), false, "5 NRN are awake");
    check(&group(&view(true, Vec::new())), true, "neuron stake bond AMOUNT --group 1");
    check(&group(&view(false, vec![position(true, true)])), true, "not admitted");
}

#[test]
fn coin_has_to_last_for_twenty_rounds() {
    let price = Wei(1_000_000_000);
    let rounds = |count: u128| Wei(600_000 * 1_000_000_000 * count);
    for (coin, is_wrong, wanted) in [
        (Wei::ZERO, true, "do not pay for the gas of one round, about 0.0006"),
        (Wei(rounds(1).0 - 1), true, "do not pay"),
        (rounds(19), true, "about 19 rounds"),
        (rounds(20), false, "about 20 rounds"),
        (Wei::nrn(1_000_000_000), false, "more than a million"),
    ] {
        check(&gas(coin, price, ACCOUNT), is_wrong, wanted);
    }
    check(&gas(Wei(1), Wei::ZERO, ACCOUNT), false, "more than a million");
}

#[test]
fn either_a_deposit_or_stake_is_needed() {
    let (least, less) = (Wei::nrn(2), Wei::nrn(1));
    check(&deposit(least, least, false, ACCOUNT), false, "2 NRN, a commit puts 2 NRN down");
    check(&deposit(less, least, true, ACCOUNT), false, "a validator needs none");
    check(&deposit(less, least, false, ACCOUNT), true, "send 1 NRN to");
}

#[test]
fn stake_that_sleeps_or_rests_is_told_with_the_command_that_wakes_it() {
    let asleep = PositionView { sleeps_until: 9, ..position(false, false) };
    for (positions, is_wrong, wanted) in [
        (Vec::new(), false, "only validators need it"),
        (vec![position(true, true)], false, "position 3 with 5 NRN is awake"),
        (vec![position(false, true)], false, "awake from the next epoch on"),
        (vec![position(false, false)], true, "`neuron stake wake --group 1 --position 3`"),
        (vec![position(true, false)], true, "at rest"),
        (vec![asleep], true, "until epoch 9 (now: 4)"),
        (vec![PositionView { owner: Address([2; 20]), ..position(false, false) }], false, "none in group 1"),
    ] {
        check(&stake(&view(true, positions), ACCOUNT, 4), is_wrong, wanted);
    }
}

#[test]
fn room_memory_and_ports_are_judged_by_what_a_node_needs() {
    let folder = Path::new("data");
    check(&disk(folder, Some(DISK_BYTES)), false, "2048 MiB are free in data");
    check(&disk(folder, Some(DISK_BYTES - 1)), true, "needs 2048");
    check(&disk(folder, None), false, "cannot be told");
    check(&memory(Some(MEMORY_BYTES)), false, "512 MiB");
    check(&memory(Some(MEMORY_BYTES - 1)), true, "needs 512");
    check(&memory(None), false, "does not tell");
    let node = NodeConfig { listen: vec!["/ip4/0.0.0.0/tcp/4400".into()], ..NodeConfig::default() };
    check(&ports(&node, &[], false), false, "free: /ip4/0.0.0.0/tcp/4400");
    check(&ports(&node, &node.listen, true), false, "a node runs in data");
    check(&ports(&node, &node.listen, false), true, "another program listens on /ip4/0.0.0.0/tcp/4400");
    check(&ports(&NodeConfig::default(), &[], false), false, "any free ports");
}

#[test]
fn peers_are_wanted_of_the_group_and_a_way_in() {
    let seen = |troubles, reachability| Neighbourhood { neighbours: Vec::new(), reachability, addresses: Vec::new(), troubles };
    let trouble = ("/dns4/gone.example/tcp/1".parse().expect("an address"), "the name does not resolve".to_owned());
    check(&peers(&seen(vec![trouble], Reachability::Unknown), GroupId(1)), true, "gone.example/tcp/1: the name does not resolve");
    check(&peers(&seen(Vec::new(), Reachability::Local), GroupId(1)), true, "no peer answers");
}

#[test]
fn a_command_that_trains_has_to_be_there() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("trainer.toml");
    for (text, expected) in [
        ("engine = \"command\"\ncommand = [\"sh\", \"train.sh\"]", Some((false, "/sh trains, in "))),
        ("engine = \"command\"\ncommand = [\"no-such-program\"]", Some((true, "in no folder of PATH"))),
        ("engine = \"command\"\ncommand = [\"./none\"]", Some((true, "there is no program"))),
        ("engine = \"exact\"", None),
    ] {
        std::fs::write(&path, format!("[node]\ngroup = 1\n[training]\n{text}\n")).expect("written");
        let found = trainer_node::settings::command_of(&path).expect("settings");
        assert_eq!(found.is_some(), expected.is_some(), "{text}");
        if let (Some(found), Some((is_wrong, wanted))) = (found, expected) {
            check(&command(&found), is_wrong, wanted);
        }
    }
    std::fs::write(&path, "[node]\n[training]\nengine = \"command\"\n").expect("written");
    assert!(trainer_node::settings::command_of(&path).is_err(), "what is wrong in it is said");
    std::fs::write(&path, "[node]\n").expect("written");
    assert_eq!(trainer_node::settings::command_of(&path).expect("a validator's"), None);
}

#[test]
fn a_gpu_that_is_asked_for_and_cannot_is_wrong_and_one_that_nobody_asked_for_is_told() {
    let machine = node::machine::look_for(Place::Processor).expect("the processor").machine;
    let choice = |reason: Option<&str>| Choice { machine, reason: reason.map(str::to_owned) };
    let missing = choice(Some("no NVIDIA driver was found: install it, or compute on the processor"));
    check(&gpu(Place::Processor, &missing), false, "losses are computed by the processor");
    check(&gpu(Place::Processor, &missing), false, "no NVIDIA driver was found");
    check(&gpu(Place::Gpu(1), &missing), true, "cuda:1 is asked for, and losses are computed by the processor");
    check(&gpu(Place::Processor, &choice(None)), false, "`--device cuda` computes losses there");
    check(&gpu(Place::Gpu(0), &choice(None)), false, "gives the processor's bits: losses are computed there");
}
