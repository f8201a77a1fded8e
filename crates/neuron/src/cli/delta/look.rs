//! All that a voter wants to see of one delta: words, votes, what it changes, what it nearly repeats, and how it surprises the model.

use std::sync::Arc;

use anyhow::{Result, ensure};
use deltas::Tree;
use evaluator::{Checkpoint, Data, Examples, Manifest, checkpoint_len};
use governance::Delta;
use node::{Site, dataset::Set, machine, member, shards};
use patches::{Extent, Rows, Summary, added, near, shown, words};
use protocol::{DeltaNumber, Digest, Micronats};
use serde_json::{Value, json};

use super::{
    super::context::{Context, Visit, choice_in},
    diff, log, patch,
    picture::{self, Size, Way},
    show::{Options, Standing},
    state::{Vote, votes},
};

/// A model of so many bytes is fetched without being asked for.
const SMALL_BYTES: u64 = 64 * 1024 * 1024;
/// Examples that are measured, and those that are told one by one.
const MEASURED: usize = 4_096;
const TOLD: usize = 8;
/// Letters of a row that are shown among others.
const ROW: usize = 60;

/// What was found, for people and for programs.
pub struct Looked {
    pub lines: Vec<String>,
    pub data: Value,
}

/// An added line that is an example, or a window of a text.
struct Example {
    place: Option<(String, usize, String)>,
    loss: Option<Micronats>,
}

/// What is known of the set after a delta.
struct Change {
    extent: Extent,
    summary: Summary,
    near: Vec<String>,
    examples: Vec<Example>,
}

/// Looks at a delta.
///
/// # Errors
/// When the chain does not answer, or nobody gives its patch.
pub async fn at(context: &Context, site: &Site, standing: &Standing, delta: &Delta, options: &Options) -> Result<Looked> {
    let visit = context.visit(site, standing.view.id).await?;
    let body = visit.member.body(delta.digest).await?;
    let said = words(&body);
    let cast = cast(site, &visit, standing, delta).await?;
    let change = change(&visit, delta.parent, &body, standing.view.checkpoint, options.surprise).await;
    visit.client.shutdown().await;
    let mut lines = vec![format!("       {}", said.title.as_deref().map_or_else(|| "without a title".to_owned(), shown))];
    lines.extend(said.lines.iter().map(|line| format!("       │ {}", log::plain(line))));
    lines.extend(cast.iter().map(|(vote, is_counted)| format!("       {}", vote_line(vote, delta.number, *is_counted))));
    match &change {
        Ok((change, surprise)) => lines.extend(change_lines(change, surprise.as_deref(), options)),
        Err(error) => lines.push(format!("       it does not apply, do not vote for it: {error:#}")),
    }
    lines.extend(diff::lines(&String::from_utf8_lossy(&body), options.lines, diff::has_colours()));
    let data = data(&said, &cast, change.as_ref().ok().map(|(change, _)| change));
    Ok(Looked { lines, data })
}

/// Who chose what in the delta's period: what counted, and while it can still count what was signed.
async fn cast(site: &Site, visit: &Visit, standing: &Standing, delta: &Delta) -> Result<Vec<(Vote, bool)>> {
    let counted = votes(&standing.events, delta.period);
    let mut cast: Vec<(Vote, bool)> = counted.iter().map(|vote| (*vote, true)).collect();
    if delta.period != standing.view.period_number {
        return Ok(cast);
    }
    let domain = site.network.domain();
    for (_, body) in visit.read_log().await? {
        let Some((signer, choice)) = choice_in(&body, &domain).filter(|(_, choice)| choice.period == delta.period) else { continue };
        for (position, _) in standing.view.spoken_for(signer) {
            let vote = Vote { position: position.number, delta: choice.delta, weight: position.live };
            let is_known = |(other, _): &(Vote, bool)| (other.position, other.delta) == (vote.position, vote.delta);
            if !cast.iter().any(is_known) {
                cast.push((vote, false));
            }
        }
    }
    Ok(cast)
}

fn vote_line(vote: &Vote, delta: DeltaNumber, is_counted: bool) -> String {
    let what = match vote.delta {
        DeltaNumber(0) => "keeping the set as it is".to_owned(),
        of if of == delta => "it".to_owned(),
        of => format!("delta {of}"),
    };
    let how = if is_counted { "counted" } else { "signed; validators bring it to the chain" };
    format!("position {} with {} NRN is for {what}, {how}", vote.position, vote.weight.to_nrn())
}

/// What the delta makes of the set that it was proposed for, and how much that surprises the model, or why this is not known.
async fn change(visit: &Visit, parent: Digest, body: &[u8], running: Digest, is_asked: bool) -> Result<(Change, Option<String>)> {
    let before = visit.member.set(parent).await?;
    let after = visit.member.preview(parent, body.to_vec()).await?;
    let manifest = visit.member.manifest.clone();
    shards::hold(&visit.member, &after.examples, &new_windows(&before, &after)).await?;
    let bytes = checkpoint_len(&manifest);
    let model = match bytes <= SMALL_BYTES || is_asked {
        true => visit.member.checkpoint(running).await.map_err(|error| format!("the running model cannot be had: {error:#}")),
        false => Err(format!("the running model has {bytes} bytes: --surprise fetches it")),
    };
    member::blocking(move || {
        let mut change = compared(&manifest, &before.tree, &after.tree);
        let trouble = match model {
            Ok(model) => {
                change.measure(&manifest, &model, (&before, &after)).err().map(|error| format!("it cannot be measured: {error:#}"))
            }
            Err(trouble) => Some(trouble),
        };
        Ok((change, trouble))
    })
    .await
}

/// Examples of a set that are none of rows, of which no half was in the set before; as many as are measured.
fn new_windows(before: &Set, after: &Set) -> Vec<u32> {
    if after.examples.has_tokens() { after.examples.new_since(&before.examples).into_iter().take(MEASURED).collect() } else { Vec::new() }
}

fn compared(manifest: &Manifest, before: &Tree, after: &Tree) -> Change {
    let suffix = manifest.data().suffix();
    let lines: Vec<_> = added(before, after).into_iter().filter(|line| line.path.ends_with(suffix)).collect();
    let is_rows = matches!(manifest.data(), Data::Csv { .. });
    let rows: Vec<&str> = lines.iter().map(|line| line.text).filter(|_| is_rows).collect();
    let set = after.iter().filter(|(path, _)| path.ends_with(suffix)).flat_map(|(_, text)| text.lines());
    let near =
        near(&rows, set).iter().map(|near| format!("{} features differ: {} and {}", near.differing, row(near.row), row(near.of))).collect();
    let example = |line: &patches::Added<'_>| Example { place: Some((line.path.to_owned(), line.line, line.text.to_owned())), loss: None };
    let examples = if is_rows { lines.iter().map(example).collect() } else { Vec::new() };
    Change { extent: Extent::between(before, after), summary: patch::summary(manifest, before, after), near, examples }
}

fn row(text: &str) -> String {
    let cut: String = text.chars().take(ROW).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{more}", log::plain(&cut))
}

impl Change {
    /// The loss of the model on each row that comes, or on each window of which no half was in the text before.
    fn measure(&mut self, manifest: &Manifest, model: &Arc<Checkpoint>, (before, after): (&Set, &Set)) -> Result<()> {
        let rows: String = self
            .examples
            .iter()
            .take(MEASURED)
            .filter_map(|example| example.place.as_ref())
            .map(|(.., text)| format!("{text}\n"))
            .collect();
        let is_rows = matches!(manifest.data(), Data::Csv { .. });
        if is_rows && rows.is_empty() {
            return Ok(());
        }
        let path = format!("added{}", manifest.data().suffix());
        let (examples, drawn) = match is_rows {
            true => {
                let examples = Examples::parse(manifest, [(path, rows)])?;
                let drawn: Vec<u32> = (0..u32::try_from(examples.len())?).collect();
                (examples, drawn)
            }
            false => (after.examples.clone(), new_windows(before, after)),
        };
        ensure!(is_rows || self.examples.is_empty(), "rows and windows");
        let losses = machine::compute()?.evaluate(model, &examples, &drawn)?.losses;
        if !is_rows {
            self.examples = losses.iter().map(|_| Example { place: None, loss: None }).collect();
        }
        self.examples.iter_mut().zip(losses).for_each(|(example, loss)| example.loss = Some(Micronats(loss)));
        Ok(())
    }

    /// Those that were measured, the most surprising first.
    fn measured(&self) -> Vec<(&Example, Micronats)> {
        let mut measured: Vec<_> = self.examples.iter().filter_map(|example| Some((example, example.loss?))).collect();
        measured.sort_by_key(|(_, loss)| std::cmp::Reverse(*loss));
        measured
    }
}

fn change_lines(change: &Change, trouble: Option<&str>, options: &Options) -> Vec<String> {
    let mut lines: Vec<String> = change.summary.lines().into_iter().map(|line| format!("     {line}")).collect();
    if !change.near.is_empty() {
        lines.push(format!("       near     {} of those that come nearly are another row", change.near.len()));
        lines.extend(change.near.iter().take(TOLD).map(|near| format!("                {near}")));
    }
    lines.extend(surprise_lines(change, trouble));
    if let Some(way) = options.draw.or_else(|| diff::has_colours().then(Way::of_terminal)) {
        lines.extend(pictures(change, options.image, way));
    }
    lines
}

fn surprise_lines(change: &Change, trouble: Option<&str>) -> Vec<String> {
    let measured = change.measured();
    let mut lines: Vec<String> = trouble.iter().map(|trouble| format!("       surprise unknown: {trouble}")).collect();
    let sum: u64 = measured.iter().map(|(_, loss)| u64::from(loss.0)).sum();
    let Some(mean) = u64::try_from(measured.len()).ok().and_then(|count| sum.checked_div(count)) else { return lines };
    let mean = Micronats(u32::try_from(mean).unwrap_or(u32::MAX));
    lines.push(format!("       surprise {mean} nats is the running model's mean loss on {} of the examples that come", measured.len()));
    for (example, loss) in measured.into_iter().take(TOLD) {
        if let Some((path, line, text)) = &example.place {
            lines.push(format!("                {loss}  {}:{line}  {}", log::plain(path), row(text)));
        }
    }
    lines
}

/// The first examples that come, if they are pictures.
fn pictures(change: &Change, image: Option<Size>, way: Way) -> Vec<String> {
    let rows = change.examples.iter().filter_map(|example| example.place.as_ref());
    let picture = |(path, line, text): &(String, usize, String)| {
        let size = image.or_else(|| Size::square(text.split(',').count().saturating_sub(1)))?;
        let label = text.rsplit_once(',').map_or("", |(_, label)| label);
        let title = format!("       {}:{line}, label {}", log::plain(path), shown(label));
        Some([vec![title], picture::drawn(text, size, way)?].concat())
    };
    rows.take(TOLD).filter_map(picture).flatten().collect()
}

fn data(said: &patches::Words, cast: &[(Vote, bool)], change: Option<&Change>) -> Value {
    let vote = |(vote, is_counted): &(Vote, bool)| json!({ "position": vote.position, "delta": vote.delta, "weight_wei": vote.weight, "counted": is_counted });
    let extent = change.map(|change| change.extent).unwrap_or_default();
    let rows: Option<&Rows> = change.and_then(|change| change.summary.rows.as_ref());
    let count = |of: fn(&Rows) -> usize| rows.map(of);
    let surprise = change.map(Change::measured).unwrap_or_default();
    let example = |(example, loss): &(&Example, Micronats)| {
        let (file, line, text) =
            example.place.clone().map_or((None, None, None), |(file, line, text)| (Some(file), Some(line), Some(text)));
        json!({ "file": file, "line": line, "text": text, "loss_micronats": loss })
    };
    json!({
        "title": said.title, "words": said.lines, "applies": change.is_some(),
        "files": extent.files, "lines_added": extent.added, "lines_removed": extent.removed,
        "examples_added": count(|rows| rows.added), "examples_removed": count(|rows| rows.removed),
        "examples_changed": count(|rows| rows.changed), "duplicates": count(|rows| rows.duplicates),
        "contradictions": count(|rows| rows.contradictions), "near": change.map(|change| change.near.len()),
        "votes": cast.iter().map(vote).collect::<Vec<_>>(), "surprise": surprise.iter().map(example).collect::<Vec<_>>(),
    })
}
