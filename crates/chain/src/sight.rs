//! What a follower has seen of the tip: headers that it need not ask for again, and when it is worth looking again.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::header::Header;

/// Headers kept; with more confirmations than these they are asked for.
const HEADERS_LIMIT: usize = 64;
/// Arrivals of which the pace is taken.
const ARRIVALS: usize = 8;
/// Fewer tell no pace.
const ARRIVALS_LEAST: usize = 4;
/// How many times the shortest gap the longest may be: a block may be left out, but not more.
const REGULAR: u32 = 3;

/// The newest header and those before it that hang together with it.
#[derive(Default)]
pub(crate) struct Sight {
    headers: BTreeMap<u64, Header>,
    /// Numbers of the newest blocks, and when they were seen first.
    arrivals: VecDeque<(u64, Instant)>,
    look_at: Option<Instant>,
}

impl Sight {
    pub(crate) fn see(&mut self, newest: Header, now: Instant) {
        let number = newest.number();
        self.headers.split_off(&number);
        let is_child = |last: &Header| last.number() + 1 == number && last.hash == newest.parent_hash;
        if !self.headers.values().next_back().is_some_and(is_child) {
            self.headers.clear();
        }
        self.headers.insert(number, newest);
        if self.headers.len() > HEADERS_LIMIT {
            self.headers.pop_first();
        }
        if self.arrivals.back().is_none_or(|(last, _)| *last < number) {
            self.arrivals.push_back((number, now));
            let old = self.arrivals.len().saturating_sub(ARRIVALS);
            self.arrivals.drain(..old);
        }
    }

    /// The header of that number on the branch of the newest, if it was seen.
    pub(crate) fn header(&self, number: u64) -> Option<&Header> {
        self.headers.get(&number)
    }

    /// All that can be had now was had: how soon to look again follows from the chain's pace, and is never sooner than `poll`.
    pub(crate) fn rest(&mut self, has_grown: bool, poll: Duration, now: Instant) {
        let pace = self.pace();
        let pause = if has_grown { pace / 16 * 15 } else { pace / 8 };
        self.look_at = Some(now + pause.max(poll));
    }

    /// When to look again.
    pub(crate) async fn wait(&self) {
        if let Some(at) = self.look_at {
            tokio::time::sleep_until(at.into()).await;
        }
    }

    /// Time between two blocks as they came in; nothing where they come on demand, at once or late.
    fn pace(&self) -> Duration {
        let (Some((first, since)), Some((last, at)), true) =
            (self.arrivals.front(), self.arrivals.back(), self.arrivals.len() >= ARRIVALS_LEAST)
        else {
            return Duration::ZERO;
        };
        let each = |blocks: u64, time: Duration| time / u32::try_from(blocks).unwrap_or(u32::MAX).max(1);
        let pairs = self.arrivals.iter().zip(self.arrivals.iter().skip(1));
        let gaps = pairs.map(|(one, next)| each(next.0 - one.0, next.1 - one.1));
        let (shortest, longest) = (gaps.clone().min().unwrap_or_default(), gaps.max().unwrap_or_default());
        if longest > shortest * REGULAR { Duration::ZERO } else { each(last - first, *at - *since) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn header(number: u64, branch: u64, parent_branch: u64) -> Header {
        let hash = |number: u64, branch: u64| format!("0x{branch:032x}{number:032x}");
        let (hash, parent) = (hash(number, branch), hash(number.wrapping_sub(1) & 0xffff, parent_branch));
        let told = json!({ "number": format!("0x{number:x}"), "hash": hash, "parentHash": parent, "timestamp": "0x1", "gasLimit": "0x1" });
        serde_json::from_value(told).expect("a header")
    }

    #[test]
    fn headers_are_kept_as_far_as_they_hang_together_with_the_newest() {
        let (mut sight, now) = (Sight::default(), Instant::now());
        for (seen, kept) in [
            (header(5, 0, 0), vec![5]),
            (header(6, 0, 0), vec![5, 6]),
            (header(7, 0, 0), vec![5, 6, 7]),
            // Another server lags.
            (header(6, 0, 0), vec![5, 6]),
            (header(7, 0, 0), vec![5, 6, 7]),
            // Another branch.
            (header(7, 1, 0), vec![5, 6, 7]),
            (header(8, 2, 2), vec![8]),
            // One was missed.
            (header(10, 2, 2), vec![10]),
        ] {
            let number = seen.number();
            sight.see(seen, now);
            let found: Vec<u64> = sight.headers.keys().copied().collect();
            assert_eq!(found, kept, "after {number}");
        }
    }

    /// Looks at a chain with a block each `every` ms, the first ones at `late` ms of their time; returns looks a block and the longest
    /// delay, ms.
    fn looks(every: u64, poll: u64) -> (u64, u64) {
        let (mut sight, start, blocks) = (Sight::default(), Instant::now(), 100);
        let (mut at, mut looks, mut last, mut longest) = (every / 3, 0, 0, 0);
        while last < blocks {
            let number = at / every;
            sight.see(header(number, 0, 0), start + Duration::from_millis(at));
            sight.rest(number > last, Duration::from_millis(poll), start + Duration::from_millis(at));
            if number > last && number > 10 {
                longest = longest.max(at % every);
            }
            looks += u64::from(number > 10);
            last = number;
            at = sight.look_at.map_or(u64::MAX, |next| (next - start).as_millis() as u64).max(at + 1);
        }
        (looks * 10 / (blocks - 10), longest)
    }

    #[test]
    fn a_regular_chain_is_looked_at_less_than_twice_a_block_and_no_block_is_seen_much_later_for_it() {
        for (every, poll) in [(12_000, 250), (2_000, 50), (30_000, 250)] {
            let (looks, longest) = looks(every, poll);
            assert!(looks <= 19, "{looks} looks in ten blocks of {every} ms");
            assert!(longest <= every / 7, "{longest} ms late in blocks of {every} ms");
        }
        // A chain that is as fast as the looks is looked at as before.
        assert!(looks(250, 250).1 < 250);
    }

    #[test]
    fn blocks_that_come_on_demand_are_looked_for_as_often_as_is_set() {
        let (mut sight, start) = (Sight::default(), Instant::now());
        let at = |ms: u64| start + Duration::from_millis(ms);
        for (number, ms) in [(1, 0), (2, 10), (3, 20), (4, 9_000), (5, 9_010), (6, 30_000)] {
            sight.see(header(number, 0, 0), at(ms));
        }
        sight.rest(true, Duration::from_millis(20), at(30_000));
        assert!(sight.look_at.is_some_and(|next| next <= at(30_020)));
    }
}
