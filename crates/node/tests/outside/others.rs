//! Files between our node and Kubo and Helia by gateway, and Kubo as the store beside a node.

use std::time::Duration;

use node::{NodeConfig, outside};
use swarm::{cid_of, digest_of};
use tokio::time::{Instant, sleep};

use crate::{
    gateway_of,
    peers::{Helia, Kubo},
    support::{bytes, ours},
};

/// The empty file, one byte, a full chunk, one byte more, a full node.
const LENGTHS: [usize; 5] = [0, 1, 262_144, 262_145, 45_613_056];
const LONG: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn files_come_from_the_gateway_of_kubo() {
    let Some(kubo) = Kubo::start().await else { return };
    let ours = ours().await;
    let config = NodeConfig { gateways: vec![kubo.gateway()], ..NodeConfig::default() };
    let _outside = outside::start(&config, &ours.client).unwrap();
    for length in LENGTHS {
        let file = bytes(length, 0);
        kubo.add(&file);
        assert!(ours.client.fetch(digest_of(&file), length as u64, LONG).await.unwrap() == file, "{length}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn helia_gets_files_from_our_gateway() {
    let ours = ours().await;
    let (_room, gateway) = gateway_of(&ours.client).await;
    let Some(mut helia) = Helia::start(Some(&gateway)).await else { return };
    for length in LENGTHS {
        let file = bytes(length, 0);
        let digest = ours.client.add(file.clone()).await.unwrap();
        assert!(helia.cat(&cid_of(digest, length as u64).to_string()) == file, "{length}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubo_beside_a_node_gives_what_it_has_and_pins_what_the_node_holds() {
    let Some(kubo) = Kubo::start().await else { return };
    let ours = ours().await;
    let config = NodeConfig { kubo: Some(kubo.rpc()), ..NodeConfig::default() };
    let _outside = outside::start(&config, &ours.client).unwrap();
    for length in LENGTHS {
        let file = bytes(length, 1);
        let digest = ours.client.add(file.clone()).await.unwrap();
        let cid = cid_of(digest, length as u64).to_string();
        until_pinned(&kubo, &cid, true).await;
        assert!(kubo.run(&["cat", "--offline", &cid]) == file, "{length}");
        if length > 0 {
            ours.client.forget(digest).await.unwrap();
            until_pinned(&kubo, &cid, false).await;
        }
        assert!(ours.client.fetch(digest, length as u64, LONG).await.unwrap() == file, "{length} again, from Kubo");
    }
    let own = bytes(700_000, 2);
    let cid = kubo.add(&own);
    assert!(ours.client.fetch(digest_of(&own), 700_000, LONG).await.unwrap() == own);
    ours.client.forget(digest_of(&own)).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    until_pinned(&kubo, &cid, true).await;
}

async fn until_pinned(kubo: &Kubo, cid: &str, is_pinned: bool) {
    let start = Instant::now();
    while String::from_utf8(kubo.run(&["pin", "ls", "--type=recursive", "-q"])).unwrap().contains(cid) != is_pinned {
        assert!(start.elapsed() < LONG, "{cid} is not {}", if is_pinned { "pinned" } else { "let go" });
        sleep(Duration::from_millis(200)).await;
    }
}
