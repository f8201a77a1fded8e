//! The chain that a devnet stands on: an anvil of its own, or one that somebody else runs.

use std::time::Duration;

use anyhow::{Context, Result};
use chain::{
    Account, Connection, Settings,
    dev::{Anvil, AnvilSettings},
};

use crate::options::Options;

/// Blocks, or seconds if they are faster, from the start of the deployment to the end of the sale.
pub const SALE_BLOCKS: u64 = 15;
/// The least length of the sale on a chain whose time nobody here moves, seconds: everybody has to be reached in it.
const SALE_S: u64 = 45;

/// A chain and an account on it that can pay for everything.
pub struct Ground {
    chain: Connection,
    payer: Account,
    /// Ends with the devnet.
    anvil: Option<Anvil>,
    /// Seconds from block to block.
    block_time: f64,
    confirmations: u64,
}

/// From here on blocks of an own chain would be waited for, so what sets the network up is mined at once.
const SLOW_S: f64 = 1.0;

impl Ground {
    /// Starts a chain, or connects to the one that was named.
    ///
    /// # Errors
    /// When there is no anvil, its port is taken, or the named chain is not as it should be.
    pub async fn start(options: &Options) -> Result<Self> {
        match &options.rpc {
            Some(rpc) => Self::connect(rpc, options).await,
            None => Self::own(options).await,
        }
    }

    async fn own(options: &Options) -> Result<Self> {
        let block_time_ms = if options.block_time > SLOW_S { 0 } else { (options.block_time * 1000.0) as u64 };
        let settings = AnvilSettings { block_time_ms, port: options.port, block_gas: options.rules.block_gas, ..AnvilSettings::default() };
        let anvil = Anvil::start(&settings).await;
        let anvil = anvil.with_context(|| format!("no local chain with --port {} (0 takes a free one)", options.port))?;
        anvil.advance(options.rules.ahead_s).await?;
        let chain = Connection::connect(Settings { legacy_gas: options.rules.legacy_gas, ..anvil.settings() }).await?;
        let (block_time, confirmations) = (options.block_time, options.confirmations);
        Ok(Self { chain, payer: Anvil::account(0)?, anvil: Some(anvil), block_time, confirmations })
    }

    async fn connect(rpc: &str, options: &Options) -> Result<Self> {
        let payer = options.payer.clone().context("--rpc needs the key of an account that can pay: --key and --password-file")?;
        let settings = Settings { rpc: rpc.into(), ..Settings::default() };
        let chain = match options.chain_id {
            Some(chain_id) => Connection::connect(Settings { chain_id, ..settings }).await?,
            None => Connection::connect_to_any(settings).await?,
        };
        Ok(Self { chain, payer, anvil: None, block_time: options.block_time, confirmations: options.confirmations })
    }

    pub fn chain(&self) -> &Connection {
        &self.chain
    }

    /// The chain as of the account that pays.
    pub fn rich(&self) -> Connection {
        self.chain.with_account(self.payer.clone())
    }

    /// The chain that mines at once until the network is set up.
    fn at_once(&self) -> Option<&Anvil> {
        self.anvil.as_ref().filter(|_| self.block_time > SLOW_S)
    }

    /// Waits for a block of that second or later. Mined at once, blocks are as far apart as later, so that nodes find that out.
    pub async fn until(&self, time_s: u64) -> Result<()> {
        let left_s = time_s.saturating_sub(self.chain.latest().await?.time_s);
        match self.at_once() {
            Some(anvil) => Ok(anvil.mine_apart(left_s.div_ceil(self.slot_s()), self.slot_s()).await?),
            None => wait_until(&self.chain, time_s).await,
        }
    }

    /// Makes so many blocks at once, as far apart by their dates as others, on a chain of its own.
    pub async fn skip(&self, blocks: u64) -> Result<()> {
        let anvil = self.anvil.as_ref().context("only a chain of its own can be hurried")?;
        Ok(anvil.mine_apart(blocks, self.slot_s()).await?)
    }

    /// Waits until what was mined is confirmed.
    pub async fn confirm(&self) -> Result<()> {
        match self.at_once() {
            Some(anvil) => Ok(anvil.mine(self.confirmations - 1).await?),
            None => wait_for(&self.chain, self.chain.latest().await?.number + self.confirmations - 1).await,
        }
    }

    /// The network is set up: from now on blocks come as they were asked for.
    pub async fn begin(&self) -> Result<()> {
        match self.at_once() {
            Some(anvil) => Ok(anvil.set_interval(self.slot_s()).await?),
            None => Ok(()),
        }
    }

    /// Seconds in which contracts are deployed and everybody buys.
    pub fn sale_s(&self) -> u64 {
        if self.at_once().is_some() { SALE_BLOCKS } else { SALE_S.max(SALE_BLOCKS * self.slot_s()) }
    }

    fn slot_s(&self) -> u64 {
        self.block_time.ceil() as u64
    }

    /// What it is, for people.
    pub fn name(&self) -> String {
        let settings = self.chain.settings();
        let whose = if self.anvil.is_some() { "ours" } else { "not ours" };
        format!("{:?} (chain id {}), {whose}, a block every {} s", settings.rpc, settings.chain_id, self.block_time)
    }
}

/// Waits for a block of that second or later.
pub async fn wait_until(chain: &Connection, time_s: u64) -> Result<()> {
    while chain.latest().await?.time_s < time_s {
        tokio::time::sleep(Duration::from_millis(chain.settings().poll_ms)).await;
    }
    Ok(())
}

async fn wait_for(chain: &Connection, number: u64) -> Result<()> {
    while chain.latest().await?.number < number {
        tokio::time::sleep(Duration::from_millis(chain.settings().poll_ms)).await;
    }
    Ok(())
}
