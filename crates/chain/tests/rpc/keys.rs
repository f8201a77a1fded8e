//! Keys in memory, from digits and from words.

use chain::mnemonic::{self, FIRST_ACCOUNT, MnemonicError};
use chain::{Account, ChainError};
use protocol::eip712::{Consent, Domain};
use protocol::ids::{Address, GroupId};

#[test]
fn a_key_in_hex_gives_its_known_address() {
    let secret = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    let address: Address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266".parse().expect("an address");
    assert_eq!(Account::from_hex(secret).expect("a key").address(), address);
    for bad in ["", "0x12", &"0".repeat(64), &"f".repeat(64), &"g".repeat(64)] {
        assert!(matches!(Account::from_hex(bad), Err(ChainError::Signing(_))), "{bad}");
    }
}

#[tokio::test]
async fn a_signed_message_names_its_signer_in_its_domain_only() {
    let account = Account::random();
    let domain = Domain { chain_id: 31_337, network: Address([7; 20]) };
    let message = Consent { group: GroupId(1), owner: Address([9; 20]) };
    let signed = account.sign(message, &domain).await.expect("a signature");
    assert_eq!(signed.signer(&domain).ok(), Some(account.address()));
    let other = Domain { chain_id: 1, ..domain };
    assert_ne!(signed.signer(&other).ok(), Some(account.address()));
}

#[test]
fn a_key_is_not_printed() {
    let account = Account::random();
    let text = format!("{account:?}");
    assert!(
        text.contains(&account.address().to_string()) && !text.contains(&hex::encode(*account.to_bytes().expect("the secret"))),
        "{text}"
    );
}

/// Words that everybody knows; they own nothing.
const WORDS: &str = "test test test test test test test test test test test junk";
const ABANDON: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

/// The addresses are those that `cast wallet address --mnemonic` gives, and with a passphrase those of ethers.
#[test]
fn words_give_the_accounts_that_other_wallets_find() {
    for (words, passphrase, path, address) in [
        (WORDS, "", FIRST_ACCOUNT, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
        (WORDS, "", "m/44'/60'/0'/0/9", "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"),
        (WORDS, "", "m/44h/60H/0'/0/9", "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"),
        (
            "  Test test TEST test test test\ttest test test test test junk\n",
            "",
            FIRST_ACCOUNT,
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        ),
        (ABANDON, "", FIRST_ACCOUNT, "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"),
        (ABANDON, "TREZOR", FIRST_ACCOUNT, "0x9c32F71D4DB8Fb9e1A58B0a80dF79935e7256FA6"),
        (ABANDON, "caf\u{e9} \u{fb01}", FIRST_ACCOUNT, "0xa8fB03278a4F493b2aEC405839ED18DB46bacFbf"),
        (ABANDON, "cafe\u{301} fi", FIRST_ACCOUNT, "0xa8fB03278a4F493b2aEC405839ED18DB46bacFbf"),
        (ABANDON, "", "m/44'/60'/2147483647'/2147483647/7", "0xeCC1902dfE793AD8917AC7F37998ecA92De6073d"),
    ] {
        let account = mnemonic::account(words, passphrase, path).unwrap_or_else(|error| panic!("{words} {path}: {error}"));
        assert_eq!(account.address().to_string(), address, "{words} {passphrase} {path}");
    }
}

#[test]
fn words_and_paths_that_give_no_key_are_refused_without_being_repeated() {
    let words = |old, new| ABANDON.replace(old, new);
    for (words, path, wanted) in [
        (words(" about", ""), FIRST_ACCOUNT, MnemonicError::Count(11)),
        (String::new(), FIRST_ACCOUNT, MnemonicError::Count(0)),
        (words("about", "abuot"), FIRST_ACCOUNT, MnemonicError::Word(12)),
        (words("about", "abandon"), FIRST_ACCOUNT, MnemonicError::Checksum),
        (ABANDON.to_owned(), "44'/60'", MnemonicError::Path("44'/60'".to_owned())),
        (ABANDON.to_owned(), "m/44'/-1", MnemonicError::Path("m/44'/-1".to_owned())),
        (ABANDON.to_owned(), "m/2147483648", MnemonicError::Path("m/2147483648".to_owned())),
        (ABANDON.to_owned(), "m/+1", MnemonicError::Path("m/+1".to_owned())),
        (ABANDON.to_owned(), "m/", MnemonicError::Path("m/".to_owned())),
    ] {
        let refused = mnemonic::account(&words, "", path).expect_err("no key");
        assert_eq!(refused, wanted);
        assert!(!refused.to_string().contains("abuot") && !refused.to_string().contains("abandon"), "{refused}");
    }
    assert!(mnemonic::account(ABANDON, "", &format!("m{}", "/0".repeat(17))).is_err(), "too deep");
}
