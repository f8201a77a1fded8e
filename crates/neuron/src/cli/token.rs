//! `neuron token`: balances and transfers.

use anyhow::Result;
use clap::Subcommand;
use protocol::{Address, Wei};
use serde_json::json;

use super::context::Context;

#[derive(Subcommand)]
pub enum Command {
    /// NRN and coin of an account; your own by default.
    Balance { account: Option<Address> },
    /// Send NRN.
    Send {
        to: Address,
        /// In NRN, like 1.5.
        #[arg(value_parser = Wei::from_nrn)]
        amount: Wei,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Balance { account } => {
            let account = match account {
                Some(account) => account,
                None => context.own_address().await?,
            };
            let network = context.site().await?.network;
            let (nrn, coin) = (network.neuron().balance(account).await?, network.chain().coin(account).await?);
            let lines = [account.to_string(), format!("  {} NRN", nrn.to_nrn()), format!("  {} of the chain's coin", coin.to_nrn())];
            context.answer(&lines, &json!({ "account": account, "balance_wei": nrn, "coin_wei": coin }))?;
        }
        Command::Send { to, amount } => {
            let receipt = context.sending().await?.neuron().transfer(to, amount).await?;
            context.tell(&format!("sent {} NRN to {to} in {}", amount.to_nrn(), receipt.hash))?;
        }
    }
    Ok(())
}
