//! Exact kernels: what is computed stands in the generic files, how it is computed is the instruction set's; the bits are the same.
//!
//! | file | what |
//! |---|---|
//! | `real` | operations of binary32 on a value, a register, sixteen lanes |
//! | `portable`, `x86`, `arm`, `wasm` | these on plain code, AVX2 and AVX-512, NEON, SIMD128 |
//! | `matrix`, `tiles` | rows in memory, and tiles of them in registers |
//! | `sums` | products of a tile, added up in registers |
//! | `matmul`, `attention`, `rows`, `functions`, `gated`, `rotary` | forward |
//! | `backward`, `attention_back` | gradients, and the steps of training |
//!
//! Each kernel is generic in its [`real::Vector`] and is compiled once for each instruction set, behind a function that was entered
//! after the processor was asked for it; that is the only unsafe step, and [`Compute`] is the proof that it was taken.

#![allow(clippy::needless_range_loop, reason = "tiles have sizes known when compiling: plain loops over them become registers")]

#[cfg(target_arch = "aarch64")]
mod arm;
mod attention;
mod attention_back;
mod backward;
mod functions;
mod gated;
mod matmul;
mod matrix;
mod portable;
mod real;
mod rotary;
mod rows;
mod sums;
mod tiles;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use attention::{Head, scratch_len};
pub(crate) use attention_back::{Gathering, back_len};
pub(crate) use backward::{Adam, Descent, NormBack, Slice};
pub(crate) use matmul::{Linear, Packed, Then, packing_len};
pub(crate) use matrix::{Matrix, MatrixMut, stride_of, whole_lanes};
pub(crate) use rotary::Rotation;
pub use rotary::{power, sine_and_cosine};
pub(crate) use rows::Spread;

use crate::isa::{Compute, Isa};
use crate::values::Values;

/// e to the power x, within one unit in the last place; +∞ and +0 beyond binary32; of NaN the one NaN (PROTOCOL 12, exp).
///
/// ```
/// assert_eq!((evaluator::exp(0.0), evaluator::exp(1.0).to_bits()), (1.0, 0x402d_f854));
/// assert_eq!((evaluator::exp(89.0), evaluator::exp(-105.0)), (f32::INFINITY, 0.0));
/// ```
pub fn exp(x: f32) -> f32 {
    functions::exp(x)
}

/// Natural logarithm, within one unit in the last place; of 0 −∞, of less NaN (PROTOCOL 12, log).
pub fn log(x: f32) -> f32 {
    functions::log(x)
}

/// Error function, within one unit in the last place (PROTOCOL 12, erf): what GELU is made of.
pub fn erf(x: f32) -> f32 {
    functions::erf(x)
}

/// Kernels of an instruction set that the processor has: only a `Compute` gives them.
#[derive(Clone, Copy)]
pub(crate) struct Kernels(Isa);

impl Compute {
    pub(crate) fn kernels(self) -> Kernels {
        Kernels(self.isa())
    }
}

/// One method per kernel: chooses the instruction set and enters code that was compiled for it.
macro_rules! kernels {
    ($($(#[$doc:meta])* $name:ident = $path:path [$($tile:tt),*], ($($argument:ident: $type:ty),*);)*) => {
        impl Kernels {
            $($(#[$doc])*
            pub(crate) fn $name(self, $($argument: $type),*) {
                kernels!(@run self, $path, [$($tile),*], ($($argument: $type),*))
            })*
        }
    };
    (@run $self:ident, $path:path, [], ($($argument:ident: $type:ty),*)) => {
        kernels!(@enter $self, ($($argument: $type),*),
            { use $path as kernel; kernel::<$crate::kernels::portable::Portable>($($argument),*) },
            { use $path as kernel; kernel::<$crate::kernels::x86::Avx2>($($argument),*) },
            { use $path as kernel; kernel::<$crate::kernels::x86::Avx512>($($argument),*) },
            { use $path as kernel; kernel::<$crate::kernels::arm::Neon>($($argument),*) },
            { use $path as kernel; kernel::<$crate::kernels::wasm::Simd128>($($argument),*) })
    };
    // Rows and panels of a tile: twenty-odd accumulators, fewer than the registers that the set has.
    (@run $self:ident, $path:path, [tiles], ($($argument:ident: $type:ty),*)) => {
        kernels!(@enter $self, ($($argument: $type),*),
            { use $path as kernel; kernel::<$crate::kernels::portable::Portable, 4, 1>($($argument),*) },
            { use $path as kernel; kernel::<$crate::kernels::x86::Avx2, 6, 1>($($argument),*) },
            { use $path as kernel; kernel::<$crate::kernels::x86::Avx512, 12, 2>($($argument),*) },
            { use $path as kernel; kernel::<$crate::kernels::arm::Neon, 5, 1>($($argument),*) },
            { use $path as kernel; kernel::<$crate::kernels::wasm::Simd128, 2, 1>($($argument),*) })
    };
    (@enter $self:ident, ($($argument:ident: $type:ty),*), $portable:block, $avx2:block, $avx512:block, $neon:block, $simd128:block) => {
        match $self.0 {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => {
                #[target_feature(enable = "avx2,fma")]
                fn enter($($argument: $type),*) $avx2
                // SAFETY: a `Compute` with this instruction set asked the processor for both features.
                unsafe { enter($($argument),*) }
            }
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => {
                #[target_feature(enable = "avx512f")]
                fn enter($($argument: $type),*) $avx512
                // SAFETY: a `Compute` with this instruction set asked the processor for the feature.
                unsafe { enter($($argument),*) }
            }
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => $neon,
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Isa::Simd128 => $simd128,
            _ => $portable,
        }
    };
}

kernels! {
    /// `output` = `input` · weightᵀ + bias, or that added to `output`; `packing` has `packing_len(inputs)` values.
    linear = matmul::linear [tiles], (input: Matrix<'_>, layer: Linear<'_>, output: MatrixMut<'_>, then: Then<'_>, packing: &mut [f32]);
    /// Replaces the queries of a head by what it gathers; `scratch` has `scratch_len` values.
    attention = attention::attention [tiles], (values: &mut [f32], head: Head, scratch: &mut [f32]);
    /// Layer norm of each row.
    layer_norm = rows::layer_norm [], (input: Matrix<'_>, weight: &[f32], bias: Option<&[f32]>, output: MatrixMut<'_>);
    /// RMS norm of each row.
    size_norm = rows::size_norm [], (input: Matrix<'_>, weight: &[f32], epsilon: f32, output: MatrixMut<'_>);
    /// Turns the pairs of a head in each row by their angles, or back.
    rotate = rotary::rotate [], (values: &mut [f32], rotation: Rotation<'_>);
    /// Sigmoid linear unit of each gate, times its value.
    swiglu = gated::swiglu [], (gates: &mut [f32], values: &[f32]);
    /// The same, written elsewhere; its slopes replace gates and values.
    swiglu_and_slopes = gated::swiglu_and_slopes [], (gates: &mut [f32], values: &mut [f32], outputs: &mut [f32]);
    /// Each value times its factor.
    multiply = gated::multiply [], (values: &mut [f32], factors: &[f32]);
    /// Gaussian error linear unit of each value.
    gelu = rows::gelu_all [], (values: &mut [f32]);
    /// The same in its tanh form.
    gelu_tanh = rows::gelu_tanh_all [], (values: &mut [f32]);
    /// Rectified linear unit of each value.
    relu = rows::relu_all [], (values: &mut [f32]);
    /// Puts a weight into panels.
    pack_weight = matmul::pack_weight [], (weight: Values<'_>, packed: &mut Packed);
    /// `output` = `gradient` · weight, or what `then` says; `packing` has `packing_len(outputs)` values.
    linear_back = matmul::linear_back [tiles], (gradient: Matrix<'_>, layer: Linear<'_>, output: MatrixMut<'_>, then: Then<'_>, packing: &mut [f32]);
    /// Adds gradientᵀ · input of each pair to some rows of a weight's gradient.
    outer = backward::outer [tiles], (pairs: &[(Matrix<'_>, Matrix<'_>)], into: Slice<'_>);
    /// Gradients of one head; `scratch` has `back_len` values.
    attention_back = attention_back::attention_back [tiles], (from: Gathering<'_>, gradients: &mut [f32], scratch: &mut [f32]);
    /// Adds every row.
    column_sums = backward::column_sums [], (gradient: Matrix<'_>, into: &mut [f32]);
    /// Adds the gradient of a norm's weight.
    norm_sums = backward::norm_sums [], (gradient: Matrix<'_>, input: Matrix<'_>, spread: Spread, into: &mut [f32]);
    /// `output` = `before` + the gradient of a norm's inputs.
    norm_back = backward::norm_back [], (norm: NormBack<'_>, before: Option<Matrix<'_>>, output: MatrixMut<'_>);
    /// Gaussian error linear unit of each value, written elsewhere; its slopes replace the values.
    gelu_and_slopes = backward::gelu_and_slopes [], (values: &mut [f32], outputs: &mut [f32]);
    /// The same in its tanh form.
    gelu_tanh_and_slopes = backward::gelu_tanh_and_slopes [], (values: &mut [f32], outputs: &mut [f32]);
    /// Keeps gradients where the outputs of `relu` are above 0.
    relu_back = backward::relu_back [], (outputs: &[f32], gradients: &mut [f32]);
    /// Turns log-probabilities into probabilities · share.
    probabilities = backward::probabilities [], (values: &mut [f32], share: f32);
    /// Adds the sum of squares.
    squares = backward::squares [], (values: &[f32], total: &mut f32);
    /// One step of AdamW.
    adamw = backward::adamw [], (weights: &mut [f32], gradients: &[f32], first: &mut [f32], second: &mut [f32], adam: Adam);
    /// One step of plain descent.
    descend = backward::descend [], (weights: &mut [f32], gradients: &[f32], descent: Descent);
    /// So many products that touch no memory.
    busy = sums::busy [tiles], (count: usize, value: &mut f32);
    /// Log-probabilities of each row of logits; what stands behind the columns means nothing.
    log_softmax = rows::log_softmax [], (logits: MatrixMut<'_>);
}

#[cfg(test)]
mod tests;
