//! Angles of rotary positions (PROTOCOL 12, Rotary positions): what each pair of a head is turned by at each position.

use serde::{Deserialize, Serialize};

use super::Llama;
use crate::kernels::{Rotation, power, sine_and_cosine};
use crate::limits::{ManifestError, within};

/// 2π in binary64.
const TURN: f64 = f64::from_bits(0x4019_21fb_5444_2d18);
/// Greatest factor of any kind.
const FACTOR_MAX: u64 = 1024;
/// Greatest context that a model had before its angles were stretched.
const ORIGINAL_MAX: u64 = 1 << 20;

/// How Llama 3 stretches angles, so that a model trained on `original` positions works on more: what turns slowly is divided by
/// `factor`, what turns fast is kept, and between them one goes over into the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// Divides what turns fewer than `low` times in `original` positions, 1 to 1,024.
    pub factor: u32,
    /// Turns below which all is stretched, 1 to 1,023.
    pub low: u32,
    /// Turns above which nothing is, more than `low`, at most 1,024.
    pub high: u32,
    /// Positions that the model was first trained on, 1 to 2²⁰.
    pub original: u32,
}

impl Scaling {
    /// Whether the numbers keep their limits.
    pub(super) fn check(&self) -> Result<(), ManifestError> {
        within("rotary_scaling factor", self.factor.into(), 1, FACTOR_MAX)?;
        within("rotary_scaling low", self.low.into(), 1, FACTOR_MAX - 1)?;
        within("rotary_scaling high", self.high.into(), u64::from(self.low) + 1, FACTOR_MAX)?;
        within("rotary_scaling original", self.original.into(), 1, ORIGINAL_MAX)
    }

    /// A frequency, stretched: in binary64, every operation rounded, and at last to binary32.
    fn stretched(&self, frequency: f32) -> f32 {
        let [factor, low, high, original] = [self.factor, self.low, self.high, self.original].map(f64::from);
        let frequency = f64::from(frequency);
        let turns = original * frequency / TURN;
        let slow = frequency / factor;
        if turns > high {
            return frequency as f32;
        }
        if turns < low {
            return slow as f32;
        }
        let share = (turns - low) / (high - low);
        ((1.0 - share) * slow + share * frequency) as f32
    }
}

/// Radians from one position to the next of each pair of a head: 1 / base^(2i / size), exponent, power and quotient each rounded.
pub(super) fn frequencies(base: u32, scaling: Option<&Scaling>, size: u32) -> Vec<f32> {
    let frequency = |pair: u32| {
        let frequency = 1.0 / power(base, (2 * pair) as f32 / size as f32);
        scaling.map_or(frequency, |scaling| scaling.stretched(frequency))
    };
    (0..size / 2).map(frequency).collect()
}

/// Cosines and sines of the angles at each position, [positions, size / 2] each.
pub(super) struct Turns<'a> {
    cosines: &'a [f32],
    sines: &'a [f32],
}

impl<'a> Turns<'a> {
    /// Fills both for as many positions as they have room for.
    pub(super) fn new(llama: &Llama, [cosines, sines]: [&'a mut [f32]; 2]) -> Self {
        let frequencies = llama.frequencies();
        let pairs = frequencies.len();
        for (position, (cosines, sines)) in cosines.chunks_exact_mut(pairs).zip(sines.chunks_exact_mut(pairs)).enumerate() {
            for ((frequency, cosine), sine) in frequencies.iter().zip(cosines).zip(sines) {
                (*sine, *cosine) = sine_and_cosine(position as f32 * frequency);
            }
        }
        Self { cosines, sines }
    }

    /// The turning of a head that begins at `start` in each of `rows` rows.
    pub(super) fn of(&self, (rows, stride): (usize, usize), start: usize, size: usize) -> Rotation<'a> {
        Rotation { rows, stride, start, size, cosines: self.cosines, sines: self.sines, back: false }
    }

    /// Those of positions from `first` on, where heads have so many values.
    pub(super) fn after(&self, first: usize, size: usize) -> Self {
        let skipped = first * size / 2;
        Self { cosines: &self.cosines[skipped..], sines: &self.sines[skipped..] }
    }
}
