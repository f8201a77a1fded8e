//! Flights: what outlives its program, what is taken back, gaps, order, ceilings, and other programs with the same key.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chain::dev::Anvil;
use chain::{Because, ChainError, Connection, Errand, Flights, Settings, Urgency, Where};
use protocol::ids::{Address, Digest};
use protocol::money::Wei;
use serde_json::{Value, json};

use crate::faulty::{Fault, Faulty};
use crate::sending::pending;
use crate::support::{LOGGER, anvil, call, connect, deploy, dev_account, payment, quick};

const SOMEBODY: Address = Address([0x66; 20]);
const LIMIT: Duration = Duration::from_secs(40);

/// Quick to offer again, and to offer more.
fn hasty(settings: Settings) -> Settings {
    quick(Settings { offer_again_s: 1, raise_fee_after_s: 2, ..settings })
}

async fn still() -> Anvil {
    let anvil = anvil(0).await;
    anvil.set_automine(false).await.expect("no blocks");
    anvil
}

async fn flying(anvil: &Anvil, folder: &std::path::Path) -> Connection {
    connect(hasty(anvil.settings())).await.with_flights(dev_account(0), folder).expect("no other program")
}

/// Waits until it is so.
async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("{what}"));
}

async fn counts(anvil: &Anvil) -> (u64, u64) {
    let (chain, own) = (anvil.chain(), dev_account(0).address());
    (chain.mined_nonce(own).await.expect("a count"), chain.next_nonce(own).await.expect("a count"))
}

async fn in_pool(anvil: &Anvil) -> Vec<Value> {
    let block = anvil.request("eth_getBlockByNumber", json!(["pending", true])).await.expect("an answer");
    block["transactions"].as_array().cloned().unwrap_or_default()
}

/// Runs a program that ends while its transaction waits.
async fn left_behind(anvil: &Anvil, folder: &std::path::Path, errand: Errand, amount: u128) -> Digest {
    let settings = hasty(anvil.settings());
    let (folder, url) = (folder.to_owned(), settings.clone());
    // In a runtime of its own, whose end is the end of the program.
    let program = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let chain = connect(url).await.with_flights(dev_account(0), &folder).expect("alone").on(errand);
            let _ = tokio::time::timeout(Duration::from_millis(900), chain.pay(SOMEBODY, Wei(amount))).await;
        });
    };
    tokio::task::spawn_blocking(program).await.expect("it ends");
    pending(anvil).await
}

#[tokio::test]
async fn what_the_last_run_left_is_repeated_when_the_pool_forgot_it() {
    let (anvil, folder) = (still().await, tempfile::tempdir().expect("a folder"));
    let hash = left_behind(&anvil, folder.path(), Errand::default(), 1).await;
    anvil.drop_transaction(hash).await.expect("it is dropped");
    assert!(in_pool(&anvil).await.is_empty());
    let _chain = flying(&anvil, folder.path()).await;
    assert_eq!(tokio::time::timeout(LIMIT, pending(&anvil)).await.expect("it is back"), hash);
    anvil.mine(1).await.expect("a block");
    let own = dev_account(0).address();
    until("it is forgotten once it is deep", || async {
        Flights::peek(folder.path(), anvil.settings().chain_id, own).expect("read").is_empty()
    })
    .await;
    assert_eq!(anvil.chain().coin(SOMEBODY).await.expect("a balance"), Wei(1));
}

#[tokio::test]
async fn what_the_last_run_left_beyond_its_time_is_taken_back() {
    let (anvil, folder) = (still().await, tempfile::tempdir().expect("a folder"));
    let now_s = anvil.chain().latest().await.expect("a block").time_s;
    let errand = Errand { urgency: Urgency::Phase, until_s: Some(now_s + 100), ..Errand::default() };
    let hash = left_behind(&anvil, folder.path(), errand, 1).await;
    // The block of that time must not carry it.
    anvil.drop_transaction(hash).await.expect("dropped");
    let raw = Flights::peek(folder.path(), anvil.settings().chain_id, dev_account(0).address()).expect("read")[&0][0].raw.clone();
    anvil.advance(200).await.expect("a block");
    anvil.request("eth_sendRawTransaction", json!([raw])).await.expect("it waits");
    let _chain = flying(&anvil, folder.path()).await;
    until("an empty one takes its nonce", || async { in_pool(&anvil).await.iter().any(|one| one["value"] == "0x0") }).await;
    anvil.mine(1).await.expect("a block");
    assert_eq!((anvil.chain().coin(SOMEBODY).await.expect("a balance"), counts(&anvil).await), (Wei(0), (1, 1)));
}

#[tokio::test]
async fn a_node_that_begins_anew_does_not_ask_twice_for_what_it_asked_for_before() {
    let (anvil, folder) = (still().await, tempfile::tempdir().expect("a folder"));
    let commit = || Errand { urgency: Urgency::Phase, ..Errand::default() };
    left_behind(&anvil, folder.path(), commit(), 1).await;
    let chain = flying(&anvil, folder.path()).await;
    let mining = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let waits = in_pool(&anvil).await.len();
        anvil.set_automine(true).await.expect("blocks");
        anvil.mine(1).await.expect("a block");
        waits
    };
    let chain = chain.on(commit());
    let (paid, waits) = tokio::join!(chain.pay(SOMEBODY, Wei(1)), mining);
    paid.expect("once the first is mined it is asked for anew, and a contract would refuse it for nothing");
    assert_eq!(waits, 1, "only the first one waited");
}

#[tokio::test]
async fn what_nobody_knows_and_nobody_mines_is_cancelled_after_a_while() {
    let (anvil, folder) = (still().await, tempfile::tempdir().expect("a folder"));
    let unknown = tempfile::tempdir().expect("another folder");
    left_behind(&anvil, unknown.path(), Errand::default(), 1).await;
    let _chain = flying(&anvil, folder.path()).await;
    until("an empty one takes its nonce", || async { in_pool(&anvil).await.iter().any(|one| one["value"] == "0x0") }).await;
    anvil.mine(1).await.expect("a block");
    assert_eq!((anvil.chain().coin(SOMEBODY).await.expect("a balance"), counts(&anvil).await), (Wei(0), (1, 1)));
}

#[tokio::test]
async fn a_stale_reveal_never_holds_up_the_next_commit() {
    let (anvil, folder) = (still().await, tempfile::tempdir().expect("a folder"));
    let chain = flying(&anvil, folder.path()).await;
    let now_s = anvil.chain().latest().await.expect("a block").time_s;
    let reveal = chain.on(Errand { urgency: Urgency::Phase, until_s: Some(now_s + 1_000), ..Errand::default() });
    let scene = async {
        let hash = pending(&anvil).await;
        // Time passes in a block that did not take it: the pool has it again right after.
        let raw = Flights::peek(folder.path(), anvil.settings().chain_id, dev_account(0).address()).expect("read")[&0][0].raw.clone();
        anvil.drop_transaction(hash).await.expect("dropped");
        anvil.advance(2_000).await.expect("a block");
        let _ = anvil.request("eth_sendRawTransaction", json!([raw])).await;
    };
    let (late, ()) = tokio::join!(reveal.pay(SOMEBODY, Wei(1)), scene);
    assert!(matches!(late, Err(ChainError::TooLate { .. })), "{late:?}");
    let mining = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        anvil.set_automine(true).await.expect("blocks");
        anvil.mine(1).await.expect("a block");
    };
    let (commit, ()) = tokio::join!(chain.pay(SOMEBODY, Wei(10)), mining);
    commit.expect("mined");
    assert_eq!(anvil.chain().coin(SOMEBODY).await.expect("a balance"), Wei(10), "the stale one never came");
    let refused = reveal.pay(SOMEBODY, Wei(1)).await;
    assert!(matches!(refused, Err(ChainError::TooLate { .. })), "it is not even begun: {refused:?}");
}

#[tokio::test]
async fn a_nonce_that_was_too_high_leaves_a_gap_which_is_seen_and_filled() {
    let anvil = anvil(0).await;
    let asked = AtomicUsize::new(0);
    // The endpoint counts one transaction too many, until the first one is signed.
    let script = move |method: &str, parameters: &Value| match method {
        "eth_getTransactionCount" if parameters[1] == "pending" && asked.fetch_add(1, Ordering::SeqCst) < 2 => Fault::Instead(json!("0x1")),
        _ => Fault::Pass,
    };
    let faulty = Faulty::before(anvil.url(), script).await;
    let chain = connect(Settings { rpc: faulty.url.into(), ..hasty(anvil.settings()) }).await.with_account(dev_account(0));
    tokio::time::timeout(LIMIT, chain.pay(SOMEBODY, Wei(1))).await.expect("not for ten minutes").expect("mined");
    assert_eq!((anvil.chain().coin(SOMEBODY).await.expect("a balance"), counts(&anvil).await), (Wei(1), (2, 2)));
}

#[tokio::test]
async fn what_a_dropped_transaction_left_open_is_filled_for_those_behind_it() {
    let (anvil, folder) = (still().await, tempfile::tempdir().expect("a folder"));
    let now_s = anvil.chain().latest().await.expect("a block").time_s;
    let chain = flying(&anvil, folder.path()).await;
    let brief = chain.on(Errand { urgency: Urgency::Phase, until_s: Some(now_s + 1_000), ..Errand::default() });
    let scene = async {
        until("both wait", || async { in_pool(&anvil).await.len() == 2 }).await;
        for one in in_pool(&anvil).await {
            let hash = one["hash"].as_str().and_then(|hash| hash.parse().ok()).expect("a hash");
            anvil.drop_transaction(hash).await.expect("dropped");
        }
        anvil.advance(2_000).await.expect("a block");
        anvil.set_automine(true).await.expect("blocks");
    };
    let second = async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        chain.pay(SOMEBODY, Wei(10)).await
    };
    let all = async { tokio::join!(brief.pay(SOMEBODY, Wei(1)), second, scene) };
    let (late, paid, ()) = tokio::time::timeout(LIMIT, all).await.expect("nobody waits for the nonce that is gone");
    assert!(matches!(late, Err(ChainError::TooLate { .. })), "{late:?}");
    paid.expect("mined");
    assert_eq!(anvil.chain().coin(SOMEBODY).await.expect("a balance"), Wei(10));
}

#[tokio::test]
async fn reveals_get_their_nonce_before_settles_and_these_before_collects() {
    let anvil = anvil(0).await;
    // The first look at the chain takes long: meanwhile all the others come.
    let slow = |method: &str, _: &Value| if method == "eth_gasPrice" { Fault::Pass } else { Fault::Late(Duration::from_millis(60)) };
    let faulty = Faulty::before(anvil.url(), slow).await;
    let chain = connect(quick(Settings { rpc: faulty.url.into(), ..anvil.settings() })).await.with_account(dev_account(0));
    let send = |urgency: Urgency, amount: u128, after_ms: u64| {
        let chain = chain.on(Errand { urgency, ..Errand::default() });
        async move {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            let block = chain.send(payment(SOMEBODY, amount)).await.expect("mined").block;
            (block, amount)
        }
    };
    let sent = [(Urgency::Leisure, 0), (Urgency::Leisure, 30), (Urgency::Settle, 40), (Urgency::Asked, 50), (Urgency::Phase, 60)];
    let mut blocks = futures::future::join_all(sent.iter().zip(1..).map(|((urgency, after), amount)| send(*urgency, amount, *after))).await;
    blocks.sort_unstable();
    // Each has a block of its own; the first may be under way before the others come.
    assert_eq!(blocks.iter().map(|(_, amount)| *amount).filter(|amount| *amount > 1).collect::<Vec<_>>(), [5, 4, 3, 2]);
}

#[tokio::test]
async fn a_spike_of_fees_delays_what_can_wait_and_nothing_else() {
    let anvil = anvil(0).await;
    // Base fees were one gwei for long; now they are a hundred.
    let dear = |block: &mut Value| block["baseFeePerGas"] = json!("0x174876e800");
    let script = move |method: &str, _: &Value| match method {
        "eth_getBlockByNumber" => Fault::Changed(dear),
        "eth_feeHistory" => {
            Fault::Instead(json!({ "oldestBlock": "0x0", "gasUsedRatio": [], "baseFeePerGas": vec!["0x3b9aca00"; 128], "reward": [] }))
        }
        _ => Fault::Pass,
    };
    let faulty = Faulty::before(anvil.url(), script).await;
    let chain = connect(quick(Settings { rpc: faulty.url.into(), ..anvil.settings() })).await.with_account(dev_account(0));
    for urgency in [Urgency::Settle, Urgency::Leisure] {
        let refused = chain.on(Errand { urgency, ..Errand::default() }).pay(SOMEBODY, Wei(1)).await.expect_err("it waits");
        let ChainError::FeeTooHigh { ceiling, .. } = &refused else { panic!("{refused}") };
        assert_eq!(ceiling.because, Because::Usual, "{refused}");
        assert!(refused.to_string().contains("payment") && refused.to_string().contains("max_fee_times"), "{refused}");
    }
    chain.on(Errand { urgency: Urgency::Phase, ..Errand::default() }).pay(SOMEBODY, Wei(1)).await.expect("it cannot wait");
    let poor = Errand { urgency: Urgency::Phase, worth: Some(Wei(1_000)), ..Errand::default() };
    let refused = chain.on(poor).pay(SOMEBODY, Wei(1)).await.expect_err("it is not worth it").to_string();
    assert!(refused.contains("nrn_price"), "{refused}");
}

#[tokio::test]
async fn a_second_program_with_the_same_flights_is_refused_by_name() {
    let (anvil, folder) = (anvil(0).await, tempfile::tempdir().expect("a folder"));
    let first = flying(&anvil, folder.path()).await;
    let second = connect(quick(anvil.settings())).await.with_flights(dev_account(0), folder.path());
    let error = second.err().expect("refused").to_string();
    assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
    connect(quick(anvil.settings())).await.with_flights(dev_account(1), folder.path()).expect("another account");
    first.pay(SOMEBODY, Wei(1)).await.expect("mined");
}

#[tokio::test]
async fn an_account_that_may_have_one_in_flight_sends_one_after_the_other() {
    let anvil = anvil(400).await;
    let own = format!("{}", dev_account(0).address());
    let refused = Arc::new(AtomicUsize::new(0));
    let (told, url) = (refused.clone(), anvil.url().to_owned());
    let script = move |method: &str, _: &Value| {
        if method != "eth_sendRawTransaction" {
            return Fault::Pass;
        }
        let counts = |tag: &str| ask(&url, "eth_getTransactionCount", json!([own, tag]));
        if counts("pending") == counts("latest") {
            return Fault::Pass;
        }
        told.fetch_add(1, Ordering::SeqCst);
        Fault::Error("in-flight transaction limit reached for delegated accounts")
    };
    let faulty = Faulty::before(anvil.url(), script).await;
    let chain = connect(quick(Settings { rpc: faulty.url.into(), ..anvil.settings() })).await.with_account(dev_account(0));
    let sent = futures::future::join_all((1..=6).map(|amount| chain.pay(SOMEBODY, Wei(amount)))).await;
    sent.into_iter().for_each(|paid| drop(paid.expect("mined")));
    assert_eq!(refused.load(Ordering::SeqCst), 1, "it was told once and never tried again");
}

/// A request in the middle of a script, which cannot wait.
fn ask(url: &str, method: &str, parameters: Value) -> Value {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters }).to_string();
    let address = url.trim_start_matches("http://").to_owned();
    let asking = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(&address).expect("connected");
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        serde_json::from_str::<Value>(answer.rsplit("\r\n\r\n").next().unwrap_or_default()).expect("JSON")["result"].clone()
    });
    asking.join().expect("no panic")
}

#[tokio::test]
async fn a_person_sees_what_waits_and_can_pay_more_for_it_or_take_it_back() {
    let (anvil, folder) = (still().await, tempfile::tempdir().expect("a folder"));
    let (own, chain_id) = (dev_account(0), anvil.settings().chain_id);
    let first = left_behind(&anvil, folder.path(), Errand { about: "group 1".into(), ..Errand::default() }, 1).await;
    let reader = connect(hasty(anvil.settings())).await;
    let flights = || Flights::open(folder.path(), chain_id, own.address()).expect("nobody has it");
    let peek = || Flights::peek(folder.path(), chain_id, own.address()).expect("read");
    let waiting = reader.waiting(own.address(), &peek()).await.expect("an answer");
    let [one] = &waiting[..] else { panic!("{waiting:?}") };
    assert_eq!((one.nonce, one.place, one.offers.len(), &one.offers[0].about), (0, Where::Pool, 1, &"group 1".to_owned()));
    for (nonce, wanted) in [(1, "no transaction with nonce 1"), (7, "no transaction with nonce 7")] {
        for error in [reader.speed_up(own.clone(), flights(), nonce).await, reader.take_back(own.clone(), flights(), nonce).await] {
            let error = error.expect_err("nothing is there").to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }
    let (second, _) = reader.speed_up(own.clone(), flights(), 0).await.expect("taken");
    assert_eq!(pending(&anvil).await, second);
    let (third, _) = reader.take_back(own.clone(), flights(), 0).await.expect("taken");
    assert_eq!((pending(&anvil).await, peek()[&0].len()), (third, 3));
    assert!(first != second && second != third);
    anvil.mine(1).await.expect("a block");
    let waiting = reader.waiting(own.address(), &peek()).await.expect("an answer");
    assert_eq!(waiting[0].place, Where::Mined { block: 1, depth: 1 });
    assert_eq!(anvil.chain().coin(SOMEBODY).await.expect("a balance"), Wei(0));
    let error = reader.speed_up(own.clone(), flights(), 0).await.expect_err("it is mined").to_string();
    assert!(error.contains("nonce 0 is used"), "{error}");
}

#[tokio::test]
async fn what_cannot_wait_lets_those_before_it_pay_as_much() {
    let anvil = still().await;
    let chain = connect(quick(Settings { offer_again_s: 30, ..anvil.settings() })).await.with_account(dev_account(0));
    let logger = {
        anvil.set_automine(true).await.expect("blocks");
        deploy(&chain, &LOGGER).await
    };
    anvil.set_automine(false).await.expect("no blocks");
    let settle = chain.on(Errand { urgency: Urgency::Settle, ..Errand::default() });
    let reveal = chain.on(Errand { urgency: Urgency::Phase, ..Errand::default() });
    let scene = async {
        until("the settle waits", || async { in_pool(&anvil).await.len() == 1 }).await;
        let before = pending(&anvil).await;
        anvil.request("anvil_setNextBlockBaseFeePerGas", json!(["0x2540be400"])).await.expect("dearer");
        anvil.drop_transaction(before).await.expect("kept aside");
        anvil.mine(1).await.expect("a block");
        before
    };
    let second = async {
        let before = scene.await;
        let sent = tokio::spawn(async move { reveal.send(call(logger, 2)).await });
        until("both are offered for today's price", || async {
            let waiting = in_pool(&anvil).await;
            waiting.len() == 2 && waiting[0]["hash"].as_str().and_then(|hash| hash.parse::<Digest>().ok()) != Some(before)
        })
        .await;
        anvil.set_automine(true).await.expect("blocks");
        anvil.mine(1).await.expect("a block");
        sent.await.expect("no panic")
    };
    let (settled, revealed) =
        tokio::time::timeout(LIMIT, async { tokio::join!(settle.send(call(logger, 1)), second) }).await.expect("in time");
    settled.expect("mined");
    revealed.expect("mined");
}
