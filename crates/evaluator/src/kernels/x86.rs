//! Registers of x86-64: eight values with AVX2 and FMA, sixteen with AVX-512F.
//!
//! Every operation is one instruction or a few that round as the operation says. `max` and `min` of the processor take the second of
//! two zeros and beside NaN, which is what [`Real::larger`] and [`Real::smaller`] ask for.

use std::arch::x86_64::*;

use super::portable::{ROOT_HALF_BITS, ROUND_BITS, SIGNIFICAND_BITS};
use super::real::{Real, Register, Wide};

/// Bits of everything but the sign.
const MAGNITUDE_BITS: i32 = 0x7fff_ffff;

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
    fn scaled(self, rounded: Self) -> Self {
        instruction!({
            let exponent = _mm256_slli_epi32::<23>(_mm256_castps_si256(rounded.0));
            Self(_mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(self.0), exponent)))
        })
    }

    /// x < y ? x : y, as one instruction.
    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        instruction!(Self(_mm256_min_ps(self.0, other.0)))
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

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
        let mut rows = [Self::splat(0.0).0; 8];
        for (index, row) in rows.iter_mut().enumerate() {
            // SAFETY: the caller has eight values in each of eight rows.
            *row = unsafe { Self::read(from.add(index * from_stride)).0 };
        }
        for (index, column) in transposed_8(rows).into_iter().enumerate() {
            // SAFETY: likewise.
            unsafe { Self(column).write(to.add(index * to_stride)) };
        }
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        instruction!({
            let four = _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
        })
    }

    #[inline(always)]
    fn greatest(self) -> f32 {
        instruction!({
            let four = _mm_max_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps::<1>(two, two)))
        })
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
    fn scaled(self, rounded: Self) -> Self {
        instruction!({
            let exponent = _mm512_slli_epi32::<23>(_mm512_castps_si512(rounded.0));
            Self(_mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(self.0), exponent)))
        })
    }

    /// One instruction, which takes the exponent as a float.
    #[inline(always)]
    fn scaled_down(self, rounded: Self) -> Self {
        let exponent = rounded.minus(Self::splat(f32::from_bits(ROUND_BITS as u32)));
        instruction!(Self(_mm512_scalef_ps(self.0, exponent.0)))
    }

    /// x < y ? x : y, as one instruction.
    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        instruction!(Self(_mm512_min_ps(self.0, other.0)))
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

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
        let mut rows = [Self::splat(0.0).0; 16];
        for (index, row) in rows.iter_mut().enumerate() {
            // SAFETY: the caller has sixteen values in each of sixteen rows.
            *row = unsafe { Self::read(from.add(index * from_stride)).0 };
        }
        for (index, column) in transposed_16(rows).into_iter().enumerate() {
            // SAFETY: likewise.
            unsafe { Self(column).write(to.add(index * to_stride)) };
        }
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        let [lower, upper] = self.halves();
        lower.plus(upper).sum()
    }

    #[inline(always)]
    fn greatest(self) -> f32 {
        let [lower, upper] = self.halves();
        lower.larger(upper).greatest()
    }
}

impl Sixteen {
    /// Two registers of AVX, which AVX-512 contains.
    #[inline(always)]
    fn halves(self) -> [Eight; 2] {
        instruction!({
            let upper = _mm512_extractf64x4_pd::<1>(_mm512_castps_pd(self.0));
            [Eight(_mm512_castps512_ps256(self.0)), Eight(_mm256_castpd_ps(upper))]
        })
    }
}

/// Columns of eight rows.
#[inline(always)]
fn transposed_8(rows: [__m256; 8]) -> [__m256; 8] {
    let mut fours = rows;
    for index in 0..2 {
        let [a, b, c, d] = [rows[4 * index], rows[4 * index + 1], rows[4 * index + 2], rows[4 * index + 3]];
        instruction!({
            let low = [_mm256_castps_pd(_mm256_unpacklo_ps(a, b)), _mm256_castps_pd(_mm256_unpacklo_ps(c, d))];
            let high = [_mm256_castps_pd(_mm256_unpackhi_ps(a, b)), _mm256_castps_pd(_mm256_unpackhi_ps(c, d))];
            fours[4 * index] = _mm256_castpd_ps(_mm256_unpacklo_pd(low[0], low[1]));
            fours[4 * index + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low[0], low[1]));
            fours[4 * index + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(high[0], high[1]));
            fours[4 * index + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(high[0], high[1]));
        });
    }
    let mut columns = fours;
    for index in 0..4 {
        columns[index] = instruction!(_mm256_permute2f128_ps::<0x20>(fours[index], fours[4 + index]));
        columns[4 + index] = instruction!(_mm256_permute2f128_ps::<0x31>(fours[index], fours[4 + index]));
    }
    columns
}

/// Columns of sixteen rows.
#[inline(always)]
fn transposed_16(rows: [__m512; 16]) -> [__m512; 16] {
    let mut fours = rows;
    for index in 0..4 {
        let [a, b, c, d] = [rows[4 * index], rows[4 * index + 1], rows[4 * index + 2], rows[4 * index + 3]];
        instruction!({
            let low = [_mm512_castps_pd(_mm512_unpacklo_ps(a, b)), _mm512_castps_pd(_mm512_unpacklo_ps(c, d))];
            let high = [_mm512_castps_pd(_mm512_unpackhi_ps(a, b)), _mm512_castps_pd(_mm512_unpackhi_ps(c, d))];
            fours[4 * index] = _mm512_castpd_ps(_mm512_unpacklo_pd(low[0], low[1]));
            fours[4 * index + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low[0], low[1]));
            fours[4 * index + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(high[0], high[1]));
            fours[4 * index + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(high[0], high[1]));
        });
    }
    // Register 4 · i + j now holds rows 4 · i to 4 · i + 3 of the columns j, j + 4, j + 8 and j + 12.
    let mut columns = fours;
    for j in 0..4 {
        instruction!({
            let even = [_mm512_shuffle_f32x4::<0x88>(fours[j], fours[4 + j]), _mm512_shuffle_f32x4::<0x88>(fours[8 + j], fours[12 + j])];
            let odd = [_mm512_shuffle_f32x4::<0xdd>(fours[j], fours[4 + j]), _mm512_shuffle_f32x4::<0xdd>(fours[8 + j], fours[12 + j])];
            columns[j] = _mm512_shuffle_f32x4::<0x88>(even[0], even[1]);
            columns[8 + j] = _mm512_shuffle_f32x4::<0xdd>(even[0], even[1]);
            columns[4 + j] = _mm512_shuffle_f32x4::<0x88>(odd[0], odd[1]);
            columns[12 + j] = _mm512_shuffle_f32x4::<0xdd>(odd[0], odd[1]);
        });
    }
    columns
}
