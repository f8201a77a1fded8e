//! From which change each line of a set comes, and which lines a change brings.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use deltas::{Tree, line_changes};

/// A file that moved keeps its lines' origins if at least this share of its bytes, in percent, is that of the file that went.
const ALIKE: usize = 50;

/// The change from which each line of each file comes; changes are numbered by whoever asks.
///
/// ```
/// use deltas::Tree;
/// use patches::Origins;
///
/// let (mut one, mut two) = (Tree::new(), Tree::new());
/// one.insert("a.csv", "1\n2\n")?;
/// two.insert("a.csv", "1\nnew\n2\n")?;
/// let mut origins = Origins::default();
/// origins.note(&Tree::new(), &one, 0);
/// origins.note(&one, &two, 7);
/// assert_eq!(origins.of("a.csv"), Some(&[0, 7, 0][..]));
/// # Ok::<(), deltas::TreeError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Origins {
    files: BTreeMap<String, Vec<u32>>,
}

impl Origins {
    /// Learns the next change.
    pub fn note(&mut self, before: &Tree, after: &Tree, change: u32) {
        let (gone, there): (Vec<&str>, Vec<&str>) = before.differing(after).partition(|path| after.get(path).is_none());
        let mut files: Vec<(&str, Vec<u32>)> = Vec::new();
        for (path, text) in there.into_iter().filter_map(|path| Some((path, after.get(path)?))) {
            let source = if before.get(path).is_some() { Some(path) } else { moved(&gone, before, text) };
            let (old, origins) = source.map_or(("", &[][..]), |source| (before.get(source).unwrap_or_default(), self.lines(source)));
            files.push((path, carried(old, text, origins, change)));
        }
        gone.iter().for_each(|path| drop(self.files.remove(*path)));
        self.files.extend(files.into_iter().map(|(path, origins)| (path.to_owned(), origins)));
    }

    /// Of each line of a file, if there is such a file.
    pub fn of(&self, path: &str) -> Option<&[u32]> {
        self.files.get(path).map(Vec::as_slice)
    }

    fn lines(&self, path: &str) -> &[u32] {
        self.of(path).unwrap_or_default()
    }
}

/// Origins of the lines of `new`: those of the lines of `old` that stay, and this change for all others.
fn carried(old: &str, new: &str, origins: &[u32], change: u32) -> Vec<u32> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let mut carried = Vec::with_capacity(new.len());
    let mut done = 0;
    for place in line_changes(&old, &new) {
        carried.extend_from_slice(origins.get(done..place.old.start).unwrap_or_default());
        carried.extend(place.new.map(|_| change));
        done = place.old.end;
    }
    carried.extend_from_slice(origins.get(done..).unwrap_or_default());
    carried
}

/// The file that went and is most like this new one, if it is half of it.
fn moved<'a>(gone: &[&'a str], before: &Tree, text: &str) -> Option<&'a str> {
    let likeness = |path: &&'a str| (*path, alike(before.get(path).unwrap_or_default(), text));
    gone.iter()
        .map(likeness)
        .filter(|(_, share)| *share >= ALIKE)
        .max_by_key(|(path, share)| (*share, std::cmp::Reverse(*path)))
        .map(|(path, _)| path)
}

/// Share of the bytes of the larger text that stand in lines of both, in percent.
fn alike(old: &str, new: &str) -> usize {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    old.split_inclusive('\n').for_each(|line| *counts.entry(line).or_default() += 1);
    let mut shared = 0;
    for line in new.split_inclusive('\n') {
        if let Some(count) = counts.get_mut(line).filter(|count| **count > 0) {
            (*count, shared) = (*count - 1, shared + line.len());
        }
    }
    (shared * 100).checked_div(old.len().max(new.len())).unwrap_or_default()
}

/// A line that a change brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Added<'a> {
    /// Of the file after the change.
    pub path: &'a str,
    /// Counted from 1.
    pub line: usize,
    /// Without its newline.
    pub text: &'a str,
}

/// All lines that stand in `after` and were not in the file before, in their order.
pub fn added<'a>(before: &'a Tree, after: &'a Tree) -> Vec<Added<'a>> {
    let mut added = Vec::new();
    let differing: BTreeSet<&str> = before.differing(after).collect();
    for (path, text) in differing.into_iter().filter_map(|path| Some((path, after.get(path)?))) {
        let old: Vec<&str> = before.get(path).unwrap_or_default().split_inclusive('\n').collect();
        let new: Vec<&str> = text.split_inclusive('\n').collect();
        for place in line_changes(&old, &new) {
            let lines = new.get(place.new.clone()).unwrap_or_default();
            let numbered = lines.iter().zip(place.new.start + 1..);
            added.extend(numbered.map(|(text, line)| Added { path, line, text: text.strip_suffix('\n').unwrap_or(text) }));
        }
    }
    added
}

/// How many files a change touches, and how many lines come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Files that are new, gone or changed.
    pub files: usize,
    /// Lines that come.
    pub added: usize,
    /// Lines that go.
    pub removed: usize,
}

impl Extent {
    /// Of the change from one set to another.
    pub fn between(before: &Tree, after: &Tree) -> Self {
        let mut extent = Self::default();
        for path in before.differing(after) {
            let [old, new] = [before, after].map(|tree| tree.get(path).unwrap_or_default().split_inclusive('\n').collect::<Vec<&str>>());
            extent.files += 1;
            for place in line_changes(&old, &new) {
                extent.added += place.new.len();
                extent.removed += place.old.len();
            }
        }
        extent
    }
}
