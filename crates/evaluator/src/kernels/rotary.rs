//! Rotary positions: sine, cosine and powers by fixed series in binary64, rounded once, and the turning of heads by them.
//!
//! Only sums, differences, products and quotients of binary64, each rounded by itself: the same bits on every machine, whether it has
//! a fused multiply-add or not (PROTOCOL 12, sine and cosine). Tables are small, so nothing here is vectorised but the turning.

use super::real::{LANES, Vector};
use super::rows::{part, store_part};

/// 1.5 · 2⁵²: adding it rounds to an integer, ties to even.
const ROUND: f64 = f64::from_bits(0x4338_0000_0000_0000);
/// 2 / π.
const PER_QUARTER: f64 = f64::from_bits(0x3fe4_5f30_6dc9_c883);
/// π / 2 in two parts: products of the first with a number of quarters are exact.
const QUARTER_HIGH: f64 = f64::from_bits(0x3ff9_21fb_5440_0000);
const QUARTER_LOW: f64 = f64::from_bits(0x3dd0_b461_1a62_6331);
/// 1 / ln 2, ln 2, and the same in two parts.
const LOG2_E: f64 = f64::from_bits(0x3ff7_1547_652b_82fe);
const LN2: f64 = f64::from_bits(0x3fe6_2e42_fefa_39ef);
const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
/// Greatest angle, radians: position 65,536 at one radian each.
const ANGLE_MOST: f32 = 65_536.0;
/// The one NaN of angles that are none.
const NAN: f32 = f32::from_bits(0x7fc0_0000);
/// Last powers of the series of sine, cosine and exponential, last term of that of the logarithm: what follows is below the last bit.
const SINE_POWER: u32 = 15;
const COSINE_POWER: u32 = 16;
const EXP_POWER: u32 = 13;
const LOG_TERMS: u32 = 17;

/// Sine and cosine of `angle` radians, |`angle`| ≤ 65,536, each within 0.501 units in the last place; of anything else NaN.
///
/// ```
/// use evaluator::sine_and_cosine;
///
/// assert_eq!(sine_and_cosine(0.0), (0.0, 1.0));
/// assert_eq!(sine_and_cosine(-1.0).0.to_bits(), (-sine_and_cosine(1.0).0).to_bits());
/// assert!(sine_and_cosine(65_537.0).0.is_nan());
/// ```
pub fn sine_and_cosine(angle: f32) -> (f32, f32) {
    if angle.is_nan() || angle.abs() > ANGLE_MOST {
        return (NAN, NAN);
    }
    let angle = f64::from(angle);
    let rounded = angle * PER_QUARTER + ROUND;
    let quarters = rounded - ROUND;
    let rest = (angle - quarters * QUARTER_HIGH) - quarters * QUARTER_LOW;
    let square = rest * rest;
    let sine = rest + rest * square * series(square, SINE_POWER, 3);
    let cosine = 1.0 + square * series(square, COSINE_POWER, 2);
    let (sine, cosine) = match rounded.to_bits() & 3 {
        0 => (sine, cosine),
        1 => (cosine, -sine),
        2 => (-sine, -cosine),
        _ => (-cosine, sine),
    };
    (sine as f32, cosine as f32)
}

/// Σ ± x^((k − `least`) / 2) / k! over every second k from `least` to `most`, by Horner's rule; the sign is + where 4 divides k or k − 1.
fn series(x: f64, most: u32, least: u32) -> f64 {
    let mut sum = 0.0;
    for k in (least..=most).rev().step_by(2) {
        let term = 1.0 / factorial(k);
        sum = sum * x + if k % 4 < 2 { term } else { -term };
    }
    sum
}

/// k! for k ≤ 16: exact.
fn factorial(k: u32) -> f64 {
    (1..=k).map(f64::from).product()
}

/// `base` to the power `exponent`, rounded once from an error of some 10⁻¹⁵; `base` is 2 or more, `exponent` 0 to 1.
///
/// ```
/// assert_eq!((evaluator::power(10_000, 0.0), evaluator::power(10_000, 0.5)), (1.0, 100.0));
/// ```
pub fn power(base: u32, exponent: f32) -> f32 {
    let x = f64::from(exponent) * log(base);
    let rounded = x * LOG2_E + ROUND;
    let twos = rounded - ROUND;
    let rest = (x - twos * LN2_HIGH) - twos * LN2_LOW;
    let sum = (1..=EXP_POWER).rev().fold(1.0, |sum, k| sum * rest / f64::from(k) + 1.0);
    // A power of two, at most 2³²: exact.
    (sum * f64::from_bits((twos as u64).wrapping_add(1023) << 52)) as f32
}

/// Natural logarithm of an integer, 1 or more.
fn log(base: u32) -> f64 {
    let exponent = base.max(1).ilog2();
    let significand = f64::from(base) / f64::from(1_u32 << exponent);
    let ratio = (significand - 1.0) / (significand + 1.0);
    let square = ratio * ratio;
    let sum = (0..=LOG_TERMS).rev().fold(0.0, |sum, k| sum * square + 1.0 / f64::from(2 * k + 1));
    f64::from(exponent) * LN2 + 2.0 * ratio * sum
}

/// How far one head is turned in each row.
#[derive(Clone, Copy)]
pub(crate) struct Rotation<'a> {
    pub(crate) rows: usize,
    /// From one row to the next.
    pub(crate) stride: usize,
    /// First value of the head.
    pub(crate) start: usize,
    /// Values of the head, even: the first half is turned with the second one.
    pub(crate) size: usize,
    /// [rows, size / 2] each.
    pub(crate) cosines: &'a [f32],
    pub(crate) sines: &'a [f32],
    /// Whether to turn back, as gradients are.
    pub(crate) back: bool,
}

/// (a, b) becomes (a · cosine − b · sine, b · cosine + a · sine), every operation rounded.
#[inline(always)]
pub(crate) fn rotate<V: Vector>(values: &mut [f32], rotation: Rotation<'_>) {
    let half = rotation.size / 2;
    let sign = V::splat(if rotation.back { -1.0 } else { 1.0 });
    for row in 0..rotation.rows {
        let head = &mut values[row * rotation.stride + rotation.start..][..2 * half];
        let (first, second) = head.split_at_mut(half);
        let (cosines, sines) = (&rotation.cosines[row * half..][..half], &rotation.sines[row * half..][..half]);
        for at in (0..half).step_by(LANES) {
            let (a, b): (V, V) = (part(first, at, 0.0), part(second, at, 0.0));
            let (cosine, sine) = (part::<V>(cosines, at, 0.0), part::<V>(sines, at, 0.0).times(sign));
            store_part(a.times(cosine).minus(b.times(sine)), &mut first[at..]);
            store_part(b.times(cosine).plus(a.times(sine)), &mut second[at..]);
        }
    }
}
