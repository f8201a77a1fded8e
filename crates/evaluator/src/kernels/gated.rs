//! Gated linear units: a value that passes as far as its gate lets it.

use super::functions::{silu, silu_slope};
use super::real::{LANES, Vector};
use super::rows::{part, store_part};

/// `silu` of every gate, times its value, replaces the gate.
#[inline(always)]
pub(crate) fn swiglu<V: Vector>(gates: &mut [f32], values: &[f32]) {
    for at in (0..gates.len()).step_by(LANES) {
        let passed = silu::<V>(part(gates, at, 0.0)).times(part(values, at, 0.0));
        store_part(passed, &mut gates[at..]);
    }
}

/// `swiglu` written elsewhere; what it grows by with each gate and value replaces them.
#[inline(always)]
pub(crate) fn swiglu_and_slopes<V: Vector>(gates: &mut [f32], values: &mut [f32], outputs: &mut [f32]) {
    for at in (0..gates.len()).step_by(LANES) {
        let (gate, value): (V, V) = (part(gates, at, 0.0), part(values, at, 0.0));
        let open = silu(gate);
        store_part(open.times(value), &mut outputs[at..]);
        store_part(silu_slope(gate).times(value), &mut gates[at..]);
        store_part(open, &mut values[at..]);
    }
}

/// Each value times its factor.
#[inline(always)]
pub(crate) fn multiply<V: Vector>(values: &mut [f32], factors: &[f32]) {
    for at in (0..values.len()).step_by(LANES) {
        let product = part::<V>(values, at, 0.0).times(part(factors, at, 0.0));
        store_part(product, &mut values[at..]);
    }
}
