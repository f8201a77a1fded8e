//! `neuron stake`: bond, wake, rest, unbond, withdraw.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use governance::Network;
use node::keys;
use protocol::{
    Address, GroupId, PositionNumber, Wei,
    eip712::{Consent, Signature},
};

use super::context::Context;

#[derive(Subcommand)]
pub enum Command {
    /// Positions of a group.
    Show(Group),
    /// Bond NRN for a signer; you stay the owner, the signer can never withdraw.
    Bond {
        /// In NRN, like 100.
        #[arg(value_parser = Wei::from_nrn)]
        amount: Wei,
        #[command(flatten)]
        group: Group,
        /// Address of the signer; yourself by default.
        #[arg(long)]
        signer: Option<Address>,
        /// The signer's consent, as `neuron stake consent` prints it.
        #[arg(long)]
        consent: Option<String>,
        /// The signer's key, if it lies on this machine; its password is that of --password-file or NEURON_PASSWORD.
        #[arg(long)]
        signer_key: Option<PathBuf>,
    },
    /// As a signer: agree that `owner` bonds for you.
    Consent {
        owner: Address,
        #[command(flatten)]
        group: Group,
    },
    /// From the next epoch on your position signs and draws on the issue.
    Wake(Place),
    /// The opposite.
    Rest(Place),
    /// Take NRN out from the next epoch on; withdrawable when the exit is over.
    Unbond {
        /// In NRN, like 100.
        #[arg(value_parser = Wei::from_nrn)]
        amount: Wei,
        #[command(flatten)]
        place: Place,
    },
    /// Get what has left.
    Withdraw(Place),
}

#[derive(Args, Clone, Copy)]
pub struct Group {
    /// Number of the group.
    #[arg(long, default_value_t = 1)]
    group: u64,
}

#[derive(Args, Clone, Copy)]
pub struct Place {
    #[command(flatten)]
    group: Group,
    /// Number of the position; the one you own or sign for by default.
    #[arg(long)]
    position: Option<u64>,
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Show(group) => show(context, GroupId(group.group)).await,
        Command::Consent { owner, group } => consent(context, GroupId(group.group), owner).await,
        Command::Bond { amount, group, signer, consent, signer_key } => {
            bond(context, GroupId(group.group), amount, signer, consent, signer_key).await
        }
        Command::Wake(place) => change(context, place, "awake from the next epoch on", Change::Wake).await,
        Command::Rest(place) => change(context, place, "at rest from the next epoch on", Change::Rest).await,
        Command::Unbond { amount, place } => change(context, place, "on its way out", Change::Unbond(amount)).await,
        Command::Withdraw(place) => change(context, place, "withdrawn", Change::Withdraw).await,
    }
}

async fn show(context: &Context, group: GroupId) -> Result<()> {
    let network = context.site().await?.network;
    let stake = network.stake();
    println!("group {group}, epoch {}", stake.epoch().await?);
    for view in network.view(group).await?.positions {
        let position = stake.position(group, view.number).await?;
        let state = if position.awake { "awake" } else { "resting" };
        println!("  {:>3}  {} NRN now, {} next epoch, {state}", position.number, position.live.to_nrn(), position.next.to_nrn());
        println!("       owner {}, signer {}", position.owner, position.signer);
        if !position.exiting.is_zero() {
            println!("       {} NRN leave, withdrawable from second {}", position.exiting.to_nrn(), position.exit_at_s);
        }
    }
    Ok(())
}

async fn consent(context: &Context, group: GroupId, owner: Address) -> Result<()> {
    let domain = context.site().await?.network.domain();
    let consent = context.account()?.sign(Consent { group, owner }, &domain)?;
    println!("0x{}", hex::encode(consent.signature.to_bytes()));
    Ok(())
}

async fn bond(
    context: &Context,
    group: GroupId,
    amount: Wei,
    signer: Option<Address>,
    consent: Option<String>,
    signer_key: Option<PathBuf>,
) -> Result<()> {
    let network = context.sending().await?;
    let owner = network.chain().own_address()?;
    let (signer, consent) = match (signer_key, consent) {
        (Some(path), _) => {
            let account = keys::account(&path, context.password_file.as_ref())?;
            (account.address(), Some(account.sign(Consent { group, owner }, &network.domain())?.signature))
        }
        (None, Some(text)) => {
            let bytes = hex::decode(&text).context("--consent is not hexadecimal: copy the whole line of `neuron stake consent`")?;
            (signer.context("--consent needs --signer")?, Some(Signature::from_bytes(&bytes)?))
        }
        (None, None) => (signer.unwrap_or(owner), None),
    };
    let position = network.stake().bond(group, signer, amount, consent.as_ref()).await?;
    println!("bonded {} NRN in position {position} of group {group}; it counts from the next epoch", amount.to_nrn());
    Ok(())
}

enum Change {
    Wake,
    Rest,
    Unbond(Wei),
    Withdraw,
}

async fn change(context: &Context, place: Place, done: &str, change: Change) -> Result<()> {
    let network = context.sending().await?;
    let group = GroupId(place.group.group);
    let position = match place.position {
        Some(number) => PositionNumber(number),
        None => own_position(&network, group).await?,
    };
    let stake = network.stake();
    let receipt = match change {
        Change::Wake => stake.wake(group, position).await?,
        Change::Rest => stake.rest(group, position).await?,
        Change::Unbond(amount) => stake.unbond(group, position, amount).await?,
        Change::Withdraw => stake.withdraw(group, position).await?,
    };
    println!("position {position} of group {group}: {done} ({})", receipt.hash);
    Ok(())
}

async fn own_position(network: &Network, group: GroupId) -> Result<PositionNumber> {
    let own = network.chain().own_address()?;
    let positions = network.view(group).await?.positions;
    let mut mine = positions.iter().filter(|position| position.owner == own || position.signer == own);
    match (mine.next(), mine.next()) {
        (Some(position), None) => Ok(position.number),
        (None, _) => bail!("{own} owns no position of group {group} and signs for none: bond first, or name one with --position"),
        (Some(_), Some(_)) => bail!("{own} has several positions in group {group}: name one with --position"),
    }
}
