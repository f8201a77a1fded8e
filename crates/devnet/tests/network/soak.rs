//! A network whose nodes all stand behind bad providers: what it costs, and whether it stays as small as it began.
//!
//! `cargo xtask soak --minutes N` lets it run longer and writes the figures; here it lasts three minutes.

use std::{env, fs, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use chain::geth::free_port;
use devnet::Options;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    faulty::Faulty,
    groups::{changed, fresh_folder},
    watched::Watched,
    weather,
};

/// Minutes of it, and the file for the figures.
const MINUTES: &str = "NEURON_SOAK_MINUTES";
const FIGURES: &str = "NEURON_SOAK_FIGURES";
/// What the weather is drawn from.
const SEED: u64 = 7;
const TRAINERS: usize = 2;
const VALIDATORS: usize = 4;
/// Phases in which a provider may answer nothing of use for some seconds.
const CLOCK: &str = "devnet = { train_s = 12, reveal_s = 12, judge_s = 12 }";
/// Rounds that nobody sees the end of.
const FOREVER: u64 = 1_000_000;
/// Between two looks at the processes.
const LOOK: Duration = Duration::from_secs(10);
/// From so many minutes on figures must be flat.
const LONG: u64 = 10;

/// Of all nodes together.
#[derive(Clone, Copy, Default)]
struct Needs {
    after_s: u64,
    memory_kb: u64,
    descriptors: u64,
    disk_kb: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_providers_before_every_node_cost_no_honest_deposit() -> Result<()> {
    let minutes = env::var(MINUTES).map_or(Ok(3), |text| text.parse::<u64>()).context(MINUTES)?;
    let port = free_port()?;
    let target = format!("http://127.0.0.1:{port}");
    let mut providers: Vec<Faulty> = Vec::new();
    for node in 0..(TRAINERS + VALIDATORS) as u64 {
        providers.push(weather::provider(&target, SEED + node).await);
    }
    let providers = providers.iter().map(|provider| provider.url.clone()).collect();
    let group = changed(&fresh_folder("soak-group")?, CLOCK)?;
    let options = Options { rounds: FOREVER, trainers: TRAINERS, validators: VALIDATORS, group, port, providers, ..Options::default() };
    let mut network = Watched::start("soak", options).await?;
    let (start, mut looked, mut needs) = (Instant::now(), Instant::now(), Vec::new());
    while start.elapsed() < Duration::from_secs(60 * minutes) {
        network.step().await?;
        if looked.elapsed() >= LOOK {
            needs.push(look(&network, start.elapsed()));
            looked = Instant::now();
        }
    }
    check(&network, minutes)?;
    write(&network, &needs)?;
    if minutes < LONG { Ok(()) } else { check_needs(&needs) }
}

/// Every deposit that was settled came home but for the sixteenth that a lost race or a concession costs, and rounds went on.
fn check(network: &Watched, minutes: u64) -> Result<()> {
    let rounds = &network.devnet.ledger.rounds;
    for ((round, trainer), settled) in &network.settled {
        let deposit = settled.refunded.saturating_add(settled.burned);
        let lost = settled.burned.0 * 16 / deposit.0.max(1);
        ensure!(lost <= TRAINERS as u128, "{trainer} lost {lost} sixteenths of its deposit in round {round}");
    }
    for ((round, signer), claims) in &network.signed {
        ensure!(claims.len() == 1, "{signer} signed {} claims in round {round}", claims.len());
    }
    let won = rounds.values().filter(|round| round.winning().is_some()).count() as u64;
    ensure!(!network.settled.is_empty() && won >= minutes, "{won} rounds were won, {} deposits settled", network.settled.len());
    println!("{won} of {} rounds were won, {} deposits settled", rounds.len(), network.settled.len());
    Ok(())
}

fn look(network: &Watched, after: Duration) -> Needs {
    let devnet = &network.devnet;
    let mut needs = Needs { after_s: after.as_secs(), ..Needs::default() };
    for process in devnet.trainers.iter().chain(&devnet.validators) {
        let Some(id) = process.id() else { continue };
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().split(' ').next()?.parse::<u64>().ok());
        needs.memory_kb += resident.unwrap_or(0);
        needs.descriptors += fs::read_dir(format!("/proc/{id}/fd")).map_or(0, |entries| entries.count() as u64);
        needs.disk_kb += bytes_of(&devnet.dir.join(&process.name).join("data")) / 1024;
    }
    needs
}

fn bytes_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => bytes_of(&entry.path()),
            Ok(_) => entry.metadata().map_or(0, |meta| meta.len()),
            Err(_) => 0,
        })
        .sum()
}

/// A file for whoever asked for it.
fn write(network: &Watched, needs: &[Needs]) -> Result<()> {
    let Some(path) = env::var_os(FIGURES) else { return Ok(()) };
    let rows: Vec<_> = needs
        .iter()
        .map(|row| json!({ "after_s": row.after_s, "memory_kb": row.memory_kb, "descriptors": row.descriptors, "disk_kb": row.disk_kb }))
        .collect();
    let won = network.devnet.ledger.rounds.values().filter(|round| round.winning().is_some()).count();
    let rounds = network.devnet.ledger.rounds.len();
    let figures = json!({ "nodes": TRAINERS + VALIDATORS, "rounds": rounds, "won": won, "settled": network.settled.len(), "needs": rows });
    fs::write(&path, serde_json::to_string_pretty(&figures)?).with_context(|| format!("cannot write {}", Path::new(&path).display()))
}

/// What the nodes need in the last quarter is not much more than in the second, when all has begun. What stands on disk may grow by what the
/// rounds say, a checkpoint and messages each, and nothing is kept open for longer.
fn check_needs(needs: &[Needs]) -> Result<()> {
    let quarter = needs.len() / 4;
    let mean = |rows: &[Needs], of: fn(&Needs) -> u64| rows.iter().map(of).sum::<u64>() / rows.len().max(1) as u64;
    let (early, late) = (&needs[quarter..2 * quarter], &needs[3 * quarter..]);
    for (what, of, percent) in [
        ("memory", (|row| row.memory_kb) as fn(&Needs) -> u64, 15),
        ("descriptors", |row| row.descriptors, 10),
        ("disk", |row| row.disk_kb, 100),
    ] {
        let (before, after) = (mean(early, of), mean(late, of));
        ensure!(after * 100 <= before * (100 + percent), "{what} grew from {before} to {after}");
    }
    Ok(())
}
