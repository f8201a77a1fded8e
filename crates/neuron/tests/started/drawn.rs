//! What is drawn on a terminal, where there is none.

use std::fs;

use node::vitals::State;
use serde_json::json;

use crate::desk::Desk;

#[test]
fn long_work_says_nothing_of_its_progress_in_a_pipe() {
    let desk = Desk::new();
    desk.write("node.toml", "[node]\n");
    fs::write(desk.path("long"), vec![7; 48 << 20]).expect("written");
    let output = desk.command().args(["ipfs", "add", "long", "--config", "node.toml"]).output().expect("the program starts");
    let (told, noise) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("48.0 MiB taken in"), "{told}{noise}");
    assert_eq!(noise, "");
}

#[test]
fn a_recording_is_looked_at_before_the_terminal_and_without_one_nothing_is_drawn() {
    let desk = Desk::new();
    let line = json!({ "version": 1, "date": "1970-01-01T00:00:00Z", "state": State::default(), "events": [] }).to_string();
    for (name, text, wanted) in [
        ("right.jsonl", format!("{line}\n{line}\n"), "draws on a terminal"),
        ("wrong.jsonl", format!("{line}\n{{}}\n"), "line 2 of wrong.jsonl"),
        ("empty.jsonl", String::new(), "empty.jsonl is empty"),
    ] {
        desk.write(name, &text);
        let refusal = desk.refused(&["top", "--replay", name]);
        assert!(refusal.contains(wanted), "{name}: {refusal}");
    }
    for (arguments, wanted) in [
        (&["--node", "127.0.0.1:1"][..], "curl http://127.0.0.1:1/status"),
        (&["--node", "nowhere at all"], "write one like 127.0.0.1:9464"),
        (&["--node", "ftp://x"], "write one like 127.0.0.1:9464"),
        (&["--node", "127.0.0.1:1", "--replay", "right.jsonl"], "cannot be used with"),
        (&["--record", "missing/node.jsonl"], "choose another place"),
    ] {
        let refusal = desk.refused(&[&["top"], arguments].concat());
        assert!(refusal.contains(wanted), "{arguments:?}: {refusal}");
    }
}
