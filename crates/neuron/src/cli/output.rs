//! What goes to standard output in one piece.

use std::io::{self, ErrorKind, Write as _};

use anyhow::{Context, Result};

/// Writes it. A reader that has seen enough and gone is no error.
pub fn show(text: &[u8]) -> Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(text).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("cannot write to standard output"),
        _ => Ok(()),
    }
}
