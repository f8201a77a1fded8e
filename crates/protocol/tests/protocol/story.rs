//! A validator in a story: the facts it is told, and what it did.

use protocol::chain::{Block, ChainEvent};
use protocol::pace::Tempo;
use protocol::rules::claim_hash;
use protocol::signing_log::SigningLog;
use protocol::validator::{BaseFinding, Config, Effect, Fetched, Finding, Input, Validator};
use protocol::{Digest, Micronats, PositionNumber, RoundNumber};

use crate::world::*;

pub const ROUND: RoundNumber = RoundNumber(3);
pub const BASE: Micronats = Micronats(2_000_000);

pub fn validator(signer: u8) -> Validator {
    Validator::new(config(signer))
}

pub fn config(signer: u8) -> Config {
    Config {
        group: GROUP,
        domain: DOMAIN,
        signer: account(signer),
        tempo: Tempo { edge_s: Some(2), step_s: Some(2), ..Tempo::default() },
        verdicts_a_call: 1_024,
        signed: SigningLog::default(),
        doppelganger_check: true,
    }
}

/// Hash of the claim that trainer `number` makes about `file`.
pub fn hash(number: u8, loss: u32, file: &str) -> Digest {
    let claim = claim(ROUND, number, BASE, Micronats(loss), file);
    claim_hash(claim.file, claim.base, claim.loss, claim.loss_root)
}

/// A validator in a story: it fetches what there is, and measures what is true.
pub struct Story {
    pub validator: Validator,
    /// Files that anybody serves.
    pub served: Vec<&'static str>,
    /// Files for which there is no room here.
    pub full: Vec<&'static str>,
    /// Claims that are true.
    pub truths: Vec<Digest>,
    pub effects: Vec<Effect>,
    /// The last block's second in the round.
    pub last_s: u64,
}

impl Story {
    /// A live validator in TRAIN of `ROUND`, which somebody opened.
    pub fn new(signer: u8) -> Self {
        let mut story =
            Self { validator: validator(signer), served: Vec::new(), full: Vec::new(), truths: Vec::new(), effects: Vec::new(), last_s: 0 };
        story.tell(Input::Group(group()));
        story.tell(Input::Block(at(ROUND, 0)));
        story.tell(Input::Live);
        story.tell(Input::Event(opened_event(ROUND, digest("checkpoint"))));
        story
    }

    /// Tells a fact and answers what the machine asks for, until it asks for nothing more.
    pub fn tell(&mut self, input: Input) {
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
                let is_in = |names: &[&str]| names.iter().any(|name| digest(name) == *file);
                let result = match (is_in(&self.full), is_in(&self.served)) {
                    (true, _) => Fetched::NotKept("the disk is full".into()),
                    (_, true) => Fetched::Held,
                    _ => Fetched::Missing("nobody has it".into()),
                };
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

    pub fn reveal(&mut self, number: u8, loss: u32, file: &str) {
        self.tell(Input::Event(ChainEvent::Revealed(claim(ROUND, number, BASE, Micronats(loss), file))));
    }

    /// The block of that second; if REVEAL has begun with it, the one before it as well.
    pub fn second(&mut self, second: u64) {
        let reveal_s = TIMES.train_s;
        if self.last_s < reveal_s && reveal_s <= second {
            self.tell(Input::Block(Block { number: at(ROUND, second).number - 1, ..at(ROUND, reveal_s - 1) }));
        }
        self.last_s = second;
        self.tell(Input::Block(at(ROUND, second)));
    }

    pub fn others_have(&mut self, file: &str) {
        for position in 1..=3 {
            self.tell(Input::Have { round: ROUND, file: digest(file), position: PositionNumber(position) });
        }
    }

    pub fn signed(&self) -> Option<(Digest, Digest)> {
        let mut signs = self.effects.iter().filter_map(|effect| match effect {
            Effect::Sign(verdict) => Some((verdict.claim, verdict.probe)),
            _ => None,
        });
        let first = signs.next();
        assert_eq!(signs.next(), None, "signs once");
        first
    }

    pub fn measured(&self) -> Vec<u8> {
        let numbers = self
            .effects
            .iter()
            .filter_map(|effect| if let Effect::Measure { claim, .. } = effect { Some(claim.number as u8) } else { None });
        numbers.collect()
    }

    pub fn posts(&self) -> Vec<(Digest, Vec<u64>)> {
        let posts = self.effects.iter().filter_map(|effect| match effect {
            Effect::Post { claim, verdicts, .. } => Some((*claim, verdicts.iter().map(|(position, _)| position.0).collect())),
            _ => None,
        });
        posts.collect()
    }
}

pub fn base_finding() -> BaseFinding {
    BaseFinding { base: BASE, probe: digest("probe of base") }
}

pub const NONE_IS_TRUE: Digest = Digest::ZERO;

/// A story in JUDGE where claim "a" is true and its verdict asked for.
pub fn judging(signer: u8) -> (Story, Digest) {
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
