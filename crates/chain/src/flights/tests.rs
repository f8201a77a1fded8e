//! Files of flights: restarts, torn and damaged lines, other accounts, other programs.

use alloy::primitives::U256;
use proptest::prelude::*;

use super::*;
use crate::account::Account;
use crate::pool::Offer;

const CHAIN: u64 = 31_337;

async fn noted(account: &Account, nonce: u64, what: &str) -> Noted {
    let to = convert::to_eth(Address([5; 20]));
    let request =
        TransactionRequest { to: Some(to.into()), gas: Some(21_000), nonce: Some(nonce), chain_id: Some(CHAIN), ..Default::default() };
    let request = TransactionRequest { value: Some(U256::from(nonce)), ..request };
    let fees = Fees::Dynamic { most: 9, tip: 2 };
    let offer = Offer::sign(request, fees, account).await.expect("signed");
    let (what, about) = (what.to_owned(), "group 1, round 7".to_owned());
    Noted { nonce, what, about, urgency: Urgency::Phase, until_s: Some(77), fee_wei: "9".into(), raw: offer.raw, hash: offer.hash }
}

fn open(folder: &Path, account: &Account) -> Flights {
    Flights::open(folder, CHAIN, account.address()).expect("opened")
}

fn names(flights: &Flights) -> String {
    let names: Vec<_> = flights.live().values().flatten().map(|noted| format!("{}-{}", noted.nonce, noted.what)).collect();
    names.join(" ")
}

#[tokio::test]
async fn what_was_noted_and_is_not_over_stands_there_after_a_restart() {
    let (folder, account) = (tempfile::tempdir().expect("a folder"), Account::random());
    let mut flights = open(folder.path(), &account);
    for (nonce, what) in [(4, "commit"), (5, "settle"), (5, CANCEL), (6, "reveal")] {
        flights.note(noted(&account, nonce, what).await);
    }
    flights.over(4);
    drop(flights);
    let flights = open(folder.path(), &account);
    assert_eq!(names(&flights), "5-settle 5-cancel 6-reveal");
    let (request, fees) = flights.live()[&6][0].request(account.address()).expect("a transaction");
    assert_eq!((request.nonce, request.value, fees), (Some(6), Some(U256::from(6)), Fees::Dynamic { most: 9, tip: 2 }));
}

#[tokio::test]
async fn a_torn_line_is_cut_off_and_a_damaged_one_is_passed_over() {
    let (folder, account) = (tempfile::tempdir().expect("a folder"), Account::random());
    let path = path_of(folder.path(), CHAIN, account.address());
    let lines = [noted(&account, 4, "commit").await, noted(&account, 5, "reveal").await];
    let lines = lines.map(|noted| serde_json::to_string(&Line::Offer(noted)).expect("a line"));
    let header = header(CHAIN, account.address());
    let whole = format!("{header}\n{}\n{}\n", lines[0], lines[1]);
    for (text, kept) in [
        (whole.clone(), "4-commit 5-reveal"),
        (whole[..whole.len() - 1].to_owned(), "4-commit"),
        (whole[..whole.len() - 40].to_owned(), "4-commit"),
        (whole.replace("\"nonce\":4", "\"nonce\":3"), "5-reveal"),
        (format!("{whole}\0\0\0\0"), "4-commit 5-reveal"),
        (header[..9].to_owned(), ""),
        (String::new(), ""),
    ] {
        fs::write(&path, &text).expect("written");
        assert_eq!(names(&open(folder.path(), &account)), kept, "{text}");
    }
}

#[tokio::test]
async fn a_file_of_another_account_or_of_a_later_version_is_refused() {
    let (folder, account) = (tempfile::tempdir().expect("a folder"), Account::random());
    let path = path_of(folder.path(), CHAIN, account.address());
    for (text, named) in [
        (format!("{}\n", header(CHAIN + 1, account.address())), "another chain's"),
        ("neuron flights 2 chain 1\n".to_owned(), "later version"),
        ("{}\n".to_owned(), "no file of flights"),
    ] {
        fs::write(&path, &text).expect("written");
        let error = Flights::open(folder.path(), CHAIN, account.address()).expect_err("refused").to_string();
        assert!(error.contains(named) && error.contains("cannot be used"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("text"), text, "it is left as it is");
    }
}

#[test]
fn of_two_programs_the_second_is_told_which_one_sends() {
    let (folder, account) = (tempfile::tempdir().expect("a folder"), Account::random());
    let first = open(folder.path(), &account);
    assert!(Flights::is_in_use(folder.path(), CHAIN, account.address()));
    let error = Flights::open(folder.path(), CHAIN, account.address()).expect_err("in use").to_string();
    assert!(error.contains(&std::process::id().to_string()) && error.contains(&account.address().to_string()), "{error}");
    assert!(Flights::peek(folder.path(), CHAIN, account.address()).expect("it can be read").is_empty());
    open(folder.path(), &Account::random());
    drop(first);
    assert!(!Flights::is_in_use(folder.path(), CHAIN, account.address()));
    open(folder.path(), &account);
}

#[tokio::test]
async fn a_long_life_does_not_make_a_long_file() {
    let (folder, account) = (tempfile::tempdir().expect("a folder"), Account::random());
    let mut flights = open(folder.path(), &account);
    let one = noted(&account, 4, "settle").await;
    flights.lines = LINES_LIMIT - 2;
    (0..2).for_each(|_| flights.note(one.clone()));
    flights.over(4);
    let text = fs::read_to_string(path_of(folder.path(), CHAIN, account.address())).expect("text");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert_eq!(names(&open_again(flights, folder.path(), &account)), "");
}

fn open_again(flights: Flights, folder: &Path, account: &Account) -> Flights {
    drop(flights);
    open(folder, account)
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let header = header(CHAIN, Address([1; 20]));
        let _ = parse(&bytes, &header);
        let _ = parse(&[header.as_bytes(), b"\n", &bytes, b"\n"].concat(), &header);
    }
}
