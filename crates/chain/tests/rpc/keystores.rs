//! Key files: those of other programs, our own, and what is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chain::Account;
use chain::keystore::{self, Cost, KeystoreError, Refusal};
use proptest::prelude::*;

const PASSWORD: &str = "correct horse";
/// The key of 32 sevens, and the one of a zero and 31 sevens.
const SEVENS: &str = "0x4a62316623ad457F02cDC5D997deD67a383EC569";
const SHORT: &str = "0x2771EDF80C74dc98001F434d475B313DEAa623EA";

/// The examples of the specification of Web3 secret storage; their password is `testpassword`.
const EXAMPLE: &str = r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
"ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2","kdfparams":{"c":262144,
"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
"mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#;
const SCRYPT_EXAMPLE: &str = r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},
"ciphertext":"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c","kdf":"scrypt","kdfparams":{"dklen":32,
"n":262144,"p":8,"r":1,"salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
"mac":"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#;
const EXAMPLE_SECRET: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

fn given(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keystores").join(name)).expect("a key file of the tests")
}

#[test]
fn the_files_of_other_programs_open() {
    for (name, password, address) in [
        ("geth.json", PASSWORD, SEVENS),
        ("ethers.json", PASSWORD, SEVENS),
        ("ethers-unicode.json", "\u{fb01}re caf\u{e9}", SEVENS),
        ("eth-account.json", PASSWORD, SEVENS),
        ("eth-account-pbkdf2.json", PASSWORD, SEVENS),
        ("cast.json", PASSWORD, SEVENS),
        ("ethereumjs-wallet.json", PASSWORD, SEVENS),
        ("myetherwallet.json", PASSWORD, SEVENS),
        ("parity.json", PASSWORD, SEVENS),
        ("web3dart.json", PASSWORD, SEVENS),
        ("nethermind.json", PASSWORD, SEVENS),
        ("short-secret.json", PASSWORD, SHORT),
        ("short-iv.json", PASSWORD, SEVENS),
        ("short-iv-alone.json", PASSWORD, SEVENS),
        ("cut-iv.json", PASSWORD, SEVENS),
        ("long-iv.json", PASSWORD, SEVENS),
        ("long-iv-behind.json", PASSWORD, SEVENS),
        ("neuron.json", PASSWORD, SEVENS),
    ] {
        let account = keystore::decrypt(&given(name), password).unwrap_or_else(|refusal| panic!("{name} {refusal}"));
        assert_eq!(account.address().to_string(), address, "{name}");
        let wrong = keystore::decrypt(&given(name), "wrong horse").expect_err(name);
        assert_eq!(wrong, Refusal::WrongPassword, "{name}");
    }
}

#[test]
fn the_examples_of_the_specification_open() {
    for example in [EXAMPLE, SCRYPT_EXAMPLE] {
        let account = keystore::decrypt(example.as_bytes(), "testpassword").unwrap_or_else(|refusal| panic!("{refusal}"));
        assert_eq!(hex::encode(*account.to_bytes().expect("the secret")), EXAMPLE_SECRET);
    }
}

#[test]
fn a_file_that_lies_or_asks_for_too_much_is_refused_with_the_reason() {
    let geth = String::from_utf8(given("geth.json")).expect("text");
    let changed = |old: &str, new: &str| {
        assert!(geth.contains(old), "{old}");
        geth.replace(old, new).into_bytes()
    };
    let long = [&given("geth.json")[..], &[b' '; 3]].concat();
    assert!(keystore::decrypt(&long, PASSWORD).is_ok(), "blanks behind are no harm");
    let example = |old, new| EXAMPLE.replace(old, new).into_bytes();
    for (file, wanted) in [
        (given("refused-cbc.json"), "encrypted by \"aes-128-cbc\", and only aes-128-ctr is read; let the program that wrote it export"),
        (
            given("refused-foreign.json"),
            "the key of 0x00000000000000000000000000000000DeaDBeef, and holds the key of 0x4a62316623ad457F02cDC5D997deD67a383EC569",
        ),
        (changed("\"n\":4096", "\"n\":67108864"), "asks for 64 GiB of memory (scrypt, n = 67108864, r = 8), and 1 GiB is the most"),
        (changed("\"n\":4096", "\"n\":9223372036854775808"), "GiB of memory"),
        (changed("\"r\":8", "\"r\":18446744073709551615"), "GiB of memory"),
        (changed("\"p\":6", "\"p\":1000"), "n · r · p = 32768000 in scrypt (p = 1000), and 16777216 is the most"),
        (changed("\"p\":6", "\"p\":18446744073709551615"), "in scrypt (p = 18446744073709551615)"),
        (changed("\"n\":4096", "\"n\":4095"), "a power of two"),
        (changed("\"n\":4096", "\"n\":0"), "a power of two"),
        (changed("\"r\":8", "\"r\":0"), "above 0"),
        (changed("\"r\":8", "\"r\":-8"), "its `r` is missing or no number"),
        (changed("\"dklen\":32", "\"dklen\":31"), "its `dklen` is below 32"),
        (changed("\"version\":3", "\"version\":1"), "is of version 1"),
        (changed("\"version\":3", "\"version\":null"), "its `version` is missing"),
        (changed("scrypt", "rot13"), "makes its key by \"rot13\""),
        (changed("\"mac\":\"", "\"mac\":\"00"), "wrong password, or the file is damaged"),
        (changed("\"ciphertext\":\"", "\"ciphertext\":\"00"), "wrong password, or the file is damaged"),
        (changed("\"ciphertext\":\"", "\"ciphertext\":\"x"), "its `ciphertext` is not hexadecimal"),
        (changed("\"ciphertext\":\"", &format!("\"ciphertext\":\"{}", "0".repeat(66))), "its `ciphertext` has 65 bytes"),
        (changed("4a62316623ad", "4a62"), "its `address` is none"),
        (example("262144", "10000001"), "asks for 10000001 rounds of pbkdf2, and 10000000 is the most"),
        (example("262144", "0"), "at least one round"),
        (example("hmac-sha256", "hmac-sha512"), "only hmac-sha256 is read"),
        (example("6087dab2f9fdbbfa", "6087dab2f9fdbbfa00"), "an `iv` of 17 bytes instead of 16, and no address"),
        (b"\xff\xfe{\x00}\x00".to_vec(), "is not UTF-8 text"),
        (b"{}".to_vec(), "its `version` is missing"),
        (b"[3]".to_vec(), "its `version` is missing"),
        (b"".to_vec(), "is no key file of version 3 (EOF"),
        (b"0xac0974bec39a17e36ba4a6b4d238ff94".to_vec(), "is no key file of version 3"),
    ] {
        let refusal = keystore::decrypt(&file, PASSWORD).expect_err(wanted).to_string();
        assert!(refusal.contains(wanted), "{refusal:?} instead of {wanted:?}");
        assert!(refusal.contains("; "), "{refusal:?} says what to do");
    }
}

#[test]
fn a_key_survives_the_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys/alice.json");
    let account = Account::random();
    let missing = keystore::open(&path, "").expect_err("there is none");
    assert!(matches!(missing, KeystoreError::Missing(_)), "{missing}");
    keystore::create(&path, &account, PASSWORD, Cost::Full).expect("a key file");
    assert_eq!(keystore::address(&path).expect("a key file"), Some(account.address()));
    assert_eq!(keystore::open(&path, PASSWORD).expect("the key").address(), account.address());
    let wrong = keystore::open(&path, "correct hors").expect_err("the password is wrong");
    assert!(matches!(wrong, KeystoreError::Refused { refusal: Refusal::WrongPassword, .. }), "{wrong}");
    let again = keystore::create(&path, &Account::random(), "x", Cost::Trifling).expect_err("the file exists");
    assert!(matches!(again, KeystoreError::Exists(_)), "{again}");
    assert_eq!(names(&folder.path().join("keys")), ["alice.json"], "nothing is left over");
    fs::write(&path, vec![b' '; 17 * 1024]).expect("a file");
    assert!(keystore::open(&path, PASSWORD).expect_err("too large").to_string().contains("too large"));
}

#[test]
fn a_new_password_takes_the_old_ones_place_at_once_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key.json");
    fs::write(&path, given("cast.json")).expect("a file");
    let wrong = keystore::change_password(&path, "wrong", "new", Cost::Trifling).expect_err("the password is wrong");
    assert!(matches!(wrong, KeystoreError::Refused { refusal: Refusal::WrongPassword, .. }), "{wrong}");
    assert_eq!(fs::read(&path).expect("a file"), given("cast.json"), "as it was");
    let account = keystore::change_password(&path, PASSWORD, "new", Cost::Trifling).expect("changed");
    assert_eq!(account.address().to_string(), SEVENS);
    assert_eq!(keystore::open(&path, "new").expect("the key").address(), account.address());
    assert!(keystore::open(&path, PASSWORD).is_err(), "the old one is of no use");
    assert_eq!(names(folder.path()), ["key.json"], "nothing is left over");
}

#[cfg(unix)]
#[test]
fn a_key_file_is_for_its_owner_only_and_a_link_to_it_stays_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let (path, link) = (folder.path().join("key.json"), folder.path().join("link.json"));
    keystore::create(&path, &Account::random(), "", Cost::Trifling).expect("a key file");
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    keystore::change_password(&link, "", "new", Cost::Trifling).expect("changed");
    assert!(link.is_symlink() && keystore::open(&path, "new").is_ok());
    assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is done to one place of a file, it opens as the key that it was, or not at all.
    #[test]
    fn a_damaged_file_never_opens_as_another_key(at in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..4), cut in 0..4_usize) {
        let mut file = given("neuron.json");
        let at = at.index(file.len());
        file.splice(at..(at + cut).min(file.len()), bytes);
        if let Ok(account) = keystore::decrypt(&file, PASSWORD) {
            prop_assert_eq!(account.address().to_string(), SEVENS);
        }
    }

    #[test]
    fn no_text_brings_the_reader_down(text in r#"\{("(crypto|version|address|kdf|n|iv)":([0-9]{1,3}|"[0-9a-fx]{0,9}"|\{\}|\[\]),?){0,6}\}?"#) {
        prop_assert!(keystore::decrypt(text.as_bytes(), PASSWORD).is_err());
    }
}

/// A program that reads key files, if this machine has it: `NEURON_KEY_TOOLS` names a folder with `cast`, `geth`, a Python
/// environment with eth-account at `py`, and ethers in `node_modules`.
fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("NEURON_KEY_TOOLS").map(|folder| PathBuf::from(folder).join(name)).filter(|path| path.exists());
    if path.is_none() {
        eprintln!("{name} does not read our key file here: put it into a folder and name that in NEURON_KEY_TOOLS");
    }
    path
}

/// What the program prints, both ways, in small letters.
fn told(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).to_lowercase()
}

#[test]
fn other_programs_read_what_is_written_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, password) = (folder.path().join("key.json"), folder.path().join("password"));
    let account = Account::random();
    keystore::create(&path, &account, PASSWORD, Cost::Full).expect("a key file");
    fs::write(&password, PASSWORD).expect("a password file");
    let address = account.address().to_string().to_lowercase();
    let secret = hex::encode(*account.to_bytes().expect("the secret"));
    if let Some(cast) = tool("cast") {
        let command = &mut Command::new(cast);
        let told = told(command.args(["wallet", "address", "--keystore"]).arg(&path).arg("--password-file").arg(&password));
        assert!(told.contains(&address), "{told}");
    }
    if let Some(geth) = tool("geth") {
        let keys = folder.path().join("geth/keystore");
        fs::create_dir_all(&keys).expect("a folder");
        fs::copy(&path, keys.join("key.json")).expect("a copy");
        // Its developer mode begins with opening the first key.
        let switches = ["--dev", "--port", "0", "--nodiscover", "--authrpc.port", "0", "--verbosity", "1", "--exec", "eth.accounts"];
        let mut command = Command::new(geth);
        command.args(switches).arg("--datadir").arg(folder.path().join("geth")).arg("--password").arg(&password).arg("console");
        let told = told(&mut command);
        assert!(told.contains(&address) && !told.contains("fatal"), "{told}");
    }
    if let Some(python) = tool("py/bin/python") {
        let program = "import sys; from eth_account import Account; print(Account.decrypt(open(sys.argv[1]).read(), sys.argv[2]).hex())";
        let told = told(Command::new(python).args(["-c", program]).arg(&path).arg(PASSWORD));
        assert!(told.contains(&secret), "{told}");
    }
    if let Some(ethers) = tool("node_modules/ethers/lib.commonjs/index.js") {
        let program = "const [ethers, file, password] = process.argv.slice(1); const text = require('fs').readFileSync(file, 'utf8'); \
                       console.log(require(ethers).Wallet.fromEncryptedJsonSync(text, password).privateKey)";
        let told = told(Command::new("node").args(["-e", program]).arg(ethers).arg(&path).arg(PASSWORD));
        assert!(told.contains(&secret), "{told}");
    }
}
