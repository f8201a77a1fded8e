//! Archives that are the same bytes whenever the same files are packed, and their sums.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

/// A file of an archive.
pub struct Entry {
    pub path: String,
    pub content: Vec<u8>,
    pub is_program: bool,
}

impl Entry {
    /// # Errors
    /// When the file cannot be read.
    pub fn read(from: &Path, path: String, is_program: bool) -> Result<Self> {
        let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        Ok(Self { path, content, is_program })
    }
}

/// Packs files, with neither times nor owners.
///
/// # Errors
/// When the archive cannot be written.
pub fn write(path: &Path, entries: &[Entry]) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut archive = Builder::new(GzBuilder::new().mtime(0).write(file, Compression::best()));
    for Entry { path, content, is_program } in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(content.len() as u64);
        header.set_mode(if *is_program { 0o755 } else { 0o644 });
        header.set_mtime(0);
        archive.append_data(&mut header, path, &content[..]).with_context(|| format!("cannot pack {path}"))?;
    }
    archive.into_inner()?.finish()?.flush()?;
    Ok(())
}

/// Sums as `sha256sum --check` reads them.
///
/// # Errors
/// When a file cannot be read.
pub fn sums(paths: &[PathBuf]) -> Result<String> {
    let mut lines = String::new();
    for path in paths {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().context("a file without a name")?.to_string_lossy();
        lines.push_str(&format!("{}  {name}\n", hex::encode(Sha256::digest(bytes))));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, io::Read, process::Command};

    use flate2::read::GzDecoder;

    use super::*;

    fn entries() -> Vec<Entry> {
        let entry = |path: &str, content: &[u8], is_program| Entry { path: path.into(), content: content.into(), is_program };
        vec![entry("n/program", b"\x7fELF", true), entry("n/docs/PAGE.md", &b"text\n".repeat(1000), false), entry("n/empty", b"", false)]
    }

    #[test]
    fn the_same_files_are_the_same_archive_and_come_out_as_they_went_in() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, other) = (folder.path().join("one.tar.gz"), folder.path().join("other.tar.gz"));
        write(&one, &entries()).expect("packed");
        write(&other, &entries()).expect("packed again");
        assert_eq!(fs::read(&one).expect("bytes"), fs::read(&other).expect("bytes"));
        let mut archive = tar::Archive::new(GzDecoder::new(File::open(&one).expect("the archive")));
        let mut found = BTreeMap::new();
        for file in archive.entries().expect("entries") {
            let mut file = file.expect("a file");
            let (path, mode) = (file.path().expect("a path").display().to_string(), file.header().mode().expect("a mode"));
            let mut content = Vec::new();
            file.read_to_end(&mut content).expect("content");
            found.insert(path, (mode, content));
        }
        for Entry { path, content, is_program } in entries() {
            assert_eq!(found.remove(&path), Some((if is_program { 0o755 } else { 0o644 }, content)), "{path}");
        }
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn sums_are_those_that_others_compute() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("abc");
        fs::write(&path, "abc").expect("written");
        let sums = sums(&[path]).expect("sums");
        assert_eq!(sums, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  abc\n");
        fs::write(folder.path().join("SHA256SUMS"), sums).expect("written");
        match Command::new("sha256sum").args(["--check", "--status", "SHA256SUMS"]).current_dir(folder.path()).status() {
            Ok(status) => assert!(status.success()),
            Err(_) => eprintln!("not compared: there is no sha256sum here"),
        }
    }
}
