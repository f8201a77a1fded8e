//! Registers of AArch64: four values with NEON.
//!
//! Its own maximum treats zeros and NaN in another way than [`Real::larger`], so comparison and selection are used instead.

use std::arch::aarch64::*;

use super::portable::{ROOT_HALF_BITS, ROUND_BITS, SIGNIFICAND_BITS};
use super::real::{Real, Register, Wide};

/// Sixteen lanes in four registers.
pub(crate) type Neon = Wide<Four, 4>;

/// A register of NEON.
#[derive(Clone, Copy)]
pub(crate) struct Four(float32x4_t);

/// An instruction that every AArch64 processor has.
macro_rules! instruction {
    ($value:expr) => {{
        // SAFETY: NEON is part of the architecture that this file is compiled for.
        unsafe { $value }
    }};
}

impl Real for Four {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        instruction!(Self(vdupq_n_f32(value)))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        instruction!(Self(vaddq_f32(self.0, other.0)))
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        instruction!(Self(vsubq_f32(self.0, other.0)))
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        instruction!(Self(vmulq_f32(self.0, other.0)))
    }

    #[inline(always)]
    fn over(self, other: Self) -> Self {
        instruction!(Self(vdivq_f32(self.0, other.0)))
    }

    #[inline(always)]
    fn root(self) -> Self {
        instruction!(Self(vsqrtq_f32(self.0)))
    }

    #[inline(always)]
    fn fma(self, factor: Self, addend: Self) -> Self {
        instruction!(Self(vfmaq_f32(addend.0, self.0, factor.0)))
    }

    #[inline(always)]
    fn if_greater(self, other: Self, yes: Self, no: Self) -> Self {
        instruction!(Self(vbslq_f32(vcgtq_f32(self.0, other.0), yes.0, no.0)))
    }

    #[inline(always)]
    fn if_nan(self, yes: Self, no: Self) -> Self {
        instruction!(Self(vbslq_f32(vceqq_f32(self.0, self.0), no.0, yes.0)))
    }

    #[inline(always)]
    fn magnitude(self) -> Self {
        instruction!(Self(vabsq_f32(self.0)))
    }

    #[inline(always)]
    fn signed_like(self, other: Self) -> Self {
        instruction!(Self(vbslq_f32(vdupq_n_u32(1 << 31), other.0, self.0)))
    }

    #[inline(always)]
    fn two_powers(self) -> (Self, Self) {
        instruction!({
            let n = vsubq_s32(vreinterpretq_s32_f32(self.0), vdupq_n_s32(ROUND_BITS));
            let half = vshrq_n_s32::<1>(n);
            let bias = vdupq_n_s32(127);
            let first = vshlq_n_s32::<23>(vaddq_s32(half, bias));
            let second = vshlq_n_s32::<23>(vaddq_s32(vsubq_s32(n, half), bias));
            (Self(vreinterpretq_f32_s32(first)), Self(vreinterpretq_f32_s32(second)))
        })
    }

    #[inline(always)]
    fn scaled(self, rounded: Self) -> Self {
        instruction!({
            let exponent = vshlq_n_s32::<23>(vreinterpretq_s32_f32(rounded.0));
            Self(vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(self.0), exponent)))
        })
    }

    #[inline(always)]
    fn significand_and_exponent(self) -> (Self, Self) {
        instruction!({
            let least = vdupq_n_s32(ROOT_HALF_BITS);
            let offset = vsubq_s32(vreinterpretq_s32_f32(self.0), least);
            let significand = vaddq_s32(vandq_s32(offset, vdupq_n_s32(SIGNIFICAND_BITS)), least);
            let exponent = vcvtq_f32_s32(vshrq_n_s32::<23>(offset));
            (Self(vreinterpretq_f32_s32(significand)), Self(exponent))
        })
    }
}

impl Register for Four {
    const WIDTH: usize = 4;

    #[inline(always)]
    unsafe fn read(from: *const f32) -> Self {
        // SAFETY: the caller has four values there.
        unsafe { Self(vld1q_f32(from)) }
    }

    #[inline(always)]
    unsafe fn write(self, to: *mut f32) {
        // SAFETY: the caller has four values there.
        unsafe { vst1q_f32(to, self.0) }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
        let mut rows = [Self::splat(0.0).0; 4];
        for (index, row) in rows.iter_mut().enumerate() {
            // SAFETY: the caller has four values in each of four rows.
            *row = unsafe { Self::read(from.add(index * from_stride)).0 };
        }
        for (index, column) in transposed_4(rows).into_iter().enumerate() {
            // SAFETY: likewise.
            unsafe { Self(column).write(to.add(index * to_stride)) };
        }
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        instruction!({
            let two = vadd_f32(vget_low_f32(self.0), vget_high_f32(self.0));
            vget_lane_f32::<0>(two) + vget_lane_f32::<1>(two)
        })
    }

    #[inline(always)]
    fn greatest(self) -> f32 {
        let mut lanes = [0.0; 4];
        // SAFETY: four values are there.
        unsafe { self.write(lanes.as_mut_ptr()) };
        let [a, b, c, d] = lanes;
        a.larger(c).larger(b.larger(d))
    }
}

/// Columns of four rows.
#[inline(always)]
fn transposed_4([a, b, c, d]: [float32x4_t; 4]) -> [float32x4_t; 4] {
    instruction!({
        let even = [vreinterpretq_f64_f32(vtrn1q_f32(a, b)), vreinterpretq_f64_f32(vtrn1q_f32(c, d))];
        let odd = [vreinterpretq_f64_f32(vtrn2q_f32(a, b)), vreinterpretq_f64_f32(vtrn2q_f32(c, d))];
        [
            vreinterpretq_f32_f64(vtrn1q_f64(even[0], even[1])),
            vreinterpretq_f32_f64(vtrn1q_f64(odd[0], odd[1])),
            vreinterpretq_f32_f64(vtrn2q_f64(even[0], even[1])),
            vreinterpretq_f32_f64(vtrn2q_f64(odd[0], odd[1])),
        ]
    })
}
