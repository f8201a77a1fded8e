//! Starting, stopping, and what stands in the way.

use swarm::{Event, SwarmError, start};

use crate::support::{address, config, eventually, next, node};

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_port_is_a_clear_error() {
    let a = node(1, &[]).await;
    let taken: swarm::Multiaddr = address(&a.client).await.iter().take(2).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(2, folder.path(), &[]);
    config.listen = vec![taken.clone()];
    let Err(error) = start(config).await else { panic!("two nodes on one port") };
    assert!(matches!(&error, SwarmError::Listen { address, .. } if *address == taken), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_serves_one_node_at_a_time_and_is_free_after_shutdown() {
    let a = node(1, &[]).await;
    let second = start(config(2, a.folder.path(), &[])).await;
    assert!(matches!(second, Err(SwarmError::FolderInUse { .. })));
    a.client.shutdown().await;
    assert!(matches!(a.client.peers().await, Err(SwarmError::Closed)));
    start(config(2, a.folder.path(), &[])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_ends_when_its_last_client_is_dropped() {
    let a = node(1, &[]).await;
    let folder = a.folder;
    drop(a.client);
    eventually("the folder is free", || async { start(config(1, folder.path(), &[])).await.is_ok() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_peer_is_dialled_until_it_comes_and_again_when_it_comes_back() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (a, _) = start(config(1, folders[0].path(), &[])).await.unwrap();
    let at = address(&a).await;
    a.shutdown().await;
    let (b, mut events) = start(config(2, folders[1].path(), std::slice::from_ref(&at))).await.unwrap();
    for _ in 0..2 {
        let mut again = config(1, folders[0].path(), &[]);
        again.listen = vec![at.iter().take(2).collect()];
        let (a, _) = start(again).await.unwrap();
        next(&mut events, |event| matches!(event, Event::PeerConnected(_)).then_some(())).await;
        assert_eq!(b.peers().await.unwrap(), [a.peer_id()]);
        a.shutdown().await;
        next(&mut events, |event| matches!(event, Event::PeerLost(_)).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_cannot_be_dialled_is_an_error() {
    let a = node(1, &[]).await;
    let own = address(&a.client).await;
    for nowhere in ["/ip4/127.0.0.1/udp/1".parse().unwrap(), own] {
        assert!(matches!(a.client.dial(nowhere).await, Err(SwarmError::Dial { .. })));
    }
}
