//! `neuron delta show`: how deltas stand, and of one of them all that a voter wants to see.

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use governance::{Delta, DeltaStatus};
use node::Site;
use protocol::{
    DeltaNumber, GroupId, PeriodNumber, Wei,
    ballot::{Ballots, Fate, Told},
    chain::{ChainEvent, GroupView},
};
use serde_json::{Value, json};

use super::{
    super::{
        context::{Context, history},
        ending::{NOT_FOUND, Sort as _},
        offline::{Choice, Offline},
    },
    look,
    picture::{Size, Way},
    state::{self, State},
};

/// Options of `neuron delta show`.
#[derive(Args)]
pub struct Options {
    /// Number of a delta; with it its words, its diff, its votes and what it adds are shown too.
    pub delta: Option<u64>,
    #[arg(long, default_value_t = 1)]
    pub group: u64,
    /// Lines of the diff at most.
    #[arg(long, default_value_t = 200)]
    pub lines: usize,
    /// Fetch the running model however large it is, to say how much it is surprised by what comes.
    #[arg(long)]
    pub surprise: bool,
    /// Width and height of the pictures that examples are, like 28x28; found by itself where the features make a square.
    #[arg(long, value_name = "WIDTHxHEIGHT")]
    pub image: Option<Size>,
    /// How pictures are drawn; by default as the terminal says that it can.
    #[arg(long, value_enum)]
    pub draw: Option<Way>,
}

/// The deltas of a group as the chain has them now.
pub struct Standing {
    pub view: GroupView,
    pub events: Vec<ChainEvent>,
    ballots: Ballots,
    leading: Option<DeltaNumber>,
    keep: Wei,
    now_s: u64,
}

impl Standing {
    /// Reads it.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn read(site: &Site, group: GroupId) -> Result<Self> {
        let network = &site.network;
        let (view, keep, events) = (network.view(group).await?, network.keep_votes(group).await?, history(site, group).await?);
        let mut open = Vec::new();
        for number in network.open_deltas(group).await? {
            open.extend(network.delta(group, number).await?.map(|delta| (number, delta.votes)));
        }
        let (leading, ballots) = (state::leading(open, keep, view.bonded()), Ballots::of(group, &events));
        Ok(Self { leading, ballots, keep, events, now_s: network.chain().latest().await?.time_s, view })
    }

    /// Of one delta.
    pub fn state(&self, number: DeltaNumber, delta: &Delta) -> State {
        let told = self.ballots.deltas().find(|(other, _)| *other == number).map(|(_, told)| told.fate);
        let on_trial = self.view.applied == number && self.now_s < delta.stands_at_s;
        State::of(fate(delta, told, self.view.period_number), self.leading == Some(number), Some(on_trial))
    }
}

/// The chain says how a delta stands, events say how what is not in the set went.
fn fate(delta: &Delta, told: Option<Fate>, running: PeriodNumber) -> Fate {
    let is_gone = told.filter(|fate| matches!(fate, Fate::Displaced | Fate::Dropped));
    match delta.status {
        DeltaStatus::Open if delta.period == running => Fate::Open,
        DeltaStatus::Open | DeltaStatus::Dropped => is_gone.unwrap_or(Fate::Dropped),
        DeltaStatus::Applied => Fate::Applied,
        DeltaStatus::Taken => Fate::Taken,
        DeltaStatus::Refunded if delta.reward.is_zero() => is_gone.unwrap_or(if told.is_some() { Fate::Settled } else { Fate::Dropped }),
        DeltaStatus::Refunded => is_gone.unwrap_or(Fate::Settled),
    }
}

/// Shows all deltas, or one.
///
/// # Errors
/// When there is no such delta, or the chain does not answer.
pub async fn run(context: &Context, options: Options) -> Result<()> {
    let (group, wanted) = (GroupId(options.group), options.delta.map(DeltaNumber));
    if context.offline {
        return offline(context, group, wanted).await;
    }
    let site = context.site().await?;
    let numbers = match options.delta {
        Some(number) => number..=number,
        None => 1..=site.network.deltas(group).await?,
    };
    let standing = Standing::read(&site, group).await?;
    let view = &standing.view;
    let mut lines = vec![format!("group {group}, period {}, {} NRN votes for keeping the set", view.period_number, standing.keep.to_nrn())];
    let (mut listed, mut details) = (Vec::new(), Vec::new());
    for number in numbers.map(DeltaNumber) {
        let found = site.network.delta(group, number).await?;
        let delta = found.with_context(|| format!("there is no delta {number}")).sort(NOT_FOUND)?;
        let state = standing.state(number, &delta);
        lines.extend(told(number, &delta, state));
        listed.push(data(number, &delta, state));
        if wanted.is_some() {
            lines.push(format!("       {state}: {}", state.meaning()));
            let looked = look::at(context, &site, &standing, &delta, &options).await?;
            lines.extend(looked.lines);
            details.push(looked.data);
        }
    }
    let answer = json!({
        "group": group, "period": view.period_number, "keep_votes_wei": standing.keep, "applied": view.applied, "deltas": listed,
        "details": details, "as_of": null, "choices": [],
    });
    context.answer(&lines, &answer)
}

fn told(number: DeltaNumber, delta: &Delta, state: State) -> Vec<String> {
    let mut lines = vec![
        format!("  {number:>3}  {state} in period {}, {} NRN votes, by {}", delta.period, delta.votes.to_nrn(), delta.author),
        format!("       patch {}, bond {} NRN, reward {} NRN", delta.digest, delta.bond.to_nrn(), delta.reward.to_nrn()),
    ];
    if matches!(state, State::Proposed | State::Leading) && !delta.at_risk.is_zero() {
        lines.push(format!("       {} NRN of its bond are lost if less than a tenth of the stake wants it", delta.at_risk.to_nrn()));
    }
    if state == State::OnTrial {
        lines.push("       until its trial ends `neuron measure propose rollback` takes it back".to_owned());
    }
    lines
}

fn data(number: DeltaNumber, delta: &Delta, state: State) -> Value {
    json!({
        "delta": number, "state": state.to_string(), "status": format!("{:?}", delta.status).to_lowercase(), "period": delta.period,
        "votes_wei": delta.votes, "author": delta.author, "patch": delta.digest, "bond_wei": delta.bond, "reward_wei": delta.reward,
        "at_risk_wei": delta.at_risk,
    })
}

async fn offline(context: &Context, group: GroupId, delta: Option<DeltaNumber>) -> Result<()> {
    let offline = Offline::open(context, group)?;
    let (view, ballots) = (&offline.copy.front.view, Ballots::of(group, offline.copy.events()));
    let leading = state::leading_of(&ballots, view.bonded());
    let mut lines = vec![offline.words()];
    lines.push(format!("group {group}, period {}, {} NRN votes for keeping the set", view.period_number, ballots.keep().to_nrn()));
    let wanted = |number: DeltaNumber| delta.is_none_or(|delta| delta == number);
    let mut listed = Vec::new();
    for (number, told) in ballots.deltas().filter(|(number, _)| wanted(*number)) {
        let state = State::of(told.fate, leading == Some(number), None);
        lines.push(format!("  {number:>3}  {state} in period {}, {} NRN votes, by {}", told.period, told.votes.to_nrn(), told.author));
        lines.push(format!("       patch {}, bond {} NRN", told.patch, told.bond.to_nrn()));
        listed.push(told_data(number, told, state));
    }
    if let Some(missing) = delta.filter(|_| listed.is_empty()) {
        return Err(anyhow!("the copy tells of no delta {missing}: `neuron group copy` takes a newer one")).sort(NOT_FOUND);
    }
    let choices = offline.choices().await?;
    lines.extend(choices.iter().map(|choice| format!("  {}", choice.words())));
    let answer = json!({
        "group": group, "period": view.period_number, "keep_votes_wei": ballots.keep(), "applied": view.applied, "deltas": listed,
        "details": [], "as_of": offline.as_of(), "choices": choices.iter().map(Choice::data).collect::<Vec<_>>(),
    });
    context.answer(&lines, &answer)
}

/// What a copy tells of a delta; what the contracts alone keep is not known.
fn told_data(number: DeltaNumber, told: &Told, state: State) -> Value {
    json!({
        "delta": number, "state": state.to_string(), "status": null, "period": told.period, "votes_wei": told.votes,
        "author": told.author, "patch": told.patch, "bond_wei": told.bond, "reward_wei": null, "at_risk_wei": null,
    })
}

#[cfg(test)]
mod tests {
    use protocol::{Address, Digest};

    use super::*;

    #[test]
    fn how_a_delta_went_follows_from_the_chain_and_for_what_is_not_in_the_set_from_events() {
        use DeltaStatus::{Applied, Dropped, Open, Refunded, Taken};
        for (status, period, reward, told, wanted) in [
            (Open, 7, 0, None, Fate::Open),
            (Open, 6, 0, Some(Fate::Open), Fate::Dropped),
            (Open, 6, 0, Some(Fate::Displaced), Fate::Displaced),
            (Dropped, 7, 0, Some(Fate::Displaced), Fate::Displaced),
            (Dropped, 7, 0, None, Fate::Dropped),
            (Applied, 6, 5, Some(Fate::Open), Fate::Applied),
            (Taken, 6, 5, Some(Fate::Applied), Fate::Taken),
            (Refunded, 6, 5, Some(Fate::Settled), Fate::Settled),
            (Refunded, 6, 0, Some(Fate::Settled), Fate::Settled),
            (Refunded, 6, 0, Some(Fate::Dropped), Fate::Dropped),
            (Refunded, 6, 0, Some(Fate::Displaced), Fate::Displaced),
            (Refunded, 6, 0, None, Fate::Dropped),
            (Refunded, 6, 5, None, Fate::Settled),
        ] {
            let delta = Delta {
                number: DeltaNumber(3),
                digest: Digest::ZERO,
                parent: Digest::ZERO,
                author: Address::ZERO,
                bond: Wei::ZERO,
                at_risk: Wei::ZERO,
                votes: Wei::ZERO,
                reward: Wei(reward),
                period: PeriodNumber(period),
                stands_at_s: 0,
                status,
            };
            assert_eq!(fate(&delta, told, PeriodNumber(7)), wanted, "{status:?} {told:?}");
        }
    }
}
