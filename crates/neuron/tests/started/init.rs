//! `neuron init`, without a terminal and with one.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};

use chain::keystore;
use node::{NodeConfig, config, http::HttpConfig};

use crate::desk::Desk;

const PROGRAMS: [&str; 3] = ["trainer", "validator", "seed"];

fn init(desk: &Desk, program: &str, more: &[&str]) -> String {
    let programs = desk.programs().display().to_string();
    desk.told(&[&["init", program, "--yes", "--programs", &programs], more].concat())
}

/// As the program itself reads the file.
fn read(desk: &Desk, program: &str) -> (NodeConfig, HttpConfig) {
    let path = desk.path(program).join(format!("{program}.toml"));
    match program {
        "trainer" => trainer_node::config::load(&path).map(|config| (config.node, config.http)),
        "validator" => validator_node::config::load(&path).map(|config| (config.node, config.http)),
        _ => config::node_of(&path).and_then(|node| Ok((node, config::http_of(&path)?))),
    }
    .unwrap_or_else(|error| panic!("{program}: {error:#}"))
}

/// All files below a folder.
fn files(desk: &Desk, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(desk.path(folder)).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(files(desk, &name));
        } else {
            found.insert(name, fs::read(entry.path()).expect("bytes"));
        }
    }
    found
}

#[test]
fn each_program_reads_the_settings_that_were_made_for_it_and_its_key_opens() {
    let desk = Desk::new();
    for program in PROGRAMS {
        let told = init(&desk, program, &["--group", "1,4", "--port", "4500", "--http", "127.0.0.1:9999"]);
        assert!(told.contains("next:") && told.contains(&format!("enable --now neuron-{program}")), "{told}");
        let (node, http) = read(&desk, program);
        assert_eq!(node.listen, ["/ip4/0.0.0.0/tcp/4500", "/ip4/0.0.0.0/udp/4500/quic-v1"], "{program}");
        assert_eq!(http.listen, Some("127.0.0.1:9999".parse().expect("an address")), "{program}");
        assert_eq!(node.data, desk.path(program).join("data"), "{program}");
        if program == "seed" {
            let unit = desk.read("seed/neuron-seed.service");
            assert!(unit.contains("serve --group 1,4 --config") && !desk.path("seed/account.json").exists(), "{unit}");
            continue;
        }
        assert_eq!((node.network.clone(), node.group.clone()), (desk.path("network.toml"), "1,4".parse().expect("groups")), "{program}");
        let password = fs::read_to_string(node.password_file.as_ref().expect("a password file")).expect("a password");
        let account = keystore::open(&node.keystore, password.trim_end()).expect("the password opens the key");
        assert!(told.contains(&account.address().to_string()), "{told}");
        #[cfg(unix)]
        for name in ["account.json", "password"] {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(desk.path(program).join(name)).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{program} {name}");
        }
    }
}

#[test]
fn what_is_there_is_said_and_never_written_over() {
    let desk = Desk::new();
    for program in PROGRAMS {
        init(&desk, program, &[]);
        let before = files(&desk, program);
        let told = init(&desk, program, &["--group", "7"]);
        assert!(!told.contains("made ") && told.contains("which is not what was answered now"), "{told}");
        assert_eq!(files(&desk, program), before, "{program}");
    }
    let others = files(&desk, "trainer");
    let mut changed = others.clone();
    fs::remove_file(desk.path("trainer/trainer.toml")).expect("removed");
    let told = init(&desk, "trainer", &["--port", "0"]);
    assert!(told.contains("made ") && told.contains("account.json  left as it is"), "{told}");
    changed.insert("trainer/trainer.toml".into(), desk.read("trainer/trainer.toml").into_bytes());
    assert_eq!(files(&desk, "trainer"), changed, "only what was missing is made");
    assert!(changed != others && read(&desk, "trainer").0.listen == ["/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"]);
}

#[test]
fn a_key_of_ones_own_and_a_remote_signer_are_named_in_the_settings() {
    let desk = Desk::new();
    desk.write("pw", "correct horse\n");
    desk.told(&["--key", "mine.json", "--password-file", "pw", "key", "new"]);
    init(&desk, "trainer", &["--key", "mine.json", "--password-file", "pw"]);
    let (node, _) = read(&desk, "trainer");
    assert_eq!((node.keystore, node.password_file), (desk.path("mine.json"), Some(desk.path("pw"))));
    assert!(!desk.path("trainer/account.json").exists() && !desk.path("trainer/password").exists());
    let account = "0x4a62316623ad457F02cDC5D997deD67a383EC569";
    let told = init(&desk, "validator", &["--remote-signer", "https://a:secret@signer.example:9000", "--remote-account", account]);
    assert!(!told.contains("secret"), "{told}");
    let (node, _) = read(&desk, "validator");
    assert_eq!((node.signer.as_deref(), node.account), (Some("https://a:secret@signer.example:9000"), account.parse().ok()));
    assert!(!desk.path("validator/account.json").exists());
}

#[test]
fn what_cannot_be_set_up_is_refused_and_leaves_neither_settings_nor_key() {
    let desk = Desk::new();
    let programs = desk.programs().display().to_string();
    desk.write("pw", "correct horse\n");
    desk.write("other", "other\n");
    desk.told(&["--key", "mine.json", "--password-file", "pw", "key", "new"]);
    for (arguments, wanted) in [
        (&["init", "trainer"][..], "there is no terminal to ask at: say --yes"),
        (&["init", "trainer", "--yes", "--network", "none.toml"], "none.toml: give the path of an existing file"),
        (&["init", "seed", "--yes", "--group", "all I have stake in"], "name the groups by their numbers"),
        (&["init", "trainer", "--yes", "--http", "here"], "write it like 127.0.0.1:9464, or none"),
        (&["init", "trainer", "--yes", "--user", "a b"], "is no user of a system"),
        (&["init", "trainer", "--yes", "--programs", "nowhere"], "name the folder of the programs"),
        (&["init", "trainer", "--yes", "--remote-signer", "http://127.0.0.1:1"], "--remote-signer and --remote-account go together"),
        (&["init", "trainer", "--yes", "--key", "mine.json"], "no password for"),
        (&["init", "trainer", "--yes", "--key", "mine.json", "--password-file", "other"], "wrong password"),
        (&["init", "trainer", "--yes", "--password-file", "none"], "there is no password file at"),
    ] {
        let with_programs = [arguments, &["--programs", &programs]].concat();
        let all = if arguments.contains(&"--programs") { arguments } else { &with_programs };
        let told = desk.refused(all);
        assert!(told.contains(wanted), "{arguments:?}: {told:?} instead of {wanted:?}");
        for made in ["trainer/trainer.toml", "trainer/account.json", "trainer/password", "seed/seed.toml"] {
            assert!(!desk.path(made).exists(), "{arguments:?} made {made}");
        }
    }
}

#[test]
fn units_take_from_the_programs_what_they_do_not_need_and_systemd_understands_them() {
    let desk = Desk::new();
    for program in PROGRAMS {
        let folder = desk.path(&format!("a {program} 100%")).display().to_string();
        init(&desk, program, &["--folder", &folder]);
        let path = format!("a {program} 100%/neuron-{program}.service");
        let unit = desk.read(&path);
        for line in ["NoNewPrivileges=yes", "ProtectSystem=strict", "Restart=on-failure", "KillSignal=SIGTERM", "User=neuron"] {
            assert!(unit.lines().any(|known| known == line), "{line} in {unit}");
        }
        assert!(unit.contains(&format!("StateDirectory=neuron-{program}\n")) && unit.contains("100%%/data\""), "{unit}");
        // A trainer's GPU needs both.
        assert_eq!(program == "trainer", !unit.contains("PrivateDevices=yes") && !unit.contains("MemoryDenyWriteExecute=yes"));
        let Ok(verified) = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(desk.path(&path)).output() else {
            eprintln!("units are not verified here: there is no systemd-analyze");
            continue;
        };
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        // Whatever else it knows of this machine does not matter.
        let about: Vec<&str> = said.lines().filter(|line| line.contains(&format!("neuron-{program}.service"))).collect();
        assert!(about.is_empty(), "{about:?}");
    }
}

/// `script` gives the program a terminal of its own and says what is typed.
#[cfg(target_os = "linux")]
#[test]
fn five_questions_are_asked_at_a_terminal_and_a_password_that_is_not_shown() {
    let desk = Desk::new();
    let command = format!("{} init validator --programs {}", env!("CARGO_BIN_EXE_neuron"), desk.programs().display());
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &command, "/dev/null"]).current_dir(desk.path("")).env_remove("NEURON_PASSWORD");
    let Ok(mut child) = script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
        eprintln!("no terminal is played here: install `script` (util-linux)");
        return;
    };
    let (mut input, mut output) = (child.stdin.take().expect("input"), child.stdout.take().expect("output"));
    let mut told = Vec::new();
    for line in ["\n", "4\n", "\n", "4600\n", "none\n", "pass word\n", "pass word\n"] {
        let (mut byte, before) = ([0], told.len());
        while !told[before..].ends_with(b": ") && output.read_exact(&mut byte).is_ok() {
            told.extend(byte);
        }
        input.write_all(line.as_bytes()).expect("typed");
    }
    output.read_to_end(&mut told).expect("the rest");
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(child.wait().expect("an end").success() && !told.contains("pass word"), "{told}");
    let (node, http) = read(&desk, "validator");
    assert_eq!((node.group, http.listen), ("4".parse().expect("a group"), None));
    assert_eq!(node.listen, ["/ip4/0.0.0.0/tcp/4600", "/ip4/0.0.0.0/udp/4600/quic-v1"]);
    keystore::open(&node.keystore, "pass word").expect("the typed password opens the key");
}
