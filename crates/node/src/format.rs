//! The version of a data folder as a whole, so that an older program ends before it has touched what a newer one wrote.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};

/// Its file, and the word before the number in it.
const FILE: &str = "format";
const TITLE: &str = "neuron data ";
/// What this program writes. Raised whenever any file of the folder changes so that the program before cannot read it.
pub const VERSION: u64 = 1;
/// The longest file that is read, bytes.
const BYTES_MAX: u64 = 64;

/// Looks whether this program may use the folder, and writes its own version where an older one stands, or none. Files of older versions are
/// brought to the newest by whoever reads them, which their own first lines are for.
///
/// # Errors
/// When a newer program wrote it, the file is damaged, or the folder cannot be written.
pub fn enter(folder: &Path) -> Result<()> {
    let path = folder.join(FILE);
    let known = known(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let Some(version) = known else {
        bail!("{} is damaged: write the line `{TITLE}{VERSION}` into it if this program was the last to use the folder", path.display());
    };
    ensure!(
        version <= VERSION,
        "{} was written by a newer program (format {version}, this program knows {VERSION}): start that one, or give this one a data \
         folder of its own",
        folder.display()
    );
    if version < VERSION {
        write(&path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// The version that stands there; 0 without a file, for folders of the time before it; nothing if it is damaged.
fn known(path: &Path) -> io::Result<Option<u64>> {
    let text = match fs::metadata(path) {
        Ok(file) if file.len() > BYTES_MAX => return Ok(None),
        Ok(_) => fs::read(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(0)),
        Err(error) => return Err(error),
    };
    let digits = std::str::from_utf8(&text).ok().and_then(|text| text.strip_prefix(TITLE)).and_then(|rest| rest.strip_suffix('\n'));
    let is_number = |digits: &&str| digits.bytes().all(|byte| byte.is_ascii_digit());
    Ok(digits.filter(is_number).and_then(|digits| digits.parse().ok()))
}

/// Old or new content, never half of one.
fn write(path: &Path) -> io::Result<()> {
    let scratch = path.with_extension("new");
    let mut file = File::create(&scratch)?;
    writeln!(file, "{TITLE}{VERSION}")?;
    file.sync_all()?;
    fs::rename(&scratch, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_folder_is_brought_to_this_version_and_a_newer_or_damaged_one_is_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE);
        for text in [None, Some("neuron data 0\n"), Some("neuron data 1\n")] {
            drop(fs::remove_file(&path));
            text.into_iter().for_each(|text| fs::write(&path, text).expect("written"));
            enter(folder.path()).expect("ours");
            assert_eq!(fs::read_to_string(&path).expect("written"), "neuron data 1\n", "{text:?}");
        }
        let long = format!("neuron data {}\n", "1".repeat(60));
        for (text, wanted) in [
            ("neuron data 2\n", "written by a newer program (format 2, this program knows 1)"),
            ("neuron data 10\n", "(format 10,"),
            ("", "is damaged"),
            ("neuron data 1", "is damaged"),
            ("neuron data +1\n", "is damaged"),
            ("neuron data \n", "is damaged"),
            ("neuron chronicle 1\n", "is damaged"),
            (&long, "is damaged"),
        ] {
            fs::write(&path, text).expect("written");
            let error = enter(folder.path()).expect_err(text).to_string();
            assert!(error.contains(wanted), "{error}");
            assert_eq!(fs::read_to_string(&path).expect("still there"), text);
        }
    }
}
