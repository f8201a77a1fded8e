//! The validator's machine, told one thing after another.

use protocol::chain::{ChainEvent, Outcome};
use protocol::rules::claim_hash;
use protocol::validator::{BaseFinding, Config, Effect, Fetched, Finding, Input, MAX_FETCHES, Validator};
use protocol::{Digest, Micronats, PositionNumber, RoundNumber, Wei};

use crate::world::*;

const ROUND: RoundNumber = RoundNumber(3);
const BASE: Micronats = Micronats(2_000_000);

fn validator(signer: u8) -> Validator {
    Validator::new(Config { group: GROUP, domain: DOMAIN, signer: account(signer), edge_s: 2, step_s: 2 })
}

/// Hash of the claim that trainer `number` makes about `file`.
fn hash(number: u8, loss: u32, file: &str) -> Digest {
    let claim = claim(ROUND, number, BASE, Micronats(loss), file);
    claim_hash(claim.file, claim.base, claim.loss, claim.loss_root)
}

/// A validator in a story: it fetches what there is, and measures what is true.
struct Story {
    validator: Validator,
    /// Files that anybody serves.
    served: Vec<&'static str>,
    /// Claims that are true.
    truths: Vec<Digest>,
    effects: Vec<Effect>,
}

impl Story {
    /// A live validator in TRAIN of `ROUND`, which somebody opened.
    fn new(signer: u8) -> Self {
        let mut story = Self { validator: validator(signer), served: Vec::new(), truths: Vec::new(), effects: Vec::new() };
        story.tell(Input::Group(group()));
        story.tell(Input::Block(at(ROUND, 0)));
        story.tell(Input::Live);
        story.tell(Input::Event(opened_event(ROUND, digest("checkpoint"))));
        story
    }

    /// Tells a fact and answers what the machine asks for, until it asks for nothing more.
    fn tell(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for effect in self.validator.handle(input) {
                inputs.extend(self.answer(&effect));
                self.effects.push(effect);
            }
        }
    }

    fn answer(&self, effect: &Effect) -> Option<Input> {
        match effect {
            Effect::MeasureBase { round, .. } => Some(Input::BaseMeasured { round: *round, result: Ok(base_finding()) }),
            Effect::Fetch { round, file } => {
                let is_served = self.served.iter().any(|name| digest(name) == *file);
                let result = if is_served { Fetched::Held } else { Fetched::Missing("nobody has it".into()) };
                Some(Input::Fetched { round: *round, file: *file, result })
            }
            Effect::Measure { claim, hash, .. } => {
                let finding = match self.truths.contains(hash) {
                    true => Finding::True { probe: digest("probe of file") },
                    false => Finding::False { reason: "other losses".into() },
                };
                Some(Input::Measured { round: claim.round, claim: *hash, finding })
            }
            _ => None,
        }
    }

    fn reveal(&mut self, number: u8, loss: u32, file: &str) {
        self.tell(Input::Event(ChainEvent::Revealed(claim(ROUND, number, BASE, Micronats(loss), file))));
    }

    fn second(&mut self, second: u64) {
        self.tell(Input::Block(at(ROUND, second)));
    }

    fn others_have(&mut self, file: &str) {
        for position in 1..=3 {
            self.tell(Input::Have { round: ROUND, file: digest(file), position: PositionNumber(position) });
        }
    }

    fn signed(&self) -> Option<(Digest, Digest)> {
        let mut signs = self.effects.iter().filter_map(|effect| match effect {
            Effect::Sign(verdict) => Some((verdict.claim, verdict.probe)),
            _ => None,
        });
        let first = signs.next();
        assert_eq!(signs.next(), None, "signs once");
        first
    }

    fn measured(&self) -> Vec<u8> {
        let numbers = self
            .effects
            .iter()
            .filter_map(|effect| if let Effect::Measure { claim, .. } = effect { Some(claim.number as u8) } else { None });
        numbers.collect()
    }

    fn posts(&self) -> Vec<(Digest, Vec<u64>)> {
        let posts = self.effects.iter().filter_map(|effect| match effect {
            Effect::Post { claim, verdicts, .. } => Some((*claim, verdicts.iter().map(|(position, _)| position.0).collect())),
            _ => None,
        });
        posts.collect()
    }
}

fn base_finding() -> BaseFinding {
    BaseFinding { base: BASE, probe: digest("probe of base") }
}

const NONE_IS_TRUE: Digest = Digest::ZERO;

#[test]
fn the_best_true_claim_is_signed_and_worse_ones_are_never_read() {
    let mut story = Story::new(1);
    (story.served, story.truths) = (vec!["a", "b", "c"], vec![hash(2, 1_800_000, "b"), hash(3, 1_900_000, "c")]);
    story.second(20);
    story.reveal(3, 1_900_000, "c");
    story.reveal(1, 1_700_000, "a");
    story.reveal(2, 1_800_000, "b");
    ["a", "b", "c"].into_iter().for_each(|file| story.others_have(file));
    assert_eq!(story.signed(), None, "not before JUDGE");
    assert_eq!(story.measured(), [0; 0]);
    story.second(30);
    assert_eq!(story.signed(), Some((hash(2, 1_800_000, "b"), digest("probe of file"))));
    assert_eq!(story.measured(), [1, 2]);
}

#[test]
fn the_base_is_measured_once_for_all_claims() {
    let mut story = Story::new(1);
    story.served = vec!["a", "b"];
    story.second(21);
    story.reveal(1, 1_700_000, "a");
    story.reveal(2, 1_800_000, "b");
    ["a", "b"].into_iter().for_each(|file| story.others_have(file));
    (22..40).for_each(|second| story.second(second));
    let bases: Vec<_> = story.effects.iter().filter(|effect| matches!(effect, Effect::MeasureBase { .. })).collect();
    let (checkpoint, head, seed) = (digest("checkpoint"), digest("head"), at(ROUND, 21).hash);
    assert_eq!(bases, [&Effect::MeasureBase { round: ROUND, checkpoint, head, seed }], "seed: the first block of REVEAL");
}

#[test]
fn twenty_liars_do_not_hide_one_honest_claim() {
    let mut story = Story::new(1);
    (story.served, story.truths) = (vec!["lie", "truth"], vec![hash(21, 1_990_000, "truth")]);
    story.second(20);
    (1..=20).for_each(|liar| story.reveal(liar, 1_000_000 + u32::from(liar) * 1000, "lie"));
    story.reveal(21, 1_990_000, "truth");
    ["lie", "truth"].into_iter().for_each(|file| story.others_have(file));
    story.second(30);
    assert_eq!(story.signed(), Some((hash(21, 1_990_000, "truth"), digest("probe of file"))));
}

#[test]
fn if_none_is_true_zero_is_signed_with_the_probe_of_the_base() {
    let mut story = Story::new(1);
    story.served = vec!["a"];
    story.second(20);
    story.reveal(1, 1_700_000, "a");
    story.others_have("a");
    story.second(30);
    assert_eq!(story.signed(), Some((NONE_IS_TRUE, digest("probe of base"))));
}

#[test]
fn a_claim_with_another_base_is_false_without_fetching_or_measuring() {
    let mut story = Story::new(1);
    story.second(20);
    story.tell(Input::Event(ChainEvent::Revealed(claim(ROUND, 1, Micronats(BASE.0 + 1), Micronats(1), "a"))));
    story.second(30);
    assert_eq!(story.signed(), Some((NONE_IS_TRUE, digest("probe of base"))));
    assert!(!story.effects.iter().any(|effect| matches!(effect, Effect::Fetch { .. } | Effect::Measure { .. })));
}

#[test]
fn of_equal_claims_one_measurement_serves() {
    let mut story = Story::new(1);
    (story.served, story.truths) = (vec!["a"], vec![hash(2, 1_700_000, "a")]);
    story.second(20);
    story.reveal(3, 1_700_000, "a");
    story.reveal(2, 1_700_000, "a");
    story.others_have("a");
    story.second(30);
    assert_eq!(story.measured(), [2]);
    assert_eq!(story.signed().unwrap().0, hash(2, 1_700_000, "a"));
}

#[test]
fn a_round_without_reveals_is_not_signed() {
    let mut story = Story::new(1);
    (20..40).for_each(|second| story.second(second));
    assert_eq!(story.signed(), None);
    story.tell(Input::Block(at(RoundNumber(4), 0)));
    assert!(matches!(story.effects.last(), Some(Effect::Done(report)) if report.claims == 0 && report.outcome == Outcome::None));
}

#[test]
fn a_file_that_nobody_announced_by_half_of_judge_makes_its_claim_false() {
    let mut story = Story::new(1);
    (story.served, story.truths) = (vec!["shown"], vec![hash(2, 1_900_000, "shown")]);
    story.second(20);
    story.reveal(1, 1_700_000, "withheld");
    story.reveal(2, 1_900_000, "shown");
    story.others_have("shown");
    story.second(34);
    assert_eq!(story.signed(), None, "still waiting");
    story.second(35);
    assert_eq!(story.signed().unwrap().0, hash(2, 1_900_000, "shown"));
}

#[test]
fn who_holds_a_file_that_too_few_hold_signs_as_those_who_do_not() {
    let mut story = Story::new(1);
    (story.served, story.truths) = (vec!["a"], vec![hash(1, 1_700_000, "a")]);
    story.second(20);
    story.reveal(1, 1_700_000, "a");
    story.second(30);
    assert_eq!(story.signed(), None, "one third is not more than one third");
    story.second(35);
    assert_eq!(story.signed(), Some((NONE_IS_TRUE, digest("probe of base"))));
    story.others_have("a");
    story.second(36);
}

#[test]
fn a_file_that_others_hold_is_waited_for_and_asked_for_again() {
    let mut story = Story::new(1);
    story.truths = vec![hash(1, 1_700_000, "a")];
    story.second(20);
    story.reveal(1, 1_700_000, "a");
    story.others_have("a");
    story.second(36);
    assert_eq!(story.signed(), None);
    story.served = vec!["a"];
    story.second(37);
    assert_eq!(story.signed().unwrap().0, hash(1, 1_700_000, "a"));
}

#[test]
fn a_file_of_another_length_is_false_at_once() {
    let mut validator = Story::new(1);
    validator.second(20);
    let claim = claim(ROUND, 1, BASE, Micronats(1_700_000), "a");
    let effects = validator.validator.handle(Input::Event(ChainEvent::Revealed(claim)));
    assert_eq!(effects, [Effect::Fetch { round: ROUND, file: digest("a") }]);
    validator.tell(Input::Fetched { round: ROUND, file: digest("a"), result: Fetched::Wrong("too long".into()) });
    validator.second(30);
    assert_eq!(validator.signed(), Some((NONE_IS_TRUE, digest("probe of base"))));
}

#[test]
fn files_are_fetched_best_first_and_few_at_a_time() {
    let mut story = Story::new(1);
    story.second(20);
    let mut fetched = Vec::new();
    for number in 1..=10 {
        let claim = claim(ROUND, number, BASE, Micronats(1_900_000 - u32::from(number) * 1000), &format!("file {number}"));
        fetched.extend(story.validator.handle(Input::Event(ChainEvent::Revealed(claim))));
    }
    assert_eq!(fetched.len(), MAX_FETCHES);
    let next = story.validator.handle(Input::Fetched { round: ROUND, file: digest("file 1"), result: Fetched::Held });
    assert!(next.contains(&Effect::Announce { round: ROUND, file: digest("file 1") }));
    assert!(next.contains(&Effect::Fetch { round: ROUND, file: digest("file 10") }), "the best of those that wait");
}

#[test]
fn what_cannot_be_measured_here_is_not_signed_about() {
    let mut story = Story::new(1);
    story.second(20);
    story.reveal(1, 1_700_000, "a");
    story.others_have("a");
    story.tell(Input::Fetched { round: ROUND, file: digest("a"), result: Fetched::Held });
    let effects = story.validator.handle(Input::Block(at(ROUND, 30)));
    assert!(matches!(effects[..], [Effect::Measure { .. }] | [Effect::Measure { .. }, _]), "{effects:?}");
    let finding = Finding::Failed { reason: "out of memory".into() };
    story.tell(Input::Measured { round: ROUND, claim: hash(1, 1_700_000, "a"), finding });
    (31..40).for_each(|second| story.second(second));
    assert_eq!(story.signed(), None);
}

/// A story in JUDGE where claim "a" is true and its verdict asked for.
fn judging(signer: u8) -> (Story, Digest) {
    let mut story = Story::new(signer);
    let truth = hash(1, 1_700_000, "a");
    (story.served, story.truths) = (vec!["a"], vec![truth]);
    story.second(20);
    story.reveal(1, 1_700_000, "a");
    story.others_have("a");
    story.second(30);
    assert_eq!(story.signed().unwrap().0, truth);
    (story, truth)
}

/// The signer that posts first in `ROUND` when `verdicts` are in.
fn first_poster() -> u8 {
    let posts_at_once = |signer: &u8| {
        let (mut story, truth) = judging(*signer);
        (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
        !story.posts().is_empty()
    };
    (1..=3).find(posts_at_once).unwrap()
}

#[test]
fn one_posts_at_once_when_all_verdicts_are_in_and_the_others_seconds_later() {
    let mut seconds = Vec::new();
    for signer in 1..=3 {
        let (mut story, truth) = judging(signer);
        (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
        let posted = (30..40).find(|second| {
            story.second(*second);
            !story.posts().is_empty()
        });
        assert_eq!(story.posts(), [(truth, vec![1, 2, 3])]);
        seconds.push(posted.unwrap());
    }
    seconds.sort_unstable();
    assert_eq!(seconds, [30, 32, 34]);
}

#[test]
fn nothing_is_posted_at_the_edge_of_the_phase() {
    for (second, posts) in [(37, 1), (38, 0), (39, 0)] {
        let (mut story, truth) = judging(first_poster());
        story.second(second);
        (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
        assert_eq!(story.posts().len(), posts, "second {second}");
    }
}

#[test]
fn the_seed_is_the_first_block_of_reveal_and_no_later_one() {
    let mut story = Story::new(1);
    story.served = vec!["a"];
    (20..30).for_each(|second| story.second(second));
    story.reveal(1, 1_700_000, "a");
    story.others_have("a");
    story.second(30);
    let seed = story.effects.iter().find_map(|effect| if let Effect::Measure { seed, .. } = effect { Some(*seed) } else { None });
    assert_eq!(seed, Some(at(ROUND, 20).hash));
}

#[test]
fn more_than_two_thirds_are_needed_and_a_step_is_waited_for_the_rest() {
    let mut all_awake = group();
    all_awake.positions.push(position(4, 100));
    let (mut story, truth) = judging(first_poster());
    story.tell(Input::Group(all_awake));
    (1..=2).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
    (31..36).for_each(|second| story.second(second));
    assert_eq!(story.posts(), [], "half is no quorum");
    story.tell(Input::Heard(verdict(3, ROUND, truth)));
    assert_eq!(story.posts(), [], "the fourth may still come");
    (36..40).for_each(|second| story.second(second));
    assert_eq!(story.posts(), [(truth, vec![1, 2, 3])]);
}

#[test]
fn verdicts_that_come_after_the_decision_are_brought_too() {
    let (mut story, truth) = judging(first_poster());
    let mut four = group();
    four.positions.push(position(4, 100));
    story.tell(Input::Group(four));
    (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
    let decided =
        ChainEvent::Decided { group: GROUP, round: ROUND, outcome: Outcome::Won, claim: truth, winner: account(1), file: digest("a") };
    story.tell(Input::Event(decided));
    let (stake, amount) = (Wei::nrn(300), Wei::nrn(150));
    story.tell(Input::Event(ChainEvent::Judged { group: GROUP, round: ROUND, claim: truth, counted: 3, stake, amount }));
    story.second(31);
    assert_eq!(story.posts(), [], "somebody else brought them");
    story.tell(Input::Heard(verdict(4, ROUND, truth)));
    (31..38).for_each(|second| story.second(second));
    assert_eq!(story.posts(), [(truth, vec![1, 2, 3, 4])]);
}

#[test]
fn a_failed_post_is_tried_again_later() {
    let (mut story, truth) = judging(first_poster());
    (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
    assert_eq!(story.posts().len(), 1);
    story.tell(Input::Posted { round: ROUND, result: Err("node is down".into()) });
    assert_eq!(story.posts().len(), 1);
    (31..38).for_each(|second| story.second(second));
    assert_eq!(story.posts().len(), 2);
}

#[test]
fn verdicts_that_do_not_count_are_not_counted() {
    let (mut story, truth) = judging(first_poster());
    story.tell(Input::Heard(verdict(1, ROUND, truth)));
    story.tell(Input::Heard(verdict(1, ROUND, truth)));
    story.tell(Input::Heard(verdict(77, ROUND, truth)));
    story.tell(Input::Heard(verdict(2, RoundNumber(2), truth)));
    story.tell(Input::Heard(verdict(2, ROUND, NONE_IS_TRUE)));
    story.tell(Input::Heard(verdict(2, ROUND, truth)));
    let mut forged = verdict(3, ROUND, truth);
    forged.message.probe = digest("another");
    story.tell(Input::Heard(forged));
    (31..40).for_each(|second| story.second(second));
    assert_eq!(story.posts(), []);
}

#[test]
fn a_claim_that_was_never_revealed_is_not_brought() {
    let (mut story, _) = judging(first_poster());
    (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, digest("invented")))));
    (31..40).for_each(|second| story.second(second));
    assert_eq!(story.posts(), []);
}

#[test]
fn after_a_restart_the_verdict_in_the_log_is_not_signed_again() {
    let (story, truth) = judging(1);
    let mut again = validator(1);
    again.handle(Input::Group(group()));
    for input in [
        Input::Block(at(ROUND, 0)),
        Input::Event(opened_event(ROUND, digest("checkpoint"))),
        Input::Block(at(ROUND, 20)),
        Input::Event(ChainEvent::Revealed(claim(ROUND, 1, BASE, Micronats(1_700_000), "a"))),
        Input::Block(at(ROUND, 32)),
        Input::Heard(verdict(1, ROUND, truth)),
    ] {
        assert_eq!(again.handle(input), [], "nothing is asked for before history is over");
    }
    let mut story = Story { validator: again, effects: Vec::new(), ..story };
    story.tell(Input::Live);
    (33..40).for_each(|second| story.second(second));
    assert_eq!(story.signed(), None);
}

#[test]
fn a_refusal_of_the_signing_log_is_final() {
    let (mut story, _) = judging(1);
    story.tell(Input::Refused { round: ROUND, reason: "signed already".into() });
    (31..40).for_each(|second| story.second(second));
    story.tell(Input::Block(at(RoundNumber(4), 0)));
    assert_eq!(story.effects.iter().filter(|effect| matches!(effect, Effect::Sign(_))).count(), 1);
    assert!(matches!(story.effects.last(), Some(Effect::Done(report)) if report.signed.is_none() && report.trouble.is_some()));
}

#[test]
fn without_awake_stake_nothing_is_done() {
    for number in [1, 50] {
        let mut sleeping = group();
        sleeping.positions[0].awake = false;
        let mut validator = validator(number);
        validator.handle(Input::Group(sleeping));
        validator.handle(Input::Block(at(ROUND, 0)));
        validator.handle(Input::Live);
        validator.handle(Input::Event(opened_event(ROUND, digest("checkpoint"))));
        assert_eq!(validator.handle(Input::Block(at(ROUND, 20))), []);
        let claim = claim(ROUND, 1, BASE, Micronats(1), "a");
        assert_eq!(validator.handle(Input::Event(ChainEvent::Revealed(claim))), []);
        assert_eq!(validator.handle(Input::Block(at(ROUND, 36))), []);
    }
}

#[test]
fn who_did_not_see_reveal_begin_does_not_guess_the_seed() {
    let mut validator = validator(1);
    validator.handle(Input::Group(group()));
    validator.handle(Input::Block(at(ROUND, 22)));
    validator.handle(Input::Event(opened_event(ROUND, digest("checkpoint"))));
    assert_eq!(validator.handle(Input::Live), []);
    assert_eq!(validator.handle(Input::Block(at(ROUND, 30))), []);
}

#[test]
fn the_same_inputs_give_the_same_effects() {
    let run = || {
        let (mut story, truth) = judging(2);
        (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
        (31..90).for_each(|second| story.second(second));
        story.effects
    };
    assert_eq!(run(), run());
}
