//! Registers of x86-64: eight values with AVX2 and FMA, sixteen with AVX-512F.

use std::arch::x86_64::*;

use super::portable::{MAGNITUDE_BITS, ROOT_HALF_BITS, ROUND_BITS, SIGNIFICAND_BITS};
use super::real::{Real, Register, Wide};

/// Sixteen lanes in two registers.
pub(crate) type Avx2 = Wide<Eight, 2>;
/// Sixteen lanes in one register.
pub(crate) type Avx512 = Wide<Sixteen, 1>;

/// A register of AVX2.
#[derive(Clone, Copy)]
pub(crate) struct Eight(__m256);

/// A register of AVX-512.
#[derive(Clone, Copy)]
pub(crate) struct Sixteen(__m512);

/// An instruction of a processor that was asked for it.
macro_rules! instruction {
    ($value:expr) => {{
        // SAFETY: values of these types only exist in kernels that `Compute` let in after asking the processor.
        unsafe { $value }
    }};
}

impl Real for Eight {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        instruction!(Self(_mm256_set1_ps(value)))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        instruction!(Self(_mm256_add_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        instruction!(Self(_mm256_sub_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        instruction!(Self(_mm256_mul_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn over(self, other: Self) -> Self {
        instruction!(Self(_mm256_div_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn root(self) -> Self {
        instruction!(Self(_mm256_sqrt_ps(self.0)))
    }

    #[inline(always)]
    fn fma(self, factor: Self, addend: Self) -> Self {
        instruction!(Self(_mm256_fmadd_ps(self.0, factor.0, addend.0)))
    }

    #[inline(always)]
    fn if_greater(self, other: Self, yes: Self, no: Self) -> Self {
        instruction!(Self(_mm256_blendv_ps(no.0, yes.0, _mm256_cmp_ps::<_CMP_GT_OQ>(self.0, other.0))))
    }

    #[inline(always)]
    fn if_nan(self, yes: Self, no: Self) -> Self {
        instruction!(Self(_mm256_blendv_ps(no.0, yes.0, _mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, self.0))))
    }

    #[inline(always)]
    fn magnitude(self) -> Self {
        instruction!(Self(_mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0)))
    }

    #[inline(always)]
    fn signed_like(self, other: Self) -> Self {
        let sign = instruction!(_mm256_and_ps(_mm256_set1_ps(-0.0), other.0));
        instruction!(Self(_mm256_or_ps(self.magnitude().0, sign)))
    }

    /// x > y ? x : y, as one instruction.
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        instruction!(Self(_mm256_max_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn two_powers(self) -> (Self, Self) {
        instruction!({
            let n = _mm256_sub_epi32(_mm256_castps_si256(self.0), _mm256_set1_epi32(ROUND_BITS));
            let half = _mm256_srai_epi32::<1>(n);
            let bias = _mm256_set1_epi32(127);
            let first = _mm256_slli_epi32::<23>(_mm256_add_epi32(half, bias));
            let second = _mm256_slli_epi32::<23>(_mm256_add_epi32(_mm256_sub_epi32(n, half), bias));
            (Self(_mm256_castsi256_ps(first)), Self(_mm256_castsi256_ps(second)))
        })
    }

    #[inline(always)]
    fn significand_and_exponent(self) -> (Self, Self) {
        instruction!({
            let least = _mm256_set1_epi32(ROOT_HALF_BITS);
            let offset = _mm256_sub_epi32(_mm256_castps_si256(self.0), least);
            let significand = _mm256_add_epi32(_mm256_and_si256(offset, _mm256_set1_epi32(SIGNIFICAND_BITS)), least);
            let exponent = _mm256_cvtepi32_ps(_mm256_srai_epi32::<23>(offset));
            (Self(_mm256_castsi256_ps(significand)), Self(exponent))
        })
    }
}

impl Register for Eight {
    const WIDTH: usize = 8;

    #[inline(always)]
    unsafe fn read(from: *const f32) -> Self {
        // SAFETY: as `instruction`, and the caller has eight values there.
        unsafe { Self(_mm256_loadu_ps(from)) }
    }

    #[inline(always)]
    unsafe fn write(self, to: *mut f32) {
        // SAFETY: as `instruction`, and the caller has eight values there.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }
}

impl Real for Sixteen {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        instruction!(Self(_mm512_set1_ps(value)))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        instruction!(Self(_mm512_add_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        instruction!(Self(_mm512_sub_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        instruction!(Self(_mm512_mul_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn over(self, other: Self) -> Self {
        instruction!(Self(_mm512_div_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn root(self) -> Self {
        instruction!(Self(_mm512_sqrt_ps(self.0)))
    }

    #[inline(always)]
    fn fma(self, factor: Self, addend: Self) -> Self {
        instruction!(Self(_mm512_fmadd_ps(self.0, factor.0, addend.0)))
    }

    #[inline(always)]
    fn if_greater(self, other: Self, yes: Self, no: Self) -> Self {
        instruction!(Self(_mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, other.0), no.0, yes.0)))
    }

    #[inline(always)]
    fn if_nan(self, yes: Self, no: Self) -> Self {
        instruction!(Self(_mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0), no.0, yes.0)))
    }

    #[inline(always)]
    fn magnitude(self) -> Self {
        instruction!({
            let bits = _mm512_and_si512(_mm512_castps_si512(self.0), _mm512_set1_epi32(MAGNITUDE_BITS));
            Self(_mm512_castsi512_ps(bits))
        })
    }

    #[inline(always)]
    fn signed_like(self, other: Self) -> Self {
        instruction!({
            let sign = _mm512_andnot_si512(_mm512_set1_epi32(MAGNITUDE_BITS), _mm512_castps_si512(other.0));
            let bits = _mm512_or_si512(_mm512_castps_si512(self.magnitude().0), sign);
            Self(_mm512_castsi512_ps(bits))
        })
    }

    /// x > y ? x : y, as one instruction.
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        instruction!(Self(_mm512_max_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn two_powers(self) -> (Self, Self) {
        instruction!({
            let n = _mm512_sub_epi32(_mm512_castps_si512(self.0), _mm512_set1_epi32(ROUND_BITS));
            let half = _mm512_srai_epi32::<1>(n);
            let bias = _mm512_set1_epi32(127);
            let first = _mm512_slli_epi32::<23>(_mm512_add_epi32(half, bias));
            let second = _mm512_slli_epi32::<23>(_mm512_add_epi32(_mm512_sub_epi32(n, half), bias));
            (Self(_mm512_castsi512_ps(first)), Self(_mm512_castsi512_ps(second)))
        })
    }

    #[inline(always)]
    fn significand_and_exponent(self) -> (Self, Self) {
        instruction!({
            let least = _mm512_set1_epi32(ROOT_HALF_BITS);
            let offset = _mm512_sub_epi32(_mm512_castps_si512(self.0), least);
            let significand = _mm512_add_epi32(_mm512_and_si512(offset, _mm512_set1_epi32(SIGNIFICAND_BITS)), least);
            let exponent = _mm512_cvtepi32_ps(_mm512_srai_epi32::<23>(offset));
            (Self(_mm512_castsi512_ps(significand)), Self(exponent))
        })
    }
}

impl Register for Sixteen {
    const WIDTH: usize = 16;

    #[inline(always)]
    unsafe fn read(from: *const f32) -> Self {
        // SAFETY: as `instruction`, and the caller has sixteen values there.
        unsafe { Self(_mm512_loadu_ps(from)) }
    }

    #[inline(always)]
    unsafe fn write(self, to: *mut f32) {
        // SAFETY: as `instruction`, and the caller has sixteen values there.
        unsafe { _mm512_storeu_ps(to, self.0) }
    }
}
