//! `neuron signing`: a validator moves, and never signs what its log forbids.

use protocol::{
    Digest, GroupId, RoundNumber,
    eip712::Verdict,
    signing_log::{Decision, SigningLog},
};

use super::*;

const CONTRACT: &str = "0x0303030303030303030303030303030303030303";

fn verdict(group: u64, round: u64, claim: u8) -> Verdict {
    Verdict { group: GroupId(group), round: RoundNumber(round), claim: Digest([claim; 32]), probe: Digest([9; 32]) }
}

fn log(verdicts: &[Verdict]) -> SigningLog {
    let mut log = SigningLog::default();
    verdicts.iter().for_each(|verdict| log.record(*verdict));
    log
}

/// Two nodes of one account, `a` with a log and `b` without one.
fn two_nodes() -> Desk {
    let desk = Desk::new();
    desk.told("--key account.json --password-file pw key import private-key --from -", &[], SECRET);
    for (node, chain_id) in [("a", 31_337), ("b", 31_337), ("c", 1)] {
        fs::create_dir(desk.0.path().join(node)).expect("a folder");
        let network = format!("name = \"x\"\nrpc = \"http://127.0.0.1:1\"\nchain_id = {chain_id}\ncontract = \"{CONTRACT}\"\n");
        desk.write(&format!("{node}/network.toml"), &network);
        let settings = format!("step_s = 2\n[node]\nnetwork = \"{node}/network.toml\"\ndata = \"{node}\"\nkeystore = \"account.json\"\n");
        desk.write(&format!("{node}.toml"), &settings);
    }
    desk.write("a/signing.log", &log(&[verdict(1, 7, 1), verdict(1, 8, 2), verdict(4, 3, 1)]).text());
    desk.write("a/findings.log", &log(&[verdict(2, 0, 5)]).text());
    desk
}

fn held(desk: &Desk, name: &str) -> SigningLog {
    SigningLog::parse(desk.read(name).as_bytes()).expect("whole").log
}

#[test]
fn what_one_node_signed_the_other_one_knows() {
    let desk = two_nodes();
    let told = desk.told("signing export out.json --config a.toml", &[], "");
    assert!(told.contains("group 1: 2 signed, the last in round 8") && told.contains("bounty 2: 1 signed"), "{told}");
    let told = desk.told("signing import out.json --config b.toml", &[], "");
    assert!(told.contains("group 4: 1 signed"), "{told}");
    for file in ["signing.log", "findings.log"] {
        assert_eq!(desk.read(&format!("b/{file}")), desk.read(&format!("a/{file}")));
    }
    desk.write("b/signing.log", &log(&[verdict(1, 8, 9), verdict(1, 9, 1)]).text());
    let told = desk.told("signing import out.json --config b.toml", &[], "");
    assert!(told.contains("warning: 1/8 was signed twice"), "{told}");
    let both = held(&desk, "b/signing.log");
    assert_eq!(both.decide(&verdict(1, 9, 1)), Decision::Again);
    assert!([1, 2, 9].into_iter().all(|claim| matches!(both.decide(&verdict(1, 8, claim)), Decision::Refuse(_))));
    let told = desk.told("signing prune --config b.toml", &[], "");
    assert!(told.contains("group 1: closed through round 9, 0 signed since"), "{told}");
    assert!(matches!(held(&desk, "b/signing.log").decide(&verdict(1, 9, 1)), Decision::Refuse(_)));
}

#[test]
fn what_must_not_be_taken_in_or_written_is_refused_and_nothing_changes() {
    let desk = two_nodes();
    desk.told("signing export out.json --config a.toml", &[], "");
    desk.write("broken.json", &desk.read("out.json")[..200]);
    let before = desk.read("a/signing.log");
    let running = fs::File::create(desk.0.path().join("b/node.lock")).expect("a lock");
    running.try_lock().expect("held");
    for (arguments, wanted) in [
        ("signing export out.json --config a.toml", "name a new file"),
        ("signing import out.json --config b.toml", "another program uses"),
        ("signing import out.json --config c.toml", "and this node's is"),
        ("signing import broken.json --config a.toml", "no JSON"),
        ("signing import none.json --config a.toml", "cannot read none.json"),
        ("signing prune --config none.toml", "cannot read none.toml"),
    ] {
        let output = desk.run(arguments, &[], "");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(wanted), "{arguments}: {error}");
    }
    assert_eq!(desk.read("a/signing.log"), before);
    assert!(!desk.0.path().join("b/signing.log").exists());
}
