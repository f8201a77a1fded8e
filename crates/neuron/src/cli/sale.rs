//! `neuron sale`: buying the first NRN.

use anyhow::Result;
use clap::Subcommand;
use protocol::Wei;

use super::context::Context;

#[derive(Subcommand)]
pub enum Command {
    /// Price, end, and how far it is.
    Show,
    /// Buy NRN before the end of the sale.
    Buy {
        /// In NRN, like 100.
        #[arg(value_parser = Wei::from_nrn)]
        amount: Wei,
    },
    /// After its end: mint what was sold and start the schedule. Anybody may.
    Close,
    /// After the close: get what you bought.
    Claim,
    /// If the minimum was missed: get back what you paid.
    Refund,
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    if let Command::Show = command {
        return show(context).await;
    }
    let sale = context.sending().await?.sale();
    let (done, receipt) = match command {
        Command::Show => return Ok(()),
        Command::Buy { amount } => {
            let cost = token::cost_of(amount, sale.terms().await?.price);
            (format!("bought {} NRN for {} of the chain's coin", amount.to_nrn(), cost.to_nrn()), sale.buy(cost).await?)
        }
        Command::Close => ("closed the sale".to_owned(), sale.close().await?),
        Command::Claim => ("claimed what was bought".to_owned(), sale.claim().await?),
        Command::Refund => ("got back what was paid".to_owned(), sale.refund().await?),
    };
    println!("{done} in {}", receipt.hash);
    Ok(())
}

async fn show(context: &Context) -> Result<()> {
    let network = context.site().await?.network;
    let (sale, now_s) = (network.sale(), network.chain().latest().await?.time_s);
    let terms = sale.terms().await?;
    let state = match (sale.closed().await?, terms.deadline_s.saturating_sub(now_s)) {
        (true, _) => "closed".to_owned(),
        (false, 0) => "over, to be closed by anybody".to_owned(),
        (false, left_s) => format!("open for {left_s} s"),
    };
    println!("sale {}: {state}", sale.address());
    println!("  price   {} of the chain's coin for 1 NRN", terms.price.to_nrn());
    println!("  sold    {} NRN (minimum {})", sale.sold().await?.to_nrn(), terms.minimum.to_nrn());
    Ok(())
}
