//! exp, log and erf in binary32 by fixed polynomials, and what is made of them: the same bits on every machine.
//!
//! Libraries of systems differ in the last bit, so none is called. Polynomials have the least greatest relative error for their degree,
//! and every input of binary32 was tried: digests of all outputs are in PROTOCOL 12, erf.

use super::real::Real;

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
/// Below `EXP_LEAST`: its exponential rounds to +0 by itself.
const EXP_ZERO: f32 = -104.0;
/// (exp(r) − 1 − r) / r² for |r| ≤ ln 2 / 2, highest power first: least greatest relative error, found by Remez exchange.
const EXP: [u32; 5] = [0x3ab5_63a6, 0x3c09_1ef0, 0x3d2a_ac2c, 0x3e2a_aa46, 0x3eff_fffe];
/// 2²³: makes any subnormal normal.
const SCALE: f32 = 8_388_608.0;
const SCALE_EXPONENT: f32 = 23.0;
/// (log(1+f) − f + f²/2) / f³ for √½ ≤ 1+f < √2, highest power first, found likewise.
const LOG: [u32; 9] = [0x3d8a_2be2, 0xbdef_1e0e, 0x3df3_7831, 0xbdfe_1103, 0x3e11_9bb4, 0xbe2a_ae27, 0x3e4c_d25b, 0xbe80_0003, 0x3eaa_aaa4];
/// Up to here the error function is computed as x · polynomial, above it as 1 − exp(polynomial).
const ERF_EDGE: f32 = 0.921_875;
/// From here on the error function is 1.
const ERF_MOST: f32 = 4.0;
/// erf(x) / x − 1 in x² for |x| ≤ `ERF_EDGE`, highest power first: least greatest relative error of erf, found by exchange.
const ERF_SMALL: [u32; 7] = [0x38a7_9eff, 0xba53_0118, 0x3baa_24d1, 0xbcdc_008b, 0x3de7_16b2, 0xbec0_93a0, 0x3e03_75d4];
/// log(1 − erf(x)) / x + 1 in x for `ERF_EDGE` < x ≤ 4, found likewise.
const ERF_LARGE: [u32; 7] = [0xb73d_98d6, 0x39a9_9c4d, 0xbb6e_e69f, 0x3cc2_b582, 0xbdd9_9678, 0xbf22_98fe, 0xbe03_bcb6];
/// From here on, on either side, GELU in its tanh form is x or 0: what its curve is computed from need not be greater.
const CURVE_MOST: f32 = 16.0;
/// 2 · √(2/π), that times 0.044715, and three times as much: the curve of GELU in its tanh form, and its slope.
const CURVE: f32 = f32::from_bits(0x3fcc_422a);
const CURVE_CUBE: f32 = f32::from_bits(0x3d92_2279);
const CURVE_SLOPE: f32 = f32::from_bits(0x3e5b_33b6);
/// √½.
pub(crate) const ROOT_HALF: f32 = f32::from_bits(0x3f35_04f3);

/// e to the power x, within one unit in the last place.
#[inline(always)]
pub(crate) fn exp<R: Real>(x: R) -> R {
    let (power, rounded) = reduced_exp(x);
    // In two halves: only the second product can round, and only where the result is subnormal.
    let (first, second) = rounded.two_powers();
    let result = power.times(first).times(second);
    let result = x.if_greater(R::splat(EXP_MOST), R::splat(f32::INFINITY), result);
    let result = R::splat(EXP_LEAST).if_greater(x, R::splat(0.0), result);
    x.if_nan(R::splat(NAN), result)
}

/// `exp` of what is not above 0, with fewer operations and the same bits; of NaN, some NaN.
#[inline(always)]
pub(crate) fn exp_below<R: Real>(x: R) -> R {
    let (power, rounded) = reduced_exp(R::splat(EXP_ZERO).larger(x));
    power.scaled_down(rounded)
}

/// y and n + 1.5 · 2²³ with y · 2ⁿ = exp(x) for x between `EXP_LEAST` and `EXP_MOST`.
#[inline(always)]
fn reduced_exp<R: Real>(x: R) -> (R, R) {
    let rounded = x.fma(R::splat(LOG2_E), R::splat(ROUND));
    let exponent = rounded.minus(R::splat(ROUND));
    let r = exponent.fma(R::splat(-LN2_LOW), exponent.fma(R::splat(-LN2_HIGH), x));
    (horner(&EXP, r).fma(r.times(r), r).plus(R::splat(1.0)), rounded)
}

/// Natural logarithm, within one unit in the last place; of 0 −∞, of less NaN.
#[inline(always)]
pub(crate) fn log<R: Real>(x: R) -> R {
    let (zero, least) = (R::splat(0.0), R::splat(f32::MIN_POSITIVE));
    let shift = least.if_greater(x, R::splat(SCALE_EXPONENT), zero);
    let (significand, exponent) = least.if_greater(x, x.times(R::splat(SCALE)), x).significand_and_exponent();
    let (f, exponent) = (significand.minus(R::splat(1.0)), exponent.minus(shift));
    let factor = horner(&LOG, f).fma(f, R::splat(-0.5));
    let tail = f.times(f).fma(factor, exponent.times(R::splat(LN2_LOW))).plus(f);
    let result = exponent.fma(R::splat(LN2_HIGH), tail);
    let result = x.if_greater(R::splat(f32::MAX), x, result);
    let not_positive = zero.if_greater(x, R::splat(NAN), R::splat(f32::NEG_INFINITY));
    x.if_nan(R::splat(NAN), x.if_greater(zero, result, not_positive))
}

/// Error function, within one unit in the last place.
#[inline(always)]
pub(crate) fn erf<R: Real>(x: R) -> R {
    let t = x.magnitude().smaller(R::splat(ERF_MOST));
    let small = horner(&ERF_SMALL, t.times(t)).fma(t, t);
    let (power, rounded) = reduced_exp(horner(&ERF_LARGE, t).fma(t, R::splat(0.0).minus(t)));
    // The exponential is between e⁻¹⁹ and 1: normal.
    let large = R::splat(1.0).minus(power.scaled(rounded));
    let result = t.if_greater(R::splat(ERF_EDGE), large, small);
    x.if_nan(R::splat(NAN), result.signed_like(x))
}

/// x · Φ(x) = (½ · x) · (1 + erf(x · √½)).
#[inline(always)]
pub(crate) fn gelu<R: Real>(x: R) -> R {
    let error = erf(x.times(R::splat(ROOT_HALF)));
    x.times(R::splat(0.5)).times(R::splat(1.0).plus(error))
}

/// ½ · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))), as x / (1 + exp(−w)) with w twice what tanh is taken of; and its slope,
/// σ · (1 + x · (1 − σ) · w′) with σ = 1 / (1 + exp(−w)).
#[inline(always)]
pub(crate) fn gelu_tanh_and_slope<R: Real>(x: R) -> (R, R) {
    let (held, square, below) = curve(x);
    let one = R::splat(1.0);
    let sigmoid = one.over(below);
    let growth = square.fma(R::splat(CURVE_SLOPE), R::splat(CURVE));
    (x.over(below), held.times(one.minus(sigmoid)).fma(growth, one).times(sigmoid))
}

/// The first of `gelu_tanh_and_slope`.
#[inline(always)]
pub(crate) fn gelu_tanh<R: Real>(x: R) -> R {
    x.over(curve(x).2)
}

/// x held within ±`CURVE_MOST`, its square, and 1 + exp(−w); NaN stays NaN.
#[inline(always)]
fn curve<R: Real>(x: R) -> (R, R, R) {
    let held = R::splat(-CURVE_MOST).larger(R::splat(CURVE_MOST).smaller(x));
    let square = held.times(held);
    let w = held.times(square.fma(R::splat(CURVE_CUBE), R::splat(CURVE)));
    (held, square, R::splat(1.0).plus(exp(R::splat(0.0).minus(w))))
}

/// x / (1 + exp(−x)).
#[inline(always)]
pub(crate) fn silu<R: Real>(x: R) -> R {
    x.over(R::splat(1.0).plus(exp(R::splat(0.0).minus(x))))
}

/// Its slope, σ · (1 + x · (1 − σ)) with σ = 1 / (1 + exp(−x)).
#[inline(always)]
pub(crate) fn silu_slope<R: Real>(x: R) -> R {
    let (one, power) = (R::splat(1.0), exp(R::splat(0.0).minus(x)));
    let sigmoid = one.over(one.plus(power));
    x.fma(one.minus(sigmoid), one).times(sigmoid)
}

/// The polynomial by Horner's rule, one fused multiply-add for each further power.
#[inline(always)]
fn horner<R: Real>(coefficients: &[u32], x: R) -> R {
    let mut sum = R::splat(f32::from_bits(coefficients[0]));
    for coefficient in &coefficients[1..] {
        sum = sum.fma(x, R::splat(f32::from_bits(*coefficient)));
    }
    sum
}
