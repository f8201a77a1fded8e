//! How often luck passes for progress: real files, noise among them, measured on the whole set and then on many draws.
//!
//! `luck [GROUP …] [--json FILE]` prints a table of the groups named, of all without a name. For a base in mid training and one near
//! its end, copies with noise and honest runs are compared with it on every example of the set; draws are then sampled from these
//! differences. A candidate is the best of so many files, each a commit. `improve` asks for 1/1024 of the base's loss, as groups do;
//! everything else is as the group's file in configs/groups says.

use std::{env, error::Error, fs};

use evaluator::{Checkpoint, Compute, Examples, Manifest, Measurement, Terms, draw, is_certain, mean};
use protocol::{Micronats, rules::most_loss};
use serde::Deserialize;
use serde_json::{Value, json};
use training::{Device, Plan, Settings, Trainer};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");
const IMPROVE: u8 = 10;
const BEST_OF: [usize; 4] = [1, 10, 50, 200];
const DRAWS: u64 = 100;

/// What is measured of a group: of the small ones much, of the large ones little.
struct Experiment {
    name: &'static str,
    /// The group's file.
    group: &'static str,
    /// Training set, below `data`.
    files: &'static [&'static str],
    /// Steps until a base is reached.
    bases: &'static [(&'static str, u32)],
    /// Standard deviations of noise, as shares of the root mean square of each tensor.
    noises: &'static [f32],
    /// Steps of honest runs.
    steps: &'static [u32],
    /// Copies with noise of each size.
    copies: usize,
    /// Honest runs of each length.
    runs: usize,
}

const EXPERIMENTS: [Experiment; 2] = [
    Experiment {
        name: "digits",
        group: include_str!("../../../configs/groups/digits.toml"),
        files: &["digits/genesis.csv", "digits/delta-a.csv", "digits/delta-b.csv"],
        bases: &[("mid", 8_000), ("late", 100_000), ("end", 400_000)],
        noises: &[0.003, 0.01, 0.03],
        steps: &[40, 4_000],
        copies: 200,
        runs: 200,
    },
    Experiment {
        name: "tiny-gpt",
        group: include_str!("../../../configs/groups/tiny-gpt.toml"),
        files: &["shakespeare/the-taming-of-the-shrew.txt"],
        bases: &[("mid", 200)],
        noises: &[0.003, 0.01],
        steps: &[20, 200],
        copies: 50,
        runs: 6,
    },
];

/// What the file of a group says of its trainers and of what a claim must show.
#[derive(Deserialize)]
struct Group {
    times: Times,
    training: Settings,
    manifest: Manifest,
}

#[derive(Deserialize)]
struct Times {
    least: u32,
}

/// Files of one kind, measured on the whole set.
struct Kind {
    name: String,
    honest: bool,
    files: Vec<Measurement>,
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
        "| group | base | files | best of | `improve` | and certain | without correction | certain alone | all, and `least` |\n|---|---|---|--:|--:|--:|--:|--:|--:|"
    );
    let mut rows = Vec::new();
    for experiment in EXPERIMENTS.iter().filter(|experiment| words.is_empty() || words.iter().any(|word| word == experiment.name)) {
        rows.extend(experiment.run()?);
    }
    path.map_or(Ok(()), |path| fs::write(path, serde_json::to_string_pretty(&rows)? + "\n").map_err(Into::into))
}

impl Experiment {
    fn run(&self) -> Result<Vec<Value>, Box<dyn Error>> {
        let group: Group = toml::from_str(self.group)?;
        let manifest = Manifest::from_bytes(&group.manifest.to_bytes())?;
        let texts = self.files.iter().map(|file| Ok((*file, fs::read_to_string(format!("{DATA}/{file}"))?)));
        let set = Examples::parse(&manifest, texts.collect::<Result<Vec<_>, std::io::Error>>()?)?;
        let mut rows = Vec::new();
        let (mut base, mut done) = (Checkpoint::initial(&manifest, [1; 32]), 0);
        for (name, steps) in self.bases {
            base = trained(&base, &set, &group.training, steps - done, 0)?;
            done = *steps;
            let measured = measured(&base, &set)?;
            for kind in self.kinds(&base, &set, &group.training)? {
                rows.extend(self.tell(name, &group, &measured, &kind));
            }
        }
        Ok(rows)
    }

    fn kinds(&self, base: &Checkpoint, set: &Examples, settings: &Settings) -> Result<Vec<Kind>, Box<dyn Error>> {
        let mut kinds = Vec::new();
        for share in self.noises {
            let files = (0..self.copies as u64).map(|seed| measured(&noised(base, *share, seed)?, set));
            kinds.push(Kind { name: format!("noise {share}"), honest: false, files: files.collect::<Result<_, _>>()? });
            eprintln!("{}: noise {share} measured", self.name);
        }
        for steps in self.steps {
            let files = (1..=self.runs as u64).map(|seed| measured(&trained(base, set, settings, *steps, seed)?, set));
            kinds.push(Kind { name: format!("{steps} steps"), honest: true, files: files.collect::<Result<_, _>>()? });
            eprintln!("{}: {steps} steps measured", self.name);
        }
        Ok(kinds)
    }

    /// Prints and returns a row for each number of files. Honest trainers commit once, among as many others.
    fn tell(&self, name: &str, group: &Group, base: &Measurement, kind: &Kind) -> Vec<Value> {
        let most = if kind.honest { 200 } else { kind.files.len() };
        let row = |commits: usize| {
            let counts = sampled(group, base, kind, commits);
            let share = |count: u32| f64::from(count) / DRAWS as f64;
            let cells = counts.map(|count| format!("{:.2} ({:.2})", share(count.passed), share(count.wrongly)));
            let best = if kind.honest { format!("1 of {commits}") } else { commits.to_string() };
            println!("| {} | {name}, {} | {} | {best} | {} |", self.name, base.mean, kind.name, cells.join(" | "));
            let [improve, certain, uncorrected, alone, all] = counts.map(|count| [share(count.passed), share(count.wrongly)]);
            json!({
                "group": self.name, "base": name, "base_loss": base.mean, "examples": base.losses.len(), "files": kind.name,
                "measured": kind.files.len(), "commits": commits, "draws": DRAWS, "improve": improve, "certain": certain,
                "uncorrected": uncorrected, "certain_alone": alone, "all": all,
            })
        };
        BEST_OF.into_iter().filter(|commits| *commits <= most).map(row).collect()
    }
}

/// Counts for `improve`, the same and certain, the same without the correction of a finite set, certain alone, and all that the group asks.
fn sampled(group: &Group, base: &Measurement, kind: &Kind, commits: usize) -> [Count; 5] {
    let examples = base.losses.len() as u32;
    let better: Vec<bool> = kind.files.iter().map(|file| sum(file) < sum(base)).collect();
    let mut counts = [Count::default(); 5];
    for round in 0..DRAWS {
        let drawn = draw([0; 32], 0, round, examples, group.manifest.eval_max());
        let old = at(base, &drawn);
        let chosen = draw([1; 32], 0, round, kind.files.len() as u32, if kind.honest { 1 } else { commits as u32 });
        let verdicts = chosen.iter().map(|file| {
            let new = at(&kind.files[*file as usize], &drawn);
            (better[*file as usize], verdicts(group, [&old, &new], examples, commits))
        });
        let verdicts: Vec<(bool, [bool; 5])> = verdicts.collect();
        for (rule, count) in counts.iter_mut().enumerate() {
            let mut passed = verdicts.iter().filter(|(_, verdict)| verdict[rule]).peekable();
            count.passed += u32::from(passed.peek().is_some());
            count.wrongly += u32::from(passed.peek().is_some() && passed.all(|(better, _)| !better));
        }
    }
    counts
}

fn verdicts(group: &Group, [old, new]: [&Measurement; 2], examples: u32, commits: usize) -> [bool; 5] {
    let improves = |least| most_loss(Micronats(old.mean), IMPROVE, Micronats(least)).is_some_and(|most| new.mean <= most.0);
    let certainty = group.manifest.certainty().unwrap_or_default();
    let terms = Terms { base_price: old.price, new_price: new.price, examples: Some(examples), commits: commits as u64, certainty };
    let certain = is_certain(&old.losses, &new.losses, terms);
    // A set without end has no correction.
    let uncorrected = certain && is_certain(&old.losses, &new.losses, Terms { examples: None, ..terms });
    [improves(0), improves(0) && certain, improves(0) && uncorrected, certain, improves(group.times.least) && certain]
}

/// What was measured on the whole set as a draw shows it.
fn at(whole: &Measurement, drawn: &[u32]) -> Measurement {
    let losses: Vec<u32> = drawn.iter().map(|index| whole.losses[*index as usize]).collect();
    Measurement { mean: mean(&losses).saturating_add(whole.price), price: whole.price, losses }
}

fn sum(whole: &Measurement) -> u64 {
    whole.losses.iter().map(|loss| u64::from(*loss) + u64::from(whole.price)).sum()
}

fn measured(checkpoint: &Checkpoint, set: &Examples) -> Result<Measurement, Box<dyn Error>> {
    let all: Vec<u32> = (0..set.len() as u32).collect();
    Ok(Compute::detect().evaluate(checkpoint, set, &all)?)
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
