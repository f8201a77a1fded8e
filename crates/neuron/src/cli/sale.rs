//! `neuron sale`: buying the first NRN.

use anyhow::Result;
use clap::Subcommand;
use node::network_file::moment;
use protocol::Wei;
use serde_json::json;

use super::context::Context;

/// Seconds after the end of a sale from which on everybody can be paid back if nobody has closed it: 30 days.
const REFUNDS_AFTER_S: u64 = 30 * 86_400;

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
    /// Get back what you paid: after a sale that missed its minimum, or 30 days after the end of one that nobody has closed.
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
    context.tell(&format!("{done} in {}", receipt.hash))
}

async fn show(context: &Context) -> Result<()> {
    let network = context.site().await?.network;
    let (sale, now_s) = (network.sale(), network.chain().latest().await?.time_s);
    let (terms, sold) = (sale.terms().await?, sale.sold().await?);
    let refunds_from_s = terms.deadline_s.saturating_add(REFUNDS_AFTER_S);
    let state = match (sale.closed().await?, terms.deadline_s.saturating_sub(now_s)) {
        (true, _) => "closed".to_owned(),
        (false, 0) if sold < terms.minimum => "over, below its minimum: `neuron sale refund` gives back what was paid".to_owned(),
        (false, 0) if now_s >= refunds_from_s => "over, and closed by nobody yet: close it, or take back what was paid".to_owned(),
        (false, 0) => format!("over, to be closed by anybody; if nobody does, what was paid comes back from {} on", moment(refunds_from_s)),
        (false, left_s) => format!("open for {left_s} s"),
    };
    let lines = [
        format!("sale {}: {state}", sale.address()),
        format!("  price   {} of the chain's coin for 1 NRN", terms.price.to_nrn()),
        format!("  sold    {} NRN (minimum {})", sold.to_nrn(), terms.minimum.to_nrn()),
    ];
    let data = json!({
        "sale": sale.address(), "state": state, "price_coin_wei": terms.price, "deadline_s": terms.deadline_s, "sold_wei": sold,
        "minimum_wei": terms.minimum,
    });
    context.answer(&lines, &data)
}
