//! A past round as the chain tells it: what it began with, the block that drew its examples, what was claimed and decided.

use anyhow::{Context as _, Result};
use node::Site;
use protocol::{
    Digest, RoundNumber,
    chain::{Block, ChainEvent, GroupView, Outcome, RevealedClaim},
    rules::{claim_hash, rank_key},
};

/// A round whose examples have been drawn.
pub struct Past {
    pub round: RoundNumber,
    /// Checkpoint that it started from.
    pub base: Digest,
    pub head: Digest,
    /// The first block of REVEAL; its hash draws the examples.
    pub seed: Block,
    /// Seals of the round: the more, the higher the bar.
    pub commits: u64,
    /// In the order in which they are judged.
    pub claims: Vec<RevealedClaim>,
    /// Outcome and the name of the claim that it is about.
    pub decided: Option<(Outcome, Digest)>,
}

impl Past {
    /// Reads it out of the events of its group.
    ///
    /// # Errors
    /// When nobody committed in it, or REVEAL has not begun.
    pub async fn read(site: &Site, view: &GroupView, events: &[ChainEvent], round: RoundNumber) -> Result<Self> {
        let of_round = || events.iter().filter(|event| event.round() == Some(round));
        let opened = of_round().find_map(|event| match event {
            ChainEvent::Opened { checkpoint, head, .. } => Some((*checkpoint, *head)),
            _ => None,
        });
        let (base, head) = opened.with_context(|| format!("nobody committed in round {round}"))?;
        let start_s = view.times.reveal_start_s(view.genesis_s, round);
        let seed = site.network.chain().first_block_since(start_s).await?;
        let seed = seed.with_context(|| format!("REVEAL of round {round} has not begun"))?;
        let revealed = |event: &ChainEvent| if let ChainEvent::Revealed(claim) = event { Some(*claim) } else { None };
        let mut claims: Vec<_> = of_round().filter_map(revealed).collect();
        claims.sort_by_key(|claim| rank_key(claim.base, claim.loss, claim.number));
        let decided = of_round().find_map(|event| match event {
            ChainEvent::Decided { outcome, claim, .. } => Some((*outcome, *claim)),
            _ => None,
        });
        let commits = of_round().filter(|event| matches!(event, ChainEvent::Committed { .. })).count() as u64;
        Ok(Self { round, base, head, seed, commits, claims, decided })
    }

    /// The revealed claim of that name; of equal ones the first.
    pub fn claim(&self, name: Digest) -> Option<&RevealedClaim> {
        self.claims.iter().find(|claim| name_of(claim) == name)
    }
}

fn name_of(claim: &RevealedClaim) -> Digest {
    claim_hash(claim.file, claim.base, claim.loss, claim.loss_root)
}
