//! The signing log on disk: a verdict's line is synced before its signature exists.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use chain::Account;
use protocol::{
    eip712::{Domain, SignedVerdict, Verdict},
    signing_log::{Decision, HEADER, SigningLog},
};

const NAME: &str = "signing.log";

/// The only way in which a validator signs a verdict.
pub struct Signing {
    path: PathBuf,
    file: File,
    log: SigningLog,
}

impl Signing {
    /// Opens the log in a data folder, or begins one.
    ///
    /// # Errors
    /// A damaged log: nothing may be signed then.
    pub fn open(data: &Path) -> Result<Self> {
        let path = data.join(NAME);
        let shown = path.display().to_string();
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(&path).with_context(|| format!("cannot open {shown}"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(|| format!("cannot read {shown}"))?;
        let loaded = SigningLog::parse(&bytes).with_context(|| shown.clone())?;
        file.set_len(loaded.whole as u64)?;
        if loaded.whole == 0 {
            file.write_all(HEADER.as_bytes())?;
        }
        file.sync_all().with_context(|| format!("cannot sync {shown}"))?;
        Ok(Self { path, file, log: loaded.log })
    }

    /// Records, syncs, then signs.
    ///
    /// # Errors
    /// When another verdict of that round was signed before, or the disk fails: then nothing was signed.
    pub fn sign(&mut self, verdict: Verdict, account: &Account, domain: &Domain) -> Result<SignedVerdict> {
        match self.log.decide(&verdict) {
            Decision::Refuse(signed) => bail!("round {} was judged before, with claim {}", verdict.round, signed.claim),
            Decision::Again => {}
            Decision::Append => {
                let written = self.file.write_all(SigningLog::line(&verdict).as_bytes()).and_then(|()| self.file.sync_all());
                written.with_context(|| format!("cannot write {}: nothing was signed", self.path.display()))?;
                self.log.record(verdict);
            }
        }
        Ok(account.sign(verdict, domain)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Address, Digest, GroupId, RoundNumber};

    fn verdict(claim: u8) -> Verdict {
        Verdict { group: GroupId(1), round: RoundNumber(7), claim: Digest([claim; 32]), probe: Digest([9; 32]) }
    }

    #[test]
    fn after_a_crash_between_signing_and_sending_the_same_verdict_is_signed_again_and_no_other() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let account = Account::random();
        let domain = Domain { chain_id: 1, network: Address([3; 20]) };
        let first = Signing::open(folder.path()).expect("new").sign(verdict(1), &account, &domain).expect("signed");
        let mut reopened = Signing::open(folder.path()).expect("reopened");
        assert_eq!(first, reopened.sign(verdict(1), &account, &domain).expect("again"));
        assert!(reopened.sign(verdict(2), &account, &domain).expect_err("another").to_string().contains("judged before"));
        assert_eq!(first.signer(&domain).expect("a signer"), account.address());
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_a_damaged_one_stops_all_signing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(NAME);
        let whole = format!("{HEADER}{}", SigningLog::line(&verdict(1)));
        std::fs::write(&path, format!("{whole}1 8 0x12")).expect("torn");
        drop(Signing::open(folder.path()).expect("opened"));
        assert_eq!(std::fs::read_to_string(&path).expect("read"), whole);
        std::fs::write(&path, whole.replace("1 7 ", "1 6 ")).expect("damaged");
        assert!(Signing::open(folder.path()).is_err());
    }
}
