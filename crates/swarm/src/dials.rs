//! How often strangers can make this node knock somewhere. Time is an argument.
//!
//! Whoever announces addresses names machines that may be somebody else's. So each dial of an announced address costs
//! a token of its host, of its site and of all strangers together; who answers gives them back.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::addresses::{host, site};

/// Knocks at one host (an IPv4 address, 64 bits of IPv6) at once …
pub const HOST_KNOCKS_MAX: u32 = 6;
/// … and one more after each such time.
pub const HOST_PAUSE: Duration = Duration::from_secs(600);
/// Knocks at one site (24 bits of IPv4, 48 of IPv6) at once …
pub const SITE_KNOCKS_MAX: u32 = 24;
/// … and one more after each such time.
pub const SITE_PAUSE: Duration = Duration::from_secs(150);
/// Knocks at all hosts at once …
pub const ALL_KNOCKS_MAX: u32 = 128;
/// … and one more after each such time.
pub const ALL_PAUSE: Duration = Duration::from_secs(1);
/// Hosts, and sites, whose tokens are counted.
pub const PLACES_MAX: usize = 4096;

/// Tokens that come back with time.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Tokens that are gone.
    spent: u32,
    /// Up to when returned tokens were counted.
    counted: Instant,
}

/// How many tokens a bucket has, and how fast they come back.
#[derive(Debug, Clone, Copy)]
struct Rate {
    most: u32,
    pause: Duration,
}

const HOST: Rate = Rate { most: HOST_KNOCKS_MAX, pause: HOST_PAUSE };
const SITE: Rate = Rate { most: SITE_KNOCKS_MAX, pause: SITE_PAUSE };
const ALL: Rate = Rate { most: ALL_KNOCKS_MAX, pause: ALL_PAUSE };

impl Bucket {
    fn full(now: Instant) -> Self {
        Self { spent: 0, counted: now }
    }

    /// Counts what came back.
    fn refill(&mut self, rate: Rate, now: Instant) {
        let passed = now.saturating_duration_since(self.counted);
        let back = u32::try_from(passed.as_millis() / rate.pause.as_millis()).unwrap_or(u32::MAX);
        self.spent = self.spent.saturating_sub(back);
        self.counted = if self.spent == 0 { now } else { self.counted + rate.pause * back };
    }

    fn has_room(&self, rate: Rate) -> bool {
        self.spent < rate.most
    }
}

/// The tokens of all places.
#[derive(Debug)]
pub struct Dials {
    hosts: BTreeMap<IpAddr, Bucket>,
    sites: BTreeMap<IpAddr, Bucket>,
    all: Bucket,
}

impl Dials {
    /// All tokens are there.
    pub fn new(now: Instant) -> Self {
        Self { hosts: BTreeMap::new(), sites: BTreeMap::new(), all: Bucket::full(now) }
    }

    /// Takes the tokens of one knock at `ip`; false, and nothing is taken, if one of them is not there.
    pub fn take(&mut self, ip: IpAddr, now: Instant) -> bool {
        let Some(at_host) = bucket(&mut self.hosts, host(ip), HOST, now) else { return false };
        let Some(at_site) = bucket(&mut self.sites, site(ip), SITE, now) else { return false };
        self.all.refill(ALL, now);
        if !(at_host.has_room(HOST) && at_site.has_room(SITE) && self.all.has_room(ALL)) {
            return false;
        }
        at_host.spent += 1;
        at_site.spent += 1;
        self.all.spent += 1;
        true
    }

    /// Somebody who speaks as a node does answered at `ip`.
    pub fn answered(&mut self, ip: IpAddr) {
        self.hosts.remove(&host(ip));
        if let Some(at_site) = self.sites.get_mut(&site(ip)) {
            at_site.spent = at_site.spent.saturating_sub(1);
        }
        self.all.spent = self.all.spent.saturating_sub(1);
    }
}

/// The bucket of a place, up to date. Where too many are counted, those that are full again are forgotten first; if there is
/// none, no further place is knocked at.
fn bucket(buckets: &mut BTreeMap<IpAddr, Bucket>, place: IpAddr, rate: Rate, now: Instant) -> Option<&mut Bucket> {
    if buckets.len() >= PLACES_MAX && !buckets.contains_key(&place) {
        buckets.retain(|_, bucket| {
            bucket.refill(rate, now);
            bucket.spent > 0
        });
        if buckets.len() >= PLACES_MAX {
            return None;
        }
    }
    let bucket = buckets.entry(place).or_insert(Bucket::full(now));
    bucket.refill(rate, now);
    Some(bucket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knocks(dials: &mut Dials, ips: impl Iterator<Item = String>, now: Instant) -> usize {
        ips.filter(|ip| dials.take(ip.parse().unwrap(), now)).count()
    }

    #[test]
    fn a_host_a_site_and_all_have_their_numbers_of_knocks() {
        let now = Instant::now();
        let (victim, site, wide) =
            (|_| "8.8.8.8".to_owned(), |n| format!("8.8.8.{n}"), |n: u32| format!("{}.{}.8.8", 20 + n / 200, n % 200));
        assert_eq!(knocks(&mut Dials::new(now), (0..1000).map(victim), now), HOST_KNOCKS_MAX as usize);
        assert_eq!(knocks(&mut Dials::new(now), (0..250).map(site), now), SITE_KNOCKS_MAX as usize);
        assert_eq!(knocks(&mut Dials::new(now), (0..5000).map(wide), now), ALL_KNOCKS_MAX as usize);
        let addresses = (0..1000).map(|n| format!("2a00:1450:1:1:{n:x}::1"));
        assert_eq!(knocks(&mut Dials::new(now), addresses, now), HOST_KNOCKS_MAX as usize);
    }

    #[test]
    fn knocks_come_back_with_time_and_at_once_where_somebody_answers() {
        let now = Instant::now();
        let mut dials = Dials::new(now);
        let victim = || (0..20).map(|_| "8.8.8.8".to_owned());
        assert_eq!(knocks(&mut dials, victim(), now), 6);
        assert_eq!(knocks(&mut dials, victim(), now + HOST_PAUSE), 1);
        let hour = Duration::from_secs(3600);
        assert_eq!(knocks(&mut dials, victim(), now + HOST_PAUSE + hour), 6);
        dials.answered("8.8.8.8".parse().unwrap());
        assert_eq!(knocks(&mut dials, victim(), now + HOST_PAUSE + hour), 6);
    }

    #[test]
    fn what_is_counted_is_bounded() {
        let now = Instant::now();
        let mut dials = Dials::new(now);
        for n in 0..3 * PLACES_MAX as u32 {
            let at = now + ALL_PAUSE * n;
            dials.take(IpAddr::from(std::net::Ipv4Addr::from_bits(0x0800_0000 + n * 256)), at);
        }
        assert!(dials.hosts.len() <= PLACES_MAX && dials.sites.len() <= PLACES_MAX);
    }
}
