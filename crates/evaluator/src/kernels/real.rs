//! The operations of binary32 that kernels are made of, on one value, one register, or sixteen lanes.
//!
//! [`Real`] is what all three can do, [`Register`] what a processor has, [`Vector`] the sixteen lanes in which rows are reduced
//! (PROTOCOL 12, Products, rows, functions): one register of AVX-512, two of AVX2, four of NEON, or sixteen plain values.

/// Lanes of a row reduction, and outputs of one panel.
pub(crate) const LANES: usize = 16;

/// 2⁶⁴.
const LIFT: f32 = f32::from_bits(0x5f80_0000);

/// Sixteen neighbouring values.
pub(crate) type Lanes = [f32; LANES];

/// Asks for the line of the cache at an address, which need not be one of any value; does nothing where there is no such instruction.
#[inline(always)]
pub(crate) fn bring(address: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 has the instruction, and it reads nothing: no address can do harm.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// One or several values of binary32. Every operation rounds once, to nearest, ties to even, and keeps subnormals.
///
/// Types for registers must only be used inside functions that were entered after the processor was asked for the feature.
pub(crate) trait Real: Copy {
    /// The same value everywhere.
    fn splat(value: f32) -> Self;
    /// self + other
    fn plus(self, other: Self) -> Self;
    /// self − other
    fn minus(self, other: Self) -> Self;
    /// self · other
    fn times(self, other: Self) -> Self;
    /// self / other
    fn over(self, other: Self) -> Self;
    /// √self
    fn root(self) -> Self;
    /// self · factor + addend, rounded once.
    fn fma(self, factor: Self, addend: Self) -> Self;
    /// self > other ? yes : no
    fn if_greater(self, other: Self, yes: Self, no: Self) -> Self;
    /// self is NaN ? yes : no
    fn if_nan(self, yes: Self, no: Self) -> Self;
    /// Without its sign.
    fn magnitude(self) -> Self;
    /// The magnitude of `self` with the sign of `other`.
    fn signed_like(self, other: Self) -> Self;
    /// Of n + 1.5 · 2²³ with −252 ≤ n ≤ 254: 2ʰ and 2ⁿ⁻ʰ with h = ⌊n / 2⌋; of anything else, something.
    fn two_powers(self) -> (Self, Self);
    /// self · 2ⁿ for `rounded` = n + 1.5 · 2²³, where self and the result are normal; else something.
    fn scaled(self, rounded: Self) -> Self;
    /// self · 2ⁿ for `rounded` = n + 1.5 · 2²³ with −151 ≤ n ≤ 0 and self between ½ and 2, rounded once; of NaN, NaN.
    #[inline(always)]
    fn scaled_down(self, rounded: Self) -> Self {
        // 2⁶⁴ too great, it is normal: only the last product can round, and only where the result is subnormal.
        let scaled = self.times(Self::splat(LIFT)).scaled(rounded).times(Self::splat(1.0 / LIFT));
        self.if_nan(self, scaled)
    }
    /// Of a normal number: g and e with self = g · 2ᵉ and √½ ≤ g < √2; of anything else, something.
    fn significand_and_exponent(self) -> (Self, Self);

    /// `self < other ? self : other`
    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        other.if_greater(self, self, other)
    }

    /// `self > other ? self : other`: of two zeros, and beside NaN, the second.
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        self.if_greater(other, self, other)
    }
}

/// Values of one register.
pub(crate) trait Register: Real {
    /// How many.
    const WIDTH: usize;

    /// # Safety
    /// `WIDTH` values can be read there.
    unsafe fn read(from: *const f32) -> Self;

    /// # Safety
    /// `WIDTH` values can be written there.
    unsafe fn write(self, to: *mut f32);

    /// Writes the transpose of a square of `WIDTH` rows.
    ///
    /// # Safety
    /// `WIDTH` rows of `WIDTH` values can be read and written there, each row so far from the next.
    unsafe fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize);

    /// Sum of the lanes: the upper half onto the lower one, again and again.
    fn sum(self) -> f32;

    /// Greatest lane, joined likewise: `lower > upper ? lower : upper`.
    fn greatest(self) -> f32;
}

/// Sixteen lanes.
pub(crate) trait Vector: Real {
    /// # Safety
    /// Sixteen values can be read there.
    unsafe fn read(from: *const f32) -> Self;

    /// # Safety
    /// Sixteen values can be written there.
    unsafe fn write(self, to: *mut f32);

    /// Turns sixteen rows, `stride` apart, into a panel [columns, LANES].
    ///
    /// # Safety
    /// Sixteen rows of `columns` values can be read, and as many lanes written.
    unsafe fn pack(from: *const f32, stride: usize, columns: usize, to: *mut f32);

    /// Copies in.
    #[inline(always)]
    fn load(lanes: &Lanes) -> Self {
        // SAFETY: sixteen values are there.
        unsafe { Self::read(lanes.as_ptr()) }
    }

    /// Copies out.
    #[inline(always)]
    fn store(self, lanes: &mut Lanes) {
        // SAFETY: sixteen values are there.
        unsafe { self.write(lanes.as_mut_ptr()) }
    }

    /// The lanes as they lie in memory.
    #[inline(always)]
    fn lanes(self) -> Lanes {
        let mut lanes = [0.0; LANES];
        self.store(&mut lanes);
        lanes
    }

    /// Sum of the lanes, joined 8-4-2-1.
    fn sum(self) -> f32;

    /// Greatest lane, joined 8-4-2-1.
    fn greatest(self) -> f32;
}

/// Sixteen lanes as `N` registers.
#[derive(Clone, Copy)]
pub(crate) struct Wide<R, const N: usize>([R; N]);

macro_rules! each_register {
    ($N:ident, |$index:ident| $value:expr, $first:expr) => {{
        let mut registers = [$first; $N];
        let mut $index = 0;
        while $index < $N {
            registers[$index] = $value;
            $index += 1;
        }
        Self(registers)
    }};
}

impl<R: Real, const N: usize> Real for Wide<R, N> {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([R::splat(value); N])
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        each_register!(N, |i| self.0[i].plus(other.0[i]), self.0[0])
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        each_register!(N, |i| self.0[i].minus(other.0[i]), self.0[0])
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        each_register!(N, |i| self.0[i].times(other.0[i]), self.0[0])
    }

    #[inline(always)]
    fn over(self, other: Self) -> Self {
        each_register!(N, |i| self.0[i].over(other.0[i]), self.0[0])
    }

    #[inline(always)]
    fn root(self) -> Self {
        each_register!(N, |i| self.0[i].root(), self.0[0])
    }

    #[inline(always)]
    fn fma(self, factor: Self, addend: Self) -> Self {
        each_register!(N, |i| self.0[i].fma(factor.0[i], addend.0[i]), self.0[0])
    }

    #[inline(always)]
    fn if_greater(self, other: Self, yes: Self, no: Self) -> Self {
        each_register!(N, |i| self.0[i].if_greater(other.0[i], yes.0[i], no.0[i]), self.0[0])
    }

    #[inline(always)]
    fn if_nan(self, yes: Self, no: Self) -> Self {
        each_register!(N, |i| self.0[i].if_nan(yes.0[i], no.0[i]), self.0[0])
    }

    #[inline(always)]
    fn magnitude(self) -> Self {
        each_register!(N, |i| self.0[i].magnitude(), self.0[0])
    }

    #[inline(always)]
    fn signed_like(self, other: Self) -> Self {
        each_register!(N, |i| self.0[i].signed_like(other.0[i]), self.0[0])
    }

    #[inline(always)]
    fn two_powers(self) -> (Self, Self) {
        let (mut first, mut second) = (self.0, self.0);
        let mut i = 0;
        while i < N {
            (first[i], second[i]) = self.0[i].two_powers();
            i += 1;
        }
        (Self(first), Self(second))
    }

    #[inline(always)]
    fn scaled(self, rounded: Self) -> Self {
        each_register!(N, |i| self.0[i].scaled(rounded.0[i]), self.0[0])
    }

    #[inline(always)]
    fn scaled_down(self, rounded: Self) -> Self {
        each_register!(N, |i| self.0[i].scaled_down(rounded.0[i]), self.0[0])
    }

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        each_register!(N, |i| self.0[i].larger(other.0[i]), self.0[0])
    }

    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        each_register!(N, |i| self.0[i].smaller(other.0[i]), self.0[0])
    }

    #[inline(always)]
    fn significand_and_exponent(self) -> (Self, Self) {
        let (mut significand, mut exponent) = (self.0, self.0);
        let mut i = 0;
        while i < N {
            (significand[i], exponent[i]) = self.0[i].significand_and_exponent();
            i += 1;
        }
        (Self(significand), Self(exponent))
    }
}

impl<R: Register, const N: usize> Vector for Wide<R, N> {
    #[inline(always)]
    unsafe fn read(from: *const f32) -> Self {
        const { assert!(N * R::WIDTH == LANES) };
        // SAFETY: the caller's sixteen values are N registers of them.
        each_register!(N, |i| unsafe { R::read(from.add(i * R::WIDTH)) }, R::splat(0.0))
    }

    #[inline(always)]
    unsafe fn write(self, to: *mut f32) {
        let mut i = 0;
        while i < N {
            // SAFETY: the caller's sixteen values are N registers of them.
            unsafe { self.0[i].write(to.add(i * R::WIDTH)) };
            i += 1;
        }
    }

    #[inline(always)]
    unsafe fn pack(from: *const f32, stride: usize, columns: usize, to: *mut f32) {
        let whole = columns - columns % R::WIDTH;
        for column in (0..whole).step_by(R::WIDTH) {
            for row in (0..LANES).step_by(R::WIDTH) {
                // SAFETY: rows below sixteen and columns below `columns`, on both sides.
                unsafe { R::transpose(from.add(row * stride + column), stride, to.add(column * LANES + row), LANES) };
            }
        }
        for column in whole..columns {
            for row in 0..LANES {
                // SAFETY: likewise.
                unsafe { to.add(column * LANES + row).write(from.add(row * stride + column).read()) };
            }
        }
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        let mut registers = self.0;
        let mut half = N / 2;
        while half > 0 {
            let mut i = 0;
            while i < half {
                registers[i] = registers[i].plus(registers[i + half]);
                i += 1;
            }
            half /= 2;
        }
        registers[0].sum()
    }

    #[inline(always)]
    fn greatest(self) -> f32 {
        let mut registers = self.0;
        let mut half = N / 2;
        while half > 0 {
            let mut i = 0;
            while i < half {
                registers[i] = registers[i].larger(registers[i + half]);
                i += 1;
            }
            half /= 2;
        }
        registers[0].greatest()
    }
}
