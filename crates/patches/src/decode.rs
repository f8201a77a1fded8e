//! Bytes as programs and shells wrote them to text with plain newlines: byte order marks, UTF-16, colours, CRLF.

use deltas::MAX_PATCH_BYTES;

use crate::refusal::Refusal;

/// Bytes of a patch as a tool wrote it at most: UTF-16 needs twice those of the strict form.
const MAX_BYTES: usize = 2 * MAX_PATCH_BYTES;
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
const ESCAPE: char = '\u{1b}';

/// Takes a byte order mark away and turns UTF-16 into UTF-8; whether the rest is text is not looked at, for a mail names its own letters.
///
/// # Errors
/// For what is too large, or UTF-16 that cannot be read.
pub fn bytes(bytes: &[u8], notes: &mut Vec<String>) -> Result<Vec<u8>, Refusal> {
    if bytes.len() > MAX_BYTES {
        return Err(Refusal::new("the patch is larger than 128 MiB: split it"));
    }
    let little = bytes.strip_prefix(b"\xff\xfe").map(|rest| (rest, u16::from_le_bytes as fn([u8; 2]) -> u16));
    let utf16 = little.or_else(|| bytes.strip_prefix(b"\xfe\xff").map(|rest| (rest, u16::from_be_bytes as fn([u8; 2]) -> u16)));
    if let Some((rest, unit)) = utf16 {
        let (pairs, odd) = rest.as_chunks::<2>();
        let text = String::from_utf16(&pairs.iter().map(|pair| unit(*pair)).collect::<Vec<u16>>());
        let text = text.ok().filter(|_| odd.is_empty());
        notes.push("the patch was UTF-16, as PowerShell writes it: it was read as such".to_owned());
        return text.map(String::into_bytes).ok_or_else(|| Refusal::new("the patch is broken UTF-16: write it as UTF-8"));
    }
    if looks_like_utf16(bytes) {
        return Err(Refusal::new("the patch is UTF-16 without a byte order mark: write it as UTF-8"));
    }
    Ok(bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes).to_vec())
}

/// Every other byte of the beginning is zero: letters of ASCII in UTF-16.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    let beginning = bytes.get(..bytes.len().min(64)).unwrap_or_default();
    let zeros = |from: usize| beginning.len() >= 4 && beginning.iter().skip(from).step_by(2).all(|byte| *byte == 0);
    zeros(0) || zeros(1)
}

/// Bytes that are to be text.
///
/// # Errors
/// With the first line that is none.
pub fn text(bytes: Vec<u8>) -> Result<String, Refusal> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        Refusal::at(line, "the patch is not UTF-8 there: sets hold text in UTF-8 alone, convert the files and write the patch anew")
    })
}

/// A patch's text, and whether its line ends were changed to CRLF.
pub struct Plain {
    /// With plain newlines.
    pub text: String,
    /// A carriage return was taken from every line.
    pub crlf: bool,
}

/// Takes colours away if headers bear them, and carriage returns if headers end in them: then they are not the files' own.
///
/// # Errors
/// Where the headers end in CRLF and other lines do not: no rule says which carriage returns belong to the files.
pub fn plain(text: String, notes: &mut Vec<String>) -> Result<Plain, Refusal> {
    let is_coloured = text.lines().any(|line| line.starts_with(ESCAPE) && is_header(&uncoloured(line)));
    let text = if is_coloured { uncoloured(&text) } else { text };
    if is_coloured {
        notes.push("the patch had colours: they were taken away".to_owned());
    }
    let crlf = text.split_inclusive('\n').find(|line| is_header(line)).is_some_and(|line| line.ends_with("\r\n"));
    if !crlf {
        return Ok(Plain { text, crlf });
    }
    let bare = text.split_inclusive('\n').position(|line| line.ends_with('\n') && !line.ends_with("\r\n"));
    if let Some(place) = bare {
        return Err(Refusal::at(
            place + 1,
            "the patch's headers end in CRLF and this line in a newline: some program changed a part of them, write it anew",
        ));
    }
    notes.push("the patch's line ends were CRLF: they were read as newlines".to_owned());
    Ok(Plain { text: text.replace("\r\n", "\n"), crlf })
}

/// Whether a line is one that begins a file or a hunk.
fn is_header(line: &str) -> bool {
    ["diff -", "--- ", "Index: ", "@@ -", "*** "].iter().any(|start| line.starts_with(start))
}

/// Without the sequences that set colours (`ESC [ … m`) or clear a line (`ESC [ K`).
fn uncoloured(text: &str) -> String {
    let mut pieces = text.split(ESCAPE);
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.strip_prefix('[').and_then(|rest| rest.find(|letter: char| !letter.is_ascii_digit() && letter != ';'));
        match end.and_then(|end| piece.get(end + 1..)).filter(|rest| rest.starts_with(['m', 'K'])) {
            Some(rest) => plain.push_str(rest.get(1..).unwrap_or_default()),
            None => {
                plain.push(ESCAPE);
                plain.push_str(piece);
            }
        }
    }
    plain
}
