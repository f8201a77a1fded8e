//! One seed, and streams of numbers that know nothing of one another: what one thing draws moves no draw of another.

/// Odd constant and shifts of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
/// Offset and prime of FNV-1a, 64 bits.
const LABEL: (u64, u64) = (0xcbf2_9ce4_8422_2325, 0x0000_0100_0000_01b3);
/// Uniform draws whose sum is nearly normal, with a variance of 1.
const NORMAL_DRAWS: u32 = 12;

/// A stream of numbers; the same on every machine and in every version.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The stream of that label and number under a seed.
    pub fn new(seed: u64, label: &str, number: u64) -> Self {
        let label = label.bytes().fold(LABEL.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(LABEL.1));
        Self(mixed(mixed(mixed(seed.wrapping_add(STEP)) ^ label).wrapping_add(number)))
    }

    /// 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// 0 to `bound` − 1; 0 if there is no such number.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(bound)) >> 64) as u64
    }

    /// `least` to `most`, both included; `least` if it is the greater one.
    pub fn within(&mut self, least: u64, most: u64) -> u64 {
        least.saturating_add(self.below(most.saturating_sub(least).saturating_add(1)))
    }

    /// True in so many of a thousand cases.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of them, if there is one.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len() as u64) as usize)
    }

    /// 0 to 1, without 1.
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Mean 0, deviation 1. By sums alone: logarithms and cosines differ between machines.
    pub fn normal(&mut self) -> f64 {
        (0..NORMAL_DRAWS).map(|_| self.unit()).sum::<f64>() - f64::from(NORMAL_DRAWS / 2)
    }

    /// 32 bytes, for names and keys.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.chunks_exact_mut(8).for_each(|part| part.copy_from_slice(&self.draw().to_be_bytes()));
        bytes
    }
}

fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first number is what its authors' program gives for that state.
    #[test]
    fn a_stream_is_the_same_for_ever() {
        assert_eq!(Random(1_234_567).draw(), 6_457_827_717_110_365_317);
        let mut stream = Random::new(7, "blocks", 3);
        assert_eq!([stream.draw(), stream.draw()], [8_134_402_786_349_572_126, 10_294_246_737_164_612_350]);
        assert_eq!([stream.below(1000), stream.within(5, 9)], [55, 9]);
    }

    #[test]
    fn streams_of_other_seeds_labels_and_numbers_are_others() {
        let first = |seed, label, number| Random::new(seed, label, number).draw();
        let drawn = [first(1, "a", 0), first(2, "a", 0), first(1, "b", 0), first(1, "a", 1)];
        assert!((1..4).all(|place| !drawn[..place].contains(&drawn[place])), "{drawn:?}");
    }

    #[test]
    fn draws_stay_within_their_bounds_and_reach_them() {
        let mut stream = Random::new(1, "bounds", 0);
        let drawn: Vec<u64> = (0..1000).map(|_| stream.within(3, 6)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&3), Some(&6)));
        assert_eq!((stream.below(0), stream.within(9, 2), stream.pick::<u8>(&[])), (0, 9, None));
        assert!((0..1000).all(|_| !stream.chance(0) && stream.chance(1000)));
    }

    #[test]
    fn normal_draws_have_mean_0_and_deviation_1() {
        let mut stream = Random::new(1, "normal", 0);
        let drawn: Vec<f64> = (0..20_000).map(|_| stream.normal()).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        let variance = drawn.iter().map(|drawn| (drawn - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }
}
