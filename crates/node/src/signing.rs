//! The signing logs on disk: the line of what is signed is synced before its signature exists.

pub mod interchange;
mod lines;
mod logs;

use std::path::Path;

use anyhow::Result;
use chain::{Account, ChainError};
use protocol::{
    GroupId, RoundNumber,
    eip712::{Domain, Finding, Signed, Typed, Verdict},
    signing_log::{Refusal, SigningLog},
};

use lines::Lines;
pub use logs::Logs;

/// Of verdicts.
const VERDICTS: &str = "signing.log";
/// Of findings about bounties, in the same form: bounty, window and result stand for group, round and claim.
const FINDINGS: &str = "findings.log";

/// The only way in which a validator signs verdicts and findings.
pub struct Signing {
    verdicts: Lines,
    findings: Lines,
}

impl Signing {
    /// Opens the logs in a data folder, or begins them.
    ///
    /// # Errors
    /// A damaged log: nothing may be signed then.
    pub fn open(data: &Path) -> Result<Self> {
        Ok(Self { verdicts: Lines::open(data.join(VERDICTS))?, findings: Lines::open(data.join(FINDINGS))? })
    }

    /// The verdicts that were signed.
    pub fn verdicts(&self) -> &SigningLog {
        self.verdicts.log()
    }

    /// Records and syncs, so that it may be signed; or tells why it never will be.
    ///
    /// # Errors
    /// When the disk fails: then nothing may be signed, and it can be tried again.
    pub fn note(&mut self, verdict: Verdict) -> Result<Result<Noted<Verdict>, Refusal>> {
        Ok(self.verdicts.note(verdict)?.map_or(Ok(Noted(verdict)), Err))
    }

    /// Records and syncs, so that it may be signed; or tells why it never will be.
    ///
    /// # Errors
    /// When the disk fails: then nothing may be signed, and it can be tried again.
    pub fn note_finding(&mut self, finding: Finding) -> Result<Result<Noted<Finding>, Refusal>> {
        let Finding { bounty, window, result, probe } = finding;
        let line = Verdict { group: GroupId(bounty.0), round: RoundNumber(window), claim: result, probe };
        Ok(self.findings.note(line)?.map_or(Ok(Noted(finding)), Err))
    }
}

/// A message whose line is on disk. Nothing else makes one.
pub struct Noted<T>(T);

impl<T: Typed + Clone> Noted<T> {
    /// Signs it, here or at a remote signer.
    ///
    /// # Errors
    /// When the remote signer fails: it can be noted and signed again.
    pub async fn sign(&self, account: &Account, domain: &Domain) -> Result<Signed<T>, ChainError> {
        account.sign(self.0.clone(), domain).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Address, BountyNumber, Digest, signing_log::HEADER};

    fn verdict(claim: u8) -> Verdict {
        Verdict { group: GroupId(1), round: RoundNumber(7), claim: Digest([claim; 32]), probe: Digest([9; 32]) }
    }

    #[tokio::test]
    async fn after_a_crash_between_signing_and_sending_the_same_verdict_is_signed_again_and_no_other() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let account = Account::random();
        let domain = Domain { chain_id: 1, network: Address([3; 20]) };
        let noted = Signing::open(folder.path()).expect("new").note(verdict(1)).expect("recorded").expect("noted");
        let first = noted.sign(&account, &domain).await.expect("signed");
        let mut reopened = Signing::open(folder.path()).expect("reopened");
        let again = reopened.note(verdict(1)).expect("recorded").expect("noted");
        assert_eq!(first, again.sign(&account, &domain).await.expect("signed"), "again");
        assert_eq!(Some(Refusal::Other(verdict(1))), reopened.note(verdict(2)).expect("recorded").err(), "another");
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
        let finding =
            |window, result: u8| Finding { bounty: BountyNumber(5), window, result: Digest([result; 32]), probe: Digest([9; 32]) };
        let note = |finding| Signing::open(folder.path()).expect("opened").note_finding(finding).expect("recorded").map(drop);
        assert_eq!((note(finding(0, 1)), note(finding(0, 1))), (Ok(()), Ok(())));
        assert!(matches!(note(finding(0, 2)), Err(Refusal::Other(other)) if other.claim == Digest([1; 32])), "that other one was signed");
        assert_eq!(note(finding(1, 2)), Ok(()), "another window");
        // A verdict of a group and round with those numbers is another matter.
        let verdict = Verdict { group: GroupId(5), round: RoundNumber(0), claim: Digest([7; 32]), probe: Digest([9; 32]) };
        Signing::open(folder.path()).expect("opened").note(verdict).expect("recorded").expect("noted");
    }
}
