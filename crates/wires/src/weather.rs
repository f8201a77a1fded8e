//! Delay and loss, drawn from a seed.

use std::net::Ipv4Addr;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Parts of a whole by which shares and losses are counted.
const MILLION: u32 = 1_000_000;
/// Stream of the draws that both ways of a pair share.
const SHARED: u64 = u64::MAX;

/// What wires are like: of each pair of hosts a delay is drawn once, of each packet how much later it comes, and whether it is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// The least and the greatest delay of a pair, one way, microseconds.
    pub delay_us: (u64, u64),
    /// By how much a packet comes later than that at most, microseconds. Packets of one way never overtake one another.
    pub jitter_us: u64,
    /// Of a million packets so many are lost.
    pub loss_ppm: u32,
}

impl Weather {
    /// Nothing is lost, and nothing takes time.
    pub const CALM: Self = Self { delay_us: (0, 0), jitter_us: 0, loss_ppm: 0 };
}

/// One way between two hosts.
pub struct Way {
    draws: ChaCha8Rng,
    /// Where the pair's delay lies between the least and the greatest, of a million.
    share: u32,
    /// When its last packet arrives.
    last_us: u64,
}

impl Way {
    /// The way from one host to another; its draws depend on nothing else, and both ways of a pair have the same delay.
    pub fn new(seed: u64, from: Ipv4Addr, to: Ipv4Addr) -> Self {
        let mut pair = draws(seed, from.min(to), from.max(to));
        pair.set_stream(SHARED);
        Self { draws: draws(seed, from, to), share: pair.random_range(0..=MILLION), last_us: 0 }
    }

    /// When a packet that is sent now arrives; `None` if it is lost.
    pub fn arrival_us(&mut self, weather: &Weather, now_us: u64) -> Option<u64> {
        let (is_lost, jitter_us) = (self.draws.random_range(0..MILLION) < weather.loss_ppm, self.draws.random_range(0..=weather.jitter_us));
        if is_lost {
            return None;
        }
        let (least, most) = weather.delay_us;
        let delay_us = least + most.saturating_sub(least) * u64::from(self.share) / u64::from(MILLION);
        self.last_us = self.last_us.max(now_us + delay_us + jitter_us);
        Some(self.last_us)
    }
}

fn draws(seed: u64, from: Ipv4Addr, to: Ipv4Addr) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_be_bytes());
    key[8..12].copy_from_slice(&from.octets());
    key[12..16].copy_from_slice(&to.octets());
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Ipv4Addr = Ipv4Addr::new(11, 1, 0, 1);
    const OTHER: Ipv4Addr = Ipv4Addr::new(11, 2, 0, 1);
    const ROUGH: Weather = Weather { delay_us: (20_000, 60_000), jitter_us: 2_000, loss_ppm: 10_000 };

    /// Arrivals of ten thousand packets, a millisecond apart.
    fn arrivals(seed: u64, from: Ipv4Addr, to: Ipv4Addr) -> Vec<Option<u64>> {
        let mut way = Way::new(seed, from, to);
        (0..10_000).map(|packet| way.arrival_us(&ROUGH, packet * 1_000)).collect()
    }

    #[test]
    fn one_seed_draws_one_weather_and_another_one_another() {
        assert_eq!(arrivals(1, ONE, OTHER), arrivals(1, ONE, OTHER));
        assert_ne!(arrivals(1, ONE, OTHER), arrivals(2, ONE, OTHER));
        assert_ne!(arrivals(1, ONE, OTHER), arrivals(1, OTHER, ONE));
    }

    #[test]
    fn packets_come_in_order_as_late_as_was_asked_for_and_as_many_are_lost() {
        for seed in 0..20 {
            let (there, back) = (arrivals(seed, ONE, OTHER), arrivals(seed, OTHER, ONE));
            let (first, answer) = (there.iter().flatten().min().expect("one comes"), back.iter().flatten().min().expect("one comes"));
            assert!((20_000..=62_000).contains(first) && first.abs_diff(*answer) <= 4_000, "{first} {answer}");
            let lost = there.iter().filter(|arrival| arrival.is_none()).count();
            assert!((50..=150).contains(&lost), "{lost} of ten thousand");
            let come: Vec<u64> = there.iter().flatten().copied().collect();
            assert!(come.is_sorted());
            let late = there.iter().enumerate().filter_map(|(packet, arrival)| Some((*arrival)? - packet as u64 * 1_000));
            assert!(late.clone().max().expect("some") - late.min().expect("some") <= 2_000);
        }
    }

    #[test]
    fn calm_weather_neither_loses_nor_delays() {
        let mut way = Way::new(7, ONE, OTHER);
        assert!((0..1_000).all(|now_us| way.arrival_us(&Weather::CALM, now_us) == Some(now_us)));
    }
}
