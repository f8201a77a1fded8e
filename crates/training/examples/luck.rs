//! How often luck passes for progress: real files, noise among them, measured on the whole set and then on many draws.
//!
//! `luck [GROUP …] [--json FILE]` prints a table of the groups named, of all without a name. For a base in mid training and one near
//! its end, copies with noise and honest runs are compared with it on every example of the set; draws are then sampled from these
//! differences. A candidate is the best of so many files, each a commit. `improve` asks for 1/1024 of the base's loss, as groups do.

use std::{env, error::Error, fs};

use evaluator::{Checkpoint, Compute, Examples, Manifest, Terms, draw, is_certain, mean};
use serde_json::{Value, json};
use training::{Decay, Device, Optimizer, Plan, Settings, Trainer};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// Hundredths of a standard error.
const CERTAINTY: u32 = 200;
const IMPROVE: u32 = 10;
const BEST_OF: [usize; 4] = [1, 10, 50, 200];

/// What is measured of a group: of the small ones much, of the large ones little.
struct Experiment {
    name: &'static str,
    group: &'static str,
    /// Training set, below `data`.
    files: &'static [&'static str],
    /// Steps until a base is reached.
    bases: [(&'static str, u32); 2],
    /// Standard deviations of noise, as shares of the root mean square of each tensor.
    noises: &'static [f32],
    /// Steps of honest runs.
    steps: &'static [u32],
    /// Copies with noise of each size.
    copies: usize,
    /// Honest runs of each length.
    runs: usize,
    draws: u64,
}

const EXPERIMENTS: [Experiment; 3] = [
    Experiment {
        name: "digits",
        group: "digits",
        files: &["digits/genesis.csv", "digits/delta-a.csv", "digits/delta-b.csv"],
        bases: [("mid", 8_000), ("end", 200_000)],
        noises: &[0.001, 0.003, 0.01, 0.03],
        steps: &[40],
        copies: 200,
        runs: 200,
        draws: 100,
    },
    Experiment {
        name: "digits-genesis",
        group: "digits",
        files: &["digits/genesis.csv"],
        bases: [("mid", 8_000), ("end", 200_000)],
        noises: &[0.001, 0.003, 0.01, 0.03],
        steps: &[40],
        copies: 200,
        runs: 200,
        draws: 100,
    },
    Experiment {
        name: "tiny-gpt",
        group: "tiny-gpt",
        files: &["shakespeare/the-taming-of-the-shrew.txt"],
        bases: [("mid", 60), ("end", 300)],
        noises: &[0.01],
        steps: &[20],
        copies: 16,
        runs: 6,
        draws: 100,
    },
];

/// Losses on the whole set of a base and of files of one kind.
struct Kind {
    name: String,
    honest: bool,
    losses: Vec<Vec<u32>>,
}

/// How often the best of some files passed, in draws.
#[derive(Clone, Copy, Default)]
struct Count {
    passed: u32,
    /// Of them, those in which all files that passed are no better on the whole set.
    wrongly: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut words: Vec<String> = env::args().skip(1).collect();
    let json = words.iter().position(|word| word == "--json");
    let path = json.and_then(|place| words.drain(place..).nth(1));
    println!(
        "| group | base | files | best of | `improve` | and certain | without correction | certain alone |\n|---|---|---|--:|--:|--:|--:|--:|"
    );
    let mut rows = Vec::new();
    for experiment in EXPERIMENTS.iter().filter(|experiment| words.is_empty() || words.iter().any(|word| word == experiment.name)) {
        rows.extend(experiment.run()?);
    }
    path.map_or(Ok(()), |path| fs::write(path, serde_json::to_string_pretty(&rows)? + "\n").map_err(Into::into))
}

impl Experiment {
    fn run(&self) -> Result<Vec<Value>, Box<dyn Error>> {
        let manifest = fs::read_to_string(format!("{ROOT}/crates/evaluator/pytorch/{}.json", self.group))?;
        let manifest = Manifest::from_bytes(manifest.trim_end().as_bytes())?;
        let settings = settings(self.group);
        let texts = self.files.iter().map(|file| Ok((*file, fs::read_to_string(format!("{ROOT}/data/{file}"))?)));
        let set = Examples::parse(&manifest, texts.collect::<Result<Vec<_>, std::io::Error>>()?)?;
        let mut rows = Vec::new();
        let (mut base, mut done) = (Checkpoint::initial(&manifest, [1; 32]), 0);
        for (name, steps) in self.bases {
            base = trained(&base, &set, &settings, steps - done, 0)?;
            done = steps;
            let losses = losses(&base, &set)?;
            for kind in self.kinds(&base, &set, &settings)? {
                rows.extend(self.tell(name, &losses, &kind, manifest.eval_max()));
            }
        }
        Ok(rows)
    }

    fn kinds(&self, base: &Checkpoint, set: &Examples, settings: &Settings) -> Result<Vec<Kind>, Box<dyn Error>> {
        let mut kinds = Vec::new();
        for share in self.noises {
            let noised = (0..self.copies as u64).map(|seed| losses(&noised(base, *share, seed)?, set));
            kinds.push(Kind { name: format!("noise {share}"), honest: false, losses: noised.collect::<Result<_, _>>()? });
            eprintln!("{}: noise {share} measured", self.name);
        }
        for steps in self.steps {
            let runs = (1..=self.runs as u64).map(|seed| losses(&trained(base, set, settings, *steps, seed)?, set));
            kinds.push(Kind { name: format!("{steps} steps"), honest: true, losses: runs.collect::<Result<_, _>>()? });
            eprintln!("{}: {steps} steps measured", self.name);
        }
        Ok(kinds)
    }

    /// Prints and returns a row for each number of files. Honest trainers commit once, among as many others.
    fn tell(&self, base: &str, losses: &[u32], kind: &Kind, eval_max: u32) -> Vec<Value> {
        let most = if kind.honest { 200 } else { kind.losses.len() };
        let row = |commits: usize| {
            let counts = sampled(losses, kind, commits, eval_max, self.draws);
            let share = |count: u32| f64::from(count) / self.draws as f64;
            let cells = counts.map(|count| format!("{:.3} ({:.3})", share(count.passed), share(count.wrongly)));
            let best = if kind.honest { format!("1 of {commits}") } else { commits.to_string() };
            println!("| {} | {base}, {} | {} | {best} | {} |", self.name, mean(losses), kind.name, cells.join(" | "));
            let [improve, certain, uncorrected, alone] = counts.map(|count| [share(count.passed), share(count.wrongly)]);
            json!({
                "group": self.name, "base": base, "base_loss": mean(losses), "examples": losses.len(), "files": kind.name,
                "measured": kind.losses.len(), "commits": commits, "draws": self.draws, "improve": improve, "certain": certain,
                "uncorrected": uncorrected, "certain_alone": alone,
            })
        };
        BEST_OF.into_iter().filter(|commits| *commits <= most).map(row).collect()
    }
}

/// Counts for `improve`, the same and certain, the same without the correction of a finite set, certain alone.
fn sampled(base: &[u32], kind: &Kind, commits: usize, eval_max: u32, draws: u64) -> [Count; 4] {
    let examples = base.len() as u32;
    let better: Vec<bool> = kind.losses.iter().map(|losses| sum(losses) < sum(base)).collect();
    let mut counts = [Count::default(); 4];
    for round in 0..draws {
        let drawn = draw([0; 32], 0, round, examples, eval_max);
        let at = |losses: &[u32]| -> Vec<u32> { drawn.iter().map(|index| losses[*index as usize]).collect() };
        let old = at(base);
        let chosen = draw([1; 32], 0, round, kind.losses.len() as u32, if kind.honest { 1 } else { commits as u32 });
        let verdicts =
            chosen.iter().map(|file| (better[*file as usize], verdicts(&old, &at(&kind.losses[*file as usize]), examples, commits)));
        let verdicts: Vec<(bool, [bool; 4])> = verdicts.collect();
        for (rule, count) in counts.iter_mut().enumerate() {
            let mut passed = verdicts.iter().filter(|(_, verdict)| verdict[rule]).peekable();
            count.passed += u32::from(passed.peek().is_some());
            count.wrongly += u32::from(passed.peek().is_some() && passed.all(|(better, _)| !better));
        }
    }
    counts
}

fn verdicts(old: &[u32], new: &[u32], examples: u32, commits: usize) -> [bool; 4] {
    let least = (mean(old) >> IMPROVE).max(1);
    let improves = mean(new).checked_add(least).is_some_and(|sum| sum <= mean(old));
    let terms = Terms { base_price: 0, new_price: 0, examples: Some(examples), commits: commits as u64, certainty: CERTAINTY };
    let certain = is_certain(old, new, terms);
    // A set without end has no correction.
    let uncorrected = certain && is_certain(old, new, Terms { examples: None, ..terms });
    [improves, improves && certain, improves && uncorrected, certain]
}

/// Those of a group's file in configs/groups.
fn settings(group: &str) -> Settings {
    match group {
        "tiny-gpt" => Settings {
            optimizer: Optimizer::AdamW,
            learning_rate: 0.002,
            beta_2: 0.99,
            weight_decay: 0.1,
            clip: Some(1.0),
            batch: 8,
            warmup: 20,
            decay: Decay::Cosine,
            floor: 0.1,
            ..Settings::default()
        },
        _ => Settings { learning_rate: 0.003, ..Settings::default() },
    }
}

fn sum(losses: &[u32]) -> u64 {
    losses.iter().map(|loss| u64::from(*loss)).sum()
}

fn losses(checkpoint: &Checkpoint, set: &Examples) -> Result<Vec<u32>, Box<dyn Error>> {
    let all: Vec<u32> = (0..set.len() as u32).collect();
    Ok(Compute::detect().evaluate(checkpoint, set, &all)?.losses)
}

fn trained(start: &Checkpoint, set: &Examples, settings: &Settings, steps: u32, seed: u64) -> Result<Checkpoint, Box<dyn Error>> {
    let plan = Plan { settings: settings.clone(), seed, steps };
    let mut trainer = Trainer::new(start, set, &plan, Device::Cpu, Compute::detect())?;
    (0..steps).try_for_each(|_| trainer.step().map(drop))?;
    Ok(trainer.checkpoint()?)
}

/// A copy to each weight of which uniform noise is added.
fn noised(base: &Checkpoint, share: f32, seed: u64) -> Result<Checkpoint, Box<dyn Error>> {
    let mut state = seed << 32;
    let tensors = base.tensors().iter().map(|values| {
        let squares: f32 = values.iter().map(|value| value * value).sum();
        let bound = share * (3.0 * squares / values.len() as f32).sqrt();
        values.iter().map(|value| value + bound * noise(&mut state)).collect()
    });
    Ok(Checkpoint::clamped(base.manifest(), tensors.collect())?)
}

/// The next number from -1 to 1 (SplitMix64; Steele, Lea and Flood, 2014).
fn noise(state: &mut u64) -> f32 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) as i32) as f32 / i32::MAX as f32
}
