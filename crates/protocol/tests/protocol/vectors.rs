//! The rules give what `vectors/*.json` says; the contracts are tested from the same files.

use std::str::FromStr;

use protocol::chain::{GroupView, Phase, PositionView, Times};
use protocol::eip712::{Assent, Choice, Consent, Domain, Signature, Signed, Typed, Verdict, sign};
use protocol::measures::{Act, ActError, Measure};
use protocol::rules::{self, Candidate, Fate};
use protocol::{DeltaNumber, Digest, GroupId, Micronats, PeriodNumber, RoundNumber, Wei};
use serde_json::Value;

/// One case of a file.
struct Case(Value);

impl Case {
    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_else(|| panic!("{name} in {}", self.0))
    }

    fn get<T: FromStr>(&self, name: &str) -> T {
        self.text(name).parse().unwrap_or_else(|_| panic!("{name} in {}", self.0))
    }

    fn list<T: FromStr>(&self, name: &str) -> Vec<T> {
        let items = self.0[name].as_array().unwrap().iter();
        items.map(|item| item.as_str().unwrap().parse().unwrap_or_else(|_| panic!("{name}"))).collect()
    }

    fn flag(&self, name: &str) -> bool {
        self.0[name].as_bool().unwrap()
    }

    fn loss(&self, name: &str) -> Micronats {
        Micronats(self.get(name))
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        hex::decode(self.text(name)).unwrap()
    }
}

/// Every case of the file must pass; a file without cases fails.
fn check(file: &str, rule: impl Fn(&Case) -> bool) {
    let path = format!("{}/vectors/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let cases = whole["cases"].as_array().unwrap();
    assert!(!cases.is_empty(), "{file} has no cases");
    for case in cases {
        assert!(rule(&Case(case.clone())), "{file}: {case}");
    }
}

#[test]
fn amounts_follow_the_schedule() {
    check("reward", |c| {
        let reward = rules::reward(c.get("supply"), c.get("length"), c.get("awake"), c.get("total"), c.get("era"));
        reward == c.get("reward") && rules::validators_reward(reward) == c.get("validators")
    });
    check("author", |c| {
        rules::author_reward(c.get("supply"), c.get("period"), c.get("awake"), c.get("total"), c.get("era")) == c.get("author")
    });
    check("era", |c| rules::era(c.get("now"), c.get("start")) == c.get::<u64>("era"));
    check("total", |c| rules::total(c.get("admitted"), c.get("supply")) == c.get("total"));
    check("emission", |c| rules::allowance_growth(c.get("supply"), c.get("start"), c.get("from"), c.get("to")) == c.get("growth"));
}

#[test]
fn deposits_and_bonds_follow_the_rules() {
    check("deposit", |c| rules::deposit(c.get("reward"), c.get("minDeposit"), c.get("voids")) == c.get("deposit"));
    check("bond", |c| rules::delta_bond(c.get("author"), c.get("minDeposit")) == c.get("bond"));
    check("voids", |c| rules::next_voids(c.get("voids"), c.flag("decided"), c.flag("revealed")) == c.get::<u64>("next"));
    check("refund", |c| {
        let fate = match c.text("fate") {
            "whole" => Fate::Whole,
            "most" => Fate::Most,
            _ => Fate::None,
        };
        rules::refund(c.get("deposit"), fate) == c.get("refunded")
    });
}

#[test]
fn validators_are_paid_by_the_stake_that_judged() {
    check("earn", |c| {
        let payable = rules::payable(c.get("reward"), c.get("allowance"), c.flag("lost"));
        payable == c.get("payable") && rules::earned_for(payable, c.get("awake"), c.get("stake")) == c.get("earned")
    });
}

#[test]
fn amounts_are_divided_without_losing_a_wei() {
    check("pay", |c| rules::part(c.get("validators"), c.get("awake"), c.get("before"), c.get("after")) == c.get("paid"));
    check("share", |c| {
        let (before, stake): (Wei, Wei) = (c.get("before"), c.get("stake"));
        rules::part(c.get("issued"), c.get("batch"), before, before.saturating_add(stake)) == c.get("share")
    });
}

#[test]
fn decisions_need_their_stake() {
    check("quorum", |c| {
        let (stake, awake) = (c.get("stake"), c.get("awake"));
        rules::is_quorum(stake, awake) == c.flag("quorum") && rules::is_available(stake, awake) == c.flag("available")
    });
    check("wake", |c| rules::may_wake(c.get("stake"), c.get("group")) == c.flag("enough"));
    check("majority", |c| {
        let (assents, stake): (Wei, Wei) = (c.get("assents"), c.get("stake"));
        rules::is_majority(assents, stake) == c.flag("half")
            && rules::is_network_majority(assents, stake, c.get("supply")) == c.flag("network")
    });
}

#[test]
fn claims_improve_and_are_ordered() {
    check("improve", |c| rules::improves(c.loss("base"), c.loss("loss"), c.get("improve")) == c.flag("improves"));
    check("rank", |c| {
        let first = rules::rank_key(c.loss("aBase"), c.loss("aLoss"), c.get("aNumber"));
        let second = rules::rank_key(c.loss("bBase"), c.loss("bLoss"), c.get("bNumber"));
        (first < second) == c.flag("aFirst")
    });
}

#[test]
fn rounds_run_by_the_clock() {
    check("clock", |c| {
        let times = Times { train_s: c.get("train"), reveal_s: c.get("reveal"), judge_s: c.get("judge") };
        let clock = times.clock(c.get("genesis"), c.get("now"));
        let phase = [Phase::Train, Phase::Reveal, Phase::Judge][c.get::<usize>("phase")];
        clock.round == RoundNumber(c.get("round")) && clock.phase == phase && clock.phase_end_s == c.get::<u64>("phaseEnd")
    });
    check("quarter", |c| rules::may_propose(c.get("now"), c.get("period"), c.get("periodEnd")) == c.flag("open"));
}

#[test]
fn a_turn_applies_the_delta_that_won() {
    check("turn", |c| {
        let votes = c.list::<Wei>("votes").into_iter().zip(c.list::<Digest>("parents"));
        let numbered = (1..).zip(votes);
        let candidates: Vec<_> = numbered.map(|(number, (votes, parent))| Candidate { number: u64::into(number), votes, parent }).collect();
        rules::turn(c.get("keep"), c.get("stake"), c.get("head"), &candidates).unwrap_or_default() == c.get("applied")
    });
}

#[test]
fn hashes_are_those_of_the_contracts() {
    check("claim", |c| rules::claim_hash(c.get("file"), c.loss("base"), c.loss("loss"), c.get("lossRoot")) == c.get("claim"));
    check("seal", |c| rules::seal(c.get("group"), c.get("round"), c.get("file"), c.get("trainer"), c.get("salt")) == c.get("seal"));
    check("head", |c| rules::next_head(c.get("head"), c.get("digest")) == c.get("next"));
    check("measure", |c| {
        let nonce: ruint::aliases::U256 = c.get("nonce");
        let nonce = Digest(nonce.to_be_bytes());
        let measure = Measure { kind: c.get("kind"), args: c.bytes("args"), nonce, expiry_s: c.get("expiry") };
        measure.hash() == c.get("measure")
    });
}

#[test]
fn the_arguments_of_acts_are_those_of_the_contracts() {
    check("act", |c| {
        let group = c.get("group");
        let act = match c.text("act") {
            "period" => Act::Period { group, period_s: c.get("second") },
            "rollback" => Act::Rollback { group, delta: c.get("second") },
            "admit" => Act::Admit { group },
            "revoke" => Act::Revoke { group },
            "strike" => Act::Strike { group, round: c.get("second"), restore: c.text("third") == "1" },
            _ => Act::Slash { group, position: c.get("second"), basis_points: c.get("third") },
        };
        (act.kind(), act.args()) == (c.get("kind"), c.bytes("args")) && Act::decode(c.get("kind"), &c.bytes("args")) == Ok(act)
    });
}

#[test]
fn arguments_that_no_contract_takes_are_no_act() {
    let word = |last: u8| [&[0; 31][..], &[last]].concat();
    for (kind, args, error) in [
        (6, word(1), ActError::Kind(6)),
        (2, Vec::new(), ActError::Length { kind: 2, words: 1 }),
        (2, word(1)[1..].to_vec(), ActError::Length { kind: 2, words: 1 }),
        (0, word(1), ActError::Length { kind: 0, words: 2 }),
        (5, [word(1), word(2)].concat(), ActError::Length { kind: 5, words: 3 }),
        (4, [word(1), word(2), word(2)].concat(), ActError::Range),
        (3, [&[1][..], &word(1)[1..]].concat(), ActError::Range),
    ] {
        assert_eq!(Act::decode(kind, &args), Err(error), "{kind}");
    }
}

/// A group with rounds of 60 s, epochs of 600 s and an exit of 900 s.
fn group(recent: Vec<RoundNumber>) -> GroupView {
    GroupView {
        id: GroupId(1),
        genesis_s: 1_000,
        times: Times { train_s: 30, reveal_s: 20, judge_s: 10 },
        improve: 10,
        manifest: Digest::ZERO,
        checkpoint: Digest::ZERO,
        head: Digest::ZERO,
        admitted: true,
        parent: GroupId(0),
        voids: 0,
        opened: None,
        counted: recent.len() as u64,
        recent,
        applied: DeltaNumber(0),
        standing: DeltaNumber(0),
        period_s: 300,
        period_number: PeriodNumber(1),
        period_end_s: 2_000,
        maturity_s: 100,
        min_deposit: Wei(1),
        epoch_s: 600,
        exit_s: 900,
        positions: Vec::new(),
    }
}

#[test]
fn absence_and_forgiveness_are_as_the_contracts_count_them() {
    check("absent", |c| {
        let view = group(c.list("recent").into_iter().map(RoundNumber).collect());
        let position = PositionView { awake_next: c.flag("awake"), woken_at: c.get("wokenAt"), ..PositionView::default() };
        let present: Vec<u64> = c.list("present");
        rules::is_absent(&view, &position, |round| present.contains(&round.0)) == c.flag("absent")
    });
    check("double", |c| {
        let position = PositionView { forgiven_until_s: c.get("forgivenUntil"), ..PositionView::default() };
        rules::may_slash_double(&group(Vec::new()), &position, c.get("round"), c.get("now")) == c.flag("inTime")
    });
}

/// Digest, signature and signer of `message` are those of the case.
fn check_signed(c: &Case, message: impl Typed) -> bool {
    let domain = Domain { chain_id: c.get("chainId"), network: c.get("network") };
    let key = k256::ecdsa::SigningKey::from_slice(&c.bytes("key")).unwrap();
    let signature = sign(message.digest(&domain), &key).unwrap();
    let expected = Signature { r: c.get::<Digest>("r").0, vs: c.get::<Digest>("vs").0 };
    domain.separator() == c.get("domain")
        && message.digest(&domain) == c.get("digest")
        && signature == expected
        && Signed { message, signature }.signer(&domain) == Ok(c.get("signer"))
}

#[test]
fn signed_messages_are_those_of_the_contracts() {
    check("verdict", |c| {
        let message = Verdict { group: c.get("group"), round: c.get("round"), claim: c.get("claim"), probe: c.get("probe") };
        check_signed(c, message)
    });
    check("choice", |c| {
        let message = Choice { group: c.get("group"), period: c.get("period"), delta: c.get("delta"), seq: c.get("seq") };
        check_signed(c, message)
    });
    check("assent", |c| check_signed(c, Assent { measure: c.get("measure") }));
    check("consent", |c| check_signed(c, Consent { group: c.get("group"), owner: c.get("owner") }));
}
