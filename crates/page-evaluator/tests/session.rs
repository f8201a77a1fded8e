//! The session gives what second implementations of the evaluator committed, for every family.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

use hex::FromHex;
use page_evaluator::{Round, Session, Slot};
use std::{fs, path::PathBuf};

/// Folder of a family's golden files below those of the evaluator, and its two files of examples.
const FAMILIES: [(&str, [&str; 2]); 3] = [("", ["b.csv", "a.csv"]), ("gpt", ["b.txt", "a.txt"]), ("gpt-tanh", ["b.txt", "a.txt"])];

fn golden(folder: &str, file: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../evaluator/tests/golden", folder, file].iter().collect();
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn loaded(folder: &str, files: [&str; 2]) -> Session {
    let mut session = Session::default();
    session.set_manifest(&golden(folder, "manifest.json")).unwrap();
    session.set_checkpoint(Slot::Base, &golden(folder, "base.safetensors")).unwrap();
    session.set_checkpoint(Slot::New, &golden(folder, "new.safetensors")).unwrap();
    assert_eq!(session.checkpoint_len().unwrap(), golden(folder, "base.safetensors").len() as u64);
    let files = files.map(|file| (file, String::from_utf8(golden(folder, file)).unwrap()));
    session.set_examples(&serde_json::to_vec(&files).unwrap()).unwrap();
    session
}

#[test]
fn a_round_is_replayed_as_the_second_implementations_measured_it() {
    for (folder, files) in FAMILIES {
        let session = loaded(folder, files);
        let expected: serde_json::Value = serde_json::from_slice(&golden(folder, "measurement.json")).unwrap();
        let text = |key: &str| expected[key].as_str().unwrap().to_owned();
        let number = |key: &str| expected[key].as_u64().unwrap();
        let round =
            Round { seed: <[u8; 32]>::from_hex(text("seed")).unwrap(), group: number("group"), number: number("round"), commits: 1 };
        let replay = session.replay(&round).unwrap();
        assert_eq!(serde_json::json!(replay.drawn), expected["drawn"]);
        assert_eq!(serde_json::json!(replay.base.losses), expected["base"]);
        assert_eq!(serde_json::json!(replay.new.losses), expected["new"]);
        let measured = &replay.measured;
        assert_eq!((u64::from(measured.base), u64::from(measured.loss)), (number("base_mean"), number("new_mean")));
        assert_eq!(measured.loss_root, text("loss_root"));
        assert!(measured.is_certain, "these manifests do not ask for certainty");
        assert_eq!(session.measure(Slot::New, &round).unwrap(), replay.new);
        let probe = session.probe(Slot::New, &round, <[u8; 20]>::from_hex(text("signer")).unwrap()).unwrap();
        assert_eq!(hex::encode(probe), text("probe"));
    }
}

#[test]
fn a_checkpoint_that_changes_a_frozen_tensor_is_replayed_as_false() {
    let (folder, files) = FAMILIES[1];
    let round = Round { seed: [9; 32], group: 3, number: 11, commits: 1 };
    let text = String::from_utf8(golden(folder, "manifest.json")).unwrap();
    let mut session = loaded(folder, files);
    assert!(session.replay(&round).is_ok());
    session.set_manifest(text.replace("\"weight_max\":2", "\"weight_max\":2,\"frozen\":[\"transformer.h.1.*\"]").as_bytes()).unwrap();
    session.set_checkpoint(Slot::Base, &golden(folder, "base.safetensors")).unwrap();
    session.set_checkpoint(Slot::New, &golden(folder, "new.safetensors")).unwrap();
    let files = files.map(|file| (file, String::from_utf8(golden(folder, file)).unwrap()));
    session.set_examples(&serde_json::to_vec(&files).unwrap()).unwrap();
    let refusal = session.replay(&round).unwrap_err().to_string();
    assert_eq!(refusal, "tensor transformer.h.1.ln_1.weight is frozen and differs from the base's: leave it as it is there");
    session.set_checkpoint(Slot::New, &golden(folder, "base.safetensors")).unwrap();
    assert!(session.replay(&round).is_ok());
}

#[test]
fn a_text_continues_with_the_same_tokens_for_the_same_seed() {
    let mut session = loaded("gpt", FAMILIES[1].1);
    let mut tokens = |seed| {
        session.write_text(Slot::New, "a", 1.0, [seed; 32]).unwrap();
        (0..24).map(|_| session.next_token().unwrap()).collect::<Vec<u32>>()
    };
    let first = tokens(1);
    assert_eq!(first, tokens(1));
    assert_ne!(first, tokens(2));
}

#[test]
fn a_new_manifest_forgets_what_belonged_to_the_one_before() {
    let mut session = loaded("gpt", FAMILIES[1].1);
    session.set_manifest(&golden("", "manifest.json")).unwrap();
    assert_eq!(session.predict(Slot::Base, "1,2,3,4,5").unwrap_err().to_string(), "the base is missing: load it first");
}

#[test]
fn patches_make_the_set_and_one_that_does_not_apply_changes_nothing() {
    let mut session = Session::default();
    session.set_manifest(&golden("", "manifest.json")).unwrap();
    let tree = |rows: &str| {
        let mut tree = deltas::Tree::new();
        tree.insert("a.csv", rows).unwrap();
        tree
    };
    let [first, second] = ["1,2,3,4,5,0\n", "1,2,3,4,5,0\n5,4,3,2,1,1\n"].map(tree);
    let begin = deltas::Patch::between(&deltas::Tree::new(), &first, [1; 20], "begin");
    let more = deltas::Patch::between(&first, &second, [1; 20], "more");
    assert!(session.apply_patch(&more).is_err(), "it is for another set");
    assert_eq!(session.apply_patch(&begin).unwrap(), 1);
    assert_eq!(session.apply_patch(&more).unwrap(), 2);
    assert!(session.apply_patch(&begin).is_err());
    assert!(session.apply_patch(b"nothing").is_err());
    assert_eq!(session.root(), second.root());
    let unreadable = deltas::Patch::between(&second, &tree("1\n"), [1; 20], "no examples");
    assert!(session.apply_patch(&unreadable).is_err(), "the evaluator refuses the set");
    assert_eq!(session.root(), second.root());
}
