//! The deltas that lead to the set of now, and the sets between them.

use anyhow::{Context as _, Result};
use deltas::Tree;
use node::dataset::Follower;
use protocol::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, chain::ChainEvent, rules::next_head};
use serde_json::{Value, json};

use super::super::{
    context::{Context, Visit, history},
    ending::{NOT_FOUND, Sort as _},
};

/// Which patch it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// One of those with which a group was made, counted from 1.
    Birth(GroupId, usize),
    Delta(GroupId, DeltaNumber),
}

/// One patch of those that lead to a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub name: Name,
    /// Who proposed it, or made the group.
    pub author: Address,
    /// In which it was proposed.
    pub period: Option<PeriodNumber>,
    pub patch: Digest,
    /// Of the set before it.
    pub parent: Digest,
}

impl Step {
    /// Of the set after it.
    pub fn head(&self) -> Digest {
        next_head(self.parent, self.patch)
    }

    /// What people call it who look at `group`.
    pub fn told(&self, group: GroupId) -> String {
        let (of, name) = match self.name {
            Name::Birth(of, number) => (of, format!("birth {number}")),
            Name::Delta(of, number) => (of, format!("delta {number}")),
        };
        if of == group { name } else { format!("{name} of group {of}") }
    }

    /// Whether it is one of this group's own.
    pub fn is_of(&self, group: GroupId) -> bool {
        let (Name::Birth(of, _) | Name::Delta(of, _)) = self.name;
        of == group
    }

    /// The number of its delta, if it is one.
    pub fn delta(&self) -> Option<DeltaNumber> {
        if let Name::Delta(_, number) = self.name { Some(number) } else { None }
    }

    /// The fields by which programs know it.
    pub fn data(&self) -> Value {
        let (Name::Birth(group, _) | Name::Delta(group, _)) = self.name;
        json!({ "group": group, "delta": self.delta(), "author": self.author, "patch": self.patch })
    }
}

/// What led to the sets of a group.
pub struct Past {
    pub group: GroupId,
    pub visit: Visit,
    /// Of the group and of those it was forked from.
    events: Vec<ChainEvent>,
    /// Of the set of now.
    pub head: Digest,
}

impl Past {
    /// Reads it from the chain; a node is started that fetches patches.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn read(context: &Context, group: GroupId) -> Result<Self> {
        let site = context.site().await?;
        let visit = context.visit(&site, group).await?;
        let mut events = history(&site, group).await?;
        for ancestor in site.network.ancestry(group).await?.into_iter().filter(|ancestor| *ancestor != group) {
            let told = site.network.history_in(ancestor, site.file.deployed_block, &site.chronicles).await?;
            events.extend(told.into_iter().map(|(_, event)| event));
        }
        let head = site.network.view(group).await?.head;
        Ok(Self { group, visit, events, head })
    }

    /// The head of the set after a delta of this group, or of the one that it began with.
    ///
    /// # Errors
    /// When the delta was never applied.
    pub fn head_after(&self, delta: DeltaNumber) -> Result<Digest> {
        head_after(self.group, delta, &self.events)
            .with_context(|| format!("delta {delta} was never applied in group {}: `neuron delta log` lists those that were", self.group))
            .sort(NOT_FOUND)
    }

    /// The patches that lead to a head, the first one first.
    ///
    /// # Errors
    /// When the events do not tell of them all.
    pub fn steps(&self, head: Digest) -> Result<Vec<Step>> {
        steps(head, &self.events).with_context(|| format!("the events tell nothing of what led to head {head}"))
    }

    /// Goes through the sets that these patches lead to. Of each patch that led to a set, `see` hears its place, and the sets before and
    /// after it.
    ///
    /// # Errors
    /// When a patch cannot be fetched.
    pub async fn walk(&self, steps: &[Step], mut see: impl FnMut(usize, &Tree, &Tree)) -> Result<Tree> {
        let mut follower = Follower::default();
        for (place, step) in steps.iter().enumerate() {
            let before = follower.tree().clone();
            let (next, is_led) = self.visit.member.follow(follower, step.patch).await?;
            if is_led {
                see(place, &before, next.tree());
            }
            follower = next;
        }
        Ok(follower.tree().clone())
    }
}

/// All patches that events tell of.
fn links(events: &[ChainEvent]) -> Vec<Step> {
    let mut links = Vec::new();
    for event in events {
        match event {
            ChainEvent::Created { group, creator, birth, .. } => {
                let mut parent = Digest::ZERO;
                for (number, patch) in (1..).zip(&birth.dataset) {
                    links.push(Step { name: Name::Birth(*group, number), author: *creator, period: None, patch: *patch, parent });
                    parent = next_head(parent, *patch);
                }
            }
            ChainEvent::Proposed { group, delta, author, digest, parent, period, .. } => {
                let name = Name::Delta(*group, *delta);
                links.push(Step { name, author: *author, period: Some(*period), patch: *digest, parent: *parent });
            }
            _ => {}
        }
    }
    links
}

/// The deltas that were ever applied.
fn applied(events: &[ChainEvent]) -> Vec<Name> {
    let applied = |event: &ChainEvent| match event {
        ChainEvent::Turned { group, applied, .. } => Some(Name::Delta(*group, *applied)),
        _ => None,
    };
    events.iter().filter_map(applied).collect()
}

fn steps(head: Digest, events: &[ChainEvent]) -> Option<Vec<Step>> {
    let applied = applied(events);
    let was_applied = |step: &Step| matches!(step.name, Name::Birth(..)) || applied.contains(&step.name);
    let links: std::collections::BTreeMap<Digest, Step> =
        links(events).into_iter().filter(was_applied).map(|step| (step.head(), step)).collect();
    let (mut at, mut steps) = (head, Vec::new());
    while !at.is_zero() {
        let step = links.get(&at)?;
        steps.push(*step);
        at = step.parent;
    }
    steps.reverse();
    Some(steps)
}

fn head_after(group: GroupId, delta: DeltaNumber, events: &[ChainEvent]) -> Option<Digest> {
    events.iter().find_map(|event| match event {
        ChainEvent::Created { group: of, head, .. } if *of == group && delta.0 == 0 => Some(*head),
        ChainEvent::Turned { group: of, applied, head, .. } if *of == group && *applied == delta && delta.0 != 0 => Some(*head),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use protocol::{Wei, chain::Birth};

    use super::*;

    fn created(group: u64, parent: u64, head: Digest, dataset: Vec<Digest>) -> ChainEvent {
        let group_of_tests = crate::cli::sample::group(true, vec![]);
        let (manifest, checkpoint, times, least) = (Digest::ZERO, Digest::ZERO, group_of_tests.times, group_of_tests.least);
        let birth = Birth { manifest, checkpoint, dataset, times, period_s: 400, improve: 10, least };
        let (creator, name) = (Address([9; 20]), Digest::ZERO);
        ChainEvent::Created { group: GroupId(group), creator, parent: GroupId(parent), name, head, period_end_s: 0, birth }
    }

    fn proposed(group: u64, delta: u64, parent: Digest) -> ChainEvent {
        let (author, digest) = (Address([delta as u8; 20]), Digest([delta as u8; 32]));
        let (group, delta, period) = (GroupId(group), DeltaNumber(delta), PeriodNumber(delta));
        ChainEvent::Proposed { group, delta, author, digest, parent, period, bond: Wei::ZERO }
    }

    fn turned(group: u64, applied: u64, head: Digest) -> ChainEvent {
        let (group, applied, period) = (GroupId(group), DeltaNumber(applied), PeriodNumber(1));
        ChainEvent::Turned { group, period, applied, head, reward: Wei::ZERO, period_s: 1, period_end_s: 1 }
    }

    #[test]
    fn the_way_to_a_head_goes_through_forks_and_leaves_out_what_was_never_applied_or_was_taken_back() {
        let (first, second) = (Digest([21; 32]), Digest([22; 32]));
        let born = next_head(next_head(Digest::ZERO, first), second);
        let after = |parent, delta: u8| next_head(parent, Digest([delta; 32]));
        let (taken, kept) = (after(born, 1), after(born, 3));
        let forked = after(kept, 5);
        let events = [
            created(1, 0, born, vec![first, second]),
            proposed(1, 1, born),
            turned(1, 1, taken),
            proposed(1, 2, born),
            proposed(1, 3, born),
            turned(1, 3, kept),
            turned(1, 0, kept),
            created(2, 1, kept, vec![]),
            proposed(2, 5, kept),
            turned(2, 5, forked),
        ];
        let told = |head| steps(head, &events).map(|steps| steps.iter().map(|step| step.told(GroupId(2))).collect::<Vec<_>>());
        let births = ["birth 1 of group 1", "birth 2 of group 1"];
        for (head, wanted) in [
            (forked, Some([&births[..], &["delta 3 of group 1", "delta 5"]].concat())),
            (taken, Some([&births[..], &["delta 1 of group 1"]].concat())),
            (born, Some(births.to_vec())),
            (after(born, 2), None),
            (Digest::ZERO, Some(vec![])),
        ] {
            assert_eq!(told(head), wanted.map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>()));
        }
        for (group, delta, wanted) in
            [(1, 0, Some(born)), (1, 1, Some(taken)), (1, 2, None), (1, 3, Some(kept)), (2, 0, Some(kept)), (2, 5, Some(forked))]
        {
            assert_eq!(head_after(GroupId(group), DeltaNumber(delta), &events), wanted, "{group} {delta}");
        }
    }
}
