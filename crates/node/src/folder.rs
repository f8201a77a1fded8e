//! Folders on this machine as trees of files, and trees as folders.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use deltas::{MAX_FILE_BYTES, Tree};

/// The deepest folder of a set.
const MAX_DEPTH: usize = 8;

/// All files of a folder whose names end in `suffix`, by their paths in it.
///
/// # Errors
/// When something cannot be read, or is no text.
pub fn read(folder: &Path, suffix: &str) -> Result<Tree> {
    let mut tree = Tree::default();
    read_below(folder, suffix, "", 0, &mut tree)?;
    Ok(tree)
}

fn read_below(folder: &Path, suffix: &str, prefix: &str, depth: usize, tree: &mut Tree) -> Result<()> {
    ensure!(depth <= MAX_DEPTH, "{} is too deep: use at most {MAX_DEPTH} folders in one another", folder.display());
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().into_string().ok().with_context(|| format!("a name in {} is not UTF-8", folder.display()))?;
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            read_below(&entry.path(), suffix, &format!("{path}/"), depth + 1, tree)?;
        } else if path.ends_with(suffix) {
            tree.insert(&path, &text(&entry.path())?)?;
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

/// Writes every file of a set into a folder.
///
/// # Errors
/// When one cannot be written.
pub fn write(tree: &Tree, folder: &Path) -> Result<()> {
    for (path, text) in tree.iter() {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
