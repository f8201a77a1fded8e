//! What a group has learned beside what it has memorised: its winners on examples that came after them.

use std::collections::BTreeMap;

use anyhow::Result;
use protocol::{
    Digest, Micronats, RoundNumber,
    chain::{ChainEvent, Outcome, RevealedClaim},
    rules::claim_hash,
};

use crate::{
    Exam, Member,
    member::{self, blocking},
    shards,
};

/// A round that was won and not struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Won {
    pub round: RoundNumber,
    pub base: Digest,
    /// The set that it was trained on.
    pub head: Digest,
    pub claim: RevealedClaim,
}

/// A won round and what its winner does on examples that were added later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub won: Won,
    /// Nothing was added since, or the set of that time cannot be had any more.
    pub fresh: Option<Fresh>,
}

/// Mean NLL, without the price for weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fresh {
    /// How many examples of the set now overlap nothing in the set then; at most `eval_max` of them were drawn.
    pub examples: usize,
    pub base: Micronats,
    pub loss: Micronats,
}

/// Rounds on one set: losses of their first base and of their last winner, on that set and on what was added since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub rounds: usize,
    pub training: (Micronats, Micronats),
    pub fresh: (Micronats, Micronats),
}

impl Stretch {
    /// Whether training loss fell while fresh loss rose.
    pub fn is_memorising(&self) -> bool {
        self.training.1 < self.training.0 && self.fresh.1 > self.fresh.0
    }
}

/// The won rounds among the events of a group, oldest first.
pub fn won(events: &[ChainEvent]) -> Vec<Won> {
    let (mut opened, mut claims, mut won) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for event in events {
        match event {
            ChainEvent::Opened { round, checkpoint, head, .. } => {
                opened.insert(*round, (*checkpoint, *head));
            }
            ChainEvent::Revealed(claim) => {
                let name = claim_hash(claim.file, claim.base, claim.loss, claim.loss_root);
                claims.insert((claim.round, name, claim.trainer), *claim);
            }
            ChainEvent::Decided { round, outcome: Outcome::Won, claim, winner, .. } => {
                let claim = claims.get(&(*round, *claim, *winner));
                if let (Some((base, head)), Some(claim)) = (opened.get(round), claim) {
                    won.insert(*round, Won { round: *round, base: *base, head: *head, claim: *claim });
                }
            }
            ChainEvent::Struck { round, .. } => {
                won.remove(round);
            }
            _ => {}
        }
    }
    won.into_values().collect()
}

/// Measures won rounds on what was added up to `head`.
///
/// # Errors
/// When the set at `head` cannot be had.
pub async fn measure(member: &Member, rounds: &[Won], head: Digest) -> Result<Vec<Step>> {
    member.set(head).await?;
    let mut steps = Vec::with_capacity(rounds.len());
    for won in rounds {
        let fresh = fresh(member, won, head).await.unwrap_or_else(|error| {
            tracing::warn!(round = won.round.0, "fresh loss unknown: {error:#}");
            None
        });
        steps.push(Step { won: *won, fresh });
    }
    Ok(steps)
}

async fn fresh(member: &Member, won: &Won, head: Digest) -> Result<Option<Fresh>> {
    if won.head == head {
        return Ok(None);
    }
    let (then, now) = (member.set(won.head).await?, member.set(head).await?);
    let most = member.manifest.eval_max();
    let set = now.clone();
    let (examples, drawn) = blocking(move || {
        // Always the same ones, so that rounds can be compared.
        Ok(now.examples.some_new_since(&then.examples, most))
    })
    .await?;
    if examples == 0 {
        return Ok(None);
    }
    shards::hold(member, &set.examples, &drawn).await?;
    let exam = Exam { set, group: member.group, drawn: drawn.into() };
    let (base, loss) = (loss(member, won.base, exam.clone()).await?, loss(member, won.claim.file, exam).await?);
    Ok(Some(Fresh { examples, base, loss }))
}

async fn loss(member: &Member, file: Digest, exam: Exam) -> Result<Micronats> {
    let measurement = member::measure(member.checkpoint(file).await?, exam).await?;
    Ok(Micronats(evaluator::mean(&measurement.losses)))
}

/// The last rounds on one set that have fresh examples.
pub fn stretch(steps: &[Step]) -> Option<Stretch> {
    let last = steps.iter().rposition(|step| step.fresh.is_some())?;
    let head = steps[last].won.head;
    let stretch: Vec<&Step> = steps[..=last].iter().rev().take_while(|step| step.won.head == head && step.fresh.is_some()).collect();
    let (newest, oldest) = (stretch.first()?, stretch.last()?);
    let training = (oldest.won.claim.base, newest.won.claim.loss);
    Some(Stretch { rounds: stretch.len(), training, fresh: (oldest.fresh?.base, newest.fresh?.loss) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Address, GroupId, Wei};

    fn claim(round: u64, base: u32, loss: u32) -> RevealedClaim {
        let (group, round, trainer) = (GroupId(1), RoundNumber(round), Address([1; 20]));
        let (file, loss_root) = (Digest([round.0 as u8; 32]), Digest([9; 32]));
        RevealedClaim { group, round, trainer, number: 1, file, base: Micronats(base), loss: Micronats(loss), loss_root }
    }

    fn events(claim: RevealedClaim) -> [ChainEvent; 3] {
        let RevealedClaim { group, round, trainer: winner, file, .. } = claim;
        let (checkpoint, head, zero) = (Digest([7; 32]), Digest([8; 32]), Wei::ZERO);
        let name = claim_hash(claim.file, claim.base, claim.loss, claim.loss_root);
        [
            ChainEvent::Opened {
                group,
                round,
                checkpoint,
                head,
                reward: zero,
                deposit: zero,
                awake: zero,
                total: zero,
                supply: zero,
                voids: 0,
            },
            ChainEvent::Revealed(claim),
            ChainEvent::Decided { group, round, outcome: Outcome::Won, claim: name, winner, file, checkpoint: file },
        ]
    }

    fn step(round: u64, head: u8, training: (u32, u32), fresh: Option<(u32, u32)>) -> Step {
        let claim = claim(round, training.0, training.1);
        let won = Won { round: claim.round, base: Digest::ZERO, head: Digest([head; 32]), claim };
        Step { won, fresh: fresh.map(|(base, loss)| Fresh { examples: 60, base: Micronats(base), loss: Micronats(loss) }) }
    }

    #[test]
    fn rounds_that_were_struck_or_never_won_are_left_out() {
        let (first, second) = (claim(3, 20, 10), claim(4, 10, 5));
        let mut all = [events(first), events(second)].concat();
        all.extend(events(claim(5, 5, 4)).into_iter().take(2));
        assert_eq!(won(&all).iter().map(|won| won.claim).collect::<Vec<_>>(), [first, second]);
        all.push(ChainEvent::Struck {
            group: GroupId(1),
            round: RoundNumber(3),
            checkpoint: Digest::ZERO,
            issued: Wei::ZERO,
            burned: Wei::ZERO,
        });
        assert_eq!(won(&all).iter().map(|won| won.claim).collect::<Vec<_>>(), [second]);
    }

    #[test]
    fn training_loss_that_falls_while_fresh_loss_rises_is_memorising() {
        let none = step(9, 2, (30, 20), None);
        for (steps, expected) in [
            (vec![step(1, 1, (90, 50), Some((95, 60))), step(2, 1, (50, 40), Some((60, 99))), none], Some((2, true))),
            // One step back, yet better than where the rounds on this set began.
            (vec![step(1, 1, (90, 50), Some((95, 60))), step(2, 1, (50, 40), Some((60, 70))), none], Some((2, false))),
            // Only rounds on the last set with fresh examples are compared.
            (vec![step(1, 0, (90, 50), Some((60, 99))), step(2, 1, (50, 40), Some((99, 70)))], Some((1, false))),
            (vec![step(1, 0, (90, 50), Some((99, 60))), step(2, 1, (50, 40), Some((60, 61)))], Some((1, true))),
            (vec![none], None),
            (vec![], None),
        ] {
            let found = stretch(&steps).map(|stretch| (stretch.rounds, stretch.is_memorising()));
            assert_eq!(found, expected, "{steps:?}");
        }
    }
}
