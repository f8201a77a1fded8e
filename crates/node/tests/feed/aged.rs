//! Starting on an old chain, of a tenth of the size that the benchmark has.

use std::time::Duration;

use chain::{Connection, Settings};
use governance::Network;
use node::Heard;
use protocol::{GroupId, chain::ChainEvent};

use crate::{
    stub::{CHAIN_ID, NETWORK, Shape, Stub, address},
    years::{self, AWAY_BLOCKS, Process},
};

const SHAPE: Shape = Shape { blocks: 1_000_000, groups: 100, events: 200_000, positions: 40 };

#[tokio::test]
async fn a_start_costs_what_happened_since_in_its_own_group_and_ten_groups_cost_at_most_three_calls_a_block() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let counted = years::count(SHAPE, AWAY_BLOCKS, 60, Duration::from_millis(250), folder.path().to_owned()).await?;
    let before = years::before(SHAPE);
    assert!(counted.first * 20 <= before, "{counted:?} beside {before}");
    assert!(counted.week_away * 200 <= before, "{counted:?} beside {before}");
    assert!(counted.block <= 3.0, "{counted:?}");
    Ok(())
}

/// All that is told until the end of history.
async fn told(url: &str, folder: &std::path::Path) -> anyhow::Result<Vec<Heard>> {
    let mut process = Process::open(url, folder, &[7], 1).await?;
    let mut told = Vec::new();
    while told.last() != Some(&Heard::Live) {
        told.push(process.feeds[0].recv().await.expect("the feed goes on")?);
    }
    process.stop().await;
    Ok(told)
}

fn events(told: &[Heard]) -> Vec<(u64, ChainEvent)> {
    let event = |heard: &Heard| match heard {
        Heard::Event { block, event } => Some((block.number, event.clone())),
        _ => None,
    };
    told.iter().filter_map(event).collect()
}

#[tokio::test]
async fn history_comes_from_disk_as_history_and_after_a_deep_reorganisation_from_the_fork() -> anyhow::Result<()> {
    let shape = Shape { blocks: 100_000, groups: 10, events: 20_000, positions: 3 };
    let folder = tempfile::tempdir()?;
    let (stub, url) = Stub::start(shape, 90_000).await;
    let first = told(&url, folder.path()).await?;
    assert_eq!(events(&first).len(), 1_800, "all that happened in the group");
    stub.take_calls();
    let again = told(&url, folder.path()).await?;
    assert_eq!(events(&again), events(&first));
    let calls = stub.take_calls();
    assert!(years::sum(&calls) < 150, "{calls:?}");
    let views = again.iter().filter(|heard| matches!(heard, Heard::Group(_))).count();
    assert!(views <= 2, "history has no views: {views}");
    // Far below all blocks that are read one by one.
    stub.reorganise(50_000);
    stub.set_tip(95_000);
    let anew = told(&url, folder.path()).await?;
    assert_eq!(anew.iter().filter(|heard| **heard == Heard::Live).count(), 1);
    assert!(!anew.contains(&Heard::Restart), "what is wrong is not told first");
    assert_eq!(events(&anew).len(), 1_900);
    assert!(stub.take_calls()["eth_getLogs"] < 40, "the blocks before the fork are kept");
    // While it runs.
    let mut process = Process::start(&url, folder.path(), &[7], 1).await?;
    stub.reorganise(40_000);
    stub.set_tip(95_001);
    while process.feeds[0].recv().await.expect("the feed goes on")? != Heard::Restart {}
    while process.feeds[0].recv().await.expect("the feed goes on")? != Heard::Live {}
    // A machine that begins anew, while the others go on.
    let mut feed = process.hub.feed(GroupId(7)).await?.spawn();
    assert!(matches!(feed.recv().await.expect("the feed goes on")?, Heard::Group(_)));
    process.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_view_of_many_positions_costs_a_call_for_200_of_them_and_says_what_one_call_for_each_says() -> anyhow::Result<()> {
    for (positions, calls) in [(0, 1), (1, 1), (199, 1), (200, 1), (201, 2), (450, 3)] {
        let (stub, url) = Stub::start(Shape { positions, ..SHAPE }, 1_000).await;
        let settings = Settings { rpc: url.as_str().into(), chain_id: CHAIN_ID, poll_ms: 10, ..Settings::default() };
        let network = Network::open(&Connection::connect(settings).await?, address(NETWORK)).await?;
        stub.take_calls();
        let view = network.view_at(GroupId(3), 900).await?;
        assert_eq!(years::sum(&stub.take_calls()), calls, "{positions} positions");
        assert_eq!(view, network.slow_view_at(GroupId(3), 900).await?);
        assert_eq!(view.positions.len() as u64, positions);
        assert!(network.view_at(GroupId(101), 900).await.is_err(), "there is no such group");
    }
    Ok(())
}
