//! Each message is kept as long as what it says can count, and no message comes out of the future.

use protocol::census::Census;
use protocol::chain::ChainEvent;
use protocol::log::{Kind, MAX_AHEAD_MS};
use protocol::machine::Heard;
use protocol::{Micronats, Wei};

use super::*;

#[derive(Debug, PartialEq)]
enum Lies {
    InARoom,
    AmongStrangers,
    Nowhere,
}

fn lies(known: Known, message: &Envelope) -> Lies {
    let mut log = log_of(Some(known));
    take(&mut log, &binding(5, 1, 1)).unwrap();
    match take(&mut log, message) {
        Ok(_) if log.kept(&message.id()).unwrap().account.is_some() => Lies::InARoom,
        Ok(_) => Lies::AmongStrangers,
        Err(LogError::Expired) => Lies::Nowhere,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn each_kind_has_room_as_long_as_it_can_count() {
    use Lies::{AmongStrangers, InARoom, Nowhere};
    let vote = |round| Body::Verdict(verdict(2, RoundNumber(round), digest("claim")));
    let alarm = |round| Body::Alarm { verdict: verdict(2, RoundNumber(round), digest("claim")), reason: String::new() };
    let have = |round| Body::Have { round: RoundNumber(round), file: digest("file") };
    let choice = |period| {
        let (period, delta) = (PeriodNumber(period), DeltaNumber(1));
        let message = protocol::eip712::Choice { group: GROUP, period, delta, patch: digest("patch"), seq: 1 };
        Body::Choice(protocol::eip712::Signed { message, signature: sign(message.digest(&DOMAIN), &key(2)).unwrap() })
    };
    let expiring = |expiry_s| Measure { expiry_s, ..measure() };
    let assent = |expiry_s| {
        let signature = sign(expiring(expiry_s).digest(&DOMAIN), &key(3)).unwrap();
        Body::Assent(AssentBody { measure: expiring(expiry_s), group: GROUP, position: PositionNumber(3), signature })
    };
    let proposed = |expiry_s| Body::Measure(MeasureBody { measure: expiring(expiry_s), reason: String::new() });
    let trained = |round| Body::Training(TrainingBody { round: RoundNumber(round), ..training() });
    for (name, body, expected) in [
        ("a verdict of the oldest round that can be shown", vote(4), InARoom),
        ("one before it", vote(3), Nowhere),
        ("of the next round", vote(8), InARoom),
        ("of a round that nobody has heard of", vote(9), AmongStrangers),
        ("an alarm about an old verdict", alarm(3), Nowhere),
        ("an alarm", alarm(4), InARoom),
        ("a choice of this period", choice(4), InARoom),
        ("a choice that was counted", choice(3), Nowhere),
        ("a choice of the far future", choice(6), AmongStrangers),
        ("an assent in the last second", assent(1_000), InARoom),
        ("an assent too late", assent(999), Nowhere),
        ("a measure", proposed(1_000), InARoom),
        ("a measure too late", proposed(999), Nowhere),
        ("a file of the round before", have(6), InARoom),
        ("a file of an old round", have(5), Nowhere),
        ("a body of a delta", have(0), InARoom),
        ("a hidden set of an open bounty", have(2), InARoom),
        ("a hidden set of none", have(3), Nowhere),
        ("a run", trained(4), InARoom),
        ("an old run", trained(3), Nowhere),
        ("a finding", Body::Finding(finding(3, 2, findings())), InARoom),
        ("a finding about no window", Body::Finding(finding(3, 3, findings())), AmongStrangers),
    ] {
        assert_eq!(lies(known(), &say(5, 5, &body, vec![])), expected, "{name}");
    }
    let closed = Known { bounties: [].into(), ..known() };
    assert_eq!(lies(closed, &say(5, 5, &Body::Finding(finding(3, 2, findings())), vec![])), AmongStrangers);
}

#[test]
fn what_is_over_goes_when_the_chain_says_so_and_what_was_early_gets_its_room() {
    let mut log = log_of(Some(known()));
    let vote = |round| say(2, round, &Body::Verdict(verdict(2, RoundNumber(round), digest("claim"))), vec![]);
    let (old, early) = (vote(4), vote(9));
    let signature = sign(measure().digest(&DOMAIN), &key(3)).unwrap();
    let assent = Body::Assent(AssentBody { measure: measure(), group: GROUP, position: PositionNumber(3), signature });
    let (assent, note) = (say(3, 1, &assent, vec![]), note(9, 1, "hello", vec![]));
    [&old, &early, &assent, &note].into_iter().for_each(|message| _ = take(&mut log, message).unwrap());
    let moved = log.stand(Standing { domain: DOMAIN, known: Some(Known { time_s: 1_001, ..known() }) });
    assert_eq!(moved.dropped, [(assent.id(), assent)], "time alone");
    let later = Known { round: RoundNumber(8), oldest: RoundNumber(5), time_s: 1_001, ..known() };
    let moved = log.stand(Standing { domain: DOMAIN, known: Some(later) });
    assert_eq!(moved.dropped, [(old.id(), old)]);
    assert_eq!(log.kept(&early.id()).unwrap().account, Some(account(2)));
    assert_eq!(log.len(), 2);
}

#[test]
fn numbers_out_of_the_future_are_refused_where_they_would_decide_who_stays() {
    let latest = NOW_MS + MAX_AHEAD_MS;
    let vote = |signer| Body::Verdict(verdict(signer, RoundNumber(7), digest("claim")));
    for (name, body, refused) in [
        ("a note", Body::Note("hello".into()), true),
        ("a have", Body::Have { round: RoundNumber(7), file: digest("file") }, true),
        ("a verdict of a stranger", vote(8), true),
        ("a verdict with stake", vote(2), false),
    ] {
        let mut log = log_of(Some(known()));
        assert!(take(&mut log, &say(5, latest, &body, vec![])).is_ok(), "{name}");
        let mut log = log_of(Some(known()));
        let late = take(&mut log, &say(5, latest + 1, &body, vec![]));
        assert_eq!(late.err(), refused.then_some(LogError::Future), "{name}");
    }
    let mut log = log_of(Some(known()));
    assert!(take(&mut log, &binding(5, latest + 1, 2)).is_ok(), "a binding of an account with stake");
    assert!(take(&mut log, &say(5, latest + 2, &Body::Have { round: RoundNumber(7), file: digest("file") }, vec![])).is_ok(), "bound");
    assert_eq!(take(&mut log, &binding(6, latest + 1, 8)), Err(LogError::Future), "a binding of a stranger");
}

#[test]
fn whoever_wrote_by_a_clock_that_was_far_ahead_is_heard_again_once_it_is_right() {
    let mut log = log_of(Some(known()));
    let mut write = |text: &str, now_ms| {
        let body = Body::Note(text.into());
        let strayed: Vec<u64> = log.stray("note", now_ms).iter().map(|(_, envelope)| envelope.seq()).collect();
        let draft = log.draft(Kind::Note, "note", body.to_bytes().unwrap(), now_ms);
        let envelope = Envelope::sign(draft, &node(1)).unwrap();
        let facts = Facts::read(&envelope, GROUP, &DOMAIN).unwrap();
        log.write(&facts, envelope.clone(), now_ms).unwrap();
        (envelope.seq(), strayed)
    };
    let day_ms = 86_400_000;
    assert_eq!(write("before", NOW_MS), (NOW_MS, vec![]));
    assert_eq!(write("a day ahead", NOW_MS + day_ms), (NOW_MS + day_ms, vec![]));
    assert_eq!(write("still", NOW_MS + day_ms), (NOW_MS + day_ms + 1, vec![]));
    assert_eq!(write("right again", NOW_MS + 5), (NOW_MS + 5, vec![NOW_MS + day_ms + 1, NOW_MS + day_ms]));
    assert_eq!(write("a little ahead", NOW_MS + MAX_AHEAD_MS), (NOW_MS + MAX_AHEAD_MS, vec![]));
    assert_eq!(write("and back", NOW_MS + 6), (NOW_MS + MAX_AHEAD_MS + 1, vec![]), "others have kept the one before");
}

fn funded(bounty: u64, last: u64) -> ChainEvent {
    ChainEvent::Funded {
        bounty: BountyNumber(bounty),
        group: GROUP,
        sponsor: account(9),
        root: digest("root"),
        count: 100,
        target: Micronats(1),
        amount: Wei::nrn(1),
        bond: Wei::nrn(1),
        head: digest("head"),
        first: RoundNumber(1),
        last: RoundNumber(last),
        windows: 5,
    }
}

#[test]
fn a_census_counts_who_has_stake_or_had_it_while_something_can_be_shown() {
    let (mut census, mut view) = (Census::new(DOMAIN), group());
    let known = |census: &Census| census.standing().known.unwrap();
    let both = |number: u8| [account(number), account(100 + number)];
    let block = |round, second| Heard::Block(at(RoundNumber(round), second));
    let event = |event| Heard::Event { block: at(RoundNumber(1), 0), event };
    let (position, judges) = (PositionNumber(2), true);
    census.hear(&Heard::Group(view.clone()));
    census.hear(&event(ChainEvent::Seated { group: GROUP, position, owner: account(102), signer: account(9), judges }));
    census.hear(&event(ChainEvent::Rotated { group: GROUP, position, signer: account(2), judges }));
    census.hear(&event(funded(7, 2)));
    census.hear(&block(1, 0));
    assert_eq!(census.standing(), Standing::unknown(DOMAIN), "before history is over");
    assert!(census.hear(&Heard::Live));
    let first = known(&census);
    assert_eq!(first.accounts, (1..=3).flat_map(both).chain([account(9)]).collect(), "a key of before too");
    assert_eq!((first.round, first.oldest, first.bounties), (RoundNumber(1), RoundNumber(0), [(BountyNumber(7), RoundNumber(2))].into()));
    (view.positions[2].live, view.positions[2].next) = (Wei::ZERO, Wei::ZERO);
    census.hear(&Heard::Group(view));
    census.hear(&block(12, 0));
    let later = known(&census);
    assert_eq!(later.accounts.len(), 7, "its last verdicts can be shown still");
    assert_eq!((later.round, later.oldest), (RoundNumber(12), RoundNumber(1)));
    assert_eq!(later.bounties, [].into(), "its windows are over");
    census.hear(&block(12, 1));
    assert_eq!(known(&census).accounts, (1..=2).flat_map(both).collect());
    census.hear(&Heard::Restart);
    assert_eq!(census.standing(), Standing::unknown(DOMAIN));
}
