//! One signing log on disk: whole lines, each synced before anything counts on it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::PathBuf,
};

use anyhow::{Context, Result};
use protocol::{
    eip712::Verdict,
    signing_log::{Decision, HEADER, Refusal, SigningLog},
};

/// What the lines are written to.
pub trait Tape: Write {
    /// What was written survives a power cut.
    fn sync(&mut self) -> io::Result<()>;

    /// Leaves only so many bytes, and goes on behind them.
    fn cut(&mut self, bytes: u64) -> io::Result<()>;
}

/// Opened for appending: it goes on where it ends.
impl Tape for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)
    }
}

/// One file, in which there is one line for each matter.
pub struct Lines<T = File> {
    path: PathBuf,
    tape: T,
    log: SigningLog,
    /// Bytes of whole lines.
    whole: u64,
    /// Whether something may stand behind them.
    is_torn: bool,
}

impl Lines {
    /// Opens a file, or begins it.
    ///
    /// # Errors
    /// When it is damaged, or the disk fails: nothing may be signed then.
    pub fn open(path: PathBuf) -> Result<Self> {
        let shown = path.display().to_string();
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(&path).with_context(|| format!("cannot open {shown}"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(|| format!("cannot read {shown}"))?;
        Self::begin(path, file, &bytes)
    }
}

impl<T: Tape> Lines<T> {
    /// What was signed.
    pub fn log(&self) -> &SigningLog {
        &self.log
    }

    /// Goes on behind the bytes that stand on the tape.
    fn begin(path: PathBuf, tape: T, bytes: &[u8]) -> Result<Self> {
        let loaded = SigningLog::parse(bytes).with_context(|| path.display().to_string())?;
        let mut lines = Self { path, tape, log: loaded.log, whole: loaded.whole as u64, is_torn: true };
        lines.mend().and_then(|()| if loaded.whole == 0 { lines.append(HEADER) } else { Ok(()) }).with_context(|| lines.failure())?;
        Ok(lines)
    }

    /// Puts a line on disk; returns why not, if what stands there forbids it.
    ///
    /// # Errors
    /// When the disk fails: then nothing may be signed, and it can be tried again.
    pub fn note(&mut self, line: Verdict) -> Result<Option<Refusal>> {
        match self.log.decide(&line) {
            Decision::Refuse(refusal) => return Ok(Some(refusal)),
            Decision::Again => {}
            Decision::Append => {
                self.mend().and_then(|()| self.append(&SigningLog::line(&line))).with_context(|| self.failure())?;
                self.log.record(line);
            }
        }
        Ok(None)
    }

    fn failure(&self) -> String {
        format!("cannot write {}: nothing was signed; if the disk is full, make room", self.path.display())
    }

    /// What failed halfway is cut off at once if it can be, and before the next line in any case.
    fn append(&mut self, line: &str) -> io::Result<()> {
        self.is_torn = true;
        match self.tape.write_all(line.as_bytes()).and_then(|()| self.tape.sync()) {
            Ok(()) => {
                (self.whole, self.is_torn) = (self.whole + line.len() as u64, false);
                Ok(())
            }
            Err(error) => {
                // Its failure comes up again before the next line.
                let _ = self.mend();
                Err(error)
            }
        }
    }

    /// Cuts off whatever stands behind the whole lines.
    fn mend(&mut self) -> io::Result<()> {
        if self.is_torn {
            self.tape.cut(self.whole)?;
            self.tape.sync()?;
            self.is_torn = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Digest, GroupId, RoundNumber};

    use super::*;

    /// A disk with room for so many bytes, on which syncing and cutting can fail.
    #[derive(Default)]
    struct Small {
        bytes: Vec<u8>,
        room: usize,
        syncs_fail: bool,
        cuts_fail: bool,
    }

    fn unless(fails: bool) -> io::Result<()> {
        if fails { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    impl Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fit = bytes.len().min(self.room - self.bytes.len());
            unless(fit == 0)?;
            self.bytes.extend(&bytes[..fit]);
            Ok(fit)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Tape for Small {
        fn sync(&mut self) -> io::Result<()> {
            unless(self.syncs_fail)
        }

        fn cut(&mut self, bytes: u64) -> io::Result<()> {
            unless(self.cuts_fail)?;
            self.bytes.truncate(bytes as usize);
            Ok(())
        }
    }

    fn verdict(round: u64, claim: u8) -> Verdict {
        Verdict { group: GroupId(1), round: RoundNumber(round), claim: Digest([claim; 32]), probe: Digest([9; 32]) }
    }

    /// A log with round 1 in it, and room for so many bytes more.
    fn nearly_full(room: usize) -> Lines<Small> {
        let mut lines = Lines::begin("signing.log".into(), Small { room: 1_000, ..Small::default() }, &[]).expect("begun");
        assert_eq!(lines.note(verdict(1, 1)).expect("written"), None);
        lines.tape.room = lines.tape.bytes.len() + room;
        lines
    }

    fn after(lines: &Lines<Small>) -> String {
        String::from_utf8(lines.tape.bytes.clone()).expect("text")
    }

    fn log(verdicts: &[Verdict]) -> String {
        verdicts.iter().fold(HEADER.to_owned(), |text, verdict| text + &SigningLog::line(verdict))
    }

    #[test]
    fn half_a_line_of_any_length_is_cut_off_at_once_and_its_round_is_free() {
        let length = SigningLog::line(&verdict(2, 2)).len();
        for room in 0..length {
            let mut lines = nearly_full(room);
            let error = lines.note(verdict(2, 2)).expect_err("no room").to_string();
            assert!(error.contains("nothing was signed") && error.contains("make room"), "{error}");
            assert_eq!(after(&lines), log(&[verdict(1, 1)]), "{room}");
            assert_eq!(lines.note(verdict(1, 2)).expect("known"), Some(Refusal::Other(verdict(1, 1))), "what was signed stays so");
            lines.tape.room = 1_000;
            assert_eq!(lines.note(verdict(2, 3)).expect("room"), None);
            assert_eq!(after(&lines), log(&[verdict(1, 1), verdict(2, 3)]), "{room}");
        }
    }

    #[test]
    fn where_it_cannot_be_cut_off_nothing_is_written_before_it_can() {
        for room in 0..SigningLog::line(&verdict(2, 2)).len() {
            let mut lines = nearly_full(room);
            lines.tape.cuts_fail = true;
            lines.note(verdict(2, 2)).expect_err("no room");
            lines.tape.room = 1_000;
            lines.note(verdict(2, 2)).expect_err("room, but the half is there still");
            assert!(after(&lines).len() <= log(&[verdict(1, 1)]).len() + room);
            lines.tape.cuts_fail = false;
            assert_eq!(lines.note(verdict(2, 3)).expect("cut off"), None);
            assert_eq!(after(&lines), log(&[verdict(1, 1), verdict(2, 3)]), "{room}");
        }
    }

    #[test]
    fn a_whole_line_that_was_not_synced_does_not_count() {
        let mut lines = nearly_full(1_000);
        lines.tape.syncs_fail = true;
        lines.note(verdict(2, 2)).expect_err("not synced");
        lines.tape.syncs_fail = false;
        assert_eq!(lines.note(verdict(2, 3)).expect("synced"), None, "nothing of round 2 was signed");
        assert_eq!(after(&lines), log(&[verdict(1, 1), verdict(2, 3)]));
    }

    #[test]
    fn the_first_line_is_written_whole_or_not_at_all() {
        for room in 0..HEADER.len() {
            let begin = |bytes: Vec<u8>, room| {
                let known = bytes.clone();
                Lines::begin("signing.log".into(), Small { bytes, room, ..Small::default() }, &known)
            };
            assert!(begin(Vec::new(), room).is_err());
            let torn = HEADER.as_bytes()[..room].to_vec();
            assert_eq!(after(&begin(torn, 1_000).expect("room")), HEADER);
        }
    }
}
