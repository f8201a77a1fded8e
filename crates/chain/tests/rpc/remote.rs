//! A remote signer, played by a small server that answers as Web3Signer does.

use chain::{Account, ChainError, Connection, RemoteError};
use k256::ecdsa::SigningKey;
use protocol::eip712::{Consent, Domain};
use protocol::ids::{Address, GroupId};
use protocol::money::Wei;
use serde_json::json;

use crate::signer::{Signer, Twist, honest};
use crate::support::{anvil, connect, dev_account, payment, quick};

fn key(account: &Account) -> SigningKey {
    SigningKey::from_slice(&*account.to_bytes().expect("the secret")).expect("a key")
}

async fn at(signer: &Signer, account: Address) -> Result<Account, ChainError> {
    Account::remote(&signer.url, account).await
}

const DOMAIN: Domain = Domain { chain_id: 31_337, network: Address([7; 20]) };
const MESSAGE: Consent = Consent { group: GroupId(1), owner: Address([9; 20]) };

#[tokio::test]
async fn a_remote_key_signs_the_same_as_one_in_memory() {
    let own = Account::random();
    let signer = Signer::start(vec![key(&Account::random()), key(&own)], honest).await;
    let remote = at(&signer, own.address()).await.expect("the signer answers");
    for group in 0..8 {
        let message = Consent { group: GroupId(group), ..MESSAGE };
        let signed = remote.sign(message, &DOMAIN).await.expect("signed");
        assert_eq!(signed, own.sign(message, &DOMAIN).await.expect("signed"));
        assert_eq!(signed.signer(&DOMAIN).ok(), Some(own.address()));
    }
    assert_eq!(format!("{remote:?}"), format!("Account({})", own.address()));
    let secret = remote.to_bytes().expect_err("it never leaves").to_string();
    assert!(secret.contains("never leaves it"), "{secret}");
}

#[tokio::test]
async fn a_remote_key_pays_on_a_chain() {
    let (anvil, own) = (anvil(0).await, dev_account(3));
    let signer = Signer::start(vec![key(&own)], honest).await;
    let remote = at(&signer, own.address()).await.expect("the signer answers");
    let chain: Connection = connect(quick(anvil.settings())).await.with_account(remote);
    let somebody = Address([0x5e; 20]);
    chain.send(payment(somebody, 7)).await.expect("mined");
    assert_eq!(chain.coin(somebody).await.expect("an amount"), Wei(7));
    assert_eq!(signer.asked.lock().expect("paths").len(), 2, "once for the keys, once for the transaction");
}

#[tokio::test]
async fn a_remote_signer_that_fails_is_named_with_what_to_do() {
    let own = Account::random();
    let address = own.address();
    let cases: [(Twist, &str); 9] = [
        (
            |count, body| if count == 1 { honest(count, body) } else { (500, "no connection to the vault".to_owned()) },
            "refused (500 Internal Server Error: no connection to the vault); its log says why",
        ),
        (|count, body| if count == 1 { honest(count, body) } else { (404, String::new()) }, "refused (404 Not Found)"),
        (|count, body| if count == 1 { honest(count, body) } else { (503, "busy".to_owned()) }, "no answer from the remote signer"),
        (|count, body| if count == 1 { honest(count, body) } else { (200, body.replace('a', "b")) }, "must be Web3Signer"),
        (
            |count, body| if count == 1 { honest(count, body) } else { (200, "<html>".to_owned()) },
            "answered a signature that cannot be read",
        ),
        (
            |count, body| if count == 1 { honest(count, body) } else { (200, "0".repeat(2 << 20)) },
            "answered something long that cannot be read",
        ),
        (|_, _| (200, "<html>".to_owned()), "answered a list of keys that cannot be read"),
        (|_, _| (200, "[]".to_owned()), "and none of any other account"),
        (|_, _| (200, json!(["0x12", "zz", ""]).to_string()), "and none of any other account"),
    ];
    for (twist, wanted) in cases {
        let signer = Signer::start(vec![key(&own)], twist).await;
        let answer = async { at(&signer, address).await?.sign(MESSAGE, &DOMAIN).await };
        let refusal = answer.await.expect_err(wanted).to_string();
        assert!(refusal.contains(wanted) && !refusal.contains("secret"), "{refusal:?} instead of {wanted:?}");
    }
    let signer = Signer::start(vec![key(&Account::random()), key(&own)], honest).await;
    let other = at(&signer, Address([1; 20])).await.expect_err("another account").to_string();
    assert!(other.contains("0x0101010101010101010101010101010101010101") && other.contains(&address.to_string()), "{other}");
    for (url, wanted) in
        [("user:secret@signer:9000", "`signer:9000` is no address of a remote signer"), ("http://127.0.0.1:1", "check that it runs")]
    {
        let refused = Account::remote(url, address).await.expect_err(url);
        assert!(matches!(refused, ChainError::Remote(_)) && refused.to_string().contains(wanted), "{refused}");
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
}

#[tokio::test]
async fn a_short_silence_of_a_remote_signer_costs_nothing() {
    let own = Account::random();
    let signer = Signer::start(vec![key(&own)], |count, body| if count == 2 { (503, String::new()) } else { honest(count, body) }).await;
    let remote = at(&signer, own.address()).await.expect("the signer answers");
    remote.sign(MESSAGE, &DOMAIN).await.expect("signed at the second try");
    let passing = RemoteError::Unreachable { url: String::new(), reason: String::new() };
    assert!(!ChainError::from(passing).is_refusal());
}
