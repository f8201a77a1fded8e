//! Documents of files that people have: text, lines of JSON, Parquet; read piece by piece.

use std::fs::{File, read_dir};
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::parquet;
use super::piece::{DOCUMENT_BYTES_MAX, Piece, See, name};
use crate::refusal::Refusal;

/// Most files, and most folders within one another.
const FILES_MAX: usize = 1 << 20;
const DEPTH_MAX: usize = 32;
/// Ends of names.
const TEXT: [&str; 3] = ["txt", "md", "text"];
const LINES: [&str; 3] = ["jsonl", "ndjson", "json"];
const TABLE: &str = "parquet";

/// The files that are meant: those that are named, and those of known kinds in folders that are, by path.
pub(super) fn files(inputs: &[PathBuf]) -> Result<Vec<PathBuf>, Refusal> {
    let mut files = Vec::new();
    for input in inputs {
        if input.is_dir() {
            let mut found = Vec::new();
            walk(input, 0, &mut found)?;
            found.sort();
            files.extend(found);
        } else {
            files.push(input.clone());
        }
    }
    if files.is_empty() {
        Err(Refusal::new("no file of text is there: name files that end in .txt, .jsonl or .parquet"))
    } else {
        Ok(files)
    }
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Refusal> {
    if depth > DEPTH_MAX {
        return Err(Refusal::new(format_args!("folders lie more than {DEPTH_MAX} deep: name those that are meant")));
    }
    for entry in read_dir(folder).map_err(|error| Refusal::file(folder, "read", &error))? {
        let entry = entry.map_err(|error| Refusal::file(folder, "read", &error))?;
        let kind = entry.file_type().map_err(|error| Refusal::file(folder, "read", &error))?;
        let path = entry.path();
        if kind.is_dir() {
            walk(&path, depth + 1, found)?;
        } else if kind.is_file() && is_known(&end(&path)) {
            found.push(path);
        }
        if found.len() > FILES_MAX {
            return Err(Refusal::new(format_args!("there are more than {FILES_MAX} files: put texts together as lines of JSON")));
        }
    }
    Ok(())
}

fn end(path: &Path) -> String {
    path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_ascii_lowercase()
}

fn is_known(end: &str) -> bool {
    TEXT.contains(&end) || LINES.contains(&end) || end == TABLE
}

/// Shows the documents of a file; returns how many records have no text.
pub(super) fn each(path: &Path, field: &str, see: See<'_>) -> Result<u64, Refusal> {
    let file = File::open(path).map_err(|error| Refusal::file(path, "open", &error))?;
    match end(path).as_str() {
        TABLE => parquet::rows(path, file, field, see),
        end if TEXT.contains(&end) => text(path, &mut BufReader::new(file), see).map(|()| 0),
        end if LINES.contains(&end) => lines(path, &mut BufReader::new(file), field, see),
        _ => Err(Refusal::new(format_args!("{} ends in none of .txt, .md, .jsonl and .parquet: convert it", name(path)))),
    }
}

/// A whole file, in pieces that end with lines.
fn text(path: &Path, file: &mut dyn BufRead, see: See<'_>) -> Result<(), Refusal> {
    let (mut held, mut is_first) = (Vec::new(), true);
    loop {
        let room = (DOCUMENT_BYTES_MAX - held.len()) as u64;
        let read = (&mut *file).take(room).read_to_end(&mut held).map_err(|error| Refusal::file(path, "read", &error))?;
        let ends = (read as u64) < room;
        let rest = if ends { Vec::new() } else { held.split_off(line_end(&held)) };
        let text = String::from_utf8(held).map_err(|_| Refusal::new(format_args!("{} is no UTF-8 text: convert it", name(path))))?;
        if !text.is_empty() {
            see(Piece { text, ends, is_whole: ends && is_first })?;
        }
        if ends {
            return Ok(());
        }
        (held, is_first) = (rest, false);
    }
}

/// Behind the last end of a line, or else of a letter.
fn line_end(bytes: &[u8]) -> usize {
    let line = bytes.iter().rposition(|byte| *byte == b'\n').map(|place| place + 1);
    // What continues a letter in UTF-8 begins with the bits 10.
    line.or_else(|| bytes.iter().rposition(|byte| byte & 0xc0 != 0x80)).filter(|place| *place > 0).unwrap_or(bytes.len())
}

/// A record a line.
fn lines(path: &Path, file: &mut dyn BufRead, field: &str, see: See<'_>) -> Result<u64, Refusal> {
    let (mut skipped, mut line) = (0, Vec::new());
    for number in 1_u64.. {
        line.clear();
        let most = DOCUMENT_BYTES_MAX as u64 + 1;
        let read = (&mut *file).take(most).read_until(b'\n', &mut line).map_err(|error| Refusal::file(path, "read", &error))?;
        if read as u64 == most {
            return Err(Refusal::new(format_args!("{}, line {number} has more than {DOCUMENT_BYTES_MAX} bytes: cut its text", name(path))));
        }
        if read == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let record: Value = serde_json::from_slice(&line)
            .map_err(|_| Refusal::new(format_args!("{}, line {number} is no JSON: correct it, or remove it", name(path))))?;
        match record.get(field).and_then(Value::as_str) {
            Some(text) if !text.is_empty() => see(Piece::whole(text.to_owned()))?,
            _ => skipped += 1,
        }
    }
    Ok(skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_ends_behind_a_line_or_else_before_a_letter_that_is_not_whole() {
        for (bytes, wanted) in
            [(&b"a\nb"[..], 2), (b"ab", 1), ("aé".as_bytes(), 1), (&"aé".as_bytes()[..2], 1), (b"\n", 1), (b"a", 1), (b"\x80", 1)]
        {
            assert_eq!(line_end(bytes), wanted, "{bytes:?}");
        }
    }
}
