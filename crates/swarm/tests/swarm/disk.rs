//! What the disk takes long for never keeps the network waiting, and old files are read.

use std::fs;
use std::time::{Duration, Instant};

use swarm::start;

use crate::stranger::say;
use crate::support::{GROUP, config, note, notes};

/// A file of version 1 with so many notes.
fn old_file(count: u64) -> Vec<u8> {
    let mut file = b"NRNLOG\0\x01".to_vec();
    for index in 0..count {
        let message = say((index % 40) as u8 + 50, index + 1, &note(&format!("{index:05}")));
        file.extend((message.bytes().len() as u32).to_be_bytes());
        file.extend(message.bytes());
    }
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_takes_long_to_read_keeps_nobody_waiting_and_one_of_version_1_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let count = 20_000;
    fs::create_dir_all(folder.path().join("logs")).unwrap();
    let path = folder.path().join("logs").join(format!("{GROUP}.log"));
    fs::write(&path, old_file(count)).unwrap();
    let (client, _events) = start(config(1, folder.path(), &[])).await.unwrap();
    let opened = Instant::now();
    let subscribing = tokio::spawn({
        let client = client.clone();
        async move { client.subscribe(GROUP).await }
    });
    let (mut asked, mut slowest) = (0, Duration::ZERO);
    while !subscribing.is_finished() {
        let began = Instant::now();
        client.peers().await.unwrap();
        slowest = slowest.max(began.elapsed());
        asked += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    subscribing.await.unwrap().unwrap();
    let first = opened.elapsed();
    assert!(asked > 20, "reading took long enough: {asked} in {first:?}");
    assert!(slowest < Duration::from_millis(250).max(first / 4), "{slowest:?} of {first:?}");
    assert_eq!(notes(&client).await.len() as u64, count);
    assert!(fs::read(&path).unwrap().starts_with(b"NRNLOG\0\x02"));
    client.shutdown().await;
    let (client, _events) = start(config(1, folder.path(), &[])).await.unwrap();
    let opened = Instant::now();
    client.subscribe(GROUP).await.unwrap();
    let again = opened.elapsed();
    assert!(again * 2 < first, "no signature is verified again: {again:?} after {first:?}");
    assert_eq!(notes(&client).await.len() as u64, count);
}
