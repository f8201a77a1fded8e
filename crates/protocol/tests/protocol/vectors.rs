//! The rules give what `vectors/*.json` says; the contracts are tested from the same files.

use std::str::FromStr;

use protocol::bounty::{Calendar, Findings, Payments, Prize, Step, Term, WINDOWS};
use protocol::chain::{GroupView, Phase, PositionView, Times};
use protocol::eip712::{Choice, Consent, Domain, Finding, Signature, Signed, Typed, Verdict, sign};
use protocol::measures::{Act, ActError, Measure};
use protocol::rules::{self, Candidate, Commit, Settlement, Standing};
use protocol::{Address, DeltaNumber, Digest, GroupId, Micronats, PeriodNumber, PositionNumber, RoundNumber, Wei};
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

    fn flags(&self, name: &str) -> Vec<bool> {
        self.0[name].as_array().unwrap().iter().map(|item| item.as_bool().unwrap()).collect()
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
    check("cap", |c| rules::author_reward_for(c.get("author"), c.get("bond")) == c.get("reward"));
    check("voids", |c| rules::next_voids(c.get("voids"), c.flag("decided"), c.flag("revealed"), c.get("epochs")) == c.get::<u64>("next"));
    check("concede", |c| rules::conceded_of(c.get("deposit"), c.get("order")) == c.get("back"));
}

#[test]
fn deposits_are_settled_as_the_contracts_do() {
    check("refund", |c| {
        let standing = match (c.text("outcome"), c.text("place")) {
            ("won", "winner") => Standing::First,
            ("won", "behind") => Standing::Behind,
            ("won", _) => Standing::Ahead,
            ("lost", _) => Standing::Lost,
            _ => Standing::Open,
        };
        let commit = match c.text("seal") {
            "unopened" => Commit::Unopened { is_shown: c.flag("shown") },
            "conceded" => Commit::Conceded { order: c.get("order") },
            _ => Commit::Revealed(standing),
        };
        let expected = Settlement { refunded: c.get("refunded"), kept: c.get("kept"), waits: c.flag("waits") };
        rules::settle(c.get("deposit"), commit) == expected
    });
}

#[test]
fn validators_are_paid_by_the_stake_that_judged() {
    check("earn", |c| {
        let earned = rules::earned_for(c.get("reward"), c.get("awake"), c.get("stake"));
        earned == c.get("earned") && rules::paid_for(earned, c.get("allowance"), c.flag("lost")) == c.get("paid")
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
            && rules::needed_of_all(stake, c.get("supply")) == c.get("ofAll")
            && rules::needed_to_roll_back(stake, c.get("votes")) == c.get("rollback")
    });
}

#[test]
fn claims_improve_and_are_ordered() {
    check("improve", |c| {
        let most = rules::most_loss(c.loss("base"), c.get("improve"), c.loss("least"));
        most == c.flag("possible").then(|| c.loss("most"))
    });
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
    check("quarter", |c| rules::may_propose(c.get("now"), c.get("period"), c.get("periodEnd"), c.get("extended")) == c.flag("open"));
    check("extension", |c| {
        rules::extension_s(c.get("now"), c.get("period"), c.get("periodEnd"), c.get("extended")) == c.get::<u64>("extension")
    });
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
    check("measure", |c| measure(c).name() == c.get("measure"));
}

fn measure(c: &Case) -> Measure {
    let nonce: ruint::aliases::U256 = c.get("nonce");
    Measure { kind: c.get("kind"), args: c.bytes("args"), nonce: Digest(nonce.to_be_bytes()), expiry_s: c.get("expiry") }
}

#[test]
fn a_measure_is_named_by_all_that_it_says() {
    let act = Act::Slash { group: GroupId(1), position: PositionNumber(3), signer: Address([5; 20]), basis_points: 500 };
    let one = Measure::new(&act, Digest([1; 32]), 1_000);
    assert_eq!(one.act(), Ok(act));
    let others = [
        Measure { nonce: Digest([2; 32]), ..one.clone() },
        Measure { expiry_s: 1_001, ..one.clone() },
        Measure { kind: 4, ..one.clone() },
        Measure { kind: 6, ..one.clone() },
        Measure { kind: 7, ..one.clone() },
        Measure::new(
            &Act::Slash { group: GroupId(1), position: PositionNumber(3), signer: Address([6; 20]), basis_points: 500 },
            one.nonce,
            1_000,
        ),
    ];
    assert!(others.iter().all(|other| other.name() != one.name()), "{others:?}");
}

#[test]
fn the_arguments_of_acts_are_those_of_the_contracts() {
    check("act", |c| {
        let group = c.get("group");
        let act = match c.text("act") {
            "period" => Act::Period { group, present_s: c.get("present"), period_s: c.get("period") },
            "rollback" => Act::Rollback { group, delta: c.get("delta"), patch: c.get("patch") },
            "admit" => Act::Admit { group, name: c.get("name") },
            "revoke" => Act::Revoke { group, name: c.get("name") },
            "strike" => Act::Strike { group, round: c.get("round"), claim: c.get("claim"), restore: c.text("restore") == "1" },
            "least" => Act::Least { group, present: c.loss("present"), least: c.loss("least") },
            _ => Act::Slash { group, position: c.get("position"), signer: c.get("signer"), basis_points: c.get("basisPoints") },
        };
        (act.kind(), act.args()) == (c.get("kind"), c.bytes("args")) && Act::decode(c.get("kind"), &c.bytes("args")) == Ok(act)
    });
}

#[test]
fn arguments_that_no_contract_takes_are_no_act() {
    let word = |last: u8| [&[0; 31][..], &[last]].concat();
    for (kind, args, error) in [
        (7, word(1), ActError::Kind(7)),
        (6, word(1), ActError::Length { kind: 6, words: 3 }),
        (6, [word(1), word(2), [&[0; 27][..], &[1; 5]].concat()].concat(), ActError::Range),
        (2, Vec::new(), ActError::Length { kind: 2, words: 2 }),
        (2, [word(1), word(2)].concat()[1..].to_vec(), ActError::Length { kind: 2, words: 2 }),
        (0, word(1), ActError::Length { kind: 0, words: 3 }),
        (1, [word(1), word(2), word(3), word(4)].concat(), ActError::Length { kind: 1, words: 3 }),
        (5, [word(1), word(2), word(3)].concat(), ActError::Length { kind: 5, words: 4 }),
        (4, [word(1), word(2), word(3), word(2)].concat(), ActError::Range),
        (5, [word(1), word(2), vec![1; 32], word(4)].concat(), ActError::Range),
        (3, [&[1][..], &word(1)[1..], &word(2)].concat(), ActError::Range),
    ] {
        assert_eq!(Act::decode(kind, &args), Err(error), "{kind}");
    }
}

/// A group with rounds of 60 s, epochs of 600 s and an exit of 900 s.
fn group(counted: u64, recent: Vec<RoundNumber>) -> GroupView {
    GroupView {
        id: GroupId(1),
        name: Digest::ZERO,
        genesis_s: 1_000,
        times: Times { train_s: 30, reveal_s: 20, judge_s: 10 },
        improve: 10,
        least: Micronats(0),
        manifest: Digest::ZERO,
        checkpoint: Digest::ZERO,
        head: Digest::ZERO,
        admitted: true,
        parent: GroupId(0),
        voids: 0,
        opened: None,
        counted,
        newest: Vec::new(),
        recent,
        applied: DeltaNumber(0),
        period_s: 300,
        period_next_s: 300,
        period_number: PeriodNumber(1),
        period_end_s: 2_000,
        extended_s: 0,
        maturity_s: 100,
        min_deposit: Wei(1),
        least_deposit: Wei(1),
        epoch_s: 600,
        exit_s: 900,
        positions: Vec::new(),
    }
}

#[test]
fn absence_and_forgiveness_are_as_the_contracts_count_them() {
    check("absent", |c| {
        let view = group(c.get("counted"), c.list("recent").into_iter().map(RoundNumber).collect());
        let position = PositionView { awake_next: c.flag("awake"), woken_at: c.get("wokenAt"), ..PositionView::default() };
        let present: Vec<u64> = c.list("present");
        view.is_absent(&position, |round| present.contains(&round.0)) == c.flag("absent")
    });
    check("sleep", |c| {
        let dozed = rules::next_dozed(c.get("epoch"), c.get("until"), c.get("dozed"));
        dozed == c.get::<u64>("next") && rules::sleeps_until(c.get("epoch"), dozed) == c.get::<u64>("sleepsUntil")
    });
    check("double", |c| {
        let position = PositionView { forgiven_until_s: c.get("forgivenUntil"), ..PositionView::default() };
        group(0, Vec::new()).may_slash_double(&position, c.get("round"), c.get("now")) == c.flag("inTime")
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
        let (delta, patch) = (c.get("delta"), c.get("patch"));
        check_signed(c, Choice { group: c.get("group"), period: c.get("period"), delta, patch, seq: c.get("seq") })
    });
    check("assent", |c| measure(c).name() == c.get("measure") && check_signed(c, measure(c)));
    check("measured", |c| {
        let (result, probe) = (c.get("result"), c.get("probe"));
        check_signed(c, Finding { bounty: c.get("bounty"), window: c.get("window"), result, probe })
    });
    check("consent", |c| check_signed(c, Consent { group: c.get("group"), owner: c.get("owner") }));
}

fn findings(c: &Case) -> Findings {
    let (won, losses) = (c.list::<u32>("won"), c.list::<u32>("losses"));
    let counts = won.into_iter().zip(losses).zip(c.flags("better"));
    let steps = c.list::<RoundNumber>("rounds").into_iter().zip(counts);
    let steps = steps.map(|(round, ((won, loss), better))| Step { round, won, loss: Micronats(loss), better });
    Findings { failed: c.flag("failed"), base: c.loss("base"), steps: steps.collect() }
}

#[test]
fn a_bounty_is_paid_as_the_contracts_do() {
    check("bounty", |c| {
        let prize = Prize { amount: c.get("amount"), bond: c.get("bond"), target: c.loss("target") };
        let expected = Payments { finders: c.get("finders"), rounds: c.list("pays"), returned: c.get("returned"), burned: c.get("burned") };
        findings(c).hash() == c.get("result") && prize.payments(&findings(c)) == expected
    });
    check("undecided", |c| {
        let prize = Prize { amount: c.get("amount"), bond: c.get("bond"), target: Micronats(1) };
        prize.undecided(c.flag("opened")) == (c.get("returned"), c.get("burned"))
    });
}

#[test]
fn a_bounty_has_the_rounds_and_windows_of_the_contracts() {
    check("term", |c| {
        let calendar = Calendar { genesis_s: c.get("genesis"), length_s: c.get("length"), epoch_s: c.get("epoch") };
        let term = Term::new(c.get("round"), c.get("term"), calendar);
        term == Term { first: c.get("first"), last: c.get("last"), windows: c.get("windows") }
            && term.measured_in(c.get("opened"), calendar).unwrap_or(WINDOWS) == c.get::<u64>("window")
    });
}
