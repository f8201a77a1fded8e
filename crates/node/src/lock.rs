//! One program per data folder: two with one signing log could sign twice.

use std::{fs::File, path::Path};

use anyhow::{Context, Result, bail};

use crate::format;

/// Held while the program runs; the system frees it even after a crash.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Makes the folder if needed, takes its lock, and sees that its format is one that this program knows.
///
/// # Errors
/// When the folder cannot be made, another program holds it, or a newer one wrote it.
pub fn lock(folder: &Path) -> Result<Lock> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the data folder {}", folder.display()))?;
    let path = folder.join("node.lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    if file.try_lock().is_err() {
        bail!("another program uses {}: stop it, or give this one a data folder of its own", folder.display());
    }
    format::enter(folder)?;
    Ok(Lock { _file: file })
}

#[cfg(test)]
mod tests {
    use super::lock;

    #[test]
    fn a_folder_in_use_is_refused_and_a_left_one_is_taken() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let held = lock(folder.path()).expect("first");
        assert!(lock(folder.path()).expect_err("second").to_string().contains("another program"));
        drop(held);
        lock(folder.path()).expect("after the first has gone");
    }
}
