//! `neuron can-join`: whether this machine is fast enough for a group's rounds, measured with the engine that trains.

mod judgement;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use clap::Args;
use evaluator::{Checkpoint, checkpoint_len};
use node::{
    Exam, Member, Site,
    machine::{self, Place, compute},
    member::{blocking, measure},
    progress::{self, Won},
    shards, system,
};
use protocol::{
    GroupId, Wei,
    chain::{ChainEvent, GroupView},
};
use serde_json::json;
use training::{EngineChoice, Settings, lesson, steps_within};

use self::judgement::Seen;
use super::{
    context::{Context, Visit, history},
    rerun,
};

/// Shards that are learned from to see how fast that is.
const SHARDS: u32 = 4;
/// Won rounds that are looked at.
const ROUNDS: usize = 8;
/// Of a checkpoint's size so much is in memory while it is trained: weights, gradients, two moments, the base, what is written.
const COPIES: u64 = 6;
/// Gas of a trainer's calls of a round.
const ROUND_GAS: u64 = 600_000;

#[derive(Args)]
pub struct Options {
    /// Number of the group.
    #[arg(default_value_t = 1)]
    group: u64,
    /// Where to measure: cpu, cuda or cuda:N.
    #[arg(long, default_value_t)]
    device: Place,
}

/// Measures for some seconds, and says whether it is worth to join.
///
/// # Errors
/// When the chain or the group's files cannot be had.
pub async fn run(context: &Context, options: Options) -> Result<()> {
    let (site, group) = (context.site().await?, GroupId(options.group));
    let place = options.device;
    let choice = blocking(move || machine::choose(place)).await?;
    let view = site.network.view(group).await.with_context(|| format!("group {group} cannot be read: `neuron group list`"))?;
    let events = history(&site, group).await?;
    let visit = context.visit(&site, group).await?;
    let seen = look(&site, (&view, &events), &visit, (place, choice.to_string())).await;
    visit.client.shutdown().await;
    let seen = seen?;
    let judgement = seen.judge();
    let data = json!({
        "group": group, "verdict": judgement.word(), "reason": seen.reason(judgement), "device": seen.device, "steps": seen.steps, "winners_steps": seen.winners_steps,
        "measure_ms": seen.measure_ms, "memory_needed_bytes": seen.needed_bytes, "memory_available_bytes": seen.available_bytes,
        "reward_wei": seen.reward, "gas_coin_wei": seen.gas,
    });
    context.answer(&seen.lines(judgement), &data)
}

async fn look(site: &Site, (view, events): (&GroupView, &[ChainEvent]), visit: &Visit, (place, device): (Place, String)) -> Result<Seen> {
    let member = &visit.member;
    let now = site.network.chain().latest().await?;
    let exam = member.exam(view.head, now.hash, view.clock(now.time_s).round).await.context("the training set cannot be had")?;
    let base = member.checkpoint(view.checkpoint).await.context("the group's checkpoint cannot be had")?;
    let begin = Instant::now();
    measure(base.clone(), exam.clone()).await?;
    let measure_ms = begin.elapsed().as_micros().div_ceil(1_000) as u64;
    let steps = steps(member, base, exam, (place, view.times.train_s)).await?;
    let won = progress::won(events);
    let last: Vec<Won> = won.into_iter().rev().take(ROUNDS).collect();
    let log = visit.read_log().await?;
    let notes = last.iter().filter_map(|won| rerun::note_of(&won.claim, &log, site.network.domain()));
    let mut winners: Vec<u32> = notes.map(|note| note.done).collect();
    winners.sort_unstable();
    let reward = events.iter().rev().find_map(|event| if let ChainEvent::Opened { reward, .. } = event { Some(*reward) } else { None });
    Ok(Seen {
        admitted: view.admitted,
        train_s: view.times.train_s,
        reveal_s: view.times.reveal_s,
        steps,
        device,
        winners_steps: winners.get(winners.len() / 2).copied(),
        measure_ms,
        needed_bytes: checkpoint_len(&member.manifest).saturating_mul(COPIES),
        available_bytes: system::available_bytes(),
        gains: last.iter().map(|won| (won.round, won.claim.base, won.claim.loss)).collect(),
        reward: reward.unwrap_or(Wei::ZERO),
        gas: site.network.chain().gas_price().await?.mul_div(ROUND_GAS.into(), 1),
    })
}

/// Steps of the exact engine there that fit into TRAIN; of shards some are enough to tell.
async fn steps(member: &Member, base: Arc<Checkpoint>, exam: Exam, (place, train_s): (Place, u64)) -> Result<u32> {
    let settings = Settings { engine: EngineChoice::Exact, shards: Some(SHARDS), ..Settings::default() };
    let part = lesson(&exam.set.examples, &settings, 0);
    shards::hold_all(member, part.as_ref().unwrap_or(&exam.set.examples)).await?;
    let time = Duration::from_secs(train_s);
    let within = move || {
        let examples = part.as_ref().unwrap_or(&exam.set.examples);
        Ok(steps_within(&base, examples, &settings, rerun::device_of(place), compute()?, time)?)
    };
    blocking(within).await
}
