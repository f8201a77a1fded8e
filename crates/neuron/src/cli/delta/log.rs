//! `neuron delta log`, `at`, `blame` and `search`: what led to the set of now, and what each change brought.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use node::folder;
use patches::{Extent, Origins, Words, added, shown, words};
use protocol::{Address, DeltaNumber, GroupId};
use serde_json::{Value, json};

use super::{
    super::{
        context::Context,
        ending::{NOT_FOUND, Sort as _},
    },
    past::{Past, Step},
};

/// Options of `neuron delta log`.
#[derive(Args)]
pub struct Log {
    #[arg(long, default_value_t = 1)]
    group: u64,
    /// So many of them at most, the newest first.
    #[arg(long, short = 'n')]
    most: Option<usize>,
}

/// Options of `neuron delta at`.
#[derive(Args)]
pub struct At {
    /// Number of a delta that was applied; 0 for the set with which the group began.
    delta: u64,
    /// New folder for the set.
    #[arg(long)]
    out: PathBuf,
    #[arg(long, default_value_t = 1)]
    group: u64,
}

/// Options of `neuron delta blame`.
#[derive(Args)]
pub struct Blame {
    /// A file of the set of now, like digits/a.csv.
    file: String,
    #[arg(long, default_value_t = 1)]
    group: u64,
}

/// Options of `neuron delta search`.
#[derive(Args)]
pub struct Search {
    /// Text that stands in the lines.
    #[arg(required_unless_present_any = ["author", "delta", "label"])]
    text: Option<String>,
    #[arg(long, default_value_t = 1)]
    group: u64,
    /// Who proposed them.
    #[arg(long)]
    author: Option<Address>,
    /// The delta that brought them.
    #[arg(long)]
    delta: Option<u64>,
    /// What stands behind the last comma.
    #[arg(long)]
    label: Option<String>,
    /// Lines at most.
    #[arg(long, default_value_t = 1_000)]
    most: usize,
}

/// Lists the deltas that lead to the set of now.
///
/// # Errors
/// When a patch cannot be fetched.
pub async fn log(context: &Context, options: Log) -> Result<()> {
    let past = Past::read(context, GroupId(options.group)).await?;
    let steps = past.steps(past.head)?;
    let mut extents = vec![None; steps.len()];
    past.walk(&steps, |place, before, after| {
        if let Some(extent) = extents.get_mut(place) {
            *extent = Some(Extent::between(before, after));
        }
    })
    .await?;
    let (mut lines, mut listed) = (vec![format!("group {}, {} patches lead to head {}", past.group, steps.len(), past.head)], Vec::new());
    for (step, extent) in steps.iter().zip(extents).rev().take(options.most.unwrap_or(usize::MAX)) {
        let said = words(&past.visit.member.body(step.patch).await?);
        lines.extend(told(&past, step, extent, &said));
        listed.push(data(step, extent, &said));
    }
    let answer = json!({ "group": past.group, "head": past.head, "patches": listed });
    past.visit.client.shutdown().await;
    context.answer(&lines, &answer)
}

fn told(past: &Past, step: &Step, extent: Option<Extent>, said: &Words) -> Vec<String> {
    let period = step.period.map(|period| format!(", period {period}")).unwrap_or_default();
    let changed = match extent {
        Some(Extent { files, added, removed }) => format!("{files} files, {added} lines come, {removed} go"),
        None => "it led to no set, and changed nothing".to_owned(),
    };
    let title = said.title.as_deref().map_or_else(|| "without a title".to_owned(), shown);
    vec![format!("  {}  by {}{period}", step.told(past.group), step.author), format!("       {title}: {changed}")]
}

fn data(step: &Step, extent: Option<Extent>, said: &Words) -> Value {
    let figures = extent.unwrap_or_default();
    let fields = [
        ("period", json!(step.period)),
        ("head", json!(step.head())),
        ("title", json!(said.title)),
        ("led", json!(extent.is_some())),
        ("files", json!(figures.files)),
        ("lines_added", json!(figures.added)),
        ("lines_removed", json!(figures.removed)),
    ];
    with(step.data(), fields)
}

/// Writes the set as it was after a delta into a new folder, which remembers that head.
///
/// # Errors
/// When the delta was never applied, a patch cannot be fetched, or there is something in the folder.
pub async fn at(context: &Context, options: At) -> Result<()> {
    folder::check_new(&options.out)?;
    let past = Past::read(context, GroupId(options.group)).await?;
    let head = past.head_after(DeltaNumber(options.delta))?;
    let tree = past.walk(&past.steps(head)?, |_, _, _| {}).await?;
    folder::write_set(&tree, &options.out, head)?;
    past.visit.client.shutdown().await;
    let when = if options.delta == 0 { "at its beginning".to_owned() } else { format!("after delta {}", options.delta) };
    context.tell(&format!("the set of group {} {when} is in {}", past.group, options.out.display()))
}

/// Tells of each line of a file which delta brought it.
///
/// # Errors
/// When there is no such file, or a patch cannot be fetched.
pub async fn blame(context: &Context, options: Blame) -> Result<()> {
    let past = Past::read(context, GroupId(options.group)).await?;
    let steps = past.steps(past.head)?;
    let mut origins = Origins::default();
    let tree = past.walk(&steps, |place, before, after| origins.note(before, after, u32::try_from(place).unwrap_or(u32::MAX))).await?;
    past.visit.client.shutdown().await;
    let text = tree.get(&options.file).with_context(|| format!("the set of group {} has no file {}", past.group, shown(&options.file)));
    let (text, origins) = (text.sort(NOT_FOUND)?, origins.of(&options.file).unwrap_or_default());
    let (mut lines, mut listed) = (Vec::new(), Vec::new());
    let width = steps.iter().map(|step| step.told(past.group).len()).max().unwrap_or_default();
    for (number, (line, origin)) in (1..).zip(text.lines().zip(origins)) {
        let Some(step) = steps.get(*origin as usize) else { continue };
        lines.push(format!("{:<width$}  {}  {number:>6}  {}", step.told(past.group), step.author, plain(line)));
        listed.push(with(step.data(), [("line", json!(number)), ("text", json!(line))]));
    }
    context.answer(&lines, &json!({ "group": past.group, "head": past.head, "file": options.file, "lines": listed }))
}

/// Lists lines that applied deltas brought, whether or not they still stand there.
///
/// # Errors
/// When a patch cannot be fetched.
pub async fn search(context: &Context, options: Search) -> Result<()> {
    ensure!(options.most > 0, "--most must be at least 1");
    let past = Past::read(context, GroupId(options.group)).await?;
    let steps = past.steps(past.head)?;
    let (mut lines, mut listed, mut found) = (Vec::new(), Vec::new(), 0_usize);
    past.walk(&steps, |place, before, after| {
        let Some(step) = steps.get(place).filter(|step| options.takes(step)) else { return };
        for line in added(before, after).into_iter().filter(|line| options.holds(line.text)) {
            found += 1;
            if found <= options.most {
                lines.push(format!("{}  {}:{}  {}", step.told(past.group), plain(line.path), line.line, plain(line.text)));
                let places = [("file", json!(line.path)), ("line", json!(line.line)), ("text", json!(line.text))];
                listed.push(with(step.data(), places));
            }
        }
    })
    .await?;
    past.visit.client.shutdown().await;
    match found {
        0 => lines.push("no applied delta brought such a line".to_owned()),
        found if found > options.most => lines.push(format!("and {} more: --most says how many are shown", found - options.most)),
        _ => {}
    }
    context.answer(&lines, &json!({ "group": past.group, "head": past.head, "count": found, "found": listed }))
}

impl Search {
    fn takes(&self, step: &Step) -> bool {
        let is_of_delta = self.delta.is_none_or(|delta| step.delta() == Some(DeltaNumber(delta)) && step.is_of(GroupId(self.group)));
        is_of_delta && self.author.is_none_or(|author| author == step.author)
    }

    fn holds(&self, line: &str) -> bool {
        let label = line.rsplit_once(',').map_or(line, |(_, label)| label);
        self.text.as_deref().is_none_or(|text| line.contains(text)) && self.label.as_deref().is_none_or(|wanted| wanted == label)
    }
}

fn with<const FIELDS: usize>(mut data: Value, fields: [(&str, Value); FIELDS]) -> Value {
    for (field, value) in fields {
        data[field] = value;
    }
    data
}

/// A stranger's line as a terminal may have it, whole.
pub fn plain(text: &str) -> String {
    let escaped =
        |letter: char| if letter.is_control() || is_unseen(letter) { letter.escape_unicode().to_string() } else { letter.to_string() };
    text.chars().map(escaped).collect()
}

/// Letters that show nothing, or turn the direction of what stands around them.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Asked {
        #[command(flatten)]
        search: Search,
    }

    #[test]
    fn lines_are_found_by_their_text_and_their_label() {
        for (arguments, line, wanted) in [
            (&["2,3"][..], "1,2,3", true),
            (&["2,4"], "1,2,3", false),
            (&["--label", "3"], "1,2,3", true),
            (&["--label", "3"], "3,2,1", false),
            (&["--label", "3"], "3", true),
            (&["1", "--label", "3"], "2,2,3", false),
            (&["1", "--label", "3"], "1,2,3", true),
        ] {
            let asked = Asked::try_parse_from(["search"].iter().chain(arguments)).expect("options").search;
            assert_eq!(asked.holds(line), wanted, "{arguments:?} {line}");
        }
        assert!(Asked::try_parse_from(["search"]).is_err(), "something must be asked for");
    }

    #[test]
    fn a_strangers_line_is_shown_whole_and_acts_upon_no_terminal() {
        assert_eq!(plain("a\u{1b}[2J\u{202e}é\"\u{9b}\t"), "a\\u{1b}[2J\\u{202e}é\"\\u{9b}\\u{9}");
    }
}
