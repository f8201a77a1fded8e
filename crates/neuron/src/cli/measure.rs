//! `neuron measure`: what the majority of stake can decide: propose, sign, see who has signed, enact.

mod shown;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand};
use governance::{Enactment, Network};
use node::{
    measures::{Book, Entry, missing},
    network_file::moment,
    words,
};
use protocol::{
    Address, DeltaNumber, Digest, GroupId, Micronats, PositionNumber, RoundNumber,
    chain::Outcome,
    keccak256,
    log::{AssentBody, Body, MeasureBody},
    measures::{Act, MAX_SLASH_BASIS_POINTS, MAX_WAIT_EPOCHS, Measure},
};

use super::context::{Context, Visit};

/// Epochs for which a measure waits if nothing else is said.
const WAIT_EPOCHS: u64 = 4;

#[derive(Subcommand)]
pub enum Command {
    /// Propose a measure in the group's log, and sign it for the positions that you sign for or own.
    Propose {
        #[command(subcommand)]
        act: Wanted,
        /// Number of the group that it is about.
        #[arg(long, global = true, default_value_t = 1)]
        group: u64,
        /// Why; others read it before they sign.
        #[arg(long, global = true, default_value = "")]
        reason: String,
        /// Epochs from now within which it can be enacted, 8 at most: what was signed cannot be taken back.
        #[arg(long, global = true, default_value_t = WAIT_EPOCHS)]
        epochs: u64,
    },
    /// Sign a measure for the positions that you sign for or own: free of gas.
    Sign(Named),
    /// All measures of the group, or one: what it does, who signed, what is missing; those in the log, and those that the chain knows.
    Show {
        /// Its name, or how it begins.
        measure: Option<String>,
        #[arg(long, default_value_t = 1)]
        group: u64,
    },
    /// Bring the assents of the log to the chain: those of one epoch count together. With enough it is enacted.
    Enact(Named),
}

/// A measure of a group's log.
#[derive(Args)]
pub struct Named {
    /// Its name, as `propose` and `show` print it, or how it begins.
    measure: String,
    /// Number of the group that it is about.
    #[arg(long, default_value_t = 1)]
    group: u64,
}

/// The seven kinds.
#[derive(Subcommand)]
pub enum Wanted {
    /// Let periods last so long from the next turn on. More than half of the group's stake.
    Period { seconds: u64 },
    /// Let a winner be better by so many micronats, fewer than now. More than half of the group's stake.
    Least { micronats: u32 },
    /// Take the delta on trial out of the set. More than half of the group's awake stake, and no less than voted for it.
    Rollback { delta: u64 },
    /// Let the group draw on the common issue. This and what follows: more than half of all stake, at least a tenth of the
    /// supply.
    Admit,
    /// No longer let it.
    Revoke,
    /// Cancel what was decided in a round before it is mature.
    Strike {
        round: u64,
        /// Also return the group to the checkpoint from which that round began.
        #[arg(long)]
        restore: bool,
    },
    /// Take hundredths of a percent, at most 1000, of what a position has. One majority shows it, another one, two epochs later
    /// at the earliest, enacts it.
    Slash { position: u64, basis_points: u64 },
}

impl Wanted {
    /// The act, with what it expects to find as it is now.
    async fn act(&self, network: &Network, group: GroupId) -> Result<Act> {
        self.check()?;
        let view = network.view(group).await.with_context(|| format!("group {group} cannot be read: check --group"))?;
        Ok(match *self {
            Self::Period { seconds } => Act::Period { group, present_s: view.period_next_s, period_s: seconds },
            Self::Least { micronats } => {
                let (present, least) = (view.least, Micronats(micronats));
                ensure!(least < present, "the least improvement is {} micronats and can only be lowered", present.0);
                Act::Least { group, present, least }
            }
            Self::Rollback { delta } => {
                let delta = DeltaNumber(delta);
                ensure!(
                    view.applied == delta && delta != DeltaNumber(0),
                    "delta {delta} is not on trial: `neuron delta show` tells which is"
                );
                let patch = network.delta(group, delta).await?.with_context(|| format!("there is no delta {delta}"))?.digest;
                Act::Rollback { group, delta, patch }
            }
            Self::Admit => Act::Admit { group, name: view.name },
            Self::Revoke => Act::Revoke { group, name: view.name },
            Self::Strike { round, restore } => {
                let round = RoundNumber(round);
                let claim = decided(network, group, round).await?;
                Act::Strike { group, round, claim, restore }
            }
            Self::Slash { position, basis_points } => {
                let position = PositionNumber(position);
                let signer = network.stake().position(group, position).await?.signer_next;
                Act::Slash { group, position, signer, basis_points }
            }
        })
    }

    /// What can be said without a look at the chain.
    fn check(&self) -> Result<()> {
        if let Self::Slash { basis_points, .. } = *self {
            let is_possible = (1..=MAX_SLASH_BASIS_POINTS).contains(&basis_points);
            ensure!(is_possible, "one measure takes 1 to {MAX_SLASH_BASIS_POINTS} hundredths of a percent, not {basis_points}");
        }
        Ok(())
    }
}

/// The claim that was decided in a round, zero if none was true.
async fn decided(network: &Network, group: GroupId, number: RoundNumber) -> Result<Digest> {
    let round = network.round(group, number).await?.with_context(|| format!("nobody committed in round {number}"))?;
    match round.outcome {
        Outcome::Won => Ok(network.decision(group, number).await?.map_or(Digest::ZERO, |decision| decision.claim)),
        Outcome::Lost => Ok(Digest::ZERO),
        Outcome::Struck => bail!("round {number} is struck already"),
        Outcome::None => bail!("round {number} has no decision that could be struck"),
    }
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Propose { act, group, reason, epochs } => propose(context, &act, GroupId(group), reason, epochs).await,
        Command::Sign(named) => sign(context, &named).await,
        Command::Show { measure, group } => shown::run(context, measure.as_deref(), GroupId(group)).await,
        Command::Enact(named) => enact(context, &named).await,
    }
}

async fn propose(context: &Context, wanted: &Wanted, group: GroupId, reason: String, epochs: u64) -> Result<()> {
    let can_wait = (1..=MAX_WAIT_EPOCHS).contains(&epochs);
    ensure!(can_wait, "--epochs must be 1 to {MAX_WAIT_EPOCHS}: an assent cannot be taken back, so none may wait longer");
    wanted.check()?;
    let (site, own) = (context.site().await?, context.account().await?.address());
    let act = wanted.act(&site.network, group).await?;
    let now = site.network.chain().latest().await?;
    // Nobody else gets the same nonce: it depends on who asks, when, and for what.
    let nonce = Digest(keccak256(&[&own.0[..], &now.hash.0, &act.args()].concat()));
    let wait_s = epochs.saturating_mul(site.network.terms().epoch_s);
    let measure = Measure::new(&act, nonce, now.time_s.saturating_add(wait_s));
    let visit = context.visit(&site, group).await?;
    let mut bodies = vec![Body::Measure(MeasureBody { measure: measure.clone(), reason })];
    let assents = assents(context, &site.network, &act, &measure).await?;
    context.tell(&format!("proposed: {}", words::of_act(&act)))?;
    context.tell(&format!("  measure  {}, to be enacted before {}", measure.name(), moment(measure.expiry_s)))?;
    tell_signed(context, own, &measure, &assents)?;
    context.tell(&format!("  others sign with `neuron measure sign {} --group {group}`", measure.name()))?;
    bodies.extend(assents.into_iter().map(Body::Assent));
    visit.tell(bodies).await
}

async fn sign(context: &Context, named: &Named) -> Result<()> {
    let (site, own) = (context.site().await?, context.account().await?.address());
    let visit = context.visit(&site, GroupId(named.group)).await?;
    let (_, entry) = find(&read(&site.network, &visit).await?, &named.measure)?;
    let act = entry.measure.act()?;
    let assents = assents(context, &site.network, &act, &entry.measure).await?;
    ensure!(!assents.is_empty(), "{own} signs for no position that counts for this measure and owns none: sign with a key that does");
    context.tell(&words::of_act(&act))?;
    tell_signed(context, own, &entry.measure, &assents)?;
    visit.tell(assents.into_iter().map(Body::Assent).collect()).await
}

/// What was signed, field by field, and for which positions.
fn tell_signed(context: &Context, own: Address, measure: &Measure, assents: &[AssentBody]) -> Result<()> {
    if !assents.is_empty() {
        tell_message(context, measure)?;
    }
    let line = |assent: &AssentBody| format!("  signed for position {} of group {} as {own}", assent.position, assent.group);
    assents.iter().try_for_each(|assent| context.tell(&line(assent)))
}

fn tell_message(context: &Context, measure: &Measure) -> Result<()> {
    message(measure).iter().try_for_each(|line| context.tell(line))
}

fn message(measure: &Measure) -> Vec<String> {
    words::of_message(measure).iter().map(|(name, value)| format!("    {name:<11}  {value}")).collect()
}

/// The assents of all positions that this command's key signs for or owns, and that count.
async fn assents(context: &Context, network: &Network, act: &Act, measure: &Measure) -> Result<Vec<AssentBody>> {
    let account = context.account().await?;
    let groups = match act.is_local() {
        true => vec![act.group()],
        false => (1..=network.groups().await?).map(GroupId).collect(),
    };
    let signature = account.sign(measure.clone(), &network.domain()).await?.signature;
    let mut assents = Vec::new();
    for group in groups {
        let positions = spoken_for(network, group, account.address()).await?;
        assents.extend(positions.into_iter().map(|position| AssentBody { measure: measure.clone(), group, position, signature }));
    }
    Ok(assents)
}

/// The positions for which an account signs or which it owns.
async fn spoken_for(network: &Network, group: GroupId, account: Address) -> Result<BTreeSet<PositionNumber>> {
    let stake = network.stake();
    let mut positions: BTreeSet<_> = stake.positions_of(group, account).await?.into_iter().collect();
    positions.extend(stake.position_of(group, account).await?);
    Ok(positions)
}

async fn read(network: &Network, visit: &Visit) -> Result<Book> {
    let (mut book, domain) = (Book::default(), network.domain());
    visit.read_log().await?.iter().for_each(|(_, body)| book.note(body, &domain));
    Ok(book)
}

/// The one measure whose name begins like this.
fn find(book: &Book, name: &str) -> Result<(Digest, Entry)> {
    let mut found = book.entries().filter(|(full, _, _)| full.to_string().starts_with(name));
    match (found.next(), found.next()) {
        (Some((full, _, entry)), None) => Ok((full, entry.clone())),
        (None, _) => bail!("no measure in the group's log begins with {name}: `neuron measure show` lists them"),
        (Some(_), Some(_)) => bail!("several measures begin with {name}: give more of the name"),
    }
}

/// A slash comes with notice.
fn not_ripe(ripe_at: u64, epoch: u64) -> String {
    format!(
        "it was shown, and is ripe from epoch {ripe_at} on (now: {epoch}): `neuron measure enact` must then bring the assents of a \
         majority again"
    )
}

async fn enact(context: &Context, named: &Named) -> Result<()> {
    let (site, account) = (context.site().await?, context.account().await?);
    let visit = context.visit(&site, GroupId(named.group)).await?;
    let (_, entry) = find(&read(&site.network, &visit).await?, &named.measure)?;
    let tally = entry.tally(&site.network).await?;
    let act = entry.measure.act()?;
    visit.client.shutdown().await;
    ensure!(!tally.counted.is_empty(), "nobody whose assent counts has signed it: `neuron measure sign` first");
    context.tell(&words::of_act(&act))?;
    tell_message(context, &entry.measure)?;
    let enacted = context.sender(&site, account)?.enact(&entry.measure, &tally.assents()).await.context("the measure was not enacted")?;
    context.tell(&format!("  {}", result(&enacted, site.network.stake().epoch().await?)))
}

/// What became of the assents that were brought.
fn result(enacted: &Enactment, epoch: u64) -> String {
    let (weight, hash) = (enacted.weight.to_nrn(), enacted.transaction);
    match (enacted.done, enacted.ripe_at.filter(|_| enacted.weight > enacted.needed)) {
        (true, _) => format!("enacted with {weight} NRN of assents in {hash}"),
        (false, Some(ripe_at)) => format!("assents of {weight} NRN were counted in {hash}: {}", not_ripe(ripe_at, epoch)),
        (false, None) => {
            let (needed, missing) = (enacted.needed.to_nrn(), missing(enacted.needed, enacted.weight).to_nrn());
            format!(
                "assents of {weight} NRN were counted in {hash}, it takes more than {needed}: {missing} NRN are missing; what is brought \
                 in the same epoch counts with them"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_beyond_a_tenth_is_refused_before_anything_is_signed() {
        let slash = |basis_points| Wanted::Slash { position: 1, basis_points }.check();
        assert!(slash(1_000).is_ok() && slash(1).is_ok());
        for basis_points in [0, 1_001, u64::MAX] {
            assert!(slash(basis_points).is_err(), "{basis_points}");
        }
    }
}
