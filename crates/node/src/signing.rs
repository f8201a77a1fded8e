//! The signing logs on disk: the line of what is signed is synced before its signature exists.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use chain::Account;
use protocol::{
    Digest, GroupId, RoundNumber,
    eip712::{Domain, Finding, SignedFinding, SignedVerdict, Verdict},
    signing_log::{Decision, HEADER, SigningLog},
};

/// Of verdicts.
const VERDICTS: &str = "signing.log";
/// Of findings about bounties, in the same form: bounty, window and result stand for group, round and claim.
const FINDINGS: &str = "findings.log";

/// The only way in which a validator signs verdicts and findings.
pub struct Signing {
    verdicts: Signed,
    findings: Signed,
}

/// One file, in which there is one line for each matter.
struct Signed {
    path: PathBuf,
    file: File,
    log: SigningLog,
}

impl Signing {
    /// Opens the logs in a data folder, or begins them.
    ///
    /// # Errors
    /// A damaged log: nothing may be signed then.
    pub fn open(data: &Path) -> Result<Self> {
        Ok(Self { verdicts: Signed::open(data.join(VERDICTS))?, findings: Signed::open(data.join(FINDINGS))? })
    }

    /// Records, syncs, then signs; or tells which other verdict of that round was signed before: then this one never will be.
    ///
    /// # Errors
    /// When the disk fails: then nothing was signed, and it can be tried again.
    pub fn sign(&mut self, verdict: Verdict, account: &Account, domain: &Domain) -> Result<Result<SignedVerdict, Verdict>> {
        if let Some(signed) = self.verdicts.note(verdict)? {
            return Ok(Err(signed));
        }
        Ok(Ok(account.sign(verdict, domain)?))
    }

    /// Records, syncs, then signs; or tells which other result of that window was signed before: then this one never will be.
    ///
    /// # Errors
    /// When the disk fails: then nothing was signed, and it can be tried again.
    pub fn sign_finding(&mut self, finding: Finding, account: &Account, domain: &Domain) -> Result<Result<SignedFinding, Digest>> {
        let Finding { bounty, window, result, probe } = finding;
        let line = Verdict { group: GroupId(bounty.0), round: RoundNumber(window), claim: result, probe };
        if let Some(signed) = self.findings.note(line)? {
            return Ok(Err(signed.claim));
        }
        Ok(Ok(account.sign(finding, domain)?))
    }
}

impl Signed {
    fn open(path: PathBuf) -> Result<Self> {
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

    /// Puts a line on disk; returns what stands there already if that is something else.
    fn note(&mut self, line: Verdict) -> Result<Option<Verdict>> {
        match self.log.decide(&line) {
            Decision::Refuse(signed) => return Ok(Some(signed)),
            Decision::Again => {}
            Decision::Append => {
                let written = self.file.write_all(SigningLog::line(&line).as_bytes()).and_then(|()| self.file.sync_all());
                written.with_context(|| format!("cannot write {}: nothing was signed", self.path.display()))?;
                self.log.record(line);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Address, BountyNumber, Digest};

    fn verdict(claim: u8) -> Verdict {
        Verdict { group: GroupId(1), round: RoundNumber(7), claim: Digest([claim; 32]), probe: Digest([9; 32]) }
    }

    #[test]
    fn after_a_crash_between_signing_and_sending_the_same_verdict_is_signed_again_and_no_other() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let account = Account::random();
        let domain = Domain { chain_id: 1, network: Address([3; 20]) };
        let first = Signing::open(folder.path()).expect("new").sign(verdict(1), &account, &domain).expect("recorded").expect("signed");
        let mut reopened = Signing::open(folder.path()).expect("reopened");
        assert_eq!(Ok(first), reopened.sign(verdict(1), &account, &domain).expect("recorded"), "again");
        assert_eq!(Err(verdict(1)), reopened.sign(verdict(2), &account, &domain).expect("recorded"), "another");
        assert_eq!(first.signer(&domain).expect("a signer"), account.address());
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_a_damaged_one_stops_all_signing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(VERDICTS);
        let whole = format!("{HEADER}{}", SigningLog::line(&verdict(1)));
        std::fs::write(&path, format!("{whole}1 8 0x12")).expect("torn");
        drop(Signing::open(folder.path()).expect("opened"));
        assert_eq!(std::fs::read_to_string(&path).expect("read"), whole);
        std::fs::write(&path, whole.replace("1 7 ", "1 6 ")).expect("damaged");
        assert!(Signing::open(folder.path()).is_err());
    }
    #[test]
    fn of_two_results_in_one_window_the_second_is_never_signed_not_after_a_restart_either() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let account = Account::random();
        let domain = Domain { chain_id: 1, network: Address([3; 20]) };
        let finding =
            |window, result: u8| Finding { bounty: BountyNumber(5), window, result: Digest([result; 32]), probe: Digest([9; 32]) };
        let sign = |finding| Signing::open(folder.path()).expect("opened").sign_finding(finding, &account, &domain);
        assert_eq!(sign(finding(0, 1)).expect("signed"), sign(finding(0, 1)).expect("again"));
        assert_eq!(sign(finding(0, 2)).expect("recorded"), Err(Digest([1; 32])), "that other one was signed");
        sign(finding(1, 2)).expect("recorded").expect("another window");
        // A verdict of a group and round with those numbers is another matter.
        let verdict = Verdict { group: GroupId(5), round: RoundNumber(0), claim: Digest([7; 32]), probe: Digest([9; 32]) };
        Signing::open(folder.path()).expect("opened").sign(verdict, &account, &domain).expect("recorded").expect("signed");
    }
}
