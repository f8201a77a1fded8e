//! One value at a time, on any processor: its fused multiply-add is computed in binary64.
//!
//! The product of two binary32 is exact in binary64. The sum is rounded to odd by its exact error, so that the last rounding, to
//! binary32, is the only one that counts.

use super::real::{Real, Register, Wide};

/// Sixteen single values.
pub(crate) type Portable = Wide<f32, 16>;

/// Bits of 1.5 · 2²³.
pub(crate) const ROUND_BITS: i32 = 0x4b40_0000;
/// Bits of √½, the least significand.
pub(crate) const ROOT_HALF_BITS: i32 = 0x3f35_04f3;
/// Bits of a significand.
pub(crate) const SIGNIFICAND_BITS: i32 = 0x007f_ffff;

impl Real for f32 {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        value
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self + other
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self - other
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self * other
    }

    #[inline(always)]
    fn over(self, other: Self) -> Self {
        self / other
    }

    #[inline(always)]
    fn root(self) -> Self {
        self.sqrt()
    }

    /// Exact product in binary64, sum rounded to odd: the last rounding to binary32 is then the only one.
    #[inline(always)]
    fn fma(self, factor: Self, addend: Self) -> Self {
        let (product, addend) = (f64::from(self) * f64::from(factor), f64::from(addend));
        let sum = product + addend;
        // Knuth's two-sum: what the addition lost, exactly.
        let part = sum - product;
        let lost = (product - (sum - part)) + (addend - part);
        let bits = sum.to_bits();
        if lost == 0.0 || !lost.is_finite() || bits & 1 == 1 {
            return sum as f32;
        }
        let outward = (lost > 0.0) == (sum > 0.0);
        f64::from_bits(if outward { bits + 1 } else { bits - 1 }) as f32
    }

    #[inline(always)]
    fn if_greater(self, other: Self, yes: Self, no: Self) -> Self {
        if self > other { yes } else { no }
    }

    #[inline(always)]
    fn if_nan(self, yes: Self, no: Self) -> Self {
        if self.is_nan() { yes } else { no }
    }

    #[inline(always)]
    fn magnitude(self) -> Self {
        self.abs()
    }

    #[inline(always)]
    fn signed_like(self, other: Self) -> Self {
        self.copysign(other)
    }

    #[inline(always)]
    fn two_powers(self) -> (Self, Self) {
        let n = (self.to_bits() as i32).wrapping_sub(ROUND_BITS);
        let half = n >> 1;
        (two_to(half), two_to(n.wrapping_sub(half)))
    }

    #[inline(always)]
    fn scaled(self, rounded: Self) -> Self {
        f32::from_bits(self.to_bits().wrapping_add(rounded.to_bits() << 23))
    }

    #[inline(always)]
    fn significand_and_exponent(self) -> (Self, Self) {
        let offset = (self.to_bits() as i32).wrapping_sub(ROOT_HALF_BITS);
        let significand = (offset & SIGNIFICAND_BITS) + ROOT_HALF_BITS;
        (f32::from_bits(significand as u32), (offset >> 23) as f32)
    }
}

impl Register for f32 {
    const WIDTH: usize = 1;

    #[inline(always)]
    unsafe fn read(from: *const f32) -> Self {
        // SAFETY: the caller has one value there.
        unsafe { from.read() }
    }

    #[inline(always)]
    unsafe fn write(self, to: *mut f32) {
        // SAFETY: the caller has one value there.
        unsafe { to.write(self) }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, _: usize, to: *mut f32, _: usize) {
        // SAFETY: the caller has one value there.
        unsafe { to.write(from.read()) }
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        self
    }

    #[inline(always)]
    fn greatest(self) -> f32 {
        self
    }
}

/// 2ⁿ for −126 ≤ n ≤ 127.
#[inline(always)]
fn two_to(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values at every edge of binary32, and bits from a linear congruence.
    fn values(count: usize) -> Vec<f32> {
        let edges = [0, 1, 2, 0x007f_ffff, 0x0080_0000, 0x0080_0001, 0x3f7f_ffff, 0x3f80_0000, 0x3f80_0001, 0x4b80_0000];
        let more = [0x7f7f_ffff, 0x7f80_0000, 0x7fc0_0000, 0x3400_0000, 0x33ff_ffff, 0x1a00_0000, 0x5f00_0000];
        let mut bits: Vec<u32> = edges.into_iter().chain(more).flat_map(|bits| [bits, bits | 1 << 31]).collect();
        let mut state = 1_u32;
        while bits.len() < count {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            bits.push(state.rotate_left(11));
        }
        bits.into_iter().map(f32::from_bits).collect()
    }

    fn check(x: f32, y: f32, z: f32) {
        let (ours, exact) = (Real::fma(x, y, z), x.mul_add(y, z));
        let same = ours.to_bits() == exact.to_bits() || ours.is_nan() && exact.is_nan();
        assert!(same, "{x:e} · {y:e} + {z:e} = {exact:e}, not {ours:e}");
    }

    #[test]
    fn the_portable_fma_rounds_once() {
        let edges = values(34);
        for x in &edges {
            for y in &edges {
                edges.iter().for_each(|z| check(*x, *y, *z));
            }
        }
        let values = values(300_000);
        for triple in values.windows(3) {
            check(triple[0], triple[1], triple[2]);
            // An addend near the product, half a unit off: where rounding twice would show.
            let product = triple[0] * triple[1];
            check(triple[0], triple[1], f32::from_bits(product.to_bits() ^ 1 << 31));
            check(triple[0], triple[1], product * f32::from_bits(0x3380_0000));
            check(triple[0], triple[1], product * f32::from_bits(0x4b80_0000));
        }
    }
}
