//! `neuron tx`: what was sent and is not deep in the chain.

use std::path::PathBuf;

use anyhow::Result;
use chain::{Flights, Waiting, Where, words::moment};
use clap::Subcommand;
use node::{Site, keys::FLIGHTS};
use protocol::Address;
use serde_json::{Value, json};

use super::context::Context;

const WEI_PER_GWEI: f64 = 1e9;

#[derive(Subcommand)]
pub enum Command {
    /// What waits, by nonce.
    List {
        /// Data folder of a node, for what that node has sent.
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Offer a transaction that waits for more.
    SpeedUp {
        nonce: u64,
        /// Data folder of a node that does not run, for what that node has sent.
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Offer an empty transaction in the place of one that waits, so that it never happens.
    Cancel {
        nonce: u64,
        /// Data folder of a node that does not run, for what that node has sent.
        #[arg(long)]
        data: Option<PathBuf>,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let site = context.site().await?;
    let folder = |data: Option<PathBuf>| data.map_or_else(|| context.flights(), |data| Ok(data.join(FLIGHTS)));
    match command {
        Command::List { data } => list(context, &site, context.own_address().await?, folder(data)?).await,
        Command::SpeedUp { nonce, data } => {
            let (flights, account) = (folder(data)?, context.account().await?);
            let flights = Flights::open(&flights, site.file.chain_id, account.address())?;
            let (hash, most) = site.network.chain().speed_up(account, flights, nonce).await?;
            context.tell(&format!("nonce {nonce} is offered for up to {} gwei in {hash}", gwei(&most.to_string())))
        }
        Command::Cancel { nonce, data } => {
            let (flights, account) = (folder(data)?, context.account().await?);
            let flights = Flights::open(&flights, site.file.chain_id, account.address())?;
            let (hash, most) = site.network.chain().take_back(account, flights, nonce).await?;
            context.tell(&format!(
                "an empty transaction takes nonce {nonce} for up to {} gwei, unless the other one is faster: {hash}",
                gwei(&most.to_string())
            ))
        }
    }
}

async fn list(context: &Context, site: &Site, account: Address, folder: PathBuf) -> Result<()> {
    let chain_id = site.file.chain_id;
    let flights = Flights::peek(&folder, chain_id, account)?;
    let waiting = site.network.chain().waiting(account, &flights).await?;
    let (is_in_use, mut lines) = (Flights::is_in_use(&folder, chain_id, account), Vec::new());
    if is_in_use {
        lines.push(format!("a program sends for {account} now and looks after these itself"));
    }
    if waiting.is_empty() {
        lines.push(format!("nothing of {account} waits"));
    }
    lines.extend(waiting.iter().flat_map(of_waiting));
    let listed: Vec<Value> = waiting.iter().map(data).collect();
    context.answer(&lines, &json!({ "account": account, "in_use": is_in_use, "transactions": listed }))
}

fn data(waiting: &Waiting) -> Value {
    let last = waiting.offers.last();
    json!({
        "nonce": waiting.nonce, "what": last.map(|last| last.what.as_str()), "about": last.map(|last| last.about.as_str()),
        "fee_coin_wei": last.map(|last| last.fee_wei.as_str()), "until_s": last.and_then(|last| last.until_s), "place": told(waiting.place),
        "hashes": waiting.offers.iter().map(|offer| offer.hash).collect::<Vec<_>>(),
    })
}

fn of_waiting(waiting: &Waiting) -> Vec<String> {
    let Waiting { nonce, offers, place } = waiting;
    let Some(last) = offers.last() else { return vec![format!("{nonce}  not sent from here, in the pool")] };
    let about = if last.about.is_empty() { String::new() } else { format!(" of {}", last.about) };
    let until = last.until_s.map(|until_s| format!(", worth something until {}", moment(until_s))).unwrap_or_default();
    let first = format!("{nonce}  {}{about}, for up to {} gwei{until}: {}", last.what, gwei(&last.fee_wei), told(*place));
    [first].into_iter().chain(offers.iter().map(|offer| format!("    {} {}", offer.hash, offer.what))).collect()
}

fn told(place: Where) -> String {
    match place {
        Where::Mined { block, depth } => format!("mined in block {block}, {depth} deep"),
        Where::Pool => "in the pool".to_owned(),
        Where::Nowhere => "in no pool that is known; the next program that sends for the account offers it again".to_owned(),
        Where::Replaced => "another transaction took its nonce".to_owned(),
    }
}

fn gwei(wei: &str) -> String {
    wei.parse().map_or_else(|_| format!("{wei} wei ="), |wei: f64| format!("{}", wei / WEI_PER_GWEI))
}
