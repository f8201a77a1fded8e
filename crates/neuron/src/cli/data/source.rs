//! Records out of files that other programs wrote: CSV, JSON line by line, Parquet.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
};

use anyhow::{Context as _, Result, bail, ensure};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::Value;

use super::rows::Record;

/// Records of a file at most, as many as a set has examples.
const MAX_RECORDS: usize = 1 << 20;
/// Bytes of a line of JSON at most.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// What a file's name says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// Values between such bytes.
    Table(u8),
    Json,
    Parquet,
}

/// Shows each record of a file to `see`; nothing for one that cannot be read.
///
/// # Errors
/// When the file cannot be read, or is of no known format.
pub fn records(path: &Path, has_header: bool, mut see: impl FnMut(Option<Record>)) -> Result<()> {
    let mut count = 0;
    let mut counted = |record: Option<Record>| -> Result<()> {
        count += 1;
        ensure!(count <= MAX_RECORDS, "{} has more than {MAX_RECORDS} records: split it", path.display());
        see(record);
        Ok(())
    };
    match format(path)? {
        Format::Table(delimiter) => table(path, delimiter, has_header, &mut counted),
        Format::Json => json(path, &mut counted),
        Format::Parquet => columns(path, &mut counted),
    }
    .with_context(|| format!("cannot read {}", path.display()))
}

fn format(path: &Path) -> Result<Format> {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_ascii_lowercase();
    match end.as_str() {
        "csv" => Ok(Format::Table(b',')),
        "tsv" | "tab" => Ok(Format::Table(b'\t')),
        "jsonl" | "ndjson" => Ok(Format::Json),
        "parquet" => Ok(Format::Parquet),
        _ => bail!("{} ends in none of .csv, .tsv, .jsonl and .parquet: convert it, or give it the right end", path.display()),
    }
}

/// Columns without a header are called 1, 2, 3, ….
fn table(path: &Path, delimiter: u8, has_header: bool, see: &mut dyn FnMut(Option<Record>) -> Result<()>) -> Result<()> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(has_header).flexible(true).from_path(path)?;
    let mut names: Vec<String> = Vec::new();
    if has_header {
        names = reader.headers()?.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    }
    for record in reader.records() {
        let Ok(record) = record else {
            see(None)?;
            continue;
        };
        if !has_header && names.len() < record.len() {
            names = (1..=record.len()).map(|number| number.to_string()).collect();
        }
        let is_whole = !has_header || record.len() == names.len();
        let values = record.iter().map(|value| Value::String(value.to_owned()));
        see(is_whole.then(|| names.iter().cloned().zip(values).collect()))?;
    }
    Ok(())
}

fn json(path: &Path, see: &mut dyn FnMut(Option<Record>) -> Result<()>) -> Result<()> {
    let mut lines = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = std::io::Read::take(&mut lines, MAX_LINE).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        ensure!(line.ends_with(b"\n") || (read as u64) < MAX_LINE, "a line is longer than {MAX_LINE} bytes");
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let object: Option<serde_json::Map<String, Value>> = serde_json::from_slice(&line).ok();
        see(object.map(|object| object.into_iter().collect()))?;
    }
}

fn columns(path: &Path, see: &mut dyn FnMut(Option<Record>) -> Result<()>) -> Result<()> {
    let reader = SerializedFileReader::new(File::open(path)?)?;
    for row in reader.get_row_iter(None)? {
        let record = row.ok().map(|row| row.get_column_iter().map(|(name, field)| (name.clone(), field.to_json_value())).collect());
        see(record)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(name: &str, bytes: &[u8], has_header: bool) -> Result<Vec<Option<String>>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(name);
        fs::write(&path, bytes)?;
        let mut told = Vec::new();
        let words = |record: Record| record.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
        records(&path, has_header, |record| told.push(record.map(words)))?;
        Ok(told)
    }

    #[test]
    fn tables_and_lines_of_json_are_read_record_by_record_and_broken_ones_are_told() {
        for (name, bytes, has_header, wanted) in [
            ("a.csv", &b"\xef\xbb\xbfa,y\r\n1,\"2,5\"\r\n3\r\n"[..], true, vec![Some("a=\"1\" y=\"2,5\""), None]),
            ("a.csv", b"1,2\n3,4\n", false, vec![Some("1=\"1\" 2=\"2\""), Some("1=\"3\" 2=\"4\"")]),
            ("a.TSV", b"a\ty\n1\t2\n", true, vec![Some("a=\"1\" y=\"2\"")]),
            ("a.csv", b"a,y\n\xff,1\n", true, vec![None]),
            ("a.jsonl", b"{\"a\":[1,2],\"y\":3}\n\n[1]\n{\n", true, vec![Some("a=[1,2] y=3"), None, None]),
        ] {
            assert_eq!(
                read(name, bytes, has_header).expect("read"),
                wanted.into_iter().map(|line| line.map(str::to_owned)).collect::<Vec<_>>()
            );
        }
        for name in ["a.txt", "a.parquet", "a"] {
            assert!(read(name, b"1,2\n", true).is_err(), "{name}");
        }
    }
}
