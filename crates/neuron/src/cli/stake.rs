//! `neuron stake`: bond, wake, rest, unbond, withdraw; move, rotate, compound.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand};
use governance::Network;
use node::keys;
use protocol::{
    Address, GroupId, PositionNumber, Wei,
    eip712::{Consent, Signature},
    rules::whole_gweis,
};

use super::context::Context;

/// Seconds for which the permit of a bond can be used.
const PERMIT_S: u64 = 3600;

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
        #[command(flatten)]
        signer: Signer,
        /// Approve and bond in two transactions, instead of one with a signed permit.
        #[arg(long)]
        approve: bool,
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
    /// Make what a position has earned part of its stake. Anybody may.
    Compound(Place),
    /// Let another key sign for your position from the next epoch on; the old one never again.
    Rotate {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        signer: Signer,
    },
    /// Bring the stake of your position to a fork of its group, without an exit; it counts there from the next epoch on.
    Move {
        #[command(flatten)]
        place: Place,
        /// Number of the fork.
        #[arg(long)]
        child: u64,
        #[command(flatten)]
        signer: Signer,
    },
}

/// Who signs for a position, and that it agrees.
#[derive(Args)]
pub struct Signer {
    /// Address of the signer; yourself by default.
    #[arg(long)]
    signer: Option<Address>,
    /// The signer's consent, as `neuron stake consent` prints it.
    #[arg(long)]
    consent: Option<String>,
    /// The signer's key, if it lies on this machine; its password is that of --password-file or NEURON_PASSWORD.
    #[arg(long)]
    signer_key: Option<PathBuf>,
}

impl Signer {
    /// The signer, and its consent that `owner` makes it sign in `group`, if it is another.
    fn consent(&self, context: &Context, network: &Network, group: GroupId) -> Result<(Address, Option<Signature>)> {
        let owner = network.chain().own_address()?;
        match (&self.signer_key, &self.consent) {
            (Some(path), _) => {
                let account = keys::account(path, context.password_file.as_ref())?;
                Ok((account.address(), Some(account.sign(Consent { group, owner }, &network.domain())?.signature)))
            }
            (None, Some(text)) => {
                let digits = text.strip_prefix("0x").unwrap_or(text);
                let bytes = hex::decode(digits).context("--consent is not hexadecimal: copy the whole line of `neuron stake consent`")?;
                Ok((self.signer.context("--consent needs --signer")?, Some(Signature::from_bytes(&bytes)?)))
            }
            (None, None) => Ok((self.signer.unwrap_or(owner), None)),
        }
    }
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
        Command::Bond { amount, group, signer, approve } => bond(context, GroupId(group.group), amount, &signer, approve).await,
        Command::Wake(place) => change(context, place, "awake from the next epoch on", Change::Wake).await,
        Command::Rest(place) => change(context, place, "at rest from the next epoch on", Change::Rest).await,
        Command::Unbond { amount, place } => change(context, place, "on its way out", Change::Unbond(amount)).await,
        Command::Withdraw(place) => change(context, place, "withdrawn", Change::Withdraw).await,
        Command::Compound(place) => change(context, place, "its pay is stake from the next epoch on", Change::Compound).await,
        Command::Rotate { place, signer } => {
            change(context, place, "the new key signs from the next epoch on", Change::Rotate(signer)).await
        }
        Command::Move { place, child, signer } => move_stake(context, place, GroupId(child), &signer).await,
    }
}

async fn show(context: &Context, group: GroupId) -> Result<()> {
    let network = context.site().await?.network;
    let stake = network.stake();
    println!("group {group}, epoch {}", stake.epoch().await?);
    for view in network.view(group).await?.positions {
        let position = stake.position(group, view.number).await?;
        let state = match (position.awake, position.awake_next) {
            (true, true) => "awake",
            (true, false) => "awake, at rest from the next epoch on",
            (false, true) => "at rest, awake from the next epoch on",
            (false, false) => "at rest",
        };
        println!("  {:>3}  {} NRN now, {} next epoch, {state}", position.number, position.live.to_nrn(), position.next.to_nrn());
        println!("       owner {}, signer {}", position.owner, position.signer);
        if position.signer_next != position.signer {
            println!("       signer from the next epoch on {}", position.signer_next);
        }
        if !position.earned.is_zero() {
            println!("       {} NRN earned and not yet stake", position.earned.to_nrn());
        }
        if let Some((group, heir)) = position.heir {
            println!("       its stake moved to position {heir} of group {group}");
        }
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

async fn bond(context: &Context, group: GroupId, amount: Wei, signer: &Signer, approve: bool) -> Result<()> {
    ensure!(whole_gweis(amount) == amount, "stakes have at most nine digits after the point: bond {} NRN", whole_gweis(amount).to_nrn());
    let network = context.sending().await?;
    let (signer, consent) = signer.consent(context, &network, group)?;
    let position = match approve {
        true => network.stake().bond(group, signer, amount, consent.as_ref()).await?,
        false => {
            let deadline_s = network.chain().latest().await?.time_s.saturating_add(PERMIT_S);
            network.stake().bond_with_permit(group, signer, amount, consent.as_ref(), deadline_s).await?
        }
    };
    println!("bonded {} NRN in position {position} of group {group}; it counts from the next epoch", amount.to_nrn());
    Ok(())
}

async fn move_stake(context: &Context, place: Place, child: GroupId, signer: &Signer) -> Result<()> {
    let network = context.sending().await?;
    let group = GroupId(place.group.group);
    let position = position_at(&network, place).await?;
    let (signer, consent) = signer.consent(context, &network, child)?;
    let heir = network.move_stake(group, position, child, signer, consent.as_ref()).await?;
    println!("the stake of position {position} of group {group} is that of position {heir} of group {child} from the next epoch on");
    println!("wake it there: `neuron stake wake --group {child} --position {heir}`");
    Ok(())
}

enum Change {
    Wake,
    Rest,
    Unbond(Wei),
    Withdraw,
    Compound,
    Rotate(Signer),
}

async fn change(context: &Context, place: Place, done: &str, change: Change) -> Result<()> {
    let network = context.sending().await?;
    let group = GroupId(place.group.group);
    let position = position_at(&network, place).await?;
    let stake = network.stake();
    let receipt = match change {
        Change::Wake => stake.wake(group, position).await?,
        Change::Rest => stake.rest(group, position).await?,
        Change::Unbond(amount) => stake.unbond(group, position, amount).await?,
        Change::Withdraw => stake.withdraw(group, position).await?,
        Change::Compound => stake.compound(group, position).await?,
        Change::Rotate(signer) => {
            let (signer, consent) = signer.consent(context, &network, group)?;
            stake.rotate(group, position, signer, consent.as_ref()).await?
        }
    };
    println!("position {position} of group {group}: {done} ({})", receipt.hash);
    Ok(())
}

async fn position_at(network: &Network, place: Place) -> Result<PositionNumber> {
    match place.position {
        Some(number) => Ok(PositionNumber(number)),
        None => own_position(network, GroupId(place.group.group)).await,
    }
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
