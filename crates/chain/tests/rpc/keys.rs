//! Keys: in memory, and encrypted on disk.

use chain::keystore::{self, KeystoreError};
use chain::{Account, ChainError};
use protocol::eip712::{Consent, Domain};
use protocol::ids::{Address, GroupId};

/// The example of the specification of Web3 secret storage; its password is `testpassword`.
const EXAMPLE: &str = r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
"ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2","kdfparams":{"c":262144,
"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
"mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#;
const EXAMPLE_SECRET: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

#[test]
fn a_key_survives_the_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys/alice.json");
    let account = Account::random();
    keystore::create(&path, &account, "correct horse").expect("a key file");
    assert_eq!(keystore::address(&path).expect("an address"), account.address());
    assert_eq!(keystore::open(&path, "correct horse").expect("the key").to_bytes(), account.to_bytes());
    let wrong = keystore::open(&path, "correct hors").expect_err("the password is wrong");
    assert!(matches!(wrong, KeystoreError::WrongPassword(_)), "{wrong}");
    let again = keystore::create(&path, &Account::random(), "x").expect_err("the file exists");
    assert!(matches!(again, KeystoreError::Exists(_)), "{again}");
    assert_eq!(std::fs::read_dir(folder.path().join("keys")).expect("a folder").count(), 1, "nothing is left over");
}

#[cfg(unix)]
#[test]
fn a_key_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key.json");
    keystore::create(&path, &Account::random(), "").expect("a key file");
    assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_specifications_example_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("example.json");
    std::fs::write(&path, EXAMPLE).expect("a file");
    let account = keystore::open(&path, "testpassword").expect("the key");
    assert_eq!(hex::encode(account.to_bytes()), EXAMPLE_SECRET);
    assert!(keystore::address(&path).is_err(), "it names no address");
}

#[test]
fn a_damaged_or_costly_key_file_is_refused_without_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key.json");
    let missing = keystore::open(&path, "").expect_err("there is none");
    assert!(matches!(missing, KeystoreError::Missing(_)), "{missing}");
    let damages = [
        ("\"version\":3}", ""),
        ("262144", "4000000000"),
        ("\"dklen\":32", "\"dklen\":8"),
        ("6087dab2f9fdbbfaddc31a909735c1e6", "6087"),
        ("pbkdf2", "rot13"),
    ];
    for (old, new) in damages {
        std::fs::write(&path, EXAMPLE.replace(old, new)).expect("a file");
        let refused = keystore::open(&path, "testpassword").expect_err("it is damaged");
        assert!(matches!(refused, KeystoreError::Malformed { .. }), "{old}: {refused}");
    }
}

#[test]
fn a_key_in_hex_gives_its_known_address() {
    let secret = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    let address: Address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266".parse().expect("an address");
    assert_eq!(Account::from_hex(secret).expect("a key").address(), address);
    for bad in ["", "0x12", &"0".repeat(64), &"f".repeat(64), &"g".repeat(64)] {
        assert!(matches!(Account::from_hex(bad), Err(ChainError::Signing(_))), "{bad}");
    }
}

#[test]
fn a_signed_message_names_its_signer_in_its_domain_only() {
    let account = Account::random();
    let domain = Domain { chain_id: 31_337, network: Address([7; 20]) };
    let message = Consent { group: GroupId(1), owner: Address([9; 20]) };
    let signed = account.sign(message, &domain).expect("a signature");
    assert_eq!(signed.signer(&domain).ok(), Some(account.address()));
    let other = Domain { chain_id: 1, ..domain };
    assert_ne!(signed.signer(&other).ok(), Some(account.address()));
}

#[test]
fn a_key_is_not_printed() {
    let account = Account::random();
    let text = format!("{account:?}");
    assert!(text.contains(&account.address().to_string()) && !text.contains(&hex::encode(account.to_bytes())), "{text}");
}
