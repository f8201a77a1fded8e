//! `neuron predict`: the latest checkpoint on this machine, without account, transaction or price.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use evaluator::Checkpoint;
use node::output;
use protocol::GroupId;
use serde_json::json;

use super::{
    context::Context,
    speech::{Manner, Speaker},
    units::text,
    voice::{self, Answerer},
};

/// The most lines of one file.
const MAX_LINES: usize = 100_000;

#[derive(Args)]
pub struct Options {
    /// Number of the group.
    #[arg(long, default_value_t = 1)]
    group: u64,
    /// Features of one example, as in the training set but without the label.
    #[arg(long, conflicts_with = "file")]
    line: Option<String>,
    /// A file with one such line for each example.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Beginning of a text that a model of text goes on with.
    #[arg(long, conflicts_with_all = ["line", "file"])]
    prompt: Option<String>,
    /// Tokens that are added to the prompt.
    #[arg(long, default_value_t = 256, requires = "prompt")]
    tokens: usize,
    /// Below 1 likely tokens are drawn more often, at 0 always the likeliest, above 1 less often.
    #[arg(long, default_value_t = 0.8, requires = "prompt")]
    temperature: f32,
    /// Only the likeliest tokens that together have this share are drawn; 1 = all.
    #[arg(long, default_value_t = 1.0, requires = "prompt")]
    top_p: f32,
    /// Start of what is drawn: equal seeds give equal texts on every machine.
    #[arg(long, default_value_t = 1, requires = "prompt")]
    seed: u64,
}

/// What is asked of the checkpoint.
enum Asked<'a> {
    /// The class of each line.
    Rows(&'a str),
    /// How a text goes on.
    Prompt(&'a str),
}

impl Options {
    fn manner(&self) -> Manner {
        let Self { temperature, top_p, seed, tokens, .. } = *self;
        Manner { temperature, top_p, seed, most: tokens, stops: Vec::new() }
    }
}

pub async fn run(context: &Context, options: Options) -> Result<()> {
    let rows = match (&options.prompt, &options.line, &options.file) {
        (Some(_), ..) => None,
        (_, Some(line), _) => Some(line.clone()),
        (.., Some(path)) => Some(std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?),
        _ => bail!("nothing to predict: give --line or --file, or --prompt to a model of text"),
    };
    ensure!(rows.as_ref().is_none_or(|rows| rows.lines().count() <= MAX_LINES), "at most {MAX_LINES} lines at a time");
    options.manner().check()?;
    let group = GroupId(options.group);
    let asked = match (&rows, &options.prompt) {
        (Some(rows), _) => Asked::Rows(rows),
        (None, prompt) => Asked::Prompt(prompt.as_deref().unwrap_or_default()),
    };
    match (voice::newest(context, group).await?, asked) {
        (Answerer::Rows(checkpoint), Asked::Rows(rows)) => classify(context, &checkpoint, (group, rows)),
        (Answerer::Text(speaker), Asked::Prompt(prompt)) => go_on(context, &speaker, (prompt, &options)),
        (Answerer::Rows(_), _) => bail!("the model of group {group} reads rows of numbers: give --line or --file instead of --prompt"),
        (Answerer::Text(_), _) => bail!("the model of group {group} reads text: give --prompt instead of --line or --file"),
    }
}

/// The likeliest class of each row.
fn classify(context: &Context, checkpoint: &Checkpoint, (group, rows): (GroupId, &str)) -> Result<()> {
    let (compute, mut listed) = (node::machine::compute()?, Vec::new());
    for row in rows.lines() {
        let log_probabilities = compute.predict(checkpoint, row)?;
        let best = log_probabilities.iter().enumerate().max_by(|left, right| left.1.total_cmp(right.1));
        let (class, value) = best.context("the model has no outputs")?;
        let probability = f64::from(*value).exp();
        context.say(&format!("{class}  ({:.1} %)", probability * 100.0))?;
        listed.push(json!({ "class": class, "probability_millionths": (probability * 1e6).round() as u64 }));
    }
    context.sum(&json!({ "group": group, "rows": listed, "text": null }))
}

/// Prints the prompt and what follows, each character as soon as it is whole. A reader who has gone ends it.
fn go_on(context: &Context, speaker: &Speaker, (prompt, options): (&str, &Options)) -> Result<()> {
    let tokens = speaker.read(prompt).context("--prompt")?;
    let mut whole = prompt.to_owned();
    let shown = |piece: &str| if context.json { Ok(()) } else { output::show(text(piece).as_bytes()) };
    let mut told = shown(prompt);
    if told.is_ok() {
        speaker.go_on(&tokens, &options.manner(), |piece| {
            whole.push_str(piece);
            told = shown(piece);
            told.is_ok()
        })?;
    }
    told?;
    if context.json {
        return context.sum(&json!({ "group": options.group, "rows": [], "text": whole }));
    }
    output::show(b"\n")
}
