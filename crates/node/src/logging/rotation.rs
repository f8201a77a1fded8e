//! A log in files of a limited size, of which a limited number is kept: `node.log`, `node.log.1` before it, and so on.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Writes to the newest file.
#[derive(Debug)]
pub struct Rotation {
    path: PathBuf,
    file: File,
    written: u64,
    bytes_max: u64,
    files_max: usize,
}

impl Rotation {
    /// Goes on with the file at `path`, or begins it; its folder is made if missing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(path: &Path, bytes_max: u64, files_max: usize) -> io::Result<Self> {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let file = File::options().create(true).append(true).open(path)?;
        let written = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, written, bytes_max, files_max })
    }

    /// Puts the file aside and begins a new one; the oldest that is kept falls.
    fn turn(&mut self) -> io::Result<()> {
        // What was kept when more files were asked for falls too.
        for place in self.files_max.max(1).. {
            match fs::remove_file(self.place(place)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            }
        }
        for place in (1..self.files_max).rev() {
            match fs::rename(self.place(place - 1), self.place(place)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.file = File::options().create(true).write(true).truncate(true).open(&self.path)?;
        self.written = 0;
        Ok(())
    }

    /// The newest file is at place 0.
    fn place(&self, place: usize) -> PathBuf {
        match place {
            0 => self.path.clone(),
            _ => {
                let mut name = self.path.clone().into_os_string();
                name.push(format!(".{place}"));
                name.into()
            }
        }
    }
}

impl Write for Rotation {
    /// A line is written whole into one file. A file that cannot be put aside is written on: a line that is kept is worth more than a
    /// limit.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.written > 0 && self.written.saturating_add(line.len() as u64) > self.bytes_max && self.turn().is_err() {
            self.written = 0;
        }
        self.file.write_all(line)?;
        self.written = self.written.saturating_add(line.len() as u64);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All files of a folder, by name.
    fn files(folder: &Path) -> Vec<(String, String)> {
        let read =
            |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path()).expect("text"));
        let mut files: Vec<_> = fs::read_dir(folder).expect("a folder").map(|entry| read(entry.expect("a file"))).collect();
        files.sort();
        files
    }

    fn write(folder: &Path, bytes_max: u64, files_max: usize, lines: &[&str]) -> Vec<(String, String)> {
        let mut log = Rotation::open(&folder.join("node.log"), bytes_max, files_max).expect("opened");
        lines.iter().for_each(|line| log.write_all(line.as_bytes()).expect("written"));
        files(folder)
    }

    fn named(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn lines_stay_whole_files_stay_small_and_few_and_a_restart_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("made");
        for (bytes_max, files_max, lines, wanted) in [
            (4, 3, &["a\n", "b\n"][..], &[("node.log", "a\nb\n")][..]),
            (4, 3, &["c\n"], &[("node.log", "c\n"), ("node.log.1", "a\nb\n")]),
            (4, 3, &["long line\n"], &[("node.log", "long line\n"), ("node.log.1", "c\n"), ("node.log.2", "a\nb\n")]),
            (4, 3, &["d\n", "e\n"], &[("node.log", "d\ne\n"), ("node.log.1", "long line\n"), ("node.log.2", "c\n")]),
            // Fewer are kept from now on.
            (4, 2, &["f\n"], &[("node.log", "f\n"), ("node.log.1", "d\ne\n")]),
            (4, 1, &["g\n", "h\n"], &[("node.log", "h\n")]),
        ] {
            assert_eq!(write(&below, bytes_max, files_max, lines), named(wanted), "{lines:?}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_put_aside_is_written_on_and_one_that_cannot_be_written_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        // A folder that is not empty takes the place of the older file.
        fs::create_dir_all(folder.path().join("node.log.1/full")).expect("made");
        let mut log = Rotation::open(&folder.path().join("node.log"), 4, 2).expect("opened");
        ["a\n", "b\n", "c\n", "d\n"].iter().for_each(|line| log.write_all(line.as_bytes()).expect("written"));
        assert_eq!(fs::read_to_string(folder.path().join("node.log")).expect("text"), "a\nb\nc\nd\n");
        assert!(Rotation::open(folder.path(), 4, 2).is_err());
    }
}
