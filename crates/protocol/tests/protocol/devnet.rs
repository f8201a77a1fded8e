//! Four validators and a chain of one block a second: how many transactions a round takes, and who sends them.

use protocol::pace::Tempo;
use std::collections::BTreeSet;

use crate::world::*;
use protocol::chain::{Block, ChainEvent, GroupView, Outcome, Times};
use protocol::eip712::SignedVerdict;
use protocol::rules::claim_hash;
use protocol::signing_log::SigningLog;
use protocol::validator::{Config, Effect, Input, Validator};
use protocol::{Digest, Micronats, PositionNumber, RoundNumber};

const FIRST: RoundNumber = RoundNumber(0);
const SHORT: Times = Times { train_s: 5, reveal_s: 5, judge_s: 6 };
const LONG: Times = Times { judge_s: 60, ..SHORT };
const NEVER: u64 = u64::MAX;

fn four(times: Times) -> GroupView {
    GroupView { times, positions: (1..=4).map(|number| position(number, 100)).collect(), ..group() }
}

fn second(number: u64) -> Block {
    block(GENESIS_S + number)
}

fn truth() -> Digest {
    let claim = claim(FIRST, 1, Micronats(2_000_000), Micronats(1_900_000), "file");
    claim_hash(claim.file, claim.base, claim.loss, claim.loss_root)
}

/// A validator at the end of REVEAL that knows one claim.
fn ready(signer: u8, times: Times) -> Validator {
    let config = Config {
        group: GROUP,
        domain: DOMAIN,
        signer: account(signer),
        tempo: Tempo { edge_s: Some(2), step_s: Some(1), ..Tempo::default() },
        verdicts_a_call: 1_024,
        signed: SigningLog::default(),
        doppelganger_check: true,
    };
    let mut validator = Validator::new(config);
    validator.handle(Input::Group(four(times)));
    (0..8).for_each(|number| drop(validator.handle(Input::Block(second(number)))));
    let claim = claim(FIRST, 1, Micronats(2_000_000), Micronats(1_900_000), "file");
    validator.handle(Input::Event(ChainEvent::Revealed(claim)));
    validator.handle(Input::Live);
    (8..10).for_each(|number| drop(validator.handle(Input::Block(second(number)))));
    validator
}

fn posted(effects: Vec<Effect>) -> Option<Vec<(PositionNumber, SignedVerdict)>> {
    effects.into_iter().find_map(|effect| if let Effect::Post { verdicts, .. } = effect { Some(verdicts) } else { None })
}

/// The signers in the order in which they post.
fn order() -> Vec<u8> {
    let mut turns: Vec<(u64, u8)> = Vec::new();
    for signer in 1..=4 {
        let mut validator = ready(signer, LONG);
        validator.handle(Input::Block(second(10)));
        let mut effects: Vec<_> = (1..=4).flat_map(|other| validator.handle(Input::Heard(verdict(other, FIRST, truth())))).collect();
        let mut number = 10;
        while posted(effects).is_none() {
            number += 1;
            effects = validator.handle(Input::Block(second(number)));
        }
        turns.push((number, signer));
    }
    turns.sort_unstable();
    assert_eq!(turns.iter().map(|(second, _)| *second).collect::<Vec<_>>(), [10, 12, 14, 16]);
    turns.into_iter().map(|(_, signer)| signer).collect()
}

/// What a round came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Played {
    /// Second, place in the order of posters, verdicts in the batch.
    posts: Vec<(u64, usize, usize)>,
    /// Batches of which the contract counted nothing.
    refused: usize,
    /// Positions that were counted.
    counted: BTreeSet<PositionNumber>,
}

/// Validators that are there, in the order of posters, and batches that wait for the next block.
struct Net {
    validators: Vec<(usize, Validator)>,
    waiting: Vec<(usize, Vec<(PositionNumber, SignedVerdict)>)>,
    played: Played,
    now: u64,
}

impl Net {
    fn tell(&mut self, who: Option<usize>, input: &Input) {
        for (place, validator) in self.validators.iter_mut().filter(|(place, _)| who.is_none_or(|who| who == *place)) {
            if let Some(verdicts) = posted(validator.handle(input.clone())) {
                self.played.posts.push((self.now, *place, verdicts.len()));
                self.waiting.push((*place, verdicts));
            }
        }
    }

    /// As the contract does: a verdict counts once, and a batch without a new one fails.
    fn mine(&mut self) {
        for (place, verdicts) in std::mem::take(&mut self.waiting) {
            let is_first = self.played.counted.is_empty();
            let fresh = verdicts.iter().map(|(position, _)| *position).filter(|position| self.played.counted.insert(*position));
            let fresh: Vec<_> = fresh.map(|position| position.0).collect();
            if fresh.is_empty() {
                self.played.refused += 1;
                self.tell(Some(place), &Input::Posted { round: FIRST, result: Err("NothingCounted".into()) });
                continue;
            }
            if is_first {
                self.tell(None, &Input::Event(decided_event(FIRST, Outcome::Won, truth(), account(1), digest("file"))));
            }
            self.tell(None, &Input::Event(judged_event(FIRST, truth(), &fresh)));
            self.tell(Some(place), &Input::Posted { round: FIRST, result: Ok(()) });
        }
    }
}

/// JUDGE from second 10 to 16: verdict `i` is heard by all after block `heard[i]`; the first `dead` posters are not there.
fn play(heard: [u64; 4], dead: usize) -> Played {
    let order = order().into_iter().enumerate().skip(dead);
    let validators = order.map(|(place, signer)| (place, ready(signer, SHORT))).collect();
    let mut net = Net { validators, waiting: Vec::new(), played: Played::default(), now: 10 };
    for now in 10..16 {
        net.mine();
        net.now = now;
        net.tell(None, &Input::Block(second(now)));
        let verdicts = (1..=4).zip(heard).filter(|(_, heard)| *heard == now);
        verdicts.for_each(|(signer, _)| net.tell(None, &Input::Heard(verdict(signer, FIRST, truth()))));
    }
    net.played
}

fn check(name: &str, heard: [u64; 4], dead: usize, posts: &[(u64, usize, usize)]) {
    let played = play(heard, dead);
    assert_eq!(played.posts, posts, "{name}");
    assert_eq!(played.refused, 0, "{name}");
    let reachable = heard.into_iter().filter(|second| *second != NEVER).count();
    assert_eq!(played.counted.len(), reachable, "{name}: all verdicts are counted");
}

#[test]
fn one_transaction_carries_all_verdicts() {
    check("all at once", [10; 4], 0, &[(10, 0, 4)]);
    check("all a second later", [11; 4], 0, &[(11, 0, 4)]);
    check("one late", [10, 11, 10, 10], 0, &[(11, 0, 4)]);
    check("one after the other", [10, 10, 11, 12], 0, &[(12, 0, 3), (13, 0, 1)]);
    check("one missing: half of what is usable is waited", [10, 10, NEVER, 10], 0, &[(12, 0, 3)]);
    check("one after the decision", [10, 10, 10, 12], 0, &[(12, 0, 3), (13, 0, 1)]);
}

#[test]
fn when_the_first_is_dead_the_next_one_posts() {
    check("in its turn", [10; 4], 1, &[(12, 1, 4)]);
}

#[test]
fn nobody_waits_until_it_is_too_late() {
    for (heard, dead) in
        [([12; 4], 1), ([10, 10, 10, 11], 1), ([10, 10, NEVER, 10], 1), ([13; 4], 0), ([13; 4], 1), ([10; 4], 3), ([11; 4], 3)]
    {
        let played = play(heard, dead);
        assert!(played.counted.len() >= 3, "{heard:?} {dead} {played:?}");
        assert!(played.posts.iter().all(|(second, ..)| *second <= 13), "{heard:?} {dead} {played:?}");
    }
}
