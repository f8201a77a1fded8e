//! Registers of WebAssembly: four values with SIMD128, which has no fused product; it is computed in binary64, two values at a time.
//!
//! The product of two binary32 is exact in binary64. Rounding its sum with the addend a second time, to binary32, does harm only where
//! the sum lies half way between two of them or is subnormal there; only then it is rounded to odd first, as [`super::portable`] does.

use std::arch::wasm32::*;

use super::portable::{ROOT_HALF_BITS, ROUND_BITS, SIGNIFICAND_BITS};
use super::real::{Real, Register, Wide};

/// Sixteen lanes in four registers.
pub(crate) type Simd128 = Wide<Four, 4>;

/// Of the lower word of a binary64: the bits that binary32 has not, and the one of them that is half a unit.
const BEHIND: i32 = (1 << 29) - 1;
const HALF: i32 = 1 << 28;
/// Of the upper word: all but the sign, and the least one of which binary32 has a normal number.
const MAGNITUDE: i32 = i32::MAX;
const LEAST_NORMAL: i32 = 0x3810_0000;

/// Four values.
#[derive(Clone, Copy)]
pub(crate) struct Four(v128);

/// x · y + z of two values, in binary64.
#[derive(Clone, Copy)]
struct Sum {
    product: v128,
    addend: v128,
    sum: v128,
}

impl Sum {
    #[inline(always)]
    fn new(x: v128, y: v128, z: v128) -> Self {
        let (x, y, addend) = (f64x2_promote_low_f32x4(x), f64x2_promote_low_f32x4(y), f64x2_promote_low_f32x4(z));
        let product = f64x2_mul(x, y);
        Self { product, addend, sum: f64x2_add(product, addend) }
    }

    /// The sum, its last bit 1 where the addition lost something.
    #[inline(always)]
    fn rounded_to_odd(self) -> v128 {
        let Self { product, addend, sum } = self;
        // Knuth's two-sum: what the addition lost, exactly.
        let part = f64x2_sub(sum, product);
        let lost = f64x2_add(f64x2_sub(product, f64x2_sub(sum, part)), f64x2_sub(addend, part));
        // Toward zero, where what was lost has the other sign; then the last bit.
        let toward_zero = i64x2_add(sum, i64x2_shr(v128_xor(lost, sum), 63));
        let odd = v128_or(toward_zero, i64x2_splat(1));
        // Not where nothing was lost, nor where infinity or NaN took part, of which that is NaN.
        v128_bitselect(odd, sum, f64x2_gt(f64x2_abs(lost), f64x2_splat(0.0)))
    }
}

/// Whether one of four sums must be rounded to odd before it is rounded again.
#[inline(always)]
fn in_doubt(low: Sum, high: Sum) -> bool {
    let lower = v128_and(i32x4_shuffle::<0, 2, 4, 6>(low.sum, high.sum), i32x4_splat(BEHIND));
    let upper = v128_and(i32x4_shuffle::<1, 3, 5, 7>(low.sum, high.sum), i32x4_splat(MAGNITUDE));
    v128_any_true(v128_or(i32x4_eq(lower, i32x4_splat(HALF)), i32x4_gt(i32x4_splat(LEAST_NORMAL), upper)))
}

/// Both halves as one register of binary32.
#[inline(always)]
fn joined(low: v128, high: v128) -> v128 {
    let (low, high) = (f32x4_demote_f64x2_zero(low), f32x4_demote_f64x2_zero(high));
    i32x4_shuffle::<0, 1, 4, 5>(low, high)
}

/// The upper two values in the place of the lower ones.
#[inline(always)]
fn upper(values: v128) -> v128 {
    i32x4_shuffle::<2, 3, 2, 3>(values, values)
}

impl Real for Four {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        Self(f32x4_sub(self.0, other.0))
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        Self(f32x4_mul(self.0, other.0))
    }

    #[inline(always)]
    fn over(self, other: Self) -> Self {
        Self(f32x4_div(self.0, other.0))
    }

    #[inline(always)]
    fn root(self) -> Self {
        Self(f32x4_sqrt(self.0))
    }

    #[inline(always)]
    fn fma(self, factor: Self, addend: Self) -> Self {
        let low = Sum::new(self.0, factor.0, addend.0);
        let high = Sum::new(upper(self.0), upper(factor.0), upper(addend.0));
        if in_doubt(low, high) {
            return Self(joined(low.rounded_to_odd(), high.rounded_to_odd()));
        }
        Self(joined(low.sum, high.sum))
    }

    #[inline(always)]
    fn if_greater(self, other: Self, yes: Self, no: Self) -> Self {
        Self(v128_bitselect(yes.0, no.0, f32x4_gt(self.0, other.0)))
    }

    #[inline(always)]
    fn if_nan(self, yes: Self, no: Self) -> Self {
        Self(v128_bitselect(yes.0, no.0, f32x4_ne(self.0, self.0)))
    }

    #[inline(always)]
    fn magnitude(self) -> Self {
        Self(f32x4_abs(self.0))
    }

    #[inline(always)]
    fn signed_like(self, other: Self) -> Self {
        Self(v128_bitselect(other.0, self.0, i32x4_splat(i32::MIN)))
    }

    #[inline(always)]
    fn two_powers(self) -> (Self, Self) {
        let n = i32x4_sub(self.0, i32x4_splat(ROUND_BITS));
        let half = i32x4_shr(n, 1);
        let power = |exponent| Self(i32x4_shl(i32x4_add(exponent, i32x4_splat(127)), 23));
        (power(half), power(i32x4_sub(n, half)))
    }

    #[inline(always)]
    fn scaled(self, rounded: Self) -> Self {
        Self(i32x4_add(self.0, i32x4_shl(rounded.0, 23)))
    }

    #[inline(always)]
    fn significand_and_exponent(self) -> (Self, Self) {
        let least = i32x4_splat(ROOT_HALF_BITS);
        let offset = i32x4_sub(self.0, least);
        let significand = i32x4_add(v128_and(offset, i32x4_splat(SIGNIFICAND_BITS)), least);
        (Self(significand), Self(f32x4_convert_i32x4(i32x4_shr(offset, 23))))
    }
}

impl Register for Four {
    const WIDTH: usize = 4;

    #[inline(always)]
    unsafe fn read(from: *const f32) -> Self {
        // SAFETY: the caller has four values there; the load needs no alignment.
        unsafe { Self(v128_load(from.cast())) }
    }

    #[inline(always)]
    unsafe fn write(self, to: *mut f32) {
        // SAFETY: the caller has four values there; the store needs no alignment.
        unsafe { v128_store(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
        let mut rows = [f32x4_splat(0.0); 4];
        for (index, row) in rows.iter_mut().enumerate() {
            // SAFETY: the caller has four values in each of four rows.
            *row = unsafe { Self::read(from.add(index * from_stride)).0 };
        }
        for (index, column) in transposed(rows).into_iter().enumerate() {
            // SAFETY: likewise.
            unsafe { Self(column).write(to.add(index * to_stride)) };
        }
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        let two = f32x4_add(self.0, upper(self.0));
        f32x4_extract_lane::<0>(two) + f32x4_extract_lane::<1>(two)
    }

    #[inline(always)]
    fn greatest(self) -> f32 {
        let two = self.larger(Self(upper(self.0))).0;
        f32x4_extract_lane::<0>(two).larger(f32x4_extract_lane::<1>(two))
    }
}

/// Columns of four rows.
#[inline(always)]
fn transposed([a, b, c, d]: [v128; 4]) -> [v128; 4] {
    let (low, high) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b));
    let (more_low, more_high) = (i32x4_shuffle::<0, 4, 1, 5>(c, d), i32x4_shuffle::<2, 6, 3, 7>(c, d));
    [
        i32x4_shuffle::<0, 1, 4, 5>(low, more_low),
        i32x4_shuffle::<2, 3, 6, 7>(low, more_low),
        i32x4_shuffle::<0, 1, 4, 5>(high, more_high),
        i32x4_shuffle::<2, 3, 6, 7>(high, more_high),
    ]
}
