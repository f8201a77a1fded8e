//! Sizes, times and names of others as people read them on a terminal.

use protocol::{Address, Wei};

/// Bytes in the unit that people would use.
pub fn size(bytes: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.iter().find(|(bits, _)| bytes >> bits > 0) {
        None => format!("{bytes} bytes"),
        Some((bits, unit)) => format!("{:.1} {unit}", bytes as f64 / (1u64 << bits) as f64),
    }
}

/// A length of time in the two units that people would use.
pub fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// One of them, or many.
pub fn count(number: u64, of: &str) -> String {
    if number == 1 { format!("1 {of}") } else { format!("{number} {of}s") }
}

/// NRN or coins with four decimals at most; what is smaller is left away.
pub fn amount(wei: Wei) -> String {
    let text = wei.to_nrn();
    match text.split_once('.') {
        Some((whole, decimals)) => format!("{whole}.{}", decimals.get(..4).unwrap_or(decimals)),
        None => text,
    }
}

/// An account by its first and last digits.
pub fn short(account: Address) -> String {
    let text = account.to_string();
    match (text.get(..6), text.get(text.len().saturating_sub(4)..)) {
        (Some(start), Some(end)) => format!("{start}…{end}"),
        _ => text,
    }
}

/// What others wrote, with everything escaped that a terminal would act upon or not show.
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            ' '..='~' | '…' | '→' | '×' | '≥' | '≤' | '–' => shown.push(letter),
            letter if letter.is_alphanumeric() => shown.push(letter),
            letter => shown.extend(letter.escape_unicode()),
        }
    }
    shown
}

/// A text that others wrote or a model made, in its lines, with everything escaped that a terminal would act upon.
pub fn text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\t' => shown.push(letter),
            letter if is_hidden(letter) => shown.extend(letter.escape_unicode()),
            letter => shown.push(letter),
        }
    }
    shown
}

/// Whether a terminal acts upon a letter: controls, and what turns the direction of writing or has no width.
fn is_hidden(letter: char) -> bool {
    let is_mark = matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    letter.is_control() || is_mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_told_as_people_tell_them() {
        for (bytes, text) in [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (64 << 30, "64.0 GiB")] {
            assert_eq!(size(bytes), text);
        }
        for (seconds, text) in [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3_600, "1 h 0 min"), (90_000, "1 d 1 h")] {
            assert_eq!(span(seconds), text);
        }
        assert_eq!((count(1, "peer").as_str(), count(2, "peer").as_str()), ("1 peer", "2 peers"));
        for (wei, text) in [(Wei::nrn(3), "3"), (Wei(1_234_567_800_000_000_000), "1.2345"), (Wei(500_000_000_000_000_000), "0.5")] {
            assert_eq!(amount(wei), text);
        }
        assert_eq!(short(Address([0xab; 20])).chars().count(), 11);
    }

    #[test]
    fn a_text_keeps_its_lines_and_loses_what_a_terminal_acts_upon() {
        for (written, wanted) in [
            ("To be,\n\tor \"not\" – é日 😀", "To be,\n\tor \"not\" – é日 😀"),
            ("\u{1b}[2J\r\u{9b}2J\u{7f}", "\\u{1b}[2J\\u{d}\\u{9b}2J\\u{7f}"),
            ("\u{202e}\u{200b}\u{feff}\u{2066}", "\\u{202e}\\u{200b}\\u{feff}\\u{2066}"),
        ] {
            assert_eq!(text(written), wanted);
        }
    }

    #[test]
    fn of_what_others_wrote_a_terminal_gets_letters_only() {
        for (text, wanted) in [
            ("round=7 a → b …", "round=7 a → b …"),
            ("é日", "é日"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("\u{9b}2J\u{7f}\r\n\t", "\\u{9b}2J\\u{7f}\\u{d}\\u{a}\\u{9}"),
            ("\u{202e}\u{200b}\u{feff}", "\\u{202e}\\u{200b}\\u{feff}"),
        ] {
            assert_eq!(plain(text), wanted);
        }
    }
}
