//! Calm groups in one process, side by side or on one chain, and what they take: time, memory, and what their nodes ask for.

use std::{
    fs,
    sync::{Barrier, Mutex, PoisonError},
    thread,
    time::Instant,
};

use anyhow::{Result, anyhow};
use clap::Args;
use protocol::chain::Times;
use serde_json::json;
use sim::{
    adversaries,
    chain::SimError,
    faults::{Fault, Trouble},
    node::Node,
    people,
    plan::Plan,
    trace::Trace,
    usage::Usage,
    world::World,
};

/// Virtual milliseconds that a group goes on before the next one does.
const TURN_MS: u64 = 3_600_000;
/// The clock of a public network.
const PUBLIC: Times = Times { train_s: 2400, reveal_s: 300, judge_s: 900 };
const PUBLIC_BLOCK_MS: u64 = 12_000;
/// Milliseconds from one note of a flood to the next, as the world has it.
const NOTE_MS: u64 = 500;
const PAGE_BYTES: u64 = 4096;

#[derive(Args, Clone, Copy)]
pub struct Options {
    /// Seed of the first chain; the next ones have the next.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Groups, each with a chain of its own unless they have one together.
    #[arg(long, default_value_t = 1)]
    groups: u64,
    /// All groups are on one chain.
    #[arg(long)]
    one_chain: bool,
    #[arg(long, default_value_t = 20)]
    rounds: u64,
    #[arg(long, default_value_t = 2)]
    trainers: usize,
    #[arg(long, default_value_t = 4)]
    validators: usize,
    #[arg(long, default_value_t = 0)]
    strangers: usize,
    /// Positions that nobody runs.
    #[arg(long, default_value_t = 0)]
    idle: usize,
    /// Notes that one of the strangers writes into the log.
    #[arg(long, default_value_t = 0)]
    notes: u64,
    /// Rounds of an hour and blocks of 12 s, as on a public network; drawn ones if left out.
    #[arg(long)]
    public: bool,
    /// Groups at a time; as many as there are cores if left out.
    #[arg(long)]
    jobs: Option<usize>,
}

/// What the nodes of all groups came to.
#[derive(Default)]
struct Sums {
    nodes: u64,
    rounds: u64,
    failures: Vec<String>,
    usage: Usage,
    log_bytes: u64,
    disk_bytes: u64,
}

impl Options {
    /// Chains, and groups on each.
    fn chains(&self) -> (u64, usize) {
        if self.one_chain { (1, self.groups as usize) } else { (self.groups, 1) }
    }

    fn plan(&self, chain: u64) -> Plan {
        let mut plan = Plan::calm(self.seed + chain, self.rounds);
        (plan.trainers, plan.validators, plan.strangers, plan.idle) = (self.trainers, self.validators, self.strangers, self.idle);
        plan.stakes = plan.stakes.iter().copied().cycle().take(self.validators).collect();
        if self.public {
            (plan.times, plan.block_ms) = (PUBLIC, PUBLIC_BLOCK_MS);
        }
        plan = self.shifted(plan);
        if self.notes > 0 {
            plan.strangers = plan.strangers.max(1);
            let (node, from_ms) = (plan.flooder(), plan.round_ms());
            let trouble = Trouble::PeerFloods { node };
            plan.faults = vec![Fault { from_ms, until_ms: from_ms + self.notes * NOTE_MS, trouble }];
        }
        plan
    }

    /// On the public clock rounds stay as long as they are: groups train less and judge longer by parts of half of TRAIN.
    fn shifted(&self, plan: Plan) -> Plan {
        let (groups, times) = (self.chains().1, plan.times);
        let plan = plan.with_groups(groups);
        if self.public && groups > 1 { Plan { times, shift_s: times.train_s / 2, ..plan } } else { plan }
    }
}

/// Runs the groups and writes one line of JSON.
///
/// # Errors
/// When a plan makes no network or a chain breaks its own rules.
pub fn run(options: &Options) -> Result<()> {
    let jobs = options.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)).max(1) as u64;
    let (before_bytes, started) = (resident_bytes(), Instant::now());
    let (sums, done, over) = (Mutex::new(Ok(Sums::default())), Barrier::new(jobs as usize + 1), Barrier::new(jobs as usize + 1));
    let (took_s, after_bytes) = thread::scope(|scope| {
        for job in 0..jobs {
            let (sums, done, over) = (&sums, &done, &over);
            scope.spawn(move || {
                let worlds = side_by_side(options, (job..options.chains().0).step_by(jobs as usize));
                done.wait();
                over.wait();
                add(sums, worlds);
            });
        }
        done.wait();
        let told = (started.elapsed().as_secs_f64(), resident_bytes());
        over.wait();
        told
    });
    let sums = sums.into_inner().unwrap_or_else(PoisonError::into_inner).map_err(|error| anyhow!(error))?;
    let memory_bytes = before_bytes.zip(after_bytes).map(|(before, after)| after.saturating_sub(before));
    println!("{}", told(&sums, took_s, memory_bytes));
    sums.failures.first().map_or(Ok(()), |failure| Err(anyhow!("{} failures, the first: {failure}", sums.failures.len())))
}

fn told(sums: &Sums, took_s: f64, memory_bytes: Option<u64>) -> serde_json::Value {
    let Usage { calls, sent_bytes, received_bytes, event_bytes, files } = sums.usage;
    json!({
        "nodes": sums.nodes, "rounds": sums.rounds, "seconds": took_s, "memory_bytes": memory_bytes, "calls": calls,
        "sent_bytes": sent_bytes, "received_bytes": received_bytes, "event_bytes": event_bytes, "files": files, "disk_bytes": sums.disk_bytes + sums.log_bytes,
    })
}

/// All chains live until the last one is at its end.
fn side_by_side(options: &Options, chains: impl Iterator<Item = u64>) -> Result<Vec<World>, SimError> {
    let plans: Vec<Plan> = chains.map(|chain| options.plan(chain)).collect();
    let end_ms = plans.iter().map(Plan::end_ms).max().unwrap_or(0);
    let mut worlds = plans
        .into_iter()
        .map(|plan| Ok((plan.end_ms(), World::new(plan, Trace::default(), adversaries::of, people::of)?)))
        .collect::<Result<Vec<_>, SimError>>()?;
    for turn_ms in (TURN_MS..end_ms + TURN_MS).step_by(TURN_MS as usize) {
        worlds.iter_mut().try_for_each(|(end_ms, world)| world.run_until(turn_ms.min(*end_ms)))?;
    }
    Ok(worlds.into_iter().map(|(_, world)| world).collect())
}

fn add(sums: &Mutex<Result<Sums, SimError>>, worlds: Result<Vec<World>, SimError>) {
    let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
    match (&mut *sums, worlds) {
        (Ok(sums), Ok(worlds)) => worlds.into_iter().for_each(|world| sums.add(world)),
        (sums @ Ok(_), Err(error)) => *sums = Err(error),
        (Err(_), _) => {}
    }
}

impl Sums {
    fn add(&mut self, mut world: World) {
        let report = world.report();
        self.rounds += report.rounds;
        self.failures.extend(report.failures);
        world.nodes().iter().for_each(|node| self.add_node(node));
    }

    fn add_node(&mut self, node: &Node) {
        let Usage { calls, sent_bytes, received_bytes, event_bytes, files } = node.usage;
        self.nodes += 1;
        self.usage.calls += calls;
        self.usage.sent_bytes += sent_bytes;
        self.usage.received_bytes += received_bytes;
        self.usage.event_bytes += event_bytes;
        self.usage.files += files;
        self.disk_bytes += node.disk.bytes() as u64;
        self.log_bytes += node.replica.log().since(0).map(|kept| u64::from(kept.bytes)).sum::<u64>();
    }
}

/// Memory of this process, where Linux tells.
fn resident_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    Some(text.split(' ').nth(1)?.parse::<u64>().ok()? * PAGE_BYTES)
}
