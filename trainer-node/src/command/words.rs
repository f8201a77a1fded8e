//! What a command says on standard output: progress as lines of JSON; the rest is counted.

use serde::Deserialize;

/// Longest line that is read, bytes.
const LINE_BYTES_MAX: usize = 4096;
/// Bytes of anything else than progress after which a command is ended.
pub const OTHER_BYTES_MAX: u64 = 1 << 20;

/// Where a command stands, as it says.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Told {
    pub step: u64,
    /// Of how many, if it knows.
    #[serde(default)]
    pub steps: Option<u64>,
    /// Of the last batch, nats.
    pub loss: f64,
}

/// Everything that was said.
#[derive(Default)]
pub struct Words {
    last: Option<Told>,
    line: Vec<u8>,
    /// Whether the line that is read has become too long to be kept.
    is_long: bool,
    other_lines: u64,
    other_bytes: u64,
}

impl Words {
    /// Takes bytes as they come.
    pub fn take(&mut self, bytes: &[u8]) {
        let mut parts = bytes.split(|byte| *byte == b'\n');
        self.add(parts.next().unwrap_or_default());
        for part in parts {
            self.end_line();
            self.add(part);
        }
    }

    fn add(&mut self, part: &[u8]) {
        self.line.extend_from_slice(part.get(..part.len().min(LINE_BYTES_MAX + 1)).unwrap_or_default());
        if self.is_long || self.line.len() > LINE_BYTES_MAX {
            (self.is_long, self.other_bytes) = (true, self.other_bytes + part.len() as u64);
            self.line.clear();
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let is_long = std::mem::take(&mut self.is_long);
        match serde_json::from_slice::<Told>(&line) {
            Ok(told) if !is_long => self.last = Some(told),
            _ if !is_long && line.trim_ascii().is_empty() => {}
            _ => {
                self.other_lines += 1;
                self.other_bytes += line.len() as u64;
            }
        }
    }

    /// The newest progress.
    pub fn last(&self) -> Option<Told> {
        self.last
    }

    /// Steps that it says it has done.
    pub fn steps(&self) -> u64 {
        self.last.map_or(0, |told| told.step)
    }

    /// Lines that are no progress.
    pub fn other_lines(&self) -> u64 {
        self.other_lines
    }

    /// Whether there was more of anything else than anybody means to say.
    pub fn is_flood(&self) -> bool {
        self.other_bytes > OTHER_BYTES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(parts: &[&[u8]]) -> (Option<Told>, u64, bool) {
        let mut words = Words::default();
        parts.iter().for_each(|part| words.take(part));
        (words.last(), words.other_lines(), words.is_flood())
    }

    #[test]
    fn progress_is_read_from_whole_lines_alone_and_everything_else_is_counted() {
        let told = |step, steps, loss| Some(Told { step, steps, loss });
        let long = format!("{{\"step\":3,\"loss\":1.0{}}}\n", " ".repeat(LINE_BYTES_MAX));
        let fits = format!("{{\"step\":3,\"loss\":1.0{}}}\n", " ".repeat(LINE_BYTES_MAX - 21));
        assert_eq!(fits.len(), LINE_BYTES_MAX + 1);
        for (parts, last, others) in [
            (&[&b"{\"step\":1,\"steps\":null,\"loss\":2.5}\n"[..]][..], told(1, None, 2.5), 0),
            (&[b"{\"step\":1,\"steps\":9,\"lo", b"ss\":2.5}", b"\n"], told(1, Some(9), 2.5), 0),
            (&[b"{\"step\":1,\"loss\":2,\"more\":[]}\r\n\n  \n"], told(1, None, 2.0), 0),
            (&[b"{\"step\":1,\"loss\":2}\n{\"step\":2,\"loss\":1}\n{\"step\":3,\"loss\":"], told(2, None, 1.0), 0),
            (&[b"hello\n\xff\xfe\n{}\n[1,2]\nnull\n"], None, 5),
            (&[b"{\"step\":-1,\"loss\":2}\n{\"step\":1.5,\"loss\":2}\n{\"step\":1,\"loss\":\"2\"}\n"], None, 3),
            (&[b"{\"step\":1,\"loss\":NaN}\n{\"step\":1,\"loss\":1e999}\n{\"step\":1,\"loss\":null}\n"], None, 3),
            (&[long.as_bytes(), b"{\"step\":4,\"loss\":1}\n"], told(4, None, 1.0), 1),
            (&[fits.as_bytes()], told(3, None, 1.0), 0),
        ] {
            assert_eq!(heard(parts), (last, others, false), "{}", String::from_utf8_lossy(parts[0]));
        }
    }

    #[test]
    fn a_megabyte_of_anything_else_is_a_flood_in_one_line_or_in_many_and_is_never_kept() {
        let part = vec![b'x'; 1 << 16];
        let mut words = Words::default();
        for _ in 0..=16 {
            assert!(!words.is_flood());
            words.take(&part);
            assert!(words.line.len() <= LINE_BYTES_MAX && words.line.capacity() <= 4 * LINE_BYTES_MAX);
        }
        assert!(words.is_flood());
        let lines = [&[b'x'; 1023][..], b"\n"].concat().repeat(1030);
        assert_eq!(heard(&[&lines]), (None, 1030, true));
        let progress = b"{\"step\":1,\"loss\":2.5}\n".repeat(100_000);
        assert!(!heard(&[&progress]).2, "progress is none, however much");
    }
}
