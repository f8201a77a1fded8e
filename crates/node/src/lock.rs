//! One program per data folder: two with one signing log could sign twice.

use std::{fs::File, path::Path};

use anyhow::{Context, Result, bail};

/// Held while the program runs; the system frees it even after a crash.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Makes the folder if needed and takes its lock.
///
/// # Errors
/// When the folder cannot be made, or another program holds it.
pub fn lock(folder: &Path) -> Result<Lock> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the data folder {}", folder.display()))?;
    let path = folder.join("node.lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(_) => bail!("another program uses {}: stop it, or give this one a data folder of its own", folder.display()),
    }
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
