//! What a node hears of a chain whose endpoint fails: everything, only later. It never ends for that.

mod aged;
#[expect(dead_code, reason = "it can do more than is needed here")]
#[path = "../../../chain/tests/rpc/faulty.rs"]
mod faulty;
mod stub;
mod years;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chain::dev::{Anvil, AnvilSettings};
use chain::{Connection, Settings};
use faulty::{Fault, Faulty};
use governance::{Network, Terms, deploy};
use node::{
    Heard, Hub, Intake, Scope, Source, birth,
    config::{GroupFile, Times},
};
use protocol::{GroupId, Wei};
use serde_json::Value;
use swarm::{Client, Config};
use token::SaleTerms;
use tokio::sync::mpsc;

const TIMES: Times = Times { train_s: 60, reveal_s: 60, judge_s: 60, period_s: 360, improve: 10, least: 1_000 };
const ROUND_S: u64 = 180;

/// A group on a chain of its own, and a node's feed through a server that fails when it is told to.
struct Stage {
    anvil: Anvil,
    chain: Connection,
    heard: mpsc::Receiver<anyhow::Result<Heard>>,
    _folder: tempfile::TempDir,
    _client: Client,
}

impl Stage {
    async fn start(script: impl FnMut(&str, &Value) -> Fault + Send + 'static) -> anyhow::Result<Self> {
        let anvil = Anvil::start(&AnvilSettings { block_time_ms: 0, ..AnvilSettings::default() }).await?;
        let founder = anvil.chain().with_account(Anvil::account(0)?);
        let sale = SaleTerms { price: Wei::nrn(1), deadline_s: founder.latest().await?.time_s + 100_000, minimum: Wei::nrn(1) };
        let terms = Terms { sale, epoch_s: ROUND_S, exit_s: 3_600, maturity_s: ROUND_S, min_deposit: Wei::nrn(1), tip: Wei(0) };
        let founder = Network::open(&founder, deploy(&founder, &terms, |_| ()).await?.network).await?;
        let folder = tempfile::tempdir()?;
        let (client, events) = swarm::start(Config::new("feed", folder.path().to_owned(), [7; 32])).await?;
        let file = GroupFile::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/groups/digits.toml"))?;
        let birth = birth::prepare(&file, &TIMES, 1, Anvil::account(0)?.address(), &Intake::new(&client)).await?;
        let group: GroupId = founder.create(&birth).await?;
        let rpc = Faulty::before(anvil.url(), script).await.url.into();
        let chain = Connection::connect(Settings { rpc, poll_ms: 20, request_timeout_s: 1, ..anvil.settings() }).await?;
        let (network, chronicles) = (founder.through(&chain), folder.path().join("chronicles"));
        let source = Source { network, first: 0, folder: chronicles, client: client.clone(), scope: Scope::Groups };
        let heard = Hub::start(source, &[group], events).await?.feed(group).await?.spawn();
        let mut stage = Self { anvil, chain, heard, _folder: folder, _client: client };
        stage.hear("the end of history", |heard| *heard == Heard::Live).await;
        Ok(stage)
    }

    /// Waits until that is heard.
    async fn hear(&mut self, what: &str, is_it: impl Fn(&Heard) -> bool) {
        let waiting = async {
            loop {
                let heard = self.heard.recv().await.expect("the feed goes on").expect("the feed goes on");
                if is_it(&heard) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("{what} is not heard"));
    }

    /// Begins a new round.
    async fn turn(&self) -> anyhow::Result<()> {
        Ok(self.anvil.advance(ROUND_S).await?)
    }
}

#[tokio::test]
async fn whatever_the_endpoint_answers_at_the_turn_of_a_round_the_view_comes_later_and_the_node_goes_on() -> anyhow::Result<()> {
    let faults = [Fault::Busy, Fault::Page(503), Fault::Page(200), Fault::Page(403), Fault::Error("unknown block"), Fault::Close];
    let kind = Arc::new(AtomicU64::new(u64::MAX));
    let (now, spoilt) = (kind.clone(), faults.clone());
    let script = move |method: &str, _: &Value| match spoilt.get(now.load(Ordering::SeqCst) as usize) {
        Some(fault) if method == "eth_call" => fault.clone(),
        _ => Fault::Pass,
    };
    let mut stage = Stage::start(script).await?;
    for (number, fault) in faults.iter().enumerate() {
        kind.store(number as u64, Ordering::SeqCst);
        stage.turn().await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        kind.store(u64::MAX, Ordering::SeqCst);
        stage.hear(&format!("the new round's view after {fault:?}"), |heard| matches!(heard, Heard::Group(_))).await;
    }
    let mut degraded = stage.chain.degraded();
    kind.store(1, Ordering::SeqCst);
    stage.turn().await?;
    degraded.wait_for(|troubles| troubles.contains_key("reading the group")).await?;
    kind.store(u64::MAX, Ordering::SeqCst);
    stage.hear("the view after a longer failure", |heard| matches!(heard, Heard::Group(_))).await;
    assert!(stage.chain.degraded().borrow().is_empty());
    Ok(())
}

#[tokio::test]
async fn after_a_pause_in_which_the_endpoint_forgot_old_states_the_chain_is_told_anew_as_history() -> anyhow::Result<()> {
    /// Blocks of which a full node keeps the state.
    const KEPT: u64 = 128;
    let tip = Arc::new(AtomicU64::new(0));
    let newest = tip.clone();
    let script = move |method: &str, parameters: &Value| match (newest.load(Ordering::SeqCst), method) {
        (0, _) => Fault::Pass,
        (u64::MAX, _) => Fault::Close,
        (tip, "eth_call") if of_block(parameters).is_some_and(|block| block + KEPT < tip) => {
            Fault::Error("missing trie node 5a1b (path ) state 0x5a1b is not available, not found")
        }
        _ => Fault::Pass,
    };
    let mut stage = Stage::start(script).await?;
    tip.store(u64::MAX, Ordering::SeqCst);
    stage.turn().await?;
    stage.anvil.mine(2 * KEPT).await?;
    let last = stage.anvil.chain().latest().await?;
    tip.store(last.number, Ordering::SeqCst);
    stage.hear("that all is told anew", |heard| *heard == Heard::Restart).await;
    stage.hear("the end of history", |heard| *heard == Heard::Live).await;
    stage.turn().await?;
    stage.hear("the next view", |heard| matches!(heard, Heard::Group(_))).await;
    Ok(())
}

/// The number of the block as of which a call is made.
fn of_block(parameters: &Value) -> Option<u64> {
    u64::from_str_radix(parameters[1].as_str()?.strip_prefix("0x")?, 16).ok()
}
