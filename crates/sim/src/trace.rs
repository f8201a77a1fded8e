//! What happened, line by line: its digest is the same in two runs of a seed, and the lines can be kept to be read.

use sha2::{Digest as _, Sha256};

/// Lines that are kept at most; a longer story is told by fewer rounds.
pub const MAX_LINES: usize = 100_000;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    hasher: Sha256,
    lines: u64,
    kept: Option<Vec<String>>,
}

impl Trace {
    /// A trace that keeps its lines.
    pub fn keeping() -> Self {
        Self { kept: Some(Vec::new()), ..Self::default() }
    }

    /// Notes what somebody did at a millisecond.
    pub fn note(&mut self, now_ms: u64, who: &str, what: &str) {
        let line = format!("{}.{:03} {who}: {what}\n", now_ms / 1000, now_ms % 1000);
        self.hasher.update(line.as_bytes());
        self.lines += 1;
        if let Some(kept) = self.kept.as_mut().filter(|kept| kept.len() < MAX_LINES) {
            kept.push(line);
        }
    }

    /// How many lines there were.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Of all lines, kept or not.
    pub fn digest(&self) -> String {
        hex::encode(self.hasher.clone().finalize())
    }

    /// The lines, if they are kept.
    pub fn kept(&self) -> &[String] {
        self.kept.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_lines_whether_they_are_kept_or_not() {
        let (mut kept, mut dropped) = (Trace::keeping(), Trace::default());
        for trace in [&mut kept, &mut dropped] {
            trace.note(12_003, "trainer 1", "commits");
        }
        assert_eq!(kept.kept(), ["12.003 trainer 1: commits\n"]);
        assert!(dropped.kept().is_empty());
        assert_eq!((kept.digest(), kept.lines()), (dropped.digest(), 1));
        dropped.note(12_003, "trainer 1", "commits");
        assert_ne!(kept.digest(), dropped.digest());
    }
}
