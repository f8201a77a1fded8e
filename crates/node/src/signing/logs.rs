//! The signing logs of a node that does not run: read, put together, pruned, written as a whole.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::Path,
};

use anyhow::{Context, Result};
use protocol::{eip712::Verdict, signing_log::SigningLog};

use super::{FINDINGS, VERDICTS};

/// Both logs of a data folder. Of findings bounty, window and result stand for group, round and claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logs {
    pub verdicts: SigningLog,
    pub findings: SigningLog,
}

impl Logs {
    /// What a folder holds; a missing file is an empty log.
    ///
    /// # Errors
    /// When one is damaged or cannot be read.
    pub fn read(data: &Path) -> Result<Self> {
        Ok(Self { verdicts: read(&data.join(VERDICTS))?, findings: read(&data.join(FINDINGS))? })
    }

    /// Puts them in the place of those in the folder; after a power cut each is there as it was or as it is.
    ///
    /// # Errors
    /// When the disk fails: then each is there as it was or as it is, too.
    pub fn write(&self, data: &Path) -> Result<()> {
        replace(&data.join(VERDICTS), &self.verdicts.text())?;
        replace(&data.join(FINDINGS), &self.findings.text())?;
        File::open(data)?.sync_all().with_context(|| format!("cannot sync {}", data.display()))
    }

    /// Takes in what others say; see [`SigningLog::merge`].
    pub fn merge(&mut self, others: &Self) -> Vec<[Verdict; 2]> {
        let mut contradictions = self.verdicts.merge(&others.verdicts);
        contradictions.extend(self.findings.merge(&others.findings));
        contradictions
    }

    /// Closes all up to what was signed last.
    pub fn prune(&mut self) {
        self.verdicts.prune();
        self.findings.prune();
    }
}

fn read(path: &Path) -> Result<SigningLog> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(SigningLog::default()),
        bytes => bytes.with_context(|| format!("cannot read {}", path.display()))?,
    };
    Ok(SigningLog::parse(&bytes).with_context(|| path.display().to_string())?.log)
}

fn replace(path: &Path, text: &str) -> Result<()> {
    let new = path.with_extension("new");
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().with_context(|| format!("cannot write {}: it is as it was; if the disk is full, make room", path.display()))
}
