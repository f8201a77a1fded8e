//! The hosts on which the network plays: who stands where, and what is told to it.

use std::fs;

use anyhow::{Context, Result};
use chain::dev::{Anvil, AnvilSettings};
use devnet::{Devnet, Host, Options, PASSWORD, Process, key_file};
use tokio::runtime::{Builder, Runtime};
use wires::{Internet, Weather};

use crate::groups::{changed, fresh_folder};

/// Delays of 20 to 60 ms each way, and one packet of a hundred lost.
const WEATHER: Weather = Weather { delay_us: (20_000, 60_000), jitter_us: 2_000, loss_ppm: 10_000 };
const SEED: u64 = 6;
/// The chain, and the node that founds the group and is the first that others find.
pub const CHAIN: &str = "chain";
const FIRST: &str = "first";
/// Serves, and relays for those that nobody reaches.
pub const SERVER: &str = "server";
/// Stands behind a router, and is told three things.
pub const HOME_TRAINER: &str = "home-trainer";
/// The validator behind another router.
pub const HOME_VALIDATOR: &str = "validator-4";
/// The validator that is cut off.
pub const AWAY: &str = "validator-3";
/// Its place among the validators.
pub const AWAY_PLACE: usize = 2;
const OPEN: [&str; 8] = [CHAIN, FIRST, SERVER, "trainer-1", "trainer-2", "validator-1", "validator-2", AWAY];
const HOMES: [&str; 2] = [HOME_VALIDATOR, HOME_TRAINER];
const PORT: u16 = 4400;
/// Phases with room for what gets lost, and short runs of the others, so that the trainer at home has a chance.
const CHANGE: &str = "devnet = { train_s = 9, reveal_s = 8, judge_s = 12 }\ntraining = { steps = 60 }";
/// Rounds that nobody sees the end of.
const FOREVER: u64 = 1_000_000;

/// Hosts, wires and a chain.
pub struct Stage {
    /// Ends before the hosts do.
    chain: Anvil,
    pub internet: Internet,
}

impl Stage {
    /// Opens all hosts and starts the chain on its own.
    ///
    /// # Errors
    /// When this machine makes no hosts, or has no anvil.
    pub fn open() -> Result<Self> {
        let internet = Internet::open(SEED, WEATHER, &OPEN, &HOMES)?;
        let host = internet.host(CHAIN)?;
        let settings = AnvilSettings { host: host.address, ..AnvilSettings::default() };
        let chain = host.run(|| Ok(Builder::new_current_thread().enable_all().build()?.block_on(Anvil::start(&settings))?))?;
        Ok(Self { chain, internet })
    }

    /// A runtime whose threads, with the calling one, are on the host of the first node.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn runtime(&self) -> Result<Runtime> {
        let first = self.internet.host(FIRST)?.clone();
        first.enter()?;
        let enter = move || first.enter().expect("its host is there as long as it");
        Ok(Builder::new_multi_thread().enable_all().on_thread_start(enter).build()?)
    }

    /// Two trainers and four validators of the shipped group, each on its host.
    ///
    /// # Errors
    /// When the group cannot be written.
    pub fn options(&self) -> Result<Options> {
        let names = ["trainer-1", "trainer-2", "validator-1", "validator-2", AWAY, HOME_VALIDATOR];
        let hosts = names.map(|name| self.host(name)).into_iter().collect::<Result<_>>()?;
        Ok(Options {
            rounds: FOREVER,
            group: changed(&fresh_folder("hosts-group")?, CHANGE)?,
            rpc: Some(self.chain.url().to_owned()),
            chain_id: Some(AnvilSettings::default().chain_id),
            payer: Some(Anvil::account(0)?),
            hosts,
            listen: self.host(FIRST)?.listen,
            ..Options::default()
        })
    }

    /// How a node's program gets onto its host; who stands behind a router listens as it does by default.
    fn host(&self, name: &str) -> Result<Host> {
        let host = self.internet.host(name)?;
        let listen = if host.is_behind { Vec::new() } else { self.listen(name)? };
        Ok(Host { enter: host.words(), listen })
    }

    /// Where a node listens on a host that everybody reaches.
    ///
    /// # Errors
    /// When there is no such host.
    pub fn listen(&self, name: &str) -> Result<Vec<String>> {
        let address = self.internet.host(name)?.address;
        Ok(vec![format!("/ip4/{address}/tcp/{PORT}"), format!("/ip4/{address}/udp/{PORT}/quic-v1")])
    }

    /// Starts the third trainer: it is told where network, key and folder are, and nothing else.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_home_trainer(&self, devnet: &mut Devnet) -> Result<()> {
        let folder = devnet.dir.join(HOME_TRAINER);
        fs::create_dir_all(&folder)?;
        let key = key_file(&devnet.dir.join("keys"), "guest");
        let text = format!("[node]\nnetwork = {:?}\nkeystore = {key:?}\ndata = \"data\"\n", devnet.network_file());
        fs::write(folder.join("config.toml"), text)?;
        let password = ["env".to_owned(), format!("NEURON_PASSWORD={PASSWORD}")];
        let enter = [self.host(HOME_TRAINER)?.enter, password.into()].concat();
        devnet.trainers.push(Process::start_by(&enter, HOME_TRAINER, "trainer-node", &folder)?);
        Ok(())
    }

    /// Lets nobody hear a host, and it nobody, but for the chain if it keeps that.
    ///
    /// # Errors
    /// When there is no such host.
    pub fn cut_off(&self, name: &str, keeps_chain: bool) -> Result<()> {
        let others: Vec<&str> = OPEN.into_iter().chain(HOMES).filter(|other| *other != name).collect();
        let own = if keeps_chain { vec![CHAIN, name] } else { vec![name] };
        self.internet.part(&[&others, &own]).context("a host of the stage")
    }
}
