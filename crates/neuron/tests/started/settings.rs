//! `neuron config show`: values and where they come from.

use crate::desk::Desk;

/// The line about a key.
fn about<'a>(told: &'a str, key: &str) -> &'a str {
    let is_it = |line: &&str| line.split(['=', ' ']).find(|word| !word.is_empty() && *word != "#") == Some(key);
    told.lines().find(is_it).unwrap_or_else(|| panic!("{key} in {told}"))
}

#[test]
fn each_value_is_told_with_the_line_that_says_it() {
    let desk = Desk::new();
    desk.write("network.toml", "name = \"n\"\nrpc = [\n  \"http://a/secret\",\n  { url = \"https://b.example/secret\", headers = { authorization = \"secret\" } },\n]\n");
    desk.write(
        "trainer.toml",
        "strategy = \"merge\"\n\n[node]\ngroup = [1, 4]\nkubo = \"http://u:secret@127.0.0.1:5001/x\"\n[training]\nlearning_rate = 0.1\n",
    );
    let told = desk.told(&["config", "show", "--origin", "trainer.toml"]);
    for (key, value, origin) in [
        ("strategy", "= \"merge\"", "# line 1"),
        ("device", "= \"auto\"", "# default"),
        ("pay_to", "is left out", "# default"),
        ("node.group", "= [1, 4]", "# line 4"),
        ("node.kubo", "= \"http://127.0.0.1:5001\"", "# line 5"),
        ("node.edge_s", "is left out", "# default"),
        ("node.coin_rounds", "= 20", "# default"),
        ("training.learning_rate", "= 0.1 ", "# line 7"),
        ("training.beta_1", "= 0.9 ", "# default"),
        ("http.listen", "is left out", "# default"),
        ("network.name", "= \"n\"", "# line 1 of the network file"),
        (
            "network.rpc",
            "= [\"http://a\", { headers = { authorization = \"…\" }, url = \"https://b.example\" }]",
            "# line 2 of the network file",
        ),
        ("network.chain_id", "= 31337", "# default of the network file"),
    ] {
        let line = about(&told, key);
        assert!(line.contains(value) && line.ends_with(origin), "{line:?} instead of {key} {value} {origin}");
    }
    assert!(!told.contains("secret"), "{told}");
    let plain = desk.told(&["config", "show", "trainer.toml"]);
    assert!(!plain.contains("# line") && plain.lines().count() == told.lines().count(), "{plain}");
    for text in [told, plain] {
        let read: toml::Table = toml::from_str(&text).expect("TOML");
        assert_eq!(read["node"]["coin_rounds"].as_integer(), Some(20));
    }
}

/// Names of a network file are keys, and others write that.
#[test]
fn names_are_told_with_nothing_that_a_terminal_acts_upon() {
    let desk = Desk::new();
    desk.write("node.toml", "[node]\n");
    desk.write("network.toml", "[names]\nalice = \"0x4a62316623ad457F02cDC5D997deD67a383EC569\"\n\"a.b \\u001b[2J\\u202e\\\"\\\\\" = 2\n");
    let told = desk.told(&["config", "show", "--origin", "node.toml"]);
    for wanted in [
        "network.names.alice = \"0x4a62316623ad457F02cDC5D997deD67a383EC569\"",
        "network.names.\"a.b \\U0000001b[2J\\U0000202e\\\"\\\\\" = 2 ",
    ] {
        assert!(told.contains(wanted), "{wanted} in {told}");
    }
    assert!(!told.contains(['\u{1b}', '\u{202e}']), "{told:?}");
    let read: toml::Table = toml::from_str(&told).expect("TOML");
    assert_eq!(read["network"]["names"]["a.b \u{1b}[2J\u{202e}\"\\"].as_integer(), Some(2));
}

#[test]
fn keys_tell_whose_settings_they_are() {
    let desk = Desk::new();
    for (text, of, has, has_not) in [
        ("unpaid = true\n[node]\n", None, "training.batch", "compound_part"),
        ("compound_part = 9\n[node]\n", None, "compound_part", "training.batch"),
        ("[node]\n", None, "node.edge_s", "compound_part"),
        ("[node]\n", Some("validator"), "doppelganger_check", "training.batch"),
        ("[node]\n", Some("trainer"), "training.batch", "doppelganger_check"),
        ("[node]\n", Some("seed"), "node.relay = true", "node.edge_s"),
        ("[log]\nformat = \"json\"\n[node]\n", Some("seed"), "log.format = \"json\"", "training.batch"),
        (
            "[trace]\nendpoint = \"http://u:secret@a.example:4318/x\"\n[node]\n",
            Some("seed"),
            "trace.endpoint = \"http://a.example:4318\"",
            "secret",
        ),
        ("[node]\n", None, "log.", "compound_part"),
    ] {
        desk.write("node.toml", text);
        let of: Vec<&str> = of.iter().flat_map(|of| ["--of", *of]).collect();
        let told = desk.told(&[&["config", "show", "node.toml"], &of[..]].concat());
        assert!(told.contains(has) && !told.contains(has_not), "{text:?} {of:?}: {told}");
    }
    desk.write("node.toml", "[node]\nnetwork = \"none.toml\"\n");
    assert!(desk.told(&["config", "show", "node.toml"]).contains("# nothing is known of the network: cannot read"));
    for (text, wanted) in [("[node]\ncolour = 3\n", "colour"), ("[node", "node.toml is malformed"), ("unpaid = 1\n", "unpaid")] {
        desk.write("node.toml", text);
        let told = desk.refused(&["config", "show", "node.toml"]);
        assert!(told.contains(wanted), "{told}");
    }
    assert!(desk.refused(&["config", "show", "none.toml"]).contains("none.toml: give the path of an existing file"));
}
