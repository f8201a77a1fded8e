//! `neuron stake`: bond, wake, rest, unbond, withdraw; offer, accept, move, rotate, compound.

mod list;

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand};
use governance::Network;
use node::{keys::KeyPlace, network_file::moment};
use protocol::{
    Address, GroupId, PositionNumber, Wei,
    eip712::{Consent, Signature},
    rules::{WEI_PER_GWEI, may_wake, whole_gweis},
};

use super::context::Context;

pub use list::percent;

#[derive(Subcommand)]
pub enum Command {
    /// Positions of a group.
    Show(Group),
    /// The positions that an account owns or signs for, in all groups: what each has, what leaves when, and what to do.
    List {
        /// Yours by default.
        account: Option<Address>,
    },
    /// What positions have earned by verdicts since they were made, and their owner by winning, data and bounties.
    Earned {
        /// Yours by default.
        account: Option<Address>,
    },
    /// Bond NRN for a signer; you stay the owner, the signer can never withdraw.
    Bond {
        /// In NRN, like 100.
        #[arg(value_parser = Wei::from_nrn)]
        amount: Wei,
        #[command(flatten)]
        group: Group,
        #[command(flatten)]
        signer: Signer,
    },
    /// As a signer: agree that `owner` bonds for you.
    Consent {
        owner: Address,
        #[command(flatten)]
        group: Group,
    },
    /// From the next epoch on your position signs and draws on the issue. Who was put to sleep has to wait until that is over.
    Wake(Place),
    /// The opposite.
    Rest(Place),
    /// Take NRN out from the next epoch on; withdrawable when the exit is over. Two exits go side by side.
    Unbond {
        /// In NRN, like 100.
        #[arg(value_parser = Wei::from_nrn)]
        amount: Wei,
        #[command(flatten)]
        place: Place,
    },
    /// Get what has left.
    Withdraw {
        #[command(flatten)]
        place: Place,
        /// Who gets it; yourself by default.
        #[arg(long)]
        to: Option<Address>,
    },
    /// Offer your position to another account, which owns it once it accepts.
    Offer {
        /// That account; left out, an offer is taken back.
        to: Option<Address>,
        #[command(flatten)]
        place: Place,
    },
    /// Become the owner of a position that was offered to you.
    Accept {
        #[command(flatten)]
        group: Group,
        #[arg(long)]
        position: u64,
    },
    /// Make what a position has earned part of its stake, as its owner or signer. Every other change does so too.
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
    /// The signer's key, if it lies on this machine; its password is that of --password-file or NEURON_PASSWORD, or asked for.
    #[arg(long)]
    signer_key: Option<PathBuf>,
}

impl Signer {
    /// The signer, and its consent that `owner` makes it sign in `group`, if it is another.
    async fn consent(&self, context: &Context, network: &Network, group: GroupId) -> Result<(Address, Option<Signature>)> {
        let owner = network.chain().own_address()?;
        match (&self.signer_key, &self.consent) {
            (Some(path), _) => {
                let account = KeyPlace::File { path: path.clone(), password: context.password() }.account().await?;
                Ok((account.address(), Some(account.sign(Consent { group, owner }, &network.domain()).await?.signature)))
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
        Command::Show(group) => list::show(context, GroupId(group.group)).await,
        Command::List { account } => list::list(context, account).await,
        Command::Earned { account } => list::earned(context, account).await,
        Command::Consent { owner, group } => consent(context, GroupId(group.group), owner).await,
        Command::Bond { amount, group, signer } => bond(context, GroupId(group.group), amount, &signer).await,
        Command::Wake(place) => change(context, place, "awake from the next epoch on", Change::Wake).await,
        Command::Rest(place) => change(context, place, "at rest from the next epoch on", Change::Rest).await,
        Command::Unbond { amount, place } => change(context, place, "on its way out", Change::Unbond(amount)).await,
        Command::Withdraw { place, to } => change(context, place, "withdrawn", Change::Withdraw(to)).await,
        Command::Offer { to, place } => change(context, place, offered(to.is_some()), Change::Offer(to)).await,
        Command::Accept { group, position } => {
            change(context, Place { group, position: Some(position) }, "yours now", Change::Accept).await
        }
        Command::Compound(place) => change(context, place, "its pay is stake from the next epoch on", Change::Compound).await,
        Command::Rotate { place, signer } => {
            change(context, place, "the new key signs from the next epoch on", Change::Rotate(signer)).await
        }
        Command::Move { place, child, signer } => move_stake(context, place, GroupId(child), &signer).await,
    }
}

fn offered(to_somebody: bool) -> &'static str {
    if to_somebody { "offered; it is yours until that account accepts" } else { "offered to nobody any more" }
}

async fn consent(context: &Context, group: GroupId, owner: Address) -> Result<()> {
    let domain = context.site().await?.network.domain();
    let consent = context.account().await?.sign(Consent { group, owner }, &domain).await?;
    context.tell(&format!("0x{}", hex::encode(consent.signature.to_bytes())))
}

async fn bond(context: &Context, group: GroupId, amount: Wei, signer: &Signer) -> Result<()> {
    ensure!(whole_gweis(amount) == amount, "stakes have at most nine digits after the point: bond {} NRN", whole_gweis(amount).to_nrn());
    let network = context.sending().await?;
    let (signer, consent) = signer.consent(context, &network, group).await?;
    check_bond(&network, group, signer, amount).await?;
    let position = network.stake().bond(group, signer, amount, consent.as_ref()).await?;
    context.tell(&format!("bonded {} NRN in position {position} of group {group}; it counts from the next epoch", amount.to_nrn()))
}

/// Stake that can never be awake would only wait for an exit.
async fn check_bond(network: &Network, group: GroupId, signer: Address, amount: Wei) -> Result<()> {
    let stake = network.stake();
    ensure!((1..=network.groups().await?).contains(&group.0), "there is no group {group}: `neuron group list` shows which there are");
    let bonded = stake.totals(group).await?.bonded_next;
    let before = match stake.position_of(group, signer).await? {
        Some(position) => stake.position(group, position).await?.next,
        None => Wei::ZERO,
    };
    let least = least_bond(bonded, before);
    ensure!(
        amount >= least,
        "{} NRN are too few to be awake: it takes a part of the group's {} NRN; bond {} NRN or more",
        amount.to_nrn(),
        bonded.to_nrn(),
        least.to_nrn()
    );
    Ok(())
}

/// What a position that has `before` has to add, so that it may be awake among all that the group has bonded then.
fn least_bond(bonded: Wei, before: Wei) -> Wei {
    let enough = |more: &u128| may_wake(before.saturating_add(Wei(*more)), bonded.saturating_add(Wei(*more)));
    let (mut low, mut high) = (1, bonded.0.max(WEI_PER_GWEI));
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(&middle) { high = middle } else { low = middle + 1 }
    }
    Wei(low.div_ceil(WEI_PER_GWEI) * WEI_PER_GWEI)
}

async fn move_stake(context: &Context, place: Place, child: GroupId, signer: &Signer) -> Result<()> {
    let network = context.sending().await?;
    let group = GroupId(place.group.group);
    let position = position_at(&network, place).await?;
    let (signer, consent) = signer.consent(context, &network, child).await?;
    let heir = network.move_stake(group, position, child, signer, consent.as_ref()).await?;
    context.tell(&format!(
        "the stake of position {position} of group {group} is that of position {heir} of group {child} from the next epoch on"
    ))?;
    context.tell(&format!("wake it there: `neuron stake wake --group {child} --position {heir}`"))
}

enum Change {
    Wake,
    Rest,
    Unbond(Wei),
    Withdraw(Option<Address>),
    Offer(Option<Address>),
    Accept,
    Compound,
    Rotate(Signer),
}

async fn change(context: &Context, place: Place, done: &str, change: Change) -> Result<()> {
    let network = context.sending().await?;
    let group = GroupId(place.group.group);
    let position = position_at(&network, place).await?;
    let stake = network.stake();
    let receipt = match change {
        Change::Wake => {
            check_sleep(&network, group, position).await?;
            stake.wake(group, position).await?
        }
        Change::Rest => stake.rest(group, position).await?,
        Change::Unbond(amount) => stake.unbond(group, position, amount).await?,
        Change::Withdraw(to) => stake.withdraw(group, position, to.unwrap_or(network.chain().own_address()?)).await?,
        Change::Offer(to) => stake.offer(group, position, to).await?,
        Change::Accept => stake.accept(group, position).await?,
        Change::Compound => stake.compound(group, position).await?,
        Change::Rotate(signer) => {
            let (signer, consent) = signer.consent(context, &network, group).await?;
            stake.rotate(group, position, signer, consent.as_ref()).await?
        }
    };
    context.tell(&format!("position {position} of group {group}: {done} ({})", receipt.hash))
}

/// Who was put to sleep is told when it can be woken.
async fn check_sleep(network: &Network, group: GroupId, number: PositionNumber) -> Result<()> {
    let (stake, terms) = (network.stake(), network.terms());
    let (until, epoch) = (stake.position(group, number).await?.sleeps_until, stake.epoch().await?);
    let call_from = until.saturating_sub(1);
    ensure!(
        epoch >= call_from,
        "position {number} was put to sleep for its absence and may be awake again from epoch {until} on: wake it in epoch {call_from} \
         or later, from {} on; it is epoch {epoch} now",
        moment(terms.genesis_s.saturating_add(call_from.saturating_mul(terms.epoch_s)))
    );
    Ok(())
}

async fn position_at(network: &Network, place: Place) -> Result<PositionNumber> {
    match place.position {
        Some(number) => Ok(PositionNumber(number)),
        None => own_position(network, GroupId(place.group.group)).await,
    }
}

async fn own_position(network: &Network, group: GroupId) -> Result<PositionNumber> {
    let (own, stake) = (network.chain().own_address()?, network.stake());
    let mut mine: BTreeSet<PositionNumber> = stake.positions_of(group, own).await?.into_iter().collect();
    mine.extend(stake.position_of(group, own).await?);
    match (mine.pop_first(), mine.pop_first()) {
        (Some(position), None) => Ok(position),
        (None, _) => bail!("{own} owns no position of group {group} and signs for none: bond first, or name one with --position"),
        (Some(_), Some(_)) => bail!("{own} has several positions in group {group}: name one with --position"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bond_is_told_the_least_that_may_wake() {
        for (bonded, before, wanted) in [
            (Wei::ZERO, Wei::ZERO, Wei(WEI_PER_GWEI)),
            (Wei::nrn(16_383), Wei::ZERO, Wei::nrn(1)),
            (Wei::nrn(16_384), Wei::nrn(1), Wei(WEI_PER_GWEI)),
            (Wei::nrn(32_767), Wei::nrn(1), Wei::nrn(1)),
        ] {
            let least = least_bond(bonded, before);
            assert_eq!(least, wanted, "{bonded} bonded, {before} before");
            let less = Wei(least.0 - WEI_PER_GWEI);
            let is_less_enough = may_wake(before.saturating_add(less), bonded.saturating_add(less));
            assert!(!is_less_enough || less.is_zero(), "{bonded} bonded, {before} before");
        }
    }
}
