//! What peers do not give comes from gateways, and from nowhere unchecked.

use std::time::{Duration, Instant};

use node::{NodeConfig, outside};
use swarm::{FetchError, Length, Order};

use crate::{
    scripted::{Manner, Scripted},
    support::{bytes, ours},
};

const LONG: Duration = Duration::from_secs(60);
/// Until gateways are asked, and a little.
const SOON: Duration = Duration::from_secs(10);

fn config(gateways: &[&Scripted]) -> NodeConfig {
    NodeConfig { gateways: gateways.iter().map(|gateway| gateway.address.clone()).collect(), ..NodeConfig::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_no_peer_has_comes_from_a_gateway_block_by_block() {
    let (holder, seeker) = (ours().await, ours().await);
    let gateway = Scripted::start(&holder.client, Manner::Honest).await;
    let _outside = outside::start(&config(&[&gateway]), &seeker.client).unwrap();
    let file = bytes(30_000_000, 0);
    let digest = holder.client.add(file.clone()).await.unwrap();
    let start = Instant::now();
    assert!(seeker.client.fetch(digest, file.len() as u64, LONG).await.unwrap() == file);
    let (took, blocks) = (start.elapsed(), 1 + file.len().div_ceil(262_144));
    assert!((outside::PEERS_FIRST..SOON + SOON).contains(&took), "peers come first, and only once: {took:?}");
    assert_eq!(gateway.asked(), blocks, "each block is asked for once");
    let patch = holder.client.add(bytes(500_000, 1)).await.unwrap();
    assert!(seeker.client.fetch_up_to(patch, 1 << 20, LONG).await.unwrap() == bytes(500_000, 1), "of unknown length too");
}

#[tokio::test(flavor = "multi_thread")]
async fn gateways_that_lie_fail_or_flood_are_passed_over_and_nothing_of_theirs_is_kept() {
    let (holder, seeker) = (ours().await, ours().await);
    let file = bytes(3_000_000, 0);
    let digest = holder.client.add(file.clone()).await.unwrap();
    let mut gateways = Vec::new();
    for manner in [Manner::Lying, Manner::Broken, Manner::Redirecting, Manner::Endless, Manner::Empty, Manner::Honest] {
        gateways.push(Scripted::start(&holder.client, manner).await);
    }
    let _outside = outside::start(&config(&gateways.iter().collect::<Vec<_>>()), &seeker.client).unwrap();
    assert!(seeker.client.fetch(digest, file.len() as u64, LONG).await.unwrap() == file);
    let asked: Vec<usize> = gateways.iter().map(Scripted::asked).collect();
    assert_eq!(asked[0], 1, "who lies once is asked no more: {asked:?}");
    assert!(asked[1] <= 4 && asked[2] <= 4 && asked[3] <= 4, "who fails rests: {asked:?}");
    assert_eq!(asked[5], 1 + file.len().div_ceil(262_144), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_only_liars_answer_ends_in_its_time_with_nothing_kept() {
    let (holder, seeker) = (ours().await, ours().await);
    let digest = holder.client.add(bytes(1000, 0)).await.unwrap();
    let liar = Scripted::start(&holder.client, Manner::Lying).await;
    let _outside = outside::start(&config(&[&liar]), &seeker.client).unwrap();
    let fetched = seeker.client.fetch(digest, 1000, SOON).await;
    assert!(matches!(fetched, Err(FetchError::TimedOut { .. })), "{fetched:?}");
    assert!(!seeker.client.has(digest).await.unwrap());
    assert_eq!(liar.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_gateway_gives_goes_on_where_a_fetch_was_broken_off() {
    let (holder, seeker) = (ours().await, ours().await);
    let gateway = Scripted::start(&holder.client, Manner::Slow).await;
    let _outside = outside::start(&config(&[&gateway]), &seeker.client).unwrap();
    let file = bytes(45_613_056, 0);
    let digest = holder.client.add(file.clone()).await.unwrap();
    let short = outside::PEERS_FIRST + Duration::from_millis(700);
    let mut order = Order::new(digest, Length::Exactly(file.len() as u64), LONG);
    order.until = Some((Instant::now() + short).into());
    let broken_off = seeker.client.bring(&order).await;
    assert!(matches!(broken_off, Err(FetchError::TimedOut { .. })), "{broken_off:?}");
    assert!(seeker.client.fetch(digest, file.len() as u64, LONG).await.unwrap() == file);
    let (asked, blocks) = (gateway.asked(), 1 + file.len().div_ceil(262_144));
    assert!((blocks..=blocks + outside::ASKED_MAX).contains(&asked), "{asked} of {blocks}");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_are_none_are_refused_at_the_start() {
    let ours = ours().await;
    for (config, named) in [
        (NodeConfig { gateways: vec!["gateway".into()], ..NodeConfig::default() }, "`gateways`"),
        (NodeConfig { kubo: Some("/ip4/127.0.0.1/tcp/5001".into()), ..NodeConfig::default() }, "`kubo`"),
    ] {
        let error = format!("{:#}", outside::start(&config, &ours.client).err().unwrap());
        assert!(error.contains(named) && error.contains("http"), "{error}");
    }
    outside::start(&NodeConfig::default(), &ours.client).unwrap();
}
