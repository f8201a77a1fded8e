//! The chain that a devnet stands on: an anvil of its own, or one that somebody else runs.

use anyhow::{Context, Result};
use chain::{
    Account, Connection, Settings,
    dev::{Anvil, AnvilSettings},
};

use crate::options::Options;

/// A chain and an account on it that can pay for everything.
pub struct Ground {
    chain: Connection,
    payer: Account,
    /// Ends with the devnet.
    anvil: Option<Anvil>,
}

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
        let settings = AnvilSettings { block_time_ms: 1000, port: options.port, ..AnvilSettings::default() };
        let anvil = Anvil::start(&settings).await;
        let anvil = anvil.with_context(|| format!("no local chain with --port {} (0 takes a free one)", options.port))?;
        Ok(Self { chain: anvil.chain().clone(), payer: Anvil::account(0)?, anvil: Some(anvil) })
    }

    async fn connect(rpc: &str, options: &Options) -> Result<Self> {
        let payer = options.payer.clone().context("--rpc needs the key of an account that can pay: --key and --password-file")?;
        let settings = Settings { rpc: rpc.into(), ..Settings::default() };
        let chain = match options.chain_id {
            Some(chain_id) => Connection::connect(Settings { chain_id, ..settings }).await?,
            None => Connection::connect_to_any(settings).await?,
        };
        Ok(Self { chain, payer, anvil: None })
    }

    pub fn chain(&self) -> &Connection {
        &self.chain
    }

    /// The chain as of the account that pays.
    pub fn rich(&self) -> Connection {
        self.chain.with_account(self.payer.clone())
    }

    /// What it is, for people.
    pub fn name(&self) -> String {
        let settings = self.chain.settings();
        let whose = if self.anvil.is_some() { "a block each second" } else { "not ours" };
        format!("{:?} (chain id {}), {whose}", settings.rpc, settings.chain_id)
    }
}
