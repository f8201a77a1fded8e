//! Several groups on one chain: each has the same network of its own, and phases that are not those of the others.

use protocol::{GroupId, chain::Times};

use super::Plan;
use crate::{calling::Calling, vice::Vice};

/// Nodes are numbered group by group; whoever has a vice comes last of all and is in the first group.
impl Plan {
    /// Nodes of a group but for those with vices.
    fn members(&self) -> usize {
        self.trainers + self.validators + self.strangers + self.people.len()
    }

    /// All nodes together.
    pub fn nodes(&self) -> usize {
        self.groups * self.members() + self.vices.len()
    }

    /// The groups, in their order.
    pub fn ids(&self) -> impl Iterator<Item = GroupId> + use<> {
        (1..=self.groups as u64).map(GroupId)
    }

    /// The group of a node.
    pub fn group_of(&self, node: usize) -> GroupId {
        let is_vicious = node >= self.groups * self.members();
        GroupId(if is_vicious { 1 } else { 1 + (node / self.members()) as u64 })
    }

    /// Nodes of a group, ascending.
    pub fn nodes_of(&self, group: GroupId) -> impl Iterator<Item = usize> + use<> {
        let (members, all) = (self.members(), self.groups * self.members());
        let first = group.0.saturating_sub(1) as usize * members;
        let vicious = if group == GroupId(1) { all..self.nodes() } else { 0..0 };
        (first..first + members).chain(vicious)
    }

    /// A node's number in its group; none of whoever has a vice.
    pub fn place_of(&self, node: usize) -> Option<usize> {
        (node < self.groups * self.members()).then(|| node % self.members())
    }

    /// The node of so many trainers and validators of all groups.
    pub(super) fn machine(&self, number: usize) -> usize {
        let machines = self.trainers + self.validators;
        number / machines * self.members() + number % machines
    }

    /// A node of each group that floods its log, if one is to: the first stranger.
    pub fn flooder(&self) -> usize {
        self.trainers + self.validators
    }

    /// What whoever is behind a node does, if that is something.
    pub fn calling_of(&self, node: usize) -> Option<Calling> {
        let first = self.trainers + self.validators + self.strangers;
        self.people.get(self.place_of(node)?.checked_sub(first)?).copied()
    }

    /// The vice of a node, if it has one.
    pub fn vice_of(&self, node: usize) -> Option<Vice> {
        self.vices.get(node.checked_sub(self.groups * self.members())?).copied()
    }

    /// Phases of a group: what the others train less they judge longer.
    pub fn times_of(&self, group: GroupId) -> Times {
        let shift_s = self.shift_s * group.0.saturating_sub(1) / self.groups.max(1) as u64;
        let Times { train_s, reveal_s, judge_s } = self.times;
        Times { train_s: train_s - shift_s, reveal_s, judge_s: judge_s + shift_s }
    }

    /// The same network so many times on one chain.
    #[must_use]
    pub fn with_groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        if groups > 1 {
            // As much time is left as a single group has.
            self.shift_s = self.times.train_s;
            self.times.train_s += self.shift_s;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_is_of_one_group_and_those_with_vices_of_the_first() {
        let plan = Plan { vices: vec![Vice::Copier], strangers: 1, ..Plan::calm(1, 1) }.with_groups(3);
        let all: Vec<Vec<usize>> = plan.ids().map(|group| plan.nodes_of(group).collect()).collect();
        assert_eq!(all, [[0, 1, 2, 3, 4, 5, 6, 21].to_vec(), (7..14).collect(), (14..21).collect()]);
        assert!(plan.ids().all(|group| plan.nodes_of(group).all(|node| plan.group_of(node) == group)));
        assert_eq!((plan.machine(5), plan.machine(6), plan.machine(17), plan.nodes()), (5, 7, 19, 22));
        assert_eq!((plan.vice_of(21), plan.vice_of(6), plan.place_of(8), plan.place_of(21)), (Some(Vice::Copier), None, Some(1), None));
    }

    #[test]
    fn groups_have_rounds_of_one_length_and_phases_of_their_own() {
        let (single, plan) = (Plan::calm(1, 1), Plan::calm(1, 1).with_groups(3));
        let times: Vec<Times> = plan.ids().map(|group| plan.times_of(group)).collect();
        assert!(times.iter().all(|times| times.length_s() == plan.times.length_s() && times.train_s >= single.times.train_s));
        assert!(times[0] != times[1] && times[1] != times[2]);
        assert_eq!(single.times_of(GroupId(1)), single.times);
    }
}
