//! The signing log lets every round be signed once, also after a crash.

use proptest::prelude::*;
use protocol::eip712::Verdict;
use protocol::signing_log::{Decision, HEADER, Loaded, SigningLog, SigningLogError};
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
    assert_eq!(log.decide(&signed(7, "other")), Decision::Refuse(signed(7, "claim")));
    assert_eq!(log.decide(&Verdict { probe: Digest::ZERO, ..signed(7, "claim") }), Decision::Refuse(signed(7, "claim")));
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
        (whole.replace("log 1", "log 2"), SigningLogError::Header),
        (whole.replacen(&line, &line.replace("1 7 ", "1 9 "), 1), SigningLogError::Line(2)),
        (format!("{whole}\n"), SigningLogError::Line(4)),
        (format!("{whole}{}", SigningLog::line(&signed(7, "other"))), SigningLogError::Contradiction(4)),
    ] {
        assert_eq!(SigningLog::parse(text.as_bytes()), Err(error), "{text}");
    }
}

proptest! {
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
