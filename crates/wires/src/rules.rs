//! Who hears whom.

use std::{collections::BTreeSet, net::Ipv4Addr};

/// Rules that change while an internet runs; without any everybody hears everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// While there are some, only those hear one another that stand in one set together; a host may stand in several.
    sets: Vec<BTreeSet<Ipv4Addr>>,
    /// Ways on which nothing comes through: from the first to the second.
    cuts: BTreeSet<(Ipv4Addr, Ipv4Addr)>,
}

impl Rules {
    /// Parts the hosts: from now on only those hear one another that stand in one of these sets together.
    pub fn part(&mut self, sets: impl IntoIterator<Item = BTreeSet<Ipv4Addr>>) {
        self.sets = sets.into_iter().collect();
    }

    /// Cuts one way: the second hears nothing of the first any more, but the first of the second.
    pub fn cut(&mut self, from: Ipv4Addr, to: Ipv4Addr) {
        self.cuts.insert((from, to));
    }

    /// Everybody hears everybody again.
    pub fn heal(&mut self) {
        *self = Self::default();
    }

    /// Whether what the first sends reaches the second.
    pub fn lets_through(&self, from: Ipv4Addr, to: Ipv4Addr) -> bool {
        let together = self.sets.is_empty() || self.sets.iter().any(|set| set.contains(&from) && set.contains(&to));
        together && !self.cuts.contains(&(from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn host(number: u8) -> Ipv4Addr {
        Ipv4Addr::new(11, number, 0, 1)
    }

    fn check(rules: &Rules, heard: &[(u8, u8)]) {
        let pairs = (1..=3).flat_map(|from| (1..=3).map(move |to| (from, to))).filter(|(from, to)| from != to);
        let found: Vec<_> = pairs.filter(|(from, to)| rules.lets_through(host(*from), host(*to))).collect();
        assert_eq!(found, heard, "{rules:?}");
    }

    #[test]
    fn who_is_parted_or_cut_off_is_not_heard_until_it_is_healed() {
        let all = [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)];
        let mut rules = Rules::default();
        check(&rules, &all);
        rules.cut(host(1), host(2));
        check(&rules, &all[1..]);
        rules.part([[host(1), host(2)].into(), [host(3)].into()]);
        check(&rules, &[(2, 1)]);
        rules.heal();
        check(&rules, &all);
        rules.part([[host(1), host(2)].into(), [host(2), host(3)].into()]);
        check(&rules, &[(1, 2), (2, 1), (2, 3), (3, 2)]);
        rules.part([[host(1), host(2)].into()]);
        check(&rules, &[(1, 2), (2, 1)]);
    }
}
