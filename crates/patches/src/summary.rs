//! What a change does to a set, before anything is signed.

use std::collections::{BTreeMap, HashMap};

use deltas::Tree;

use crate::refusal::shown;

/// Names listed of each kind at most.
const LISTED: usize = 12;

/// What a group reads as examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape<'a> {
    /// Ends of names of files with examples.
    pub suffix: &'a str,
    /// Each line is an example, its label behind the last comma; otherwise the text is one stream.
    pub is_rows: bool,
}

/// Files, lines and examples before and after.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Paths that are new, gone and changed.
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub changed: Vec<String>,
    /// Lines that come and go, moved ones not counted.
    pub lines_added: usize,
    pub lines_removed: usize,
    /// Bytes of the set before and after.
    pub bytes: (usize, usize),
    /// Examples, where each line is one.
    pub rows: Option<Rows>,
    /// Files that come and hold no example, since the group does not read their names.
    pub unread: Vec<String>,
}

/// Examples that a change touches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// Examples before and after.
    pub count: (usize, usize),
    pub added: usize,
    pub removed: usize,
    /// As many as go and come in one file.
    pub changed: usize,
    /// Of those that come: equal to another one of the set, or to another one that comes.
    pub duplicates: usize,
    /// Of those that come: equal to another one but for the label.
    pub contradictions: usize,
    /// Examples of each label before and after.
    pub labels: BTreeMap<String, (usize, usize)>,
}

impl Summary {
    /// Of the change from one set to another.
    pub fn between(old: &Tree, new: &Tree, shape: Shape<'_>) -> Self {
        let mut summary = Self { bytes: (old.bytes(), new.bytes()), ..Self::default() };
        let mut rows = Rows::default();
        let mut coming = Vec::new();
        for path in old.iter().map(|(path, _)| path).filter(|path| new.get(path).is_none()).chain(new.iter().map(|(path, _)| path)) {
            let (before, after) = (old.get(path), new.get(path));
            if before == after {
                continue;
            }
            match (before, after) {
                (None, _) => summary.added.push(path.to_owned()),
                (_, None) => summary.removed.push(path.to_owned()),
                _ => summary.changed.push(path.to_owned()),
            }
            let (comes, goes) = difference(before.unwrap_or_default(), after.unwrap_or_default());
            summary.lines_added += comes.len();
            summary.lines_removed += goes;
            if path.ends_with(shape.suffix) {
                let changed = comes.len().min(goes);
                rows.changed += changed;
                rows.added += comes.len() - changed;
                rows.removed += goes - changed;
                coming.extend(comes);
            } else if before.is_none() {
                summary.unread.push(path.to_owned());
            }
        }
        if shape.is_rows {
            rows.count_labels(old, new, shape.suffix);
            rows.compare(&coming, new, shape.suffix);
            summary.rows = Some(rows);
        }
        summary
    }

    /// The lines that a person reads.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (word, paths) in [("new", &self.added), ("gone", &self.removed), ("changed", &self.changed)] {
            lines.extend(paths.iter().take(LISTED).map(|path| format!("  {word:<8} {}", shown(path))));
            if paths.len() > LISTED {
                lines.push(format!("  {word:<8} and {} more files", paths.len() - LISTED));
            }
        }
        lines.push(format!("  lines    {} come, {} go", self.lines_added, self.lines_removed));
        if let Some(rows) = &self.rows {
            lines.push(format!(
                "  examples {} → {}: {} added, {} removed, {} changed",
                rows.count.0, rows.count.1, rows.added, rows.removed, rows.changed
            ));
            lines.push(format!("  of these {} stand in the set twice, {} with another label", rows.duplicates, rows.contradictions));
            lines.extend(rows.label_lines());
        }
        lines.push(format!("  bytes    {} → {}", self.bytes.0, self.bytes.1));
        if !self.unread.is_empty() {
            let names: Vec<String> = self.unread.iter().take(LISTED).map(|path| shown(path)).collect();
            lines.push(format!("  unread   {}: the group reads no example from files of such names", names.join(", ")));
        }
        lines
    }
}

impl Rows {
    fn count_labels(&mut self, old: &Tree, new: &Tree, suffix: &str) {
        for row in rows(old, suffix) {
            self.count.0 += 1;
            self.labels.entry(split(row).1.to_owned()).or_default().0 += 1;
        }
        for row in rows(new, suffix) {
            self.count.1 += 1;
            self.labels.entry(split(row).1.to_owned()).or_default().1 += 1;
        }
    }

    fn compare(&mut self, coming: &[&str], new: &Tree, suffix: &str) {
        let mut labels: HashMap<&str, HashMap<&str, usize>> = HashMap::new();
        for row in rows(new, suffix) {
            let (features, label) = split(row);
            *labels.entry(features).or_default().entry(label).or_default() += 1;
        }
        for row in coming {
            let (features, label) = split(row);
            let same = labels.get(features);
            self.duplicates += usize::from(same.and_then(|labels| labels.get(label)).is_some_and(|count| *count > 1));
            self.contradictions += usize::from(same.is_some_and(|labels| labels.len() > 1));
        }
    }

    /// Labels whose number changes.
    fn label_lines(&self) -> Vec<String> {
        let changed: Vec<String> = self
            .labels
            .iter()
            .filter(|(_, (before, after))| before != after)
            .map(|(label, (before, after))| format!("{} {before} → {after}", shown(label)))
            .collect();
        let more = if changed.len() > LISTED { format!(", and {} more", changed.len() - LISTED) } else { String::new() };
        match changed.is_empty() {
            true => Vec::new(),
            false => vec![format!("  labels   {}{more}", changed.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", "))],
        }
    }
}

/// Lines of all files that hold examples.
fn rows<'a>(tree: &'a Tree, suffix: &'a str) -> impl Iterator<Item = &'a str> {
    tree.iter().filter(move |(path, _)| path.ends_with(suffix)).flat_map(|(_, text)| text.lines())
}

/// Features and label.
fn split(row: &str) -> (&str, &str) {
    row.rsplit_once(',').unwrap_or(("", row))
}

/// Lines that stand in `after` more often than in `before`, and how many stand there less often.
fn difference<'a>(before: &'a str, after: &'a str) -> (Vec<&'a str>, usize) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for line in before.lines() {
        *counts.entry(line).or_default() += 1;
    }
    let mut comes = Vec::new();
    for line in after.lines() {
        match counts.get_mut(line).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => comes.push(line),
        }
    }
    (comes, counts.values().sum())
}
