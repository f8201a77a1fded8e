//! `neuron key` as people use it: keys that they bring, take away and lock anew, by files, variables, standard input and a terminal.

mod signing;

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const WORDS: &str = "test test test test test test test test test test test junk";
const SECRET: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const TENTH: &str = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720";
/// Of the key files in the tests of the room `chain`.
const SEVENS: &str = "0x4a62316623ad457F02cDC5D997deD67a383EC569";

struct Desk(TempDir);

impl Desk {
    /// A folder with passwords.
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        for (name, text) in
            [("pw", "correct horse\n"), ("other", "other\n"), ("wrong", "wrong\n"), ("empty", "\n"), ("dos", "correct horse\r\n")]
        {
            desk.write(name, text);
        }
        desk
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect("written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).expect("a file")
    }

    /// Runs `neuron` with words that hold no blanks, with variables and standard input.
    fn run(&self, arguments: &str, variables: &[(&str, &str)], input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neuron"));
        command.current_dir(&self.0).args(arguments.split(' ')).envs(variables.iter().copied());
        for name in ["NEURON_PASSWORD", "NEURON_NEW_PASSWORD", "NEURON_OLD_PASSWORD"] {
            if variables.iter().all(|(given, _)| *given != name) {
                command.env_remove(name);
            }
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        // It may end before it has read anything.
        drop(child.stdin.take().expect("standard input").write_all(input.as_bytes()));
        child.wait_with_output().expect("an end")
    }

    fn told(&self, arguments: &str, variables: &[(&str, &str)], input: &str) -> String {
        let output = self.run(arguments, variables, input);
        let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{arguments}: {text}");
        text
    }

    fn refused(&self, arguments: &str, input: &str) -> String {
        let output = self.run(arguments, &[], input);
        let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
        assert!(!output.status.success(), "{arguments} was not refused: {text}");
        text
    }
}

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../chain/tests/keystores").join(name).display().to_string()
}

#[test]
fn keys_that_people_have_come_in() {
    let desk = Desk::new();
    desk.write("secret", &format!("\u{feff}0x{SECRET}\r\n"));
    desk.write("passphrase", "TREZOR\n");
    let words = format!("{WORDS}\n");
    let cast = format!("keystore {} --old-password-file pw", fixture("cast.json"));
    for (number, (how, input, address)) in [
        ("private-key --from secret", "", ADDRESS),
        ("private-key --from -", SECRET, ADDRESS),
        ("mnemonic --from -", words.as_str(), ADDRESS),
        ("mnemonic --from - --path m/44'/60'/0'/0/9", &words, TENTH),
        ("mnemonic --from - --passphrase-file passphrase", &words, "0x"),
        (&cast, "", SEVENS),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("key-{number}.json");
        let told = desk.told(&format!("--key {key} --password-file pw key import {how}"), &[], input);
        assert!(told.contains(address) && told.contains("without this file and its password it is lost"), "{how}: {told}");
        assert_eq!(address == "0x", !told.contains(ADDRESS) && !told.contains(TENTH) && !told.contains(SEVENS), "{how}: {told}");
        assert!(desk.told(&format!("--key {key} key show"), &[], "").contains(address), "{how}");
        assert!(desk.told(&format!("--key {key} key show"), &[("NEURON_PASSWORD", "correct horse")], "").contains(address), "{how}");
    }
}

#[test]
fn a_key_goes_out_and_gets_a_new_password() {
    let desk = Desk::new();
    desk.told("--key key.json --password-file pw key import private-key --from -", &[], SECRET);
    let passwords = [("NEURON_PASSWORD", "correct horse"), ("NEURON_NEW_PASSWORD", "other")];
    desk.told("--key key.json key export copy.json", &passwords, "");
    assert!(desk.told("--key copy.json --password-file other key show", &[], "").contains(ADDRESS));
    let told = desk.told("--key copy.json --password-file other key export bare --raw-private-key", &[], "");
    assert!(told.contains("whoever reads it owns the account"), "{told}");
    assert_eq!(desk.read("bare"), SECRET);
    #[cfg(unix)]
    for name in ["bare", "copy.json", "key.json"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(desk.0.path().join(name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    desk.told("--key key.json --password-file pw key password --new-password-file other", &[], "");
    assert!(desk.told("--key key.json --password-file other key show", &[], "").contains(ADDRESS));
    assert!(desk.refused("--key key.json --password-file pw key show", "").contains("wrong password"));
}

#[test]
fn what_gives_no_key_is_refused_in_one_sentence_and_leaves_nothing() {
    let desk = Desk::new();
    desk.told("--key key.json --password-file pw key import private-key --from -", &[], SECRET);
    let (foreign, cbc) = (fixture("refused-foreign.json"), fixture("refused-cbc.json"));
    let zero = "0".repeat(64);
    for (arguments, input, wanted) in [
        ("--key key.json --password-file pw key new", "", "exists already"),
        ("--key key.json --password-file pw key export key.json --new-password-file other", "", "exists already"),
        ("--key key.json --password-file pw key export pw --raw-private-key", "", "exists already"),
        ("--key key.json --password-file wrong key export new.json --new-password-file other", "", "wrong password"),
        ("--key key.json --password-file wrong key password --new-password-file other", "", "wrong password"),
        ("--key key.json --password-file pw key password --new-password-file empty", "", "the password is empty"),
        ("--key new.json --password-file empty key new", "", "the password is empty"),
        ("--key new.json --password-file dos key new", "", "the password in dos ends with a carriage return"),
        ("--key new.json key new", "", "no password for new.json: name a password file, set NEURON_PASSWORD, or call this from a terminal"),
        ("--key new.json --password-file pw key import private-key", "", "name a file with --from, or `--from -`"),
        ("--key new.json --password-file pw key import private-key --from -", "", "give its 64 hexadecimal digits"),
        ("--key new.json --password-file pw key import private-key --from -", &SECRET[1..], "give its 64 hexadecimal digits"),
        ("--key new.json --password-file pw key import private-key --from -", &zero, "outside of the curve's numbers"),
        ("--key new.json --password-file pw key import private-key --from none", "", "cannot read none"),
        ("--key new.json --password-file pw key import mnemonic --from -", "test test", "12, 15, 18, 21 or 24 words, and this one 2"),
        ("--key new.json --password-file pw key import mnemonic --from -", &WORDS.replace("junk", "test"), "do not fit each other"),
        ("--key new.json --password-file pw key import mnemonic --from - --path m/x", WORDS, "write it like m/44'/60'/0'/0/0"),
        (&format!("--key new.json --password-file pw key import keystore {foreign} --old-password-file pw"), "", "holds the key of 0x4a62"),
        (&format!("--key new.json --password-file pw key import keystore {cbc} --old-password-file pw"), "", "only aes-128-ctr is read"),
        (&format!("--key {foreign} --password-file pw key show"), "", "holds the key of 0x4a62"),
        ("--key new.json key show", "", "there is no key file at new.json"),
        ("--remote-signer http://127.0.0.1:1 key show", "", "--remote-signer and --remote-account go together"),
        (&format!("--remote-account {ADDRESS} key show"), "", "--remote-signer and --remote-account go together"),
        (
            &format!("--remote-signer http://127.0.0.1:1 --remote-account {ADDRESS} key export new.json --raw-private-key"),
            "",
            "no answer from the remote signer",
        ),
    ] {
        let told = desk.refused(arguments, input);
        assert!(told.contains(wanted), "{arguments}: {told:?} instead of {wanted:?}");
        assert!(!told.contains(SECRET) && !told.contains("junk") && !told.contains("panicked"), "{arguments}: {told}");
    }
    assert!(!desk.0.path().join("new.json").exists() && desk.read("pw") == "correct horse\n");
    assert!(desk.told("--key key.json --password-file pw key show", &[], "").contains(ADDRESS), "as it was");
    desk.told("--key dos.json --password-file dos --password-as-is key new", &[], "");
    assert!(desk.refused("--key dos.json --password-file pw key show", "").contains("wrong password"), "the carriage return belongs to it");
}

/// `script` gives the program a terminal of its own and says what is typed.
#[cfg(target_os = "linux")]
#[test]
fn a_password_is_asked_for_at_a_terminal_and_not_shown() {
    let desk = Desk::new();
    let typed = |line: &str, keys: &str| {
        let command = format!("{} --key {line}", env!("CARGO_BIN_EXE_neuron"));
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &command, "/dev/null"]).current_dir(&desk.0).env_remove("NEURON_PASSWORD");
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let (mut input, mut output, mut told) = (child.stdin.take()?, child.stdout.take()?, Vec::new());
        // What is typed before the question would be shown by the terminal itself.
        for line in keys.split_inclusive('\n') {
            let (mut byte, before) = ([0], told.len());
            while !told[before..].ends_with(b": ") && output.read_exact(&mut byte).is_ok() {
                told.extend(byte);
            }
            input.write_all(line.as_bytes()).ok()?;
        }
        output.read_to_end(&mut told).ok()?;
        Some((child.wait().ok()?.success(), String::from_utf8_lossy(&told).into_owned()))
    };
    let Some((made, told)) = typed("key.json key new", "pass word\npass word\n") else {
        eprintln!("no terminal is played here: install `script` (util-linux)");
        return;
    };
    assert!(made && told.contains("Password for key.json: ") && told.contains("The same again: "), "{told}");
    assert!(!told.contains("pass word"), "{told}");
    desk.write("typed", "pass word");
    desk.told("--key key.json --password-file typed key show", &[], "");
    let (made, told) = typed("other.json key new", "pass word\npass ward\n").expect("again");
    assert!(!made && told.contains("the two passwords differ"), "{told}");
    assert!(!desk.0.path().join("other.json").exists());
}
