//! A chain that answers as Rootstock's nodes do: no base fee, no transactions of type 2, fewer fields in what it tells.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chain::dev::Anvil;
use chain::{ChainError, Connection, Errand, Followed, Follower, Settings, Urgency};
use protocol::ids::Address;
use protocol::money::Wei;
use serde_json::{Value, json};

use crate::faulty::{Fault, Faulty};
use crate::support::{LOGGER, REFUSER, anvil, call, connect, deploy, dev_account, payment, quick, words};

const SOMEBODY: Address = Address([0x55; 20]);

/// What their blocks have not, and some that they have and others have not.
fn as_there(block: &mut Value) {
    for name in ["baseFeePerGas", "mixHash", "nonce", "withdrawals", "withdrawalsRoot", "blobGasUsed", "excessBlobGas"] {
        block.as_object_mut().map(|fields| fields.remove(name));
    }
    for name in ["parentBeaconBlockRoot", "requestsHash"] {
        block.as_object_mut().map(|fields| fields.remove(name));
    }
    block["minimumGasPrice"] = json!("0x387ee40");
    block["cumulativeDifficulty"] = json!("0x1");
    block["hashForMergedMining"] = json!("0x01");
    block["paidFees"] = json!("0x0");
}

fn without_a_price(receipt: &mut Value) {
    if let Some(fields) = receipt.as_object_mut() {
        fields.retain(|name, _| !["effectiveGasPrice", "blobGasPrice", "blobGasUsed"].contains(&name.as_str()));
    }
}

/// A connection through such a node, and the number of transactions of the old kind that it took.
async fn rootstock(anvil: &Anvil) -> (Connection, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = taken.clone();
    let script = move |method: &str, parameters: &Value| match method {
        "eth_getBlockByNumber" => Fault::Changed(as_there),
        "eth_getTransactionReceipt" => Fault::Changed(without_a_price),
        "eth_maxPriorityFeePerGas" => Fault::Error("the method eth_maxPriorityFeePerGas does not exist/is not available"),
        "eth_sendRawTransaction" if parameters[0].as_str().is_some_and(|raw| raw.starts_with("0x02")) => {
            Fault::Error("transaction type not supported")
        }
        "eth_sendRawTransaction" => {
            counter.fetch_add(1, Ordering::SeqCst);
            Fault::Pass
        }
        _ => Fault::Pass,
    };
    let node = Faulty::before(anvil.url(), script).await;
    (connect(quick(Settings { rpc: node.url.into(), ..anvil.settings() })).await.with_account(dev_account(0)), taken)
}

#[tokio::test]
async fn without_a_base_fee_plain_gas_prices_are_paid_and_everything_works() {
    let anvil = anvil(0).await;
    let (chain, taken) = rootstock(&anvil).await;
    chain.pay(SOMEBODY, Wei(5)).await.expect("paid");
    let logger = deploy(&chain, &LOGGER).await;
    let receipt = chain.send(call(logger, 7)).await.expect("mined");
    assert_eq!(words(&receipt.logs), [7]);
    assert_eq!(taken.load(Ordering::SeqCst), 3);

    let refuser = deploy(&chain, &REFUSER).await;
    let refused = chain.send(call(refuser, 1)).await;
    assert!(matches!(refused, Err(ChainError::Reverted(_))), "{refused:?}");

    let mut follower = Follower::new(&chain, &[logger], 0);
    let mut logged = Vec::new();
    while logged.is_empty() {
        let Ok(Followed::Block { logs, .. }) = follower.next().await else { panic!("no block") };
        logged.extend(words(&logs));
    }
    assert_eq!(logged, [7]);
}

#[tokio::test]
async fn a_node_that_tells_a_base_fee_and_takes_only_the_old_kind_is_served_by_a_setting() {
    let anvil = anvil(0).await;
    let script = |method: &str, parameters: &Value| match method {
        "eth_sendRawTransaction" if parameters[0].as_str().is_some_and(|raw| raw.starts_with("0x02")) => {
            Fault::Error("transaction type not supported")
        }
        _ => Fault::Pass,
    };
    let node = Faulty::before(anvil.url(), script).await;
    let settings = quick(Settings { rpc: node.url.into(), ..anvil.settings() });
    let typed = connect(settings.clone()).await.with_account(dev_account(0));
    typed.send(payment(SOMEBODY, 1)).await.expect_err("it is not taken");
    let plain = connect(Settings { legacy_gas: true, ..settings }).await.with_account(dev_account(0));
    plain.send(payment(SOMEBODY, 2)).await.expect("it is taken");
    assert_eq!(anvil.chain().coin(SOMEBODY).await.expect("a balance"), Wei(2));
}

#[tokio::test]
async fn what_can_wait_is_sent_at_plain_prices_also_when_base_fees_fell_to_nothing() {
    let anvil = anvil(0).await;
    // Enough for base fees of past blocks to be usually next to nothing; the price holds a whole gwei on top of them.
    anvil.mine(200).await.expect("blocks");
    let settings = quick(Settings { legacy_gas: true, ..anvil.settings() });
    let chain = connect(settings).await.with_account(dev_account(0));
    let patient = chain.on(Errand { urgency: Urgency::Settle, ..Errand::default() });
    patient.pay(SOMEBODY, Wei(2)).await.expect("it is sent");
}
