//! A devnet that is watched: who committed, who signed what, and what became of each deposit.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use devnet::{Devnet, Options, RoundEntry, Screen};
use node::Heard;
use protocol::{
    Address, Digest, PositionNumber, RoundNumber, Wei,
    chain::{Block, ChainEvent, Outcome},
    log::Body,
};
use tokio::sync::{Mutex, MutexGuard};

use crate::groups::fresh_folder;

/// One devnet at a time: a round is some seconds of real time, and the processors are few.
static TURN: Mutex<()> = Mutex::const_new(());

/// What came back of a deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    pub refunded: Wei,
    pub burned: Wei,
}

/// A devnet and what its book does not hold.
pub struct Watched {
    pub devnet: Devnet,
    pub committed: BTreeSet<(RoundNumber, Address)>,
    /// Claims that each signer signed in each round, as the group's log told.
    pub signed: BTreeMap<(RoundNumber, Address), BTreeSet<Digest>>,
    pub settled: BTreeMap<(RoundNumber, Address), Settled>,
    /// Verdicts of which somebody said that no model was run for them.
    pub alarmed: BTreeSet<(RoundNumber, Address)>,
    /// Who showed a double signature.
    pub reporter: Option<Address>,
    /// What decided each round.
    pub decided: BTreeMap<RoundNumber, (Outcome, Digest)>,
    /// Hash of the first block of REVEAL.
    pub seeds: BTreeMap<RoundNumber, Digest>,
    before_s: Option<u64>,
    _turn: Option<MutexGuard<'static, ()>>,
}

impl Watched {
    /// Starts it in a folder that stays, so that the nodes' logs can be read after a failure.
    pub async fn start(name: &str, options: Options) -> Result<Self> {
        let turn = TURN.lock().await;
        Ok(Self { _turn: Some(turn), ..Self::beside(name, options).await? })
    }

    /// The same for one that has time: it waits for no other, and no other for it.
    pub async fn beside(name: &str, options: Options) -> Result<Self> {
        let options = Options { dir: Some(fresh_folder(name)?), ..options };
        let devnet = Devnet::start(options, &Screen::quiet()).await?;
        Ok(Self {
            devnet,
            committed: BTreeSet::new(),
            signed: BTreeMap::new(),
            settled: BTreeMap::new(),
            alarmed: BTreeSet::new(),
            reporter: None,
            decided: BTreeMap::new(),
            seeds: BTreeMap::new(),
            before_s: None,
            _turn: None,
        })
    }

    /// Waits for the next thing heard.
    pub async fn step(&mut self) -> Result<()> {
        match self.devnet.step().await? {
            Heard::Restart => bail!("the chain of a devnet is never reorganised"),
            Heard::Event { event, .. } => self.note(&event),
            Heard::Block(block) => self.block(block),
            Heard::Log { body: Body::Verdict(verdict), .. } => {
                let signer = verdict.signer(&self.devnet.network.domain())?;
                self.signed.entry((verdict.message.round, signer)).or_default().insert(verdict.message.claim);
            }
            Heard::Log { body: Body::Alarm { verdict, .. }, .. } => {
                let signer = verdict.signer(&self.devnet.network.domain())?;
                self.alarmed.insert((verdict.message.round, signer));
            }
            _ => {}
        }
        Ok(())
    }

    /// Steps until `is_done`, at most `rounds` rounds long.
    pub async fn until(&mut self, what: &str, rounds: u64, is_done: impl Fn(&Self) -> bool) -> Result<()> {
        let limit_s = self.devnet.network.chain().latest().await?.time_s + rounds * self.devnet.view.times.length_s();
        while !is_done(self) {
            self.step().await?;
            if self.devnet.now_s > limit_s {
                bail!("waited {rounds} rounds for {what}; the nodes' logs are in {}", self.devnet.dir.display());
            }
        }
        Ok(())
    }

    /// Steps until a round after `after` is won; the first such.
    pub async fn until_won(&mut self, after: RoundNumber) -> Result<RoundNumber> {
        self.until("a won round", 4, |network| network.won_after(after).is_some()).await?;
        self.won_after(after).context("just seen")
    }

    /// Steps until `round` is over.
    pub async fn until_over(&mut self, round: RoundNumber) -> Result<()> {
        self.until("the end of a round", 3, |network| network.devnet.now_s >= network.end_s(round)).await
    }

    /// So many rounds are over, the set has changed, and somebody has looked at both.
    pub fn is_over(&self, rounds: u64) -> bool {
        let (opened, seen, now_s) = (&self.devnet.ledger.rounds, self.devnet.seen(), self.devnet.now_s);
        let is_seen = |number, round: &RoundEntry| round.outcome != Outcome::Won || seen.heldout.contains_key(number);
        let are_over = opened.iter().all(|(number, round)| self.end_s(*number) <= now_s && is_seen(number, round));
        are_over && opened.len() as u64 >= rounds && !seen.fresh.is_empty()
    }

    /// First second after a round.
    pub fn end_s(&self, round: RoundNumber) -> u64 {
        self.devnet.view.times.round_end_s(self.devnet.view.genesis_s, round)
    }

    fn won_after(&self, after: RoundNumber) -> Option<RoundNumber> {
        let mut later = self.decided.iter().filter(|(round, _)| **round > after);
        later.find(|(_, (outcome, _))| *outcome == Outcome::Won).map(|(round, _)| *round)
    }

    /// What each validator of the cast signed in a round, in their order.
    pub fn verdicts(&self, round: RoundNumber) -> Vec<Option<&BTreeSet<Digest>>> {
        let signers = self.devnet.cast.signers.iter();
        signers.map(|signer| self.signed.get(&(round, signer.address()))).collect()
    }

    /// The position for which a validator of the cast signs.
    pub fn position(&self, validator: usize) -> Result<PositionNumber> {
        let signer = self.devnet.cast.signers.get(validator).context("so many validators there are not")?.address();
        Ok(self.devnet.view.position_of(signer).context("it has no position")?.number)
    }

    /// Stake of all positions, with everything that validators were paid.
    pub async fn bonded(&self) -> Result<Wei> {
        let (stake, mut sum) = (self.devnet.network.stake(), Wei::ZERO);
        for position in &self.devnet.view.positions {
            let position = stake.position(self.devnet.group, position.number).await?;
            sum = sum.saturating_add(position.next).saturating_add(position.earned);
        }
        Ok(sum)
    }

    fn note(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Committed { round, trainer, .. } => drop(self.committed.insert((*round, *trainer))),
            ChainEvent::Decided { round, outcome, claim, .. } => drop(self.decided.insert(*round, (*outcome, *claim))),
            ChainEvent::DoubleSigned { reporter, .. } => self.reporter = Some(*reporter),
            ChainEvent::Settled { round, trainer, refunded, burned, .. } => {
                self.settled.insert((*round, *trainer), Settled { refunded: *refunded, burned: *burned });
            }
            _ => {}
        }
    }

    fn block(&mut self, block: Block) {
        let view = &self.devnet.view;
        let round = view.clock(block.time_s).round;
        let start_s = view.times.reveal_start_s(view.genesis_s, round);
        if self.before_s.is_some_and(|before_s| before_s < start_s) && start_s <= block.time_s {
            self.seeds.insert(round, block.hash);
        }
        self.before_s = Some(block.time_s);
    }
}
