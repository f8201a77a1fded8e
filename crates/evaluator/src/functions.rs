//! exp and log in binary32 by fixed polynomials: the same bits on every machine.

use crate::kernel::{Arithmetic, Lanes, Portable};

/// The one NaN that these functions return.
const NAN: f32 = f32::from_bits(0x7fc0_0000);
/// 1.5 · 2²³: adding it rounds to an integer, ties to even, and leaves that integer in the low bits.
const ROUND: f32 = f32::from_bits(0x4b40_0000);
/// 1 / ln 2.
const LOG2_E: f32 = f32::from_bits(0x3fb8_aa3b);
/// ln 2 in two parts: products of the first with an exponent are exact.
const LN2_HIGH: f32 = f32::from_bits(0x3f31_7200);
const LN2_LOW: f32 = f32::from_bits(0x35bf_be8e);
/// Above it the exponential is +∞.
const EXP_MOST: f32 = f32::from_bits(0x42b1_7217);
/// Below it the exponential is +0.
const EXP_LEAST: f32 = f32::from_bits(0xc2cf_f1b4);
/// (exp(r) − 1 − r) / r² for |r| ≤ ln 2 / 2, highest power first: least greatest relative error, found by Remez exchange.
const EXP: [u32; 5] = [0x3ab5_63a6, 0x3c09_1ef0, 0x3d2a_ac2c, 0x3e2a_aa46, 0x3eff_fffe];
/// Bits of √½, the least significand that `log` works on.
const ROOT_HALF: u32 = 0x3f35_04f3;
/// Bits of the significand.
const SIGNIFICAND: u32 = 0x007f_ffff;
/// (log(1+f) − f + f²/2) / f³ for √½ ≤ 1+f < √2, highest power first, found likewise.
const LOG: [u32; 9] = [0x3d8a_2be2, 0xbdef_1e0e, 0x3df3_7831, 0xbdfe_1103, 0x3e11_9bb4, 0xbe2a_ae27, 0x3e4c_d25b, 0xbe80_0003, 0x3eaa_aaa4];

/// e to the power x, within one unit in the last place.
pub fn exp(x: f32) -> f32 {
    exp_with::<Portable>(x)
}

/// Natural logarithm, within one unit in the last place; of 0 −∞, of less NaN.
pub fn log(x: f32) -> f32 {
    log_with::<Portable>(x)
}

/// `exp` of sixteen values.
#[inline(always)]
pub(crate) fn exp_lanes<A: Arithmetic>(values: &Lanes) -> Lanes {
    std::array::from_fn(|lane| exp_with::<A>(values[lane]))
}

#[inline(always)]
pub(crate) fn exp_with<A: Arithmetic>(x: f32) -> f32 {
    let rounded = A::fma(x, LOG2_E, ROUND);
    let exponent = rounded - ROUND;
    let r = A::fma(exponent, -LN2_LOW, A::fma(exponent, -LN2_HIGH, x));
    let power = A::fma(horner::<A>(&EXP, r), r * r, r) + 1.0;
    let exponent = rounded.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
    // In two halves: only the second product can round, and only where the result is subnormal.
    let half = exponent >> 1;
    let result = power * two_to(half) * two_to(exponent.wrapping_sub(half));
    let result = if x > EXP_MOST { f32::INFINITY } else { result };
    let result = if x < EXP_LEAST { 0.0 } else { result };
    if x.is_nan() { NAN } else { result }
}

#[inline(always)]
pub(crate) fn log_with<A: Arithmetic>(x: f32) -> f32 {
    let (scaled, shift) = if x < f32::MIN_POSITIVE { (x * 8_388_608.0, 23) } else { (x, 0) };
    let offset = scaled.to_bits().wrapping_sub(ROOT_HALF);
    let exponent = ((offset as i32 >> 23) - shift) as f32;
    let f = f32::from_bits((offset & SIGNIFICAND) + ROOT_HALF) - 1.0;
    let factor = A::fma(horner::<A>(&LOG, f), f, -0.5);
    let tail = A::fma(f * f, factor, exponent * LN2_LOW) + f;
    let result = A::fma(exponent, LN2_HIGH, tail);
    if x == 0.0 {
        return f32::NEG_INFINITY;
    }
    let result = if x == f32::INFINITY { x } else { result };
    if x >= 0.0 { result } else { NAN }
}

#[inline(always)]
fn horner<A: Arithmetic>(coefficients: &[u32], x: f32) -> f32 {
    let mut sum = f32::from_bits(coefficients[0]);
    for coefficient in &coefficients[1..] {
        sum = A::fma(sum, x, f32::from_bits(*coefficient));
    }
    sum
}

/// 2ⁿ for −126 ≤ n ≤ 127.
#[inline(always)]
fn two_to(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}
