//! What a command writes to standard error: a file of limited length, and its last line for whoever reads of a failure.

use std::{
    fmt,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

/// After so many bytes the file is put aside as the older part; that one is replaced.
const FILE_BYTES_MAX: usize = 1 << 20;
/// Bytes of the end that are kept at hand.
const TAIL_BYTES: usize = 4096;
/// Letters of the last line that are told.
const LINE_LEN_MAX: usize = 200;

/// Standard error of one run.
pub struct Log {
    path: PathBuf,
    /// None once the disk failed.
    file: Option<File>,
    written: usize,
    tail: Vec<u8>,
}

impl Log {
    /// # Errors
    /// When the file cannot be made.
    pub fn begin(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path: path.to_owned(), file: Some(file), written: 0, tail: Vec::new() })
    }

    /// Takes what was written; that the disk fails is said once.
    pub fn take(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        self.tail.drain(..self.tail.len().saturating_sub(TAIL_BYTES));
        if let Err(error) = self.write(bytes) {
            tracing::warn!("cannot write {}: {error}", self.path.display());
            self.file = None;
        }
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let Some(mut file) = self.file.as_ref() else { return Ok(()) };
        if self.written + bytes.len() > FILE_BYTES_MAX {
            fs::rename(&self.path, self.path.with_extension("before.log"))?;
            self.written = 0;
            file = self.file.insert(File::create(&self.path)?);
        }
        self.written += bytes.len();
        file.write_all(bytes)
    }

    /// The last line that says something, without what a terminal would act upon.
    fn last_line(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.tail);
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?.to_owned();
        Some(line.escape_debug().take(LINE_LEN_MAX).collect())
    }
}

/// Where it lies, and how it ends.
impl fmt::Display for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.last_line() {
            Some(line) => write!(formatter, "its standard error lies in {path} and ends with \"{line}\""),
            None => write!(formatter, "its standard error, {path}, is empty"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_is_kept_in_two_files_of_limited_length_and_its_last_line_is_told_tamely() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("standard-error.log");
        let mut log = Log::begin(&path).expect("begun");
        assert!(log.to_string().ends_with("is empty"));
        for number in 0..40 {
            log.take(format!("{number:<65535}\n").as_bytes());
        }
        log.take(b"\x1b[31mloud\xff\n \n");
        let length = |path: &Path| fs::metadata(path).expect("a file").len() as usize;
        assert!(length(&path) <= FILE_BYTES_MAX && length(&path.with_extension("before.log")) <= FILE_BYTES_MAX);
        assert!(fs::read(&path).expect("bytes").ends_with(b"loud\xff\n \n"));
        assert!(log.to_string().ends_with("ends with \"\\u{1b}[31mloud\u{fffd}\""), "{log}");
        log.take(&[b'x'; 10_000]);
        assert!(log.to_string().len() < LINE_LEN_MAX + path.display().to_string().len() + 60, "{log}");
    }
}
