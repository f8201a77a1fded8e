//! What happens to a packet, and when: the wires without clock and devices.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    net::Ipv4Addr,
};

use crate::{
    packet,
    rules::Rules,
    weather::{Way, Weather},
};

/// Hosts of one internet at most.
pub const HOSTS_MAX: usize = 64;
/// Bytes that are under way at most; what is sent beyond is dropped, as by a router whose queue is full.
pub const FLIGHT_BYTES_MAX: usize = 64 << 20;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives then, microseconds.
    Arrives(u64),
    /// The weather took it.
    Lost,
    /// A rule forbids the way.
    Cut,
    /// Too much is under way.
    Full,
    /// It is none of IPv4, carries another sender's address, or goes to nobody here.
    Astray,
}

/// What was sent, in packets, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub sent: u64,
    pub sent_bytes: u64,
    pub arrived: u64,
    pub arrived_bytes: u64,
    pub lost: u64,
    pub cut: u64,
    pub full: u64,
    pub astray: u64,
}

/// A packet under way; those that arrive first are the least.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Flight {
    due_us: u64,
    /// Of two that arrive at once the one that was sent first comes first.
    number: u64,
    from: Ipv4Addr,
    to: Ipv4Addr,
    packet: Vec<u8>,
}

/// Hosts, the wires between them, and what is under way. Time is an argument.
pub struct Net {
    pub weather: Weather,
    pub rules: Rules,
    seed: u64,
    hosts: BTreeSet<Ipv4Addr>,
    ways: BTreeMap<(Ipv4Addr, Ipv4Addr), Way>,
    flights: BinaryHeap<Reverse<Flight>>,
    flight_bytes: usize,
    numbers: u64,
    counts: BTreeMap<(Ipv4Addr, Ipv4Addr), Counts>,
    astray: u64,
}

impl Net {
    /// Wires between hosts of these addresses, [`HOSTS_MAX`] of them at most: further ones have no wire.
    pub fn new(seed: u64, weather: Weather, hosts: impl IntoIterator<Item = Ipv4Addr>) -> Self {
        Self {
            weather,
            rules: Rules::default(),
            seed,
            hosts: hosts.into_iter().take(HOSTS_MAX).collect(),
            ways: BTreeMap::new(),
            flights: BinaryHeap::new(),
            flight_bytes: 0,
            numbers: 0,
            counts: BTreeMap::new(),
            astray: 0,
        }
    }

    /// Takes a packet that a host sends now, and tells what becomes of it. What arrives is kept until [`Net::arrived`] gives it.
    pub fn send(&mut self, host: Ipv4Addr, packet: Vec<u8>, now_us: u64) -> Fate {
        let ends = packet::addresses(&packet).filter(|(from, to)| *from == host && to != from && self.hosts.contains(to));
        let Some((from, to)) = ends.filter(|_| self.hosts.contains(&host)) else {
            self.astray += 1;
            return Fate::Astray;
        };
        let fate = self.fate(from, to, packet.len(), now_us);
        let counts = self.counts.entry((from, to)).or_default();
        (counts.sent, counts.sent_bytes) = (counts.sent + 1, counts.sent_bytes + packet.len() as u64);
        match fate {
            Fate::Arrives(due_us) => self.fly(Flight { due_us, number: self.numbers, from, to, packet }),
            Fate::Lost => counts.lost += 1,
            Fate::Cut => counts.cut += 1,
            Fate::Full => counts.full += 1,
            Fate::Astray => {}
        }
        fate
    }

    fn fate(&mut self, from: Ipv4Addr, to: Ipv4Addr, bytes: usize, now_us: u64) -> Fate {
        let seed = self.seed;
        // Drawn in any case: what a rule forbids changes no later draw.
        let way = self.ways.entry((from, to)).or_insert_with(|| Way::new(seed, from, to));
        let arrival_us = way.arrival_us(&self.weather, now_us);
        match arrival_us {
            _ if !self.rules.lets_through(from, to) => Fate::Cut,
            None => Fate::Lost,
            Some(_) if self.flight_bytes + bytes > FLIGHT_BYTES_MAX => Fate::Full,
            Some(due_us) => Fate::Arrives(due_us),
        }
    }

    fn fly(&mut self, flight: Flight) {
        self.numbers += 1;
        self.flight_bytes += flight.packet.len();
        self.flights.push(Reverse(flight));
    }

    /// When the next packet arrives, microseconds.
    pub fn next_us(&self) -> Option<u64> {
        self.flights.peek().map(|Reverse(flight)| flight.due_us)
    }

    /// A packet that has arrived by now, and where.
    pub fn arrived(&mut self, now_us: u64) -> Option<(Ipv4Addr, Vec<u8>)> {
        self.next_us().filter(|due_us| *due_us <= now_us)?;
        let Reverse(flight) = self.flights.pop()?;
        self.flight_bytes -= flight.packet.len();
        let counts = self.counts.entry((flight.from, flight.to)).or_default();
        (counts.arrived, counts.arrived_bytes) = (counts.arrived + 1, counts.arrived_bytes + flight.packet.len() as u64);
        Some((flight.to, flight.packet))
    }

    /// What was sent so far from one host to another.
    pub fn counts_between(&self, from: Ipv4Addr, to: Ipv4Addr) -> Counts {
        self.counts.get(&(from, to)).copied().unwrap_or_default()
    }

    /// What was sent so far by all together.
    pub fn counts(&self) -> Counts {
        let all = Counts { astray: self.astray, ..Counts::default() };
        self.counts.values().fold(all, |sum, one| Counts {
            sent: sum.sent + one.sent,
            sent_bytes: sum.sent_bytes + one.sent_bytes,
            arrived: sum.arrived + one.arrived,
            arrived_bytes: sum.arrived_bytes + one.arrived_bytes,
            lost: sum.lost + one.lost,
            cut: sum.cut + one.cut,
            full: sum.full + one.full,
            astray: sum.astray,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Weather = Weather { delay_us: (25_000, 25_000), jitter_us: 0, loss_ppm: 0 };

    type Change = fn(&mut Net);

    const fn host(number: u8) -> Ipv4Addr {
        Ipv4Addr::new(11, number, 0, 1)
    }

    fn packet(from: u8, to: u8, bytes: usize) -> Vec<u8> {
        let mut packet = vec![0; bytes];
        packet[0] = 0x45;
        packet[12..16].copy_from_slice(&host(from).octets());
        packet[16..20].copy_from_slice(&host(to).octets());
        packet
    }

    fn net(weather: Weather) -> Net {
        Net::new(1, weather, (1..=3).map(host))
    }

    #[test]
    fn a_packet_arrives_is_cut_off_lost_or_astray_as_the_rules_and_the_weather_say() {
        let lossy = Weather { loss_ppm: 1_000_000, ..DELAY };
        let parted: Change = |net| net.rules.part([[host(1)].into(), [host(2), host(3)].into()]);
        let cut: Change = |net| net.rules.cut(host(1), host(2));
        let calm: Change = |_| ();
        for (rule, weather, (sender, from, to), fate) in [
            (calm, DELAY, (1, 1, 2), Fate::Arrives(25_007)),
            (calm, Weather::CALM, (1, 1, 2), Fate::Arrives(7)),
            (calm, lossy, (1, 1, 2), Fate::Lost),
            (parted, DELAY, (1, 1, 2), Fate::Cut),
            (parted, lossy, (1, 1, 2), Fate::Cut),
            (cut, DELAY, (1, 1, 2), Fate::Cut),
            (cut, DELAY, (2, 2, 1), Fate::Arrives(25_007)),
            (calm, DELAY, (1, 2, 3), Fate::Astray),
            (calm, DELAY, (1, 1, 9), Fate::Astray),
        ] {
            let mut net = net(weather);
            rule(&mut net);
            assert_eq!(net.send(host(sender), packet(from, to, 40), 7), fate, "{sender}: {from} to {to}, {:?}", net.rules);
        }
        assert_eq!(net(DELAY).send(host(1), vec![0x60; 40], 0), Fate::Astray);
        assert_eq!(net(DELAY).send(host(9), packet(9, 1, 40), 0), Fate::Astray);
    }

    #[test]
    fn packets_come_out_when_they_are_due_and_in_order_and_are_counted() {
        let mut net = net(DELAY);
        for (at_us, to, bytes) in [(0, 2, 40), (1_000, 3, 50), (1_000, 2, 60)] {
            net.send(host(1), packet(1, to, bytes), at_us);
        }
        assert_eq!((net.next_us(), net.arrived(24_999)), (Some(25_000), None));
        let mut come = Vec::new();
        while let Some((to, packet)) = net.arrived(26_000) {
            come.push((to, packet.len()));
        }
        assert_eq!(come, [(host(2), 40), (host(3), 50), (host(2), 60)]);
        assert_eq!((net.next_us(), net.flight_bytes), (None, 0));
        let one = Counts { sent: 2, sent_bytes: 100, arrived: 2, arrived_bytes: 100, ..Counts::default() };
        assert_eq!((net.counts_between(host(1), host(2)), net.counts_between(host(2), host(1))), (one, Counts::default()));
        assert_eq!(net.counts(), Counts { sent: 3, sent_bytes: 150, arrived: 3, arrived_bytes: 150, ..Counts::default() });
    }

    #[test]
    fn what_is_under_way_is_bounded() {
        let mut net = net(DELAY);
        let fit = FLIGHT_BYTES_MAX / 1_500;
        assert!((0..fit).all(|_| net.send(host(1), packet(1, 2, 1_500), 0) == Fate::Arrives(25_000)));
        assert_eq!(net.send(host(3), packet(3, 2, 1_500), 0), Fate::Full);
        assert!(net.arrived(25_000).is_some());
        assert_eq!(net.send(host(3), packet(3, 2, 1_500), 0), Fate::Arrives(25_000));
        assert_eq!(net.counts().full, 1);
    }

    #[test]
    fn a_rule_in_between_changes_no_later_draw() {
        let rough = Weather { delay_us: (20_000, 60_000), jitter_us: 5_000, loss_ppm: 200_000 };
        let fates = |cut: bool| {
            let mut net = net(rough);
            (0..1_000u64)
                .map(|at| {
                    net.rules.heal();
                    if cut && (100..200).contains(&at) {
                        net.rules.cut(host(1), host(2));
                    }
                    net.send(host(1), packet(1, 2, 40), at * 1_000)
                })
                .collect::<Vec<_>>()
        };
        assert_eq!((&fates(true)[..100], &fates(true)[200..]), (&fates(false)[..100], &fates(false)[200..]));
        assert!(fates(true)[100..200].iter().all(|fate| *fate == Fate::Cut));
    }
}
