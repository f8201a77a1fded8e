//! exp, log and erf: equal to the reference, close to the truth, and the same over all inputs as the committed digests.

use evaluator::{erf, exp, log};
use sha2::{Digest, Sha256};

use crate::{reference, reference_gpt};

/// Distance of the sampled inputs: a prime, so that all parts of a float change.
const STRIDE: usize = 4099;

const EXP_SAMPLED: &str = "240c3fee1d758f2d148c03cb8a3833b4575ab9595d4a11dd04af722c5ccff270";
const LOG_SAMPLED: &str = "9edbe64b9c83c8e1b82328014d745843ab45f25ef204961d0c13ac7fe1b33b31";
const ERF_SAMPLED: &str = "68219c0961cf815af196f72ef88f222c4dd05cc3cfb0d582c7bad600f37e6798";

type Function = fn(f32) -> f32;

fn sampled() -> impl Iterator<Item = f32> {
    (0..=u32::MAX).step_by(STRIDE).map(f32::from_bits)
}

/// Greatest error in units of the last place of the true value, over inputs whose true value is a normal number.
fn worst_ulp(ours: Function, truth: fn(f64) -> f64) -> f64 {
    let error = |x: f32| {
        let value = truth(f64::from(x));
        let normal = value.abs() >= f64::from(f32::MIN_POSITIVE) && value.abs() <= f64::from(f32::MAX);
        let bits = (value.abs() as f32).to_bits();
        let unit = f64::from(f32::from_bits(bits + 1)) - f64::from(f32::from_bits(bits));
        if normal { (f64::from(ours(x)) - value).abs() / unit } else { 0.0 }
    };
    sampled().map(error).fold(0.0, f64::max)
}

fn sampled_digest(function: Function) -> String {
    let mut hash = Sha256::new();
    sampled().for_each(|x| hash.update(function(x).to_bits().to_be_bytes()));
    hex::encode(hash.finalize())
}

#[test]
fn exp_log_and_erf_equal_the_reference() {
    for x in sampled() {
        assert_eq!(exp(x).to_bits(), reference::exp(x).to_bits(), "exp of {:08x}", x.to_bits());
        assert_eq!(log(x).to_bits(), reference::log(x).to_bits(), "log of {:08x}", x.to_bits());
        assert_eq!(erf(x).to_bits(), reference_gpt::erf(x).to_bits(), "erf of {:08x}", x.to_bits());
    }
}

/// erf in binary64: its series up to 2, the continued fraction of its complement (Lentz, from below) beyond.
fn true_erf(x: f64) -> f64 {
    let square = x * x;
    if x.abs() < 2.0 {
        let (mut sum, mut term) = (x, x);
        for n in 1..60 {
            term *= -square / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        return sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    let mut fraction = x.abs();
    for n in (1..100).rev() {
        fraction = x.abs() + f64::from(n) / 2.0 / fraction;
    }
    let complement = (-square).exp() / (fraction * std::f64::consts::PI.sqrt());
    (1.0 - complement).copysign(x)
}

#[test]
fn exp_log_and_erf_are_within_one_unit_in_the_last_place() {
    let (exp, log, erf) = (worst_ulp(exp, f64::exp), worst_ulp(log, f64::ln), worst_ulp(erf, true_erf));
    assert!(exp < 1.0 && log < 1.0 && erf < 1.0, "exp {exp}, log {log}, erf {erf}");
}

#[test]
fn edges_of_the_domains_are_as_documented() {
    let nan = 0x7fc0_0000;
    let cases: [(Function, u32, u32); 30] = [
        (exp, 0x0000_0000, 0x3f80_0000),
        (exp, 0x8000_0000, 0x3f80_0000),
        (exp, 0x7f80_0000, 0x7f80_0000),
        (exp, 0xff80_0000, 0),
        (exp, 0x42b1_7217, 0x7f7f_ff84),
        (exp, 0x42b1_7218, 0x7f80_0000),
        (exp, 0xc2cf_f1b4, 1),
        (exp, 0xc2cf_f1b5, 0),
        (exp, 0xffff_ffff, nan),
        (exp, 0x7f80_0001, nan),
        (log, 0x3f80_0000, 0),
        (log, 0x0000_0000, 0xff80_0000),
        (log, 0x8000_0000, 0xff80_0000),
        (log, 0x8000_0001, nan),
        (log, 0xff80_0000, nan),
        (log, 0x7f80_0000, 0x7f80_0000),
        (log, 0xffc0_0000, nan),
        (log, 0x0000_0001, 0xc2ce_8ed0),
        (erf, 0x0000_0000, 0x0000_0000),
        (erf, 0x8000_0000, 0x8000_0000),
        (erf, 0x0000_0001, 0x0000_0001),
        (erf, 0x8000_0002, 0x8000_0002),
        (erf, 0x7f80_0000, 0x3f80_0000),
        (erf, 0xff80_0000, 0xbf80_0000),
        (erf, 0x4080_0000, 0x3f80_0000),
        (erf, 0xc080_0001, 0xbf80_0000),
        (erf, 0x7fc0_0000, nan),
        (erf, 0xff80_0001, nan),
        (erf, 0x3f6c_0000, 0x3f4e_c3b4),
        (erf, 0x3f6c_0001, 0x3f4e_c3b4),
    ];
    for (function, input, output) in cases {
        assert_eq!(function(f32::from_bits(input)).to_bits(), output, "of {input:08x}");
    }
}

#[test]
fn sampled_outputs_have_the_committed_digests() {
    assert_eq!(sampled_digest(exp), EXP_SAMPLED);
    assert_eq!(sampled_digest(log), LOG_SAMPLED);
    assert_eq!(sampled_digest(erf), ERF_SAMPLED);
}
