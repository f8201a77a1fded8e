//! Measurements; run them with `cargo test -p swarm -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use crate::support::{GROUP, all, bytes, eventually, node, note};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "moves 256 MiB"]
async fn files_move_fast() {
    let a = node(1, &[]).await;
    let b = node(2, &[&a]).await;
    let megabytes = 256.0 * 1.048_576;
    let file = bytes(256 << 20);
    let began = Instant::now();
    let digest = a.client.add(file.clone()).await.unwrap();
    println!("added at {:.0} MB/s", megabytes / began.elapsed().as_secs_f64());
    eventually("connected", || async { !b.client.peers().await.unwrap().is_empty() }).await;
    let began = Instant::now();
    b.client.download(digest, file.len() as u64, Duration::from_secs(120)).await.unwrap();
    let rate = megabytes / began.elapsed().as_secs_f64();
    println!("fetched at {rate:.0} MB/s");
    assert!(rate > 10.0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "signs and copies 5,000 messages"]
async fn logs_are_copied_fast() {
    let a = node(1, &[]).await;
    a.client.subscribe(GROUP).await.unwrap();
    let began = Instant::now();
    for index in 0..5_000 {
        a.client.append_under(GROUP, &format!("{}", index / 1000), note("a message of the log")).await.unwrap();
    }
    println!("appended at {:.0} messages/s", 5_000.0 / began.elapsed().as_secs_f64());
    let b = node(2, &[&a]).await;
    let began = Instant::now();
    b.client.subscribe(GROUP).await.unwrap();
    eventually("all copied", || async { all(&b.client).await.len() >= 5_000 }).await;
    println!("copied at {:.0} messages/s", 5_000.0 / began.elapsed().as_secs_f64());
}
