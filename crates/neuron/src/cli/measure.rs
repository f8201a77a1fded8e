//! `neuron measure`: what the majority of stake can decide: propose, sign, see who has signed, enact.

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand};
use governance::Network;
use node::measures::{Book, Entry, Tally};
use protocol::{
    Address, DeltaNumber, Digest, GroupId, PositionNumber, RoundNumber,
    eip712::Assent,
    keccak256,
    log::{AssentBody, Body, MeasureBody},
    measures::{Act, MAX_SLASH_BASIS_POINTS, Measure},
};

use super::context::{Context, Peer};
use crate::words;

#[derive(Subcommand)]
pub enum Command {
    /// Propose a measure in the group's log, and sign it for your own positions.
    Propose {
        #[command(subcommand)]
        act: Wanted,
        /// Number of the group that it is about.
        #[arg(long, global = true, default_value_t = 1)]
        group: u64,
        /// Why; others read it before they sign.
        #[arg(long, global = true, default_value = "")]
        reason: String,
        /// Seconds from now within which it can be enacted.
        #[arg(long, global = true, default_value_t = 604_800)]
        valid_s: u64,
    },
    /// Sign a measure for your own positions: free of gas.
    Sign(Named),
    /// All measures in the group's log, or one: what it does, who signed, what is missing.
    Show {
        /// Its name, or how it begins.
        measure: Option<String>,
        #[arg(long, default_value_t = 1)]
        group: u64,
    },
    /// Bring a measure to the chain once enough have signed.
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

/// The six kinds.
#[derive(Subcommand)]
pub enum Wanted {
    /// Let periods last so long from the next turn on. More than half of the group's stake.
    Period { seconds: u64 },
    /// Take the delta on trial out of the set. More than half of the group's awake stake.
    Rollback { delta: u64 },
    /// Let the group draw on the common issue. This and what follows: more than half of all stake, at least a tenth of the
    /// supply.
    Admit,
    /// No longer let it.
    Revoke,
    /// Cancel the coinbase of a round before it is mature.
    Strike {
        round: u64,
        /// Also return the group to the checkpoint from which that round began.
        #[arg(long)]
        restore: bool,
    },
    /// Take hundredths of a percent, at most 1000, of what a position has.
    Slash { position: u64, basis_points: u64 },
}

impl Wanted {
    fn act(&self, group: GroupId) -> Result<Act> {
        Ok(match *self {
            Self::Period { seconds } => Act::Period { group, period_s: seconds },
            Self::Rollback { delta } => Act::Rollback { group, delta: DeltaNumber(delta) },
            Self::Admit => Act::Admit { group },
            Self::Revoke => Act::Revoke { group },
            Self::Strike { round, restore } => Act::Strike { group, round: RoundNumber(round), restore },
            Self::Slash { position, basis_points } => {
                let is_possible = (1..=MAX_SLASH_BASIS_POINTS).contains(&basis_points);
                ensure!(is_possible, "one measure takes 1 to {MAX_SLASH_BASIS_POINTS} hundredths of a percent, not {basis_points}");
                Act::Slash { group, position: PositionNumber(position), basis_points }
            }
        })
    }
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Propose { act, group, reason, valid_s } => propose(context, act.act(GroupId(group))?, reason, valid_s).await,
        Command::Sign(named) => sign(context, &named).await,
        Command::Show { measure, group } => show(context, measure.as_deref(), GroupId(group)).await,
        Command::Enact(named) => enact(context, &named).await,
    }
}

async fn propose(context: &Context, act: Act, reason: String, valid_s: u64) -> Result<()> {
    let (site, own) = (context.site().await?, context.account()?.address());
    let now = site.network.chain().latest().await?;
    // Nobody else gets the same nonce: it depends on who asks, when, and for what.
    let nonce = Digest(keccak256(&[&own.0[..], &now.hash.0, &act.args()].concat()));
    let measure = Measure::new(&act, nonce, now.time_s.saturating_add(valid_s));
    let peer = context.peer(&site, act.group()).await?;
    let mut bodies = vec![Body::Measure(MeasureBody { measure: measure.clone(), reason })];
    let assents = assents(context, &site.network, &act, &measure).await?;
    println!("proposed: {}", words::of_act(&act));
    println!("  measure {}, to be enacted before second {}", measure.hash(), measure.expiry_s);
    tell_signed(own, &assents);
    println!("  others sign with `neuron measure sign {} --group {}`", measure.hash(), act.group());
    bodies.extend(assents.into_iter().map(Body::Assent));
    peer.tell(bodies).await
}

async fn sign(context: &Context, named: &Named) -> Result<()> {
    let (site, own) = (context.site().await?, context.account()?.address());
    let peer = context.peer(&site, GroupId(named.group)).await?;
    let (_, entry) = find(&read(&site.network, &peer).await?, &named.measure)?;
    let act = entry.measure.act()?;
    let assents = assents(context, &site.network, &act, &entry.measure).await?;
    ensure!(!assents.is_empty(), "{own} signs for no position that counts for this measure: sign with the signer's key");
    println!("{}", words::of_act(&act));
    tell_signed(own, &assents);
    peer.tell(assents.into_iter().map(Body::Assent).collect()).await
}

fn tell_signed(own: Address, assents: &[AssentBody]) {
    for assent in assents {
        println!("  signed for position {} of group {} as {own}", assent.position, assent.group);
    }
}

/// The assents of all positions that this command's key signs for and that count.
async fn assents(context: &Context, network: &Network, act: &Act, measure: &Measure) -> Result<Vec<AssentBody>> {
    let account = context.account()?;
    let groups = match act.is_local() {
        true => vec![act.group()],
        false => (1..=network.groups().await?).map(GroupId).collect(),
    };
    let signed = account.sign(Assent { measure: measure.hash() }, &network.domain())?;
    let mut assents = Vec::new();
    for group in groups {
        if let Some(position) = network.stake().position_of(group, account.address()).await? {
            assents.push(AssentBody { measure: measure.clone(), group, position, signature: signed.signature });
        }
    }
    Ok(assents)
}

async fn read(network: &Network, peer: &Peer) -> Result<Book> {
    let (mut book, domain) = (Book::default(), network.domain());
    peer.read_log().await?.iter().for_each(|(_, body)| book.note(body, &domain));
    Ok(book)
}

/// The one measure whose name begins like this.
fn find(book: &Book, name: &str) -> Result<(Digest, Entry)> {
    let mut found = book.entries().filter(|(hash, _, _)| hash.to_string().starts_with(name));
    match (found.next(), found.next()) {
        (Some((hash, _, entry)), None) => Ok((hash, entry.clone())),
        (None, _) => bail!("no measure in the group's log begins with {name}: `neuron measure show` lists them"),
        (Some(_), Some(_)) => bail!("several measures begin with {name}: give more of the name"),
    }
}

async fn show(context: &Context, name: Option<&str>, group: GroupId) -> Result<()> {
    let site = context.site().await?;
    let peer = context.peer(&site, group).await?;
    let book = read(&site.network, &peer).await?;
    let now_s = site.network.chain().latest().await?.time_s;
    let mut shown = 0;
    for (hash, act, entry) in book.entries().filter(|(hash, _, _)| name.is_none_or(|name| hash.to_string().starts_with(name))) {
        shown += 1;
        println!("{hash}\n  {}", words::of_act(&act));
        if !entry.reason.is_empty() {
            println!("  because: {}", entry.reason);
        }
        print(&site.network, entry, now_s).await?;
    }
    if shown == 0 {
        println!("no such measure in the log of group {group}");
    }
    peer.client.shutdown().await;
    Ok(())
}

async fn print(network: &Network, entry: &Entry, now_s: u64) -> Result<()> {
    let tally = entry.tally(network).await?;
    for counted in &tally.counted {
        let (number, live) = (counted.position.number, counted.position.live.to_nrn());
        println!("  signed   position {number} of group {}, {live} NRN, by {}", counted.group, counted.position.signer);
    }
    let Tally { sum, majority, .. } = &tally;
    println!("  assents  {} NRN of {} NRN that count", sum.to_nrn(), majority.stake.to_nrn());
    let state = match entry.measure.expiry_s.saturating_sub(now_s) {
        _ if network.enacted(&entry.measure).await? => "it was enacted".to_owned(),
        0 => "it has expired".to_owned(),
        left_s if tally.is_carried() => format!("it is carried: `neuron measure enact` within {left_s} s"),
        left_s => format!("{} NRN are missing, and {left_s} s are left", tally.missing().to_nrn()),
    };
    println!("  state    {state}");
    Ok(())
}

async fn enact(context: &Context, named: &Named) -> Result<()> {
    let (site, account) = (context.site().await?, context.account()?);
    let peer = context.peer(&site, GroupId(named.group)).await?;
    let (_, entry) = find(&read(&site.network, &peer).await?, &named.measure)?;
    let tally = entry.tally(&site.network).await?;
    let act = entry.measure.act()?;
    peer.client.shutdown().await;
    if !tally.is_carried() {
        bail!("assents of {} NRN do not carry it: {} NRN are missing", tally.sum.to_nrn(), tally.missing().to_nrn());
    }
    println!("{}", words::of_act(&act));
    let receipt = site.as_account(account).enact(&entry.measure, &tally.assents()).await.context("the measure was not enacted")?;
    println!("  enacted with {} NRN of assents in {}", tally.sum.to_nrn(), receipt.hash);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_beyond_a_tenth_is_refused_before_anything_is_signed() {
        let slash = |basis_points| Wanted::Slash { position: 1, basis_points }.act(GroupId(1));
        assert!(slash(1_000).is_ok() && slash(1).is_ok());
        for basis_points in [0, 1_001, u64::MAX] {
            assert!(slash(basis_points).is_err(), "{basis_points}");
        }
    }
}
