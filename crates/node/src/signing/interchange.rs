//! Signing logs as files that move between machines and programs: JSON, after the example of EIP-3076.

use anyhow::{Context, Result, ensure};
use protocol::{Address, Digest, GroupId, RoundNumber, eip712::Verdict, signing_log::SigningLog};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Logs;

/// Version of the format.
pub const VERSION: &str = "1";

/// Whose logs they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    pub chain_id: u64,
    pub contract: Address,
    pub account: Address,
}

/// PROTOCOL 16, Interchange.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    metadata: Metadata,
    verdicts: Vec<Group>,
    findings: Vec<Bounty>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    interchange_format_version: String,
    chain_id: Number,
    contract: Address,
    account: Address,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    group: Number,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed_through: Option<Number>,
    signed: Vec<SignedVerdict>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedVerdict {
    round: Number,
    claim: Digest,
    probe: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounty {
    bounty: Number,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed_through: Option<Number>,
    signed: Vec<SignedFinding>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedFinding {
    window: Number,
    result: Digest,
    probe: Digest,
}

/// In quotation marks: not every reader of JSON keeps all digits.
#[derive(Clone, Copy)]
struct Number(u64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_plain);
        number.map(Self).ok_or_else(|| de::Error::custom(format!("{text:?} is no whole number below 2^64")))
    }
}

/// The file's text.
///
/// # Errors
/// None that is known; the writer of JSON has them.
pub fn write(logs: &Logs, owner: Owner) -> Result<String> {
    let Owner { chain_id, contract, account } = owner;
    let metadata = Metadata { interchange_format_version: VERSION.into(), chain_id: Number(chain_id), contract, account };
    let verdicts = logs.verdicts.groups().into_iter().map(|group| part(&logs.verdicts, group)).collect();
    let findings = logs.findings.groups().into_iter().map(|bounty| Bounty::from(part(&logs.findings, bounty))).collect();
    Ok(serde_json::to_string_pretty(&File { metadata, verdicts, findings })? + "\n")
}

/// What a file says, if it is about that account on that network. Where it contradicts itself rounds are closed, and the pairs come back.
///
/// # Errors
/// Another version, network or account; what is malformed.
pub fn read(text: &str, owner: Owner) -> Result<(Logs, Vec<[Verdict; 2]>)> {
    let any: serde_json::Value = serde_json::from_str(text).context("this is no JSON: copy the file again in full")?;
    let version = any.pointer("/metadata/interchange_format_version").and_then(serde_json::Value::as_str);
    let version = version.context("this is no signing interchange file: it has no metadata.interchange_format_version")?;
    ensure!(
        version == VERSION,
        "the file has version {version:?} of the format, and only {VERSION:?} can be read: export it with a program of the same version"
    );
    // From the text, for the place of what is wrong.
    let file: File = serde_json::from_str(text).context("the file is malformed: copy it again in full")?;
    check(&file.metadata, owner)?;
    let mut logs = Logs::default();
    let mut contradictions = take(&mut logs.verdicts, file.verdicts);
    contradictions.extend(take(&mut logs.findings, file.findings.into_iter().map(Group::from)));
    Ok((logs, contradictions))
}

fn check(metadata: &Metadata, owner: Owner) -> Result<()> {
    let Owner { chain_id, contract, account } = owner;
    ensure!(
        (metadata.chain_id.0, metadata.contract) == (chain_id, contract),
        "the file is about the network {} on chain {}, and this node's is {contract} on chain {chain_id}: verdicts of one count nothing in the other",
        metadata.contract,
        metadata.chain_id.0
    );
    ensure!(
        metadata.account == account,
        "the file is about the account {}, and this node's is {account}: take it into the folder of the node that signs with that key",
        metadata.account
    );
    Ok(())
}

fn part(log: &SigningLog, group: GroupId) -> Group {
    let signed =
        log.signed_in(group).map(|verdict| SignedVerdict { round: Number(verdict.round.0), claim: verdict.claim, probe: verdict.probe });
    Group { group: Number(group.0), closed_through: log.closed(group).map(|through| Number(through.0)), signed: signed.collect() }
}

fn take(log: &mut SigningLog, groups: impl IntoIterator<Item = Group>) -> Vec<[Verdict; 2]> {
    let mut contradictions = Vec::new();
    for Group { group, closed_through, signed } in groups {
        let group = GroupId(group.0);
        closed_through.into_iter().for_each(|through| log.close(group, RoundNumber(through.0)));
        for SignedVerdict { round, claim, probe } in signed {
            let mut one = SigningLog::default();
            one.record(Verdict { group, round: RoundNumber(round.0), claim, probe });
            contradictions.extend(log.merge(&one));
        }
    }
    contradictions
}

impl From<Group> for Bounty {
    fn from(Group { group, closed_through, signed }: Group) -> Self {
        let signed = signed.into_iter().map(|SignedVerdict { round, claim, probe }| SignedFinding { window: round, result: claim, probe });
        Self { bounty: group, closed_through, signed: signed.collect() }
    }
}

impl From<Bounty> for Group {
    fn from(Bounty { bounty, closed_through, signed }: Bounty) -> Self {
        let signed =
            signed.into_iter().map(|SignedFinding { window, result, probe }| SignedVerdict { round: window, claim: result, probe });
        Self { group: bounty, closed_through, signed: signed.collect() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOLDEN: &str = include_str!("../../tests/golden/signing-interchange-1.json");
    const OWNER: Owner = Owner { chain_id: 31_337, contract: Address([3; 20]), account: Address([5; 20]) };

    fn verdict(group: u64, round: u64, claim: u8) -> Verdict {
        Verdict { group: GroupId(group), round: RoundNumber(round), claim: Digest([claim; 32]), probe: Digest([9; 32]) }
    }

    fn log(verdicts: &[Verdict]) -> SigningLog {
        let mut log = SigningLog::default();
        verdicts.iter().for_each(|verdict| log.record(*verdict));
        log
    }

    fn golden() -> Logs {
        let mut verdicts = log(&[verdict(1, 8, 1), verdict(1, 9, 0), verdict(4, 7, 2)]);
        verdicts.close(GroupId(1), RoundNumber(7));
        verdicts.close(GroupId(2), RoundNumber(5));
        Logs { verdicts, findings: log(&[verdict(3, 0, 6)]) }
    }

    #[test]
    fn the_format_is_the_committed_one() {
        assert_eq!(write(&golden(), OWNER).expect("written"), GOLDEN);
        assert_eq!(read(GOLDEN, OWNER).expect("read"), (golden(), Vec::new()));
    }

    #[test]
    fn what_is_about_somebody_else_or_is_something_else_is_refused_by_name() {
        let other = Address([7; 20]).to_string();
        for (text, wanted) in [
            (GOLDEN.replace("31337", "1"), "on chain 1, and this node's is"),
            (GOLDEN.replace(&OWNER.contract.to_string(), &other), "about the network"),
            (GOLDEN.replace(&OWNER.account.to_string(), &other), "about the account"),
            (GOLDEN.replace("version\": \"1\"", "version\": \"2\""), "version \"2\" of the format"),
            (GOLDEN.replace("\"round\": \"8\"", "\"round\": \"+8\""), "\"+8\" is no whole number"),
            (GOLDEN.replace("\"round\": \"8\"", "\"round\": 8"), "malformed"),
            (GOLDEN.replace("\"probe\"", "\"sample\""), "unknown field `sample`"),
            (GOLDEN[..GOLDEN.len() / 2].to_owned(), "no JSON"),
            ("{}".to_owned(), "no signing interchange file"),
        ] {
            let error = format!("{:#}", read(&text, OWNER).expect_err(wanted));
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn a_file_that_contradicts_itself_closes_the_round_and_says_so() {
        let text = GOLDEN.replace("\"round\": \"9\"", "\"round\": \"8\"");
        let (logs, contradictions) = read(&text, OWNER).expect("read");
        assert_eq!(contradictions, [[verdict(1, 8, 1), verdict(1, 8, 0)]]);
        assert_eq!(logs.verdicts.closed(GroupId(1)), Some(RoundNumber(8)));
    }

    proptest! {
        #[test]
        fn what_was_exported_and_taken_in_decides_alike(
            signed in prop::collection::vec((1_u64..3, 0_u64..9, 0_u8..3), 0..9),
            closed in prop::option::of((1_u64..3, 0_u64..9)),
            asked in (1_u64..3, 0_u64..9, 0_u8..3),
        ) {
            let all: Vec<Verdict> = signed.into_iter().map(|(group, round, claim)| verdict(group, round, claim)).collect();
            let mut verdicts = log(&all);
            closed.into_iter().for_each(|(group, through)| verdicts.close(GroupId(group), RoundNumber(through)));
            let logs = Logs { findings: verdicts.clone(), verdicts };
            let (back, contradictions) = read(&write(&logs, OWNER).expect("written"), OWNER).expect("read");
            prop_assert!(contradictions.is_empty());
            let asked = verdict(asked.0, asked.1, asked.2);
            prop_assert_eq!(back.verdicts.decide(&asked), logs.verdicts.decide(&asked));
            prop_assert_eq!(back, logs);
        }
    }
}
