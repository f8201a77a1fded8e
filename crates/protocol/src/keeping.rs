//! Which files of a group a node keeps, and why (PROTOCOL 15, Files that nodes keep): a fold of what the chain tells.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::{ChainEvent, GroupView, Outcome};
use crate::ids::{BountyNumber, Digest, PeriodNumber, RoundNumber};
use crate::money::Micronats;

/// Winners that are kept though no bounty needs them.
pub const WINNERS_KEPT: usize = 8;
/// Claims of one round that are kept: those of the least loss.
pub const CLAIMS_KEPT: usize = 64;
/// Rounds whose winners and bases are remembered for bounties; a term is shorter.
const ROUNDS_MAX: usize = 65_536;
/// Periods whose proposals are kept: the running one and the one before.
const PERIODS_KEPT: usize = 2;

/// Why a file is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The manifest, and the checkpoint that the next round starts from.
    Current,
    /// Patches of the training set, and those that were proposed lately.
    Patches,
    /// Files that won lately.
    Winners,
    /// Claims of the running round and of the one before.
    Claims,
    /// Bases, winners and hidden sets of bounties that are not over.
    Bounties,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Current, Self::Patches, Self::Winners, Self::Claims, Self::Bounties];

    /// In small letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Patches => "patches",
            Self::Winners => "winners",
            Self::Claims => "claims",
            Self::Bounties => "bounties",
        }
    }
}

/// A bounty that is not over: its term, and its hidden set once that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    first: RoundNumber,
    last: RoundNumber,
    hidden: Option<Digest>,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keeping {
    current: BTreeSet<Digest>,
    bases: BTreeMap<RoundNumber, Digest>,
    winners: BTreeMap<RoundNumber, Digest>,
    claims: BTreeMap<RoundNumber, BTreeSet<(Micronats, Digest)>>,
    proposed: BTreeMap<PeriodNumber, BTreeSet<Digest>>,
    bounties: BTreeMap<BountyNumber, Term>,
}

impl Keeping {
    /// The group as it is.
    pub fn see(&mut self, view: &GroupView) {
        self.current = BTreeSet::from([view.manifest, view.checkpoint]);
    }

    /// An event of the group, in the order of the chain.
    pub fn note(&mut self, event: &ChainEvent) {
        self.note_round(event);
        self.note_bounty(event);
    }

    fn note_round(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Opened { round, checkpoint, .. } => {
                self.bases.insert(*round, *checkpoint);
                self.claims.retain(|claimed, _| claimed.0.saturating_add(1) >= round.0);
            }
            ChainEvent::Revealed(claim) => {
                let claims = self.claims.entry(claim.round).or_default();
                claims.insert((claim.loss, claim.file));
                if claims.len() > CLAIMS_KEPT {
                    claims.pop_last();
                }
            }
            ChainEvent::Decided { round, outcome: Outcome::Won, file, .. } => _ = self.winners.insert(*round, *file),
            ChainEvent::Proposed { period, digest, .. } => {
                self.proposed.entry(*period).or_default().insert(*digest);
                while self.proposed.len() > PERIODS_KEPT {
                    self.proposed.pop_first();
                }
            }
            _ => {}
        }
        for rounds in [&mut self.bases, &mut self.winners] {
            if rounds.len() > ROUNDS_MAX {
                rounds.pop_first();
            }
        }
    }

    fn note_bounty(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Funded { bounty, first, last, .. } => {
                self.bounties.insert(*bounty, Term { first: *first, last: *last, hidden: None });
            }
            ChainEvent::Unsealed { bounty, file, .. } => {
                _ = self.bounties.get_mut(bounty).map(|term| term.hidden = Some(*file));
            }
            ChainEvent::Returned { bounty, .. } => _ = self.bounties.remove(bounty),
            _ => {}
        }
    }

    /// What is to be kept for a reason. Patches are those that were proposed lately; those behind the head are
    /// [`Lineage::patches`](crate::lineage::Lineage::patches), which knows the groups that it was forked from, too.
    pub fn files(&self, reason: Reason) -> BTreeSet<Digest> {
        let files: BTreeSet<Digest> = match reason {
            Reason::Current => self.current.clone(),
            Reason::Patches => self.proposed.values().flatten().copied().collect(),
            Reason::Winners => self.winners.values().rev().take(WINNERS_KEPT).copied().collect(),
            Reason::Claims => self.claims.values().flatten().map(|(_, file)| *file).collect(),
            Reason::Bounties => self.bounties.values().flat_map(|term| self.of_term(term)).collect(),
        };
        files.into_iter().filter(|file| !file.is_zero()).collect()
    }

    /// The base before the first round of a term, all that won in it, and the hidden set.
    fn of_term<'a>(&'a self, term: &'a Term) -> impl Iterator<Item = Digest> + 'a {
        let base = self.bases.range(term.first..).next().map(|(_, base)| *base);
        let won = (term.first <= term.last).then(|| self.winners.range(term.first..=term.last).map(|(_, file)| *file));
        won.into_iter().flatten().chain(base).chain(term.hidden)
    }
}
