//! Which folders before a name are the tool's and not the set's: `a/`, `old/`, `a/my-set/`, none.

use crate::{
    file::{Act, File},
    names::{Side, There},
    refusal::{Refusal, shown},
};

/// Folders before the names of old files and of new ones, the same for all files of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// These two, each without or with a last slash.
    Named { old: String, new: String },
    /// So many folders, whatever they are called.
    Count(usize),
}

/// Candidates at most: what lies deeper is not looked for.
const MAX_FOLDERS: usize = 8;

impl Roots {
    fn below<'a>(&self, name: &'a str, is_old: bool) -> Option<&'a str> {
        let rest = match self {
            Self::Named { old, new } => name.strip_prefix(if is_old { old.as_str() } else { new.as_str() })?,
            Self::Count(0) => name,
            Self::Count(count) => name.match_indices('/').nth(count - 1).and_then(|(at, _)| name.get(at + 1..))?,
        };
        (!rest.is_empty()).then_some(rest)
    }

    /// Paths in the set before and after; nothing where the names do not lie below these folders, or say two paths.
    pub fn paths<'a>(&self, file: &'a File<'_>) -> Option<(Option<&'a str>, Option<&'a str>)> {
        let side = |side: &'a Side, is_old: bool| match &side.name {
            Some(name) => self.below(name, is_old).map(Some),
            None => Some(None),
        };
        let is_moved = matches!(file.act, Act::Rename | Act::Copy);
        // A side without a file may bear the other side's name, folders and all, as `git diff --no-index` writes it.
        let (old, new) = match file.act {
            Act::Create => (None, side(&file.new, false)?),
            Act::Delete => (side(&file.old, true)?, None),
            _ => (side(&file.old, true)?, side(&file.new, false)?),
        };
        (is_moved || old.is_none() || new.is_none() || old == new).then_some((old, new))
    }

    /// Whether as many folders stand before old names as before new ones.
    pub fn is_level(&self) -> bool {
        match self {
            Self::Named { old, new } => old.matches('/').count() == new.matches('/').count(),
            Self::Count(_) => true,
        }
    }

    /// How they are told.
    pub fn shown(&self) -> String {
        match self {
            Self::Named { old, new } if old == new => shown(old),
            Self::Named { old, new } => format!("{} and {}", shown(old), shown(new)),
            Self::Count(count) => format!("{count} folders"),
        }
    }
}

/// The folders that tools write by custom, if the names bear them.
pub fn custom(files: &[File<'_>]) -> Option<Roots> {
    let named = |old: &str, new: &str| Some(Roots::Named { old: old.to_owned(), new: new.to_owned() });
    let pairs: Vec<(&str, &str)> = files.iter().filter_map(|file| Some((file.old.name.as_deref()?, file.new.name.as_deref()?))).collect();
    let is_moved = |old: &str, new: &str| {
        files.iter().any(|file| {
            matches!(file.act, Act::Rename | Act::Copy) && file.old.name.as_deref() == Some(old) && file.new.name.as_deref() == Some(new)
        })
    };
    let plain = pairs.iter().find(|(old, new)| !is_moved(old, new));
    if let Some((old, new)) = plain {
        let ((old_folder, old_rest), (new_folder, new_rest)) = (split(old), split(new));
        return match () {
            () if old == new => named("", ""),
            () if old_rest == new_rest => named(old_folder, new_folder),
            () => None,
        };
    }
    if let Some((old, new)) = pairs.first() {
        // Renames alone: git's folders differ, where there are some.
        let ((old, _), (new, _)) = (split(old), split(new));
        return if old != new && [old, new].iter().all(|folder| folder.len() == 2) { named(old, new) } else { None };
    }
    let one_sided = |pick: for<'a> fn(&'a File<'_>) -> &'a Side, usual: &str| {
        files.iter().filter_map(|file| pick(file).name.as_deref()).all(|name| split(name).0 == usual)
    };
    (one_sided(|file| &file.old, "a/") && one_sided(|file| &file.new, "b/")).then(|| Roots::Named { old: "a/".into(), new: "b/".into() })
}

/// First folder with its slash, and the rest.
fn split(name: &str) -> (&str, &str) {
    name.find('/').map_or(("", name), |at| name.split_at(at + 1))
}

/// Whether some file is read from the set, so that folders can be told from its being there.
pub fn can_be_found(files: &[File<'_>]) -> bool {
    files.iter().any(|file| file.act != Act::Create)
}

/// All folders that could be meant; without a file that is on both sides, as many before old names as before new ones.
pub fn candidates(files: &[File<'_>]) -> Vec<Roots> {
    let both = files.iter().find_map(|file| match file.act {
        Act::Edit => Some((file.old.name.as_deref()?, file.new.name.as_deref()?)),
        _ => None,
    });
    let found: Vec<Roots> = match both {
        Some((old, new)) => ends(old)
            .filter_map(|end| Some((end, new.strip_suffix(old.get(end..)?)?)))
            .filter(|(_, new)| new.is_empty() || new.ends_with('/'))
            .filter_map(|(end, new)| Some(Roots::Named { old: old.get(..end)?.to_owned(), new: new.to_owned() }))
            .collect(),
        None => {
            let first = |pick: for<'a> fn(&'a File<'_>) -> &'a Side| {
                let name = files
                    .iter()
                    .filter(|file| pick(file).there != There::No)
                    .find_map(|file| pick(file).name.as_deref())
                    .unwrap_or_default();
                ends(name).filter_map(|end| name.get(..end).map(str::to_owned)).collect::<Vec<_>>()
            };
            let (old, new) = (first(|file| &file.old), first(|file| &file.new));
            old.iter().flat_map(|old| new.iter().map(|new| Roots::Named { old: old.clone(), new: new.clone() })).collect()
        }
    };
    let is_meant = |roots: &Roots| both.is_some() || !can_be_found(files) || roots.is_level();
    found.into_iter().filter(is_meant).filter(|roots| files.iter().all(|file| roots.paths(file).is_some())).collect()
}

/// Places where folders of a name end: 0, and behind each slash.
fn ends(name: &str) -> impl Iterator<Item = usize> {
    [0].into_iter().chain(name.match_indices('/').map(|(at, _)| at + 1)).take(MAX_FOLDERS + 1)
}

/// That two names of a file are not one.
pub fn unlike(files: &[File<'_>]) -> Refusal {
    let name = |side: &Side| side.name.as_deref().map_or("/dev/null".to_owned(), shown);
    match files.iter().find(|file| file.act == Act::Edit && last(&file.old) != last(&file.new)) {
        Some(file) => Refusal::at(
            file.line,
            format_args!(
                "the old file is called {} and the new one {}: compare two folders, in which it has one name",
                name(&file.old),
                name(&file.new)
            ),
        ),
        None => Refusal::new(
            "the names of the files do not lie below one folder: write one patch for each folder, or say with --strip how many folders to take off",
        ),
    }
}

fn last(side: &Side) -> Option<&str> {
    side.name.as_deref().and_then(|name| name.rsplit('/').next())
}
