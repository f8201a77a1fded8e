//! The functions of the evaluator, a million inputs each.

use cuda::{Of, map, powers};
use evaluator::{erf, exp, log, power, sine_and_cosine};

use crate::shim::Shim;

/// So many bits, evenly over all of binary32, and those at its edges.
fn inputs(count: u32) -> Vec<f32> {
    let step = u32::MAX / count;
    let edges = [0, 1, 0x007f_ffff, 0x0080_0000, 0x3f6c_0000, 0x3f80_0000, 0x42b1_7217, 0x42b1_7218, 0x42cf_f1b4, 0x42cf_f1b5, 0x477f_ffff];
    let edges = edges.into_iter().chain([0x4780_0000, 0x4780_0001, 0x7f7f_ffff, 0x7f80_0000, 0x7fc0_0000, 0x7f80_0001]);
    let edges = edges.flat_map(|bits: u32| [bits, bits | 1 << 31]);
    (0..count).map(|index| index * step + index % step).chain(edges).map(f32::from_bits).collect()
}

fn check(of: Of, inputs: &[f32], expected: impl Fn(f32) -> f32) {
    let found = map(&Shim::default(), of, inputs).unwrap();
    for (input, found) in inputs.iter().zip(found) {
        let expected = expected(*input);
        assert_eq!(found.to_bits(), expected.to_bits(), "{of:?} of {input:e} is {expected:e}, not {found:e}");
    }
}

#[test]
fn exp_log_and_erf_have_the_bits_of_the_evaluator() {
    let inputs = inputs(1_000_003);
    check(Of::Exp, &inputs, exp);
    check(Of::Log, &inputs, log);
    check(Of::Erf, &inputs, erf);
    // Where results are neither 0 nor 1 nor infinite.
    let near: Vec<f32> = (0..1_000_003).map(|index| -110.0 + index as f32 * 0.000_2).collect();
    check(Of::Exp, &near, exp);
    let small: Vec<f32> = near.iter().map(|value| value / 25.0).collect();
    check(Of::Erf, &small, erf);
}

#[test]
fn sines_and_cosines_have_the_bits_of_the_evaluator() {
    let mut angles: Vec<f32> = (0..1_000_003_u32).map(|index| f32::from_bits(index * 1193)).collect();
    angles.extend(inputs(10_007));
    check(Of::Sine, &angles, |angle| sine_and_cosine(angle).0);
    check(Of::Cosine, &angles, |angle| sine_and_cosine(angle).1);
}

#[test]
fn powers_have_the_bits_of_the_evaluator() {
    let bases: Vec<u32> =
        (0..100_003_u32).map(|index| 2 + index.wrapping_mul(2_654_435_761) % (u32::MAX - 1)).chain([2, u32::MAX]).collect();
    let exponents: Vec<f32> = (0..bases.len()).map(|index| index as f32 / (bases.len() - 1) as f32).collect();
    let found = powers(&Shim::default(), &bases, &exponents).unwrap();
    for ((base, exponent), found) in bases.iter().zip(&exponents).zip(found) {
        assert_eq!(found.to_bits(), power(*base, *exponent).to_bits(), "{base} to the power {exponent}");
    }
}
