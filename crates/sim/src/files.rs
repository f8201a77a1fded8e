//! Who holds which file, and what comes of asking for one: it takes time, fails, stalls, and is answered by whoever serves.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Digest;

use crate::{
    faults::{Serves, Weather},
    random::Random,
};

/// Milliseconds after which another peer is asked, and after which all are asked again when nobody answered.
const FAILOVER_MS: u64 = 10_000;
const ASK_AGAIN_MS: u64 = 2000;
/// Milliseconds that a file takes from a peer that serves well: least and most.
const TAKES_MS: (u64, u64) = (20, 1500);
/// How many times as long it takes from one that drips.
const DRIPS: u64 = 20;

/// Which node holds which files.
#[derive(Debug, Clone, Default)]
pub struct Files {
    held: BTreeMap<usize, BTreeSet<Digest>>,
    /// Names under which nobody can hold anything: no bytes have that digest, or they are no file of the kind.
    wrong: BTreeSet<Digest>,
    /// To whom alone a node gives a file.
    only: BTreeMap<(usize, Digest), BTreeSet<usize>>,
}

/// What came of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Milliseconds that it took.
    pub took_ms: u64,
    /// Whether the file is here then.
    pub is_here: bool,
}

impl Files {
    /// A node holds a file and serves it.
    pub fn hold(&mut self, node: usize, file: Digest) {
        self.held.entry(node).or_default().insert(file);
    }

    /// A node gives a file to these nodes alone.
    pub fn give_only(&mut self, node: usize, file: Digest, to: impl IntoIterator<Item = usize>) {
        self.only.insert((node, file), to.into_iter().collect());
    }

    /// Whether somebody keeps a file back from somebody.
    pub fn is_kept_back(&self, file: Digest) -> bool {
        self.only.keys().any(|(_, kept)| *kept == file)
    }

    fn gives(&self, giver: usize, file: Digest, to: usize) -> bool {
        self.only.get(&(giver, file)).is_none_or(|only| only.contains(&to))
    }

    /// Everybody who gives this file gives something of another length.
    pub fn spoil(&mut self, file: Digest) {
        self.wrong.insert(file);
    }

    /// Whether a file can never be what it should.
    pub fn is_wrong(&self, file: Digest) -> bool {
        self.wrong.contains(&file)
    }

    pub fn holds(&self, node: usize, file: Digest) -> bool {
        self.held.get(&node).is_some_and(|held| held.contains(&file))
    }

    /// Files that a node keeps.
    pub fn count(&self, node: usize) -> usize {
        self.held.get(&node).map_or(0, BTreeSet::len)
    }

    /// A disk keeps what is still of use.
    pub fn keep(&mut self, node: usize, is_wanted: impl Fn(&Digest) -> bool) {
        if let Some(held) = self.held.get_mut(&node) {
            held.retain(is_wanted);
        }
    }

    /// One attempt of a node to get a file from somebody among its peers who has it and can be reached both ways.
    pub fn attempt(
        &self,
        node: usize,
        file: Digest,
        peers: impl Iterator<Item = usize>,
        weather: &Weather,
        random: &mut Random,
    ) -> Attempt {
        let can_give = |peer: usize| peer != node && weather.reaches(node, peer) && weather.reaches(peer, node);
        let givers: Vec<usize> = peers.filter(|peer| can_give(*peer) && self.holds(*peer, file) && self.gives(*peer, file, node)).collect();
        let Some(giver) = random.pick(&givers) else { return Attempt { took_ms: ASK_AGAIN_MS, is_here: false } };
        if random.chance(weather.loss / 4) {
            return Attempt { took_ms: FAILOVER_MS, is_here: false };
        }
        let takes_ms = random.within(TAKES_MS.0, TAKES_MS.1) + 2 * weather.latency_ms;
        match weather.nodes.get(*giver).map_or(Serves::Well, |giver| giver.serves) {
            Serves::Well => Attempt { took_ms: takes_ms, is_here: true },
            Serves::Slowly => Attempt { took_ms: takes_ms * DRIPS, is_here: true },
            // Its bytes do not have that digest.
            Serves::Lies => Attempt { took_ms: takes_ms, is_here: false },
            Serves::Not => Attempt { took_ms: FAILOVER_MS, is_here: false },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{Fault, Trouble};

    const FILE: Digest = Digest([1; 32]);

    fn attempts(troubles: &[Trouble], is_up: impl Fn(usize) -> bool + Copy) -> Vec<Attempt> {
        let faults: Vec<Fault> = troubles.iter().map(|trouble| Fault { from_ms: 0, until_ms: 1, trouble: *trouble }).collect();
        let weather = Weather::at(&faults, 3, 0);
        let mut files = Files::default();
        files.hold(1, FILE);
        files.hold(2, FILE);
        let mut random = Random::new(1, "files", 0);
        (0..50).map(|_| files.attempt(0, FILE, (0..3).filter(|peer| is_up(*peer)), &weather, &mut random)).collect()
    }

    #[test]
    fn a_file_comes_from_whoever_serves_and_from_nobody_if_nobody_does() {
        let here = |attempts: Vec<Attempt>| attempts.iter().filter(|attempt| attempt.is_here).count();
        assert_eq!(here(attempts(&[], |_| true)), 50);
        assert_eq!(here(attempts(&[], |_| false)), 0);
        assert_eq!(here(attempts(&[Trouble::OneWay { from: 1, to: 0 }, Trouble::Offline { node: 2 }], |_| true)), 0);
        let one_stalls = here(attempts(&[Trouble::PeerStalls { node: 1 }], |_| true));
        assert!((10..40).contains(&one_stalls), "the other one serves: {one_stalls}");
        assert_eq!(here(attempts(&[Trouble::PeerLies { node: 1 }, Trouble::PeerStalls { node: 2 }], |_| true)), 0);
    }

    #[test]
    fn one_that_drips_gives_late_and_one_that_stalls_costs_ten_seconds() {
        let slow = attempts(&[Trouble::PeerDrips { node: 1 }, Trouble::PeerDrips { node: 2 }], |_| true);
        assert!(slow.iter().all(|attempt| attempt.is_here && attempt.took_ms >= DRIPS * TAKES_MS.0));
        let none = attempts(&[Trouble::PeerStalls { node: 1 }, Trouble::PeerStalls { node: 2 }], |_| true);
        assert!(none.iter().all(|attempt| *attempt == Attempt { took_ms: FAILOVER_MS, is_here: false }));
    }
}
