//! What programs say to whoever reads their standard output and standard error, as long as somebody does.

use std::io::{self, ErrorKind, Write as _};

use anyhow::{Context, Result};

/// Writes it to standard output, in one piece. A reader that has seen enough and gone is no error.
///
/// # Errors
/// When standard output cannot be written for another reason.
pub fn show(text: &[u8]) -> Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(text).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("cannot write to standard output"),
        _ => Ok(()),
    }
}

/// A line on standard output.
///
/// # Errors
/// As [`show`].
pub fn line(text: &str) -> Result<()> {
    show(format!("{text}\n").as_bytes())
}

/// A line on standard error, beside what was asked for: that nobody can read it there hinders nothing.
pub fn remark(text: &str) {
    drop(io::stderr().lock().write_all(format!("{text}\n").as_bytes()));
}
