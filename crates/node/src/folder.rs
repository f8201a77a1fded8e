//! Folders on this machine as trees of files, and trees as folders.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail, ensure};
use deltas::{MAX_FILE_BYTES, Tree};
use protocol::Digest;

/// The deepest folder of a set.
const MAX_DEPTH: usize = 8;

/// The file in a folder that tells from which head its set was written, and the word before it.
const BASE: &str = ".neuron-set";
const BASE_TITLE: &str = "head ";
/// Ends of names of what editors, merges and downloads leave behind.
const LEFTOVERS: [&str; 9] = ["~", ".swp", ".swo", ".orig", ".rej", ".bak", ".tmp", ".part", ".crdownload"];

/// All files of a folder whose names end in `suffix`, by their paths in it.
///
/// # Errors
/// When something cannot be read, or is no text.
pub fn read(folder: &Path, suffix: &str) -> Result<Tree> {
    let mut tree = Tree::default();
    read_below(folder, "", 0, &mut |path, file| {
        if path.ends_with(suffix) && file.is_file() {
            tree.insert(path, &text(file)?)?;
        }
        Ok(true)
    })?;
    Ok(tree)
}

/// All files of a folder as a set, and the paths of those that were left out: hidden ones and what editors leave behind, but for such as are
/// part of the set `known` already.
///
/// # Errors
/// When something cannot be read, or is no text.
pub fn read_set(folder: &Path, known: &Tree) -> Result<(Tree, Vec<String>)> {
    let (mut tree, mut left_out) = (Tree::default(), Vec::new());
    let is_known =
        |path: &str| known.iter().any(|(known, _)| known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    read_below(folder, "", 0, &mut |path, file| {
        let name = path.rsplit('/').next().unwrap_or(path);
        if is_leftover(name) && !is_known(path) {
            left_out.extend((path != BASE).then(|| path.to_owned()));
            return Ok(false);
        }
        if !file.is_dir() {
            tree.insert(path, &text(file)?)?;
        }
        Ok(true)
    })?;
    left_out.sort();
    Ok((tree, left_out))
}

/// Hidden, or the trace of a program.
fn is_leftover(name: &str) -> bool {
    let is_emacs = name.starts_with('#') && name.ends_with('#');
    let is_system = matches!(name, "Thumbs.db" | "desktop.ini" | "__MACOSX" | "__pycache__");
    name.starts_with('.') || is_emacs || is_system || LEFTOVERS.iter().any(|end| name.ends_with(end))
}

/// Shows each file and folder below one to `visit`, by its path; what is below a folder only if it says so.
fn read_below(folder: &Path, prefix: &str, depth: usize, visit: &mut dyn FnMut(&str, &Path) -> Result<bool>) -> Result<()> {
    ensure!(depth <= MAX_DEPTH, "{} is too deep: use at most {MAX_DEPTH} folders in one another", folder.display());
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().into_string().ok().with_context(|| format!("a name in {} is not UTF-8", folder.display()))?;
        let path = format!("{prefix}{name}");
        let is_folder = entry.file_type()?.is_dir();
        if visit(&path, &entry.path())? && is_folder {
            read_below(&entry.path(), &format!("{path}/"), depth + 1, visit)?;
        }
    }
    Ok(())
}

/// The text of one file.
///
/// # Errors
/// When it cannot be read, is too large for a set, or is no text.
pub fn text(path: &Path) -> Result<String> {
    let length = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    ensure!(length <= MAX_FILE_BYTES as u64, "{} is larger than {MAX_FILE_BYTES} bytes: split it", path.display());
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text: convert it", path.display()))
}

/// Whether a set can be written into a folder: it is not there, or empty.
///
/// # Errors
/// When there is something in it.
pub fn check_new(folder: &Path) -> Result<()> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) => bail!("{} is not empty, and what is in it stays: name a new folder", folder.display()),
        Err(_) if folder.exists() => bail!("{} cannot be read as a folder: name a new one", folder.display()),
        _ => Ok(()),
    }
}

/// Writes every file of a set into a new folder, which remembers the head that it was written from.
///
/// # Errors
/// When there is something in it, or a file cannot be written.
pub fn write_set(tree: &Tree, folder: &Path, head: Digest) -> Result<()> {
    check_new(folder)?;
    write(tree, folder)?;
    let base = folder.join(BASE);
    fs::write(&base, format!("{BASE_TITLE}{head}\n")).with_context(|| format!("cannot write {}", base.display()))
}

/// The head that the set in a folder was written from; nothing where the folder does not tell.
///
/// # Errors
/// When what it tells is damaged.
pub fn base(folder: &Path) -> Result<Option<Digest>> {
    let path = folder.join(BASE);
    if !path.exists() {
        return Ok(None);
    }
    let told = text(&path)?;
    let head = told.trim_end().strip_prefix(BASE_TITLE).and_then(|head| head.parse().ok());
    head.map(Some).with_context(|| format!("{} is damaged: remove it if the folder was written from the set of now", path.display()))
}

/// Writes every file of a set into a folder.
///
/// # Errors
/// When one cannot be written.
fn write(tree: &Tree, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (path, text) in tree.iter() {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::new();
        files.iter().for_each(|(path, text)| tree.insert(path, text).expect("a set"));
        tree
    }

    #[test]
    fn what_editors_leave_behind_is_left_out_and_named_unless_the_set_has_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let leftovers =
            ["a.csv~", ".a.csv.swp", "#a.csv#", ".ipynb_checkpoints/a.csv", "sub/.DS_Store", "a.csv.orig", ".git/config", "__pycache__/x"];
        for path in leftovers.into_iter().chain(["a.csv", "sub/b.csv", ".gitattributes"]) {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, "1,2\n").expect("written");
        }
        fs::write(folder.path().join(".a.csv.swp"), [0xff, 0]).expect("written");
        let (set, left_out) = read_set(folder.path(), &tree(&[(".gitattributes", "")])).expect("read");
        assert_eq!(set, tree(&[("a.csv", "1,2\n"), ("sub/b.csv", "1,2\n"), (".gitattributes", "1,2\n")]));
        let wanted = ["#a.csv#", ".a.csv.swp", ".git", ".ipynb_checkpoints", "__pycache__", "a.csv.orig", "a.csv~", "sub/.DS_Store"];
        assert_eq!(left_out, wanted);
    }

    #[test]
    fn a_set_is_written_into_a_new_folder_alone_and_its_head_is_remembered() {
        let folder = tempfile::tempdir().expect("a folder");
        let (place, set, head) = (folder.path().join("set"), tree(&[("a.csv", "1\n"), ("sub/b.csv", "2\n")]), Digest([7; 32]));
        assert_eq!(base(folder.path()).expect("told nothing"), None);
        write_set(&set, &place, head).expect("written");
        assert_eq!((read_set(&place, &set).expect("read"), base(&place).expect("told")), ((set.clone(), vec![]), Some(head)));
        fs::write(place.join("a.csv"), "mine\n").expect("written");
        assert!(write_set(&set, &place, head).expect_err("not empty").to_string().contains("name a new folder"));
        assert_eq!(fs::read_to_string(place.join("a.csv")).expect("still there"), "mine\n");
        assert!(check_new(&place.join("a.csv")).is_err());
        fs::write(place.join(BASE), "head 0x12\n").expect("written");
        assert!(base(&place).expect_err("damaged").to_string().contains("is damaged"));
    }
}
