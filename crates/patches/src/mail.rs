//! Mails with patches in them: one, or several in one file, their texts in whatever encoding.

use mailparse::{MailHeaderMap as _, ParsedMail};

use crate::{decode, refusal::Refusal};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Mails in one file at most.
const MAX_MAILS: usize = 1024;
/// Parts within parts of a mail at most.
const MAX_DEPTH: usize = 8;

/// A text with diffs in it.
pub struct Message {
    /// Subject of a mail, without what stands in brackets before it.
    pub subject: Option<String>,
    /// Its head too, where there is one.
    pub text: String,
    /// Lines of the head.
    pub head: usize,
}

/// The mails of a file, or the file as one message if it holds no mail.
///
/// # Errors
/// For text that is not UTF-8, mails that cannot be read, or that move blanks.
pub fn messages(bytes: &[u8]) -> Result<Vec<Message>, Refusal> {
    let pieces = pieces(bytes);
    if pieces.len() > MAX_MAILS {
        return Err(Refusal::new("more than 1,024 mails in one file: split it"));
    }
    let several = pieces.len() > 1;
    pieces
        .into_iter()
        .enumerate()
        .map(|(place, piece)| message(piece).map_err(|error| error.in_mail(several.then_some(place + 1))))
        .collect()
}

/// The bytes of each mail; a line `From … ` of a mailbox begins one.
fn pieces(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut starts, mut at, mut is_after_blank) = (vec![0], 0, true);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if is_after_blank && at > 0 && is_envelope(line) {
            starts.push(at);
        }
        is_after_blank = matches!(line, b"\n" | b"\r\n");
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| bytes.get(*start..end)).collect()
}

/// `From SOMEBODY Mon Sep 17 00:00:00 2001`.
fn is_envelope(line: &[u8]) -> bool {
    let Some(words) = std::str::from_utf8(line).ok().and_then(|line| line.strip_prefix("From ")) else { return false };
    let words: Vec<&str> = words.split_whitespace().collect();
    words.len() >= 6 && words.get(1).is_some_and(|day| DAYS.contains(day)) && words.get(4).is_some_and(|time| time.contains(':'))
}

fn message(bytes: &[u8]) -> Result<Message, Refusal> {
    let envelope = bytes.split_inclusive(|byte| *byte == b'\n').next().filter(|line| is_envelope(line)).map_or(0, <[u8]>::len);
    let mail = bytes.get(envelope..).unwrap_or_default();
    let Some(head) = head(mail) else { return Ok(Message { subject: None, text: decode::text(bytes.to_vec())?, head: 0 }) };
    let unreadable = |error| Refusal::new(format_args!("the mail cannot be read ({error}): save it as it came, or attach the patch"));
    let (headers, _) = mailparse::parse_headers(mail).map_err(unreadable)?;
    let subject = headers.get_first_value("Subject").map(|subject| title(&subject));
    let kind = headers.get_first_value("Content-Type").unwrap_or_default().to_ascii_lowercase();
    let encoding = headers.get_first_value("Content-Transfer-Encoding").unwrap_or_default().trim().to_ascii_lowercase();
    let is_flowed = kind.contains("format=flowed");
    if is_flowed {
        return Err(Refusal::new(
            "the mail is `format=flowed`, which moves blanks at the ends of lines: send the patch with `git send-email`, or attach it",
        ));
    }
    let is_plain = !kind.starts_with("multipart/") && matches!(encoding.as_str(), "" | "7bit" | "8bit" | "binary");
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    if is_plain && std::str::from_utf8(mail).is_ok() {
        return Ok(Message { subject, text: decode::text(bytes.to_vec())?, head: lines(bytes) - lines(mail) + head });
    }
    let mut parts = Vec::new();
    bodies(&mailparse::parse_mail(mail).map_err(unreadable)?, 0, &mut parts).map_err(unreadable)?;
    if parts.is_empty() {
        return Err(Refusal::new("the mail holds no plain text and no patch: save its attachment and give that"));
    }
    // What encodings leave at the ends of lines is the mail's, not the files'.
    let text = parts.concat().replace("\r\n", "\n");
    Ok(Message { subject, text, head: 0 })
}

/// Lines of the head of a mail; nothing if the text does not begin with one.
fn head(bytes: &[u8]) -> Option<usize> {
    const KNOWN: [&str; 6] = ["from", "subject", "date", "mime-version", "content-type", "received"];
    let (mut count, mut is_known) = (0, false);
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            break;
        }
        let name = line.split_once(':').map(|(name, _)| name.to_ascii_lowercase());
        let is_name = |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match name.filter(is_name) {
            Some(name) => is_known |= KNOWN.contains(&name.as_str()),
            None if count > 0 && line.starts_with([' ', '\t']) => {}
            None => return None,
        }
        count += 1;
    }
    is_known.then_some(count)
}

/// The texts of a mail's parts: plain ones, and patches that are attached.
fn bodies(mail: &ParsedMail<'_>, depth: usize, parts: &mut Vec<String>) -> Result<(), mailparse::MailParseError> {
    if !mail.subparts.is_empty() && depth < MAX_DEPTH {
        return mail.subparts.iter().try_for_each(|part| bodies(part, depth + 1, parts));
    }
    let kind = mail.ctype.mimetype.to_ascii_lowercase();
    let disposition = mail.get_content_disposition();
    let name = disposition.params.get("filename").or_else(|| mail.ctype.params.get("name")).cloned().unwrap_or_default();
    let is_patch = [".patch", ".diff"].iter().any(|end| name.to_ascii_lowercase().ends_with(end));
    if is_patch || kind.starts_with("text/") && kind != "text/html" {
        let mut text = match is_patch && !kind.starts_with("text/") {
            true => String::from_utf8_lossy(&mail.get_body_raw()?).into_owned(),
            false => mail.get_body()?,
        };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        parts.push(text);
    }
    Ok(())
}

/// A subject without `[PATCH 1/2]` and the like.
fn title(subject: &str) -> String {
    let mut rest = subject.trim();
    while let Some((_, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        rest = behind.trim_start();
    }
    rest.to_owned()
}
