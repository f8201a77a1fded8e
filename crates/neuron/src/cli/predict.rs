//! `neuron predict`: the latest checkpoint on this machine, without account, transaction or price.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use evaluator::{Checkpoint, Compute, Data, Tokenizer};
use protocol::{GroupId, keccak256};
use serde_json::json;

use super::{context::Context, offline::Offline, output, units::text};

/// The most lines of one file.
const MAX_LINES: usize = 100_000;
/// The most tokens of one text.
const MAX_TOKENS: usize = 1_000_000;
/// Bytes of the longest character in UTF-8.
const MAX_CHARACTER: usize = 4;

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
    /// Start of what is drawn: equal seeds give equal texts on every machine.
    #[arg(long, default_value_t = 1, requires = "prompt")]
    seed: u64,
}

pub async fn run(context: &Context, options: Options) -> Result<()> {
    let rows = match (&options.prompt, &options.line, &options.file) {
        (Some(_), ..) => None,
        (_, Some(line), _) => Some(line.clone()),
        (.., Some(path)) => Some(std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?),
        _ => bail!("nothing to predict: give --line or --file, or --prompt to a model of text"),
    };
    ensure!(rows.as_ref().is_none_or(|rows| rows.lines().count() <= MAX_LINES), "at most {MAX_LINES} lines at a time");
    ensure!((1..=MAX_TOKENS).contains(&options.tokens), "--tokens must be 1 to {MAX_TOKENS}");
    ensure!(options.temperature >= 0.0 && options.temperature.is_finite(), "--temperature must be 0 or more");
    let group = GroupId(options.group);
    let checkpoint = if context.offline { Offline::open(context, group)?.checkpoint().await? } else { newest(context, group).await? };
    let compute = node::member::compute()?;
    match (checkpoint.manifest().data(), rows, &options.prompt) {
        (Data::Csv { .. }, Some(rows), _) => classify(context, compute, &checkpoint, (group, &rows)),
        (Data::Text { tokenizer, .. }, _, Some(prompt)) => go_on(context, compute, &checkpoint, tokenizer, (prompt, &options)),
        (Data::Csv { .. }, ..) => bail!("the model of group {group} reads rows of numbers: give --line or --file instead of --prompt"),
        (Data::Text { .. }, ..) => bail!("the model of group {group} reads text: give --prompt instead of --line or --file"),
    }
}

async fn newest(context: &Context, group: GroupId) -> Result<Arc<Checkpoint>> {
    let site = context.site().await?;
    let visit = context.visit(&site, group).await?;
    let checkpoint = visit.member.checkpoint(site.network.view(group).await?.checkpoint).await?;
    visit.client.shutdown().await;
    Ok(checkpoint)
}

/// The likeliest class of each row.
fn classify(context: &Context, compute: Compute, checkpoint: &Checkpoint, (group, rows): (GroupId, &str)) -> Result<()> {
    let mut listed = Vec::new();
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

/// Prints the prompt and what follows, each character as soon as it is whole.
fn go_on(
    context: &Context,
    compute: Compute,
    checkpoint: &Checkpoint,
    tokenizer: &Tokenizer,
    (prompt, options): (&str, &Options),
) -> Result<()> {
    let seed = keccak256(&options.seed.to_be_bytes());
    let tokens = compute.generate(checkpoint, prompt, options.temperature, seed).context("--prompt")?.take(options.tokens);
    if context.json {
        let tokens: Vec<u16> = tokens.collect();
        let text = format!("{prompt}{}", tokenizer.decode(&tokens));
        return context.sum(&json!({ "group": options.group, "rows": [], "text": text }));
    }
    let mut waiting = Vec::with_capacity(MAX_CHARACTER);
    output::show(text(prompt).as_bytes())?;
    for token in tokens {
        if let Some(made) = whole(tokenizer, &mut waiting, token) {
            output::show(text(&made).as_bytes())?;
        }
    }
    output::show(format!("{}\n", text(&tokenizer.decode(&waiting))).as_bytes())
}

/// The text of the tokens that waited and one more, unless it is the beginning of a character.
fn whole(tokenizer: &Tokenizer, waiting: &mut Vec<u16>, token: u16) -> Option<String> {
    waiting.push(token);
    let text = tokenizer.decode(waiting);
    let is_whole = waiting.len() == MAX_CHARACTER || !text.ends_with(char::REPLACEMENT_CHARACTER);
    is_whole.then(|| {
        waiting.clear();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_come_whole_and_bytes_that_are_none_are_replaced() {
        for (bytes, wanted) in [
            ("a\u{e9}\u{20ac}\u{1f600}b".as_bytes(), vec!["a", "\u{e9}", "\u{20ac}", "\u{1f600}", "b"]),
            (&[0xc3, b'a'], vec!["\u{fffd}a"]),
            (&[0xff, 0xff, 0xff, 0xff, b'a'], vec!["\u{fffd}\u{fffd}\u{fffd}\u{fffd}", "a"]),
        ] {
            let mut waiting = Vec::new();
            let parts: Vec<String> = bytes.iter().filter_map(|byte| whole(&Tokenizer::Bytes, &mut waiting, u16::from(*byte))).collect();
            assert_eq!(parts, wanted);
        }
    }
}
