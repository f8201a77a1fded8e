//! Stake gives room, whoever's envelopes carry what it says; and nobody without it takes that away.

use protocol::bounty::Findings;
use protocol::eip712::{Choice, Signature, SignedChoice};
use protocol::log::{FactsError, FindingBody, MAX_CHOICES, MAX_CLAIMS_A_ROUND, MAX_UNSURE_MESSAGES};

use super::*;

const ROUND: RoundNumber = RoundNumber(7);

fn vote(author: u8, seq: u64, signer: u8, round: RoundNumber, claim: &str) -> Envelope {
    say(author, seq, &Body::Verdict(verdict(signer, round, digest(claim))), vec![])
}

fn choice(author: u8, signer: u8, period: u64, seq: u64) -> Envelope {
    let message = Choice { group: GROUP, period: PeriodNumber(period), delta: DeltaNumber(1), patch: digest("patch"), seq };
    say(author, seq, &Body::Choice(SignedChoice { message, signature: sign(message.digest(&DOMAIN), &key(signer)).unwrap() }), vec![])
}

fn have(author: u8, seq: u64, round: u64, file: &str) -> Envelope {
    say(author, seq, &Body::Have { round: RoundNumber(round), file: digest(file) }, vec![])
}

/// Whose stake gives it room; none in the ring.
fn host(log: &Log<Envelope>, envelope: &Envelope) -> Option<protocol::Address> {
    log.kept(&envelope.id()).expect("it is kept").account
}

#[test]
fn what_is_signed_with_stake_has_room_and_anything_else_lies_among_strangers() {
    let assent = |signer| {
        let signature = sign(measure().digest(&DOMAIN), &key(signer)).unwrap();
        Body::Assent(AssentBody { measure: measure(), group: GROUP, position: PositionNumber(3), signature })
    };
    let elsewhere = {
        let message = protocol::eip712::Verdict { group: GroupId(2), ..verdict(2, ROUND, digest("claim")).message };
        Body::Verdict(protocol::eip712::Signed { message, signature: sign(message.digest(&DOMAIN), &key(2)).unwrap() })
    };
    for (name, message, expected) in [
        ("a verdict", vote(9, 5, 2, ROUND, "claim"), Some(2)),
        ("a verdict of a stranger", vote(9, 5, 8, ROUND, "claim"), None),
        ("a verdict about another group", say(9, 5, &elsewhere, vec![]), None),
        ("a choice", choice(9, 3, 4, 1), Some(3)),
        ("an assent", say(9, 5, &assent(1), vec![]), Some(1)),
        ("an assent of a stranger", say(9, 5, &assent(7), vec![]), None),
        ("a finding", say(9, 5, &Body::Finding(finding(3, 1, findings())), vec![]), Some(3)),
        ("a binding", binding(9, 5, 2), Some(2)),
        ("a binding to a stranger", binding(9, 5, 8), None),
        ("a have of an unbound node", have(9, 5, 7, "file"), None),
        ("a note", note(9, 5, "hello", vec![]), None),
    ] {
        let mut log = log_of(Some(known()));
        assert!(take(&mut log, &message).unwrap().fresh, "{name}");
        assert_eq!(host(&log, &message), expected.map(account), "{name}");
    }
}

#[test]
fn what_a_node_says_has_the_room_of_the_account_that_it_speaks_for_whichever_came_first() {
    let said = |seq| {
        [
            have(5, seq, 7, "file"),
            say(5, seq, &Body::Alarm { verdict: verdict(2, ROUND, digest("claim")), reason: "wrong probe".into() }, vec![]),
            say(5, seq, &Body::Measure(MeasureBody { measure: measure(), reason: "why not".into() }), vec![]),
            say(5, seq, &Body::Announcement { addresses: vec!["/ip4/127.0.0.1/tcp/4001".into()] }, vec![]),
            say(5, seq, &Body::Dataset { head: digest("head"), root: digest("root") }, vec![]),
            say(5, seq, &Body::Training(training()), vec![]),
        ]
    };
    let mut log = log_of(Some(known()));
    let before = said(1);
    before.iter().for_each(|message| _ = take(&mut log, message).unwrap());
    assert!(before.iter().all(|message| host(&log, message).is_none()));
    take(&mut log, &binding(5, 2, 1)).unwrap();
    assert!(before.iter().all(|message| host(&log, message) == Some(account(1))));
    take(&mut log, &binding(5, 4, 2)).unwrap();
    take(&mut log, &binding(5, 3, 3)).unwrap();
    assert!(before.iter().all(|message| host(&log, message) == Some(account(2))), "its newest binding counts");
    assert_eq!(log.speaks_for(&id(5)), Some(account(2)));
    log.stand(Standing { domain: DOMAIN, known: Some(Known { accounts: [account(3)].into(), ..known() }) });
    assert!(before.iter().all(|message| host(&log, message) == Some(account(3))), "of those with stake");
}

#[test]
fn the_same_vote_in_another_envelope_is_no_news_and_who_had_it_first_is_kept() {
    let mut log = log_of(Some(known()));
    let (first, copy, earlier) = (vote(2, 50, 2, ROUND, "claim"), vote(8, 60, 2, ROUND, "claim"), vote(9, 40, 2, ROUND, "claim"));
    take(&mut log, &first).unwrap();
    assert_eq!(take(&mut log, &copy), Err(LogError::Said(first.id())));
    assert_eq!(take(&mut log, &earlier).unwrap().dropped, [(first.id(), first.clone())]);
    assert_eq!(take(&mut log, &first), Err(LogError::Said(earlier.id())));
}

#[test]
fn two_claims_of_a_round_are_evidence_and_of_more_all_nodes_keep_the_same() {
    let claims: Vec<_> = (0..5).map(|number| vote(2, number, 2, ROUND, &number.to_string())).collect();
    let kept = |order: &[usize]| {
        let mut log = log_of(Some(known()));
        order.iter().for_each(|at| _ = take(&mut log, &claims[*at]));
        log.ids().collect::<Vec<_>>()
    };
    assert_eq!(kept(&[0, 1, 2, 3, 4]).len(), MAX_CLAIMS_A_ROUND);
    assert_eq!(kept(&[0, 1, 2, 3, 4]), kept(&[4, 2, 0, 3, 1]));
}

#[test]
fn the_highest_choices_of_a_period_are_kept() {
    let mut log = log_of(Some(known()));
    let choices: Vec<_> = (1..=8).map(|seq| choice(9, 2, 4, seq)).collect();
    choices.iter().rev().take(MAX_CHOICES).for_each(|choice| _ = take(&mut log, choice).unwrap());
    assert_eq!(take(&mut log, &choices[0]), Err(LogError::Superseded));
    assert_eq!(take(&mut log, &choice(9, 2, 4, 9)).unwrap().dropped.len(), 1);
    assert!(!log.contains(&choices[4].id()) && log.contains(&choices[5].id()));
}

#[test]
fn forged_signatures_inside_are_refused_and_a_misdeed() {
    let statement = |of| sign(Node { node: id(5) }.digest(&DOMAIN), &key(of)).unwrap();
    let nobody = Signature { r: [0; 32], vs: [0; 32] };
    let vote = verdict(2, ROUND, digest("claim"));
    let found = finding(3, 1, findings());
    for (name, body) in [
        ("a binding of another account", Body::Binding(Binding { account: account(1), signature: statement(2) })),
        ("a verdict that nobody signed", Body::Verdict(protocol::eip712::Signed { signature: nobody, ..vote })),
        ("an alarm about it", Body::Alarm { verdict: protocol::eip712::Signed { signature: nobody, ..vote }, reason: String::new() }),
        ("findings that were not signed", Body::Finding(FindingBody { findings: Findings { failed: true, ..findings() }, ..found })),
    ] {
        let refused = take(&mut log_of(None), &say(5, 1, &body, vec![])).unwrap_err();
        assert_eq!(refused, LogError::Facts(FactsError::Forged), "{name}");
        assert!(refused.is_misdeed(), "{name}");
    }
    let mut stolen = log_of(Some(known()));
    let refused = take(&mut stolen, &say(6, 1, &Body::Binding(Binding { account: account(1), signature: statement(1) }), vec![]));
    assert_eq!(refused, Err(LogError::Facts(FactsError::Forged)), "the statement about another node");
}

#[test]
fn eight_free_keys_with_endless_messages_push_out_nothing_that_counts() {
    let mut log = log_of(Some(known()));
    let counted = [vote(2, 1, 2, ROUND, "claim"), choice(3, 3, 4, 1), binding(4, 1, 1), have(4, 2, 7, "file")];
    counted.iter().for_each(|message| _ = take(&mut log, message).unwrap());
    let first = note(10, 1, "the first of them", vec![]);
    take(&mut log, &first).unwrap();
    for seq in 0..100 {
        for key in 10..18 {
            let draft =
                Draft { group: GROUP, kind: Kind::Note, topic: format!("{seq}"), seq: 500 + seq, parents: vec![], body: vec![0; MAX_BODY] };
            let _ = take(&mut log, &Envelope::sign(draft, &node(key)).unwrap());
            let _ = take(&mut log, &vote(key, seq, key, ROUND, &seq.to_string()));
            let _ = take(&mut log, &binding(key, seq, key));
        }
    }
    assert!(counted.iter().all(|message| host(&log, message).is_some()));
    assert!(!log.contains(&first.id()), "they pushed out one another");
    let bytes: u64 = log.since(0).map(|kept| u64::from(kept.bytes)).sum();
    assert!(bytes < protocol::log::RING_BYTES + 3 * MAX_ENVELOPE as u64, "{bytes}");
}

#[test]
fn while_nothing_is_known_everybody_counts_up_to_a_bound_and_then_whoever_has_stake() {
    let mut log = log_of(None);
    let (own, other) = (vote(2, 1, 2, ROUND, "claim"), vote(8, 1, 8, ROUND, "claim"));
    [&own, &other].into_iter().for_each(|message| _ = take(&mut log, message).unwrap());
    assert_eq!([host(&log, &own), host(&log, &other)], [Some(account(2)), Some(account(8))]);
    for round in 0..u64::from(MAX_UNSURE_MESSAGES) {
        take(&mut log, &vote(8, 2 + round, 8, RoundNumber(100 + round), "claim")).unwrap();
    }
    let hosted = log.since(0).filter(|kept| kept.account == Some(account(8))).count();
    assert_eq!(hosted, MAX_UNSURE_MESSAGES as usize);
    log.stand(Standing { domain: DOMAIN, known: Some(known()) });
    assert_eq!([host(&log, &own), host(&log, &other)], [Some(account(2)), None]);
}
