//! The signing log lets every round be signed once, also after a crash.

use proptest::prelude::*;
use protocol::eip712::Verdict;
use protocol::signing_log::{Decision, HEADER, Loaded, Refusal, SigningLog, SigningLogError};
use protocol::{Digest, RoundNumber};

use crate::world::*;

fn signed(round: u64, claim: &str) -> Verdict {
    Verdict { group: GROUP, round: RoundNumber(round), claim: digest(claim), probe: digest("probe") }
}

fn file(verdicts: &[Verdict]) -> String {
    verdicts.iter().fold(HEADER.to_owned(), |file, verdict| file + &SigningLog::line(verdict))
}

#[test]
fn the_file_is_the_committed_one() {
    let path = format!("{}/tests/golden/signing-log-1.txt", env!("CARGO_MANIFEST_DIR"));
    let zero = Verdict { claim: Digest::ZERO, ..signed(8, "") };
    assert_eq!(file(&[signed(7, "claim"), zero]), std::fs::read_to_string(path).unwrap());
}

#[test]
fn a_round_is_signed_once() {
    let Loaded { log, .. } = SigningLog::parse(file(&[signed(7, "claim")]).as_bytes()).unwrap();
    assert_eq!(log.decide(&signed(7, "claim")), Decision::Again);
    assert_eq!(log.decide(&signed(7, "other")), Decision::Refuse(Refusal::Other(signed(7, "claim"))));
    assert_eq!(log.decide(&Verdict { probe: Digest::ZERO, ..signed(7, "claim") }), Decision::Refuse(Refusal::Other(signed(7, "claim"))));
    assert_eq!(log.decide(&signed(8, "other")), Decision::Append);
    assert_eq!(log.decide(&Verdict { group: 2.into(), ..signed(7, "other") }), Decision::Append);
}

#[test]
fn a_damaged_file_is_not_signed_with() {
    let whole = file(&[signed(7, "claim"), signed(8, "claim")]);
    let line = SigningLog::line(&signed(7, "claim"));
    for (text, error) in [
        ("something else\n".to_owned(), SigningLogError::Header),
        ("x".to_owned(), SigningLogError::Header),
        (whole.replace("log 1", "log 3"), SigningLogError::Header),
        (whole.replacen(&line, &line.replace("1 7 ", "1 9 "), 1), SigningLogError::Line(2)),
        (format!("{whole}\n"), SigningLogError::Line(4)),
        (format!("{whole}{}", SigningLog::line(&signed(7, "other"))), SigningLogError::Contradiction(4)),
    ] {
        assert_eq!(SigningLog::parse(text.as_bytes()), Err(error), "{text}");
    }
}

#[test]
fn a_file_with_closed_rounds_is_the_committed_one() {
    let path = format!("{}/tests/golden/signing-log-2.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut log = SigningLog::default();
    [signed(7, "claim"), signed(8, "claim")].into_iter().for_each(|verdict| log.record(verdict));
    log.close(GROUP, RoundNumber(7));
    log.close(2.into(), RoundNumber(5));
    assert_eq!(log.text(), text);
    assert_eq!(SigningLog::parse(text.as_bytes()), Ok(Loaded { log, whole: text.len() }));
    assert_eq!(SigningLog::parse(text.replace("log 2", "log 1").as_bytes()), Err(SigningLogError::Line(2)), "version 1 closes nothing");
    let below = format!("{text}{}", SigningLog::line(&signed(7, "claim")));
    assert_eq!(SigningLog::parse(below.as_bytes()), Err(SigningLogError::Contradiction(5)), "a line of a closed round");
}

/// Any verdict about few matters.
fn any_verdict() -> impl Strategy<Value = Verdict> {
    (1_u64..3, 0_u64..5, 0_u8..3).prop_map(|(group, round, claim)| Verdict {
        group: group.into(),
        claim: Digest([claim; 32]),
        ..signed(round, "")
    })
}

/// A log that came about by signing and pruning.
fn any_log() -> impl Strategy<Value = SigningLog> {
    (prop::collection::vec(any_verdict(), 0..6), prop::option::of((1_u64..3, 0_u64..5))).prop_map(|(verdicts, closed)| {
        let mut log = SigningLog::default();
        for verdict in verdicts {
            if log.decide(&verdict) == Decision::Append {
                log.record(verdict);
            }
        }
        closed.into_iter().for_each(|(group, through)| log.close(group.into(), RoundNumber(through)));
        log
    })
}

/// The two logs as one, whichever comes first.
fn merged(one: &SigningLog, other: &SigningLog) -> SigningLog {
    let mut log = one.clone();
    log.merge(other);
    log
}

fn forbids(log: &SigningLog, verdict: &Verdict) -> bool {
    matches!(log.decide(verdict), Decision::Refuse(_))
}

proptest! {
    #[test]
    fn a_file_says_what_the_log_says(log in any_log()) {
        let text = log.text();
        prop_assert_eq!(SigningLog::parse(text.as_bytes()), Ok(Loaded { log, whole: text.len() }));
    }

    #[test]
    fn it_does_not_matter_in_which_order_logs_are_put_together(one in any_log(), two in any_log(), three in any_log()) {
        prop_assert_eq!(merged(&one, &two), merged(&two, &one));
        prop_assert_eq!(merged(&merged(&one, &two), &three), merged(&one, &merged(&two, &three)));
        prop_assert_eq!(merged(&one, &one), one);
    }

    #[test]
    fn what_one_of_two_logs_forbids_is_forbidden_by_both_together(one in any_log(), other in any_log(), verdict in any_verdict()) {
        let both = merged(&one, &other);
        prop_assert!(forbids(&both, &verdict) || !(forbids(&one, &verdict) || forbids(&other, &verdict)));
        prop_assert!(both.decide(&verdict) != Decision::Append || one.decide(&verdict) == Decision::Append);
    }

    #[test]
    fn what_contradicts_is_told_and_never_signed_again(one in any_log(), other in any_log()) {
        let mut both = one.clone();
        for [own, foreign] in both.merge(&other) {
            prop_assert!(own.round == foreign.round && own.claim != foreign.claim);
            prop_assert!(forbids(&both, &own) && forbids(&both, &foreign));
        }
    }

    #[test]
    fn after_pruning_nothing_is_allowed_that_was_refused(log in any_log(), verdict in any_verdict()) {
        let mut pruned = log.clone();
        pruned.prune();
        prop_assert!(forbids(&pruned, &verdict) || log.decide(&verdict) == Decision::Append);
        prop_assert!(pruned.groups().into_iter().all(|group| pruned.signed_in(group).next().is_none() && pruned.last(group) == log.last(group)));
    }

    #[test]
    fn a_torn_write_loses_only_what_was_never_signed(rounds in 0_u64..6, cut in any::<prop::sample::Index>()) {
        let verdicts: Vec<_> = (0..rounds).map(|round| signed(round, "claim")).collect();
        let text = file(&verdicts);
        let cut = cut.index(text.len() + 1);
        let loaded = SigningLog::parse(&text.as_bytes()[..cut]).unwrap();
        let mut whole = 0;
        for verdict in &verdicts {
            let end = file(&verdicts[..=verdict.round.0 as usize]).len();
            let is_there = end <= cut;
            whole = if is_there { end } else { whole };
            prop_assert_eq!(loaded.log.signed(GROUP, verdict.round).is_some(), is_there);
        }
        prop_assert_eq!(loaded.whole, if whole == 0 && cut >= HEADER.len() { HEADER.len() } else { whole });
    }
}
