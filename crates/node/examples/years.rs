//! Counts the calls of nodes on a chain of 10,000,000 blocks with 1,000 groups and 2,000,000 events, and tells them as JSON.

#[expect(dead_code, reason = "it can do more than is needed here")]
#[path = "../../chain/tests/rpc/faulty.rs"]
mod faulty;
#[expect(dead_code, reason = "it can do more than is needed here")]
#[path = "../tests/feed/stub/mod.rs"]
mod stub;
#[path = "../tests/feed/years.rs"]
mod years;

use std::time::Duration;

use stub::Shape;

const SHAPE: Shape = Shape { blocks: 10_000_000, groups: 1_000, events: 2_000_000, positions: 40 };
/// Blocks that are watched, and how often one comes.
const BLOCKS: u64 = 120;
const EVERY: Duration = Duration::from_millis(500);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let counted = years::count(SHAPE, years::AWAY_BLOCKS, BLOCKS, EVERY, folder.path().to_owned()).await?;
    let told = serde_json::json!({
        "before": years::before(SHAPE), "first": counted.first, "week_away": counted.week_away, "block": counted.block,
    });
    println!("{told}");
    Ok(())
}
