//! Sine, cosine, powers and what they make: close to the truth, equal to the reference, with the committed digests.

use evaluator::{Manifest, Model, Scaling, power, sine_and_cosine};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::manifest::LLAMA;

/// Bits of the greatest angle, 65,536.
const MOST: u32 = 0x4780_0000;
/// Distance of the sampled angles: a prime.
const STRIDE: usize = 1009;

const SAMPLED: &str = "76f1b1e890b9381f3f6332d6c849d798540826b9d25d119a534f700c943af720";
/// sha256 over the sha256 of each run of 2¹⁶ angles, ascending by their bits from 0 to below 65,536: sine, then cosine, u32 big-endian.
const ALL: &str = "7e14c2e71dd4bc90d14a83c92f112e1bbe57bcc104a2fb442f39b903583acf5e";

/// A table that the second implementation made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    rotary_base: u32,
    head_size: u32,
    rotary_scaling: Option<Scaling>,
    positions: u32,
    digest: String,
}

/// (cosine, sine) of each pair at each position, written from docs/PROTOCOL.md.
pub fn turns(frequencies: &[f32], positions: usize) -> Vec<Vec<(f32, f32)>> {
    let turn = |angle: f32| {
        let (sine, cosine) = reference_sine_and_cosine(angle);
        (cosine, sine)
    };
    (0..positions).map(|t| frequencies.iter().map(|frequency| turn(t as f32 * frequency)).collect()).collect()
}

fn horner(coefficients: impl Iterator<Item = f64>, x: f64) -> f64 {
    coefficients.fold(0.0, |sum, coefficient| sum * x + coefficient)
}

fn reference_sine_and_cosine(angle: f32) -> (f32, f32) {
    let x = f64::from(angle);
    let n = (x * f64::from_bits(0x3fe45f306dc9c883)).round_ties_even();
    let r = (x - n * f64::from_bits(0x3ff921fb54400000)) - n * f64::from_bits(0x3dd0b4611a626331);
    let z = r * r;
    let term = |k: u32| if (k / 2).is_multiple_of(2) { 1.0 } else { -1.0 } / (2..=k).map(f64::from).product::<f64>();
    let sine = r + r * z * horner([15, 13, 11, 9, 7, 5, 3].into_iter().map(term), z);
    let cosine = 1.0 + z * horner([16, 14, 12, 10, 8, 6, 4, 2].into_iter().map(term), z);
    let quarters = [(sine, cosine), (cosine, -sine), (-sine, -cosine), (-cosine, sine)];
    let (sine, cosine) = quarters[(n as i64).rem_euclid(4) as usize];
    (sine as f32, cosine as f32)
}

/// Distance from the truth in units of the last place of a true value.
fn ulp(found: f32, truth: f64) -> f64 {
    let bits = (truth.abs() as f32).to_bits();
    (f64::from(found) - truth).abs() / (f64::from(f32::from_bits(bits + 1)) - f64::from(f32::from_bits(bits)))
}

#[test]
fn sine_and_cosine_equal_the_reference_are_close_to_the_truth_and_have_the_committed_digest() {
    let (mut worst, mut hash) = (0.0_f64, Sha256::new());
    for bits in (0..=MOST).step_by(STRIDE) {
        let angle = f32::from_bits(bits);
        let (sine, cosine) = sine_and_cosine(angle);
        let (expected_sine, expected_cosine) = reference_sine_and_cosine(angle);
        assert_eq!((sine.to_bits(), cosine.to_bits()), (expected_sine.to_bits(), expected_cosine.to_bits()), "{angle}");
        let back = sine_and_cosine(-angle);
        assert_eq!(back, (-sine, cosine), "{angle}");
        if sine.is_normal() {
            worst = worst.max(ulp(sine, f64::from(angle).sin()));
        }
        worst = worst.max(ulp(cosine, f64::from(angle).cos()));
        hash.update(sine.to_bits().to_be_bytes());
        hash.update(cosine.to_bits().to_be_bytes());
    }
    assert!(worst < 0.501, "{worst}");
    assert_eq!(hex::encode(hash.finalize()), SAMPLED);
}

#[test]
#[ignore = "all 1.2 · 10⁹ angles: some minutes on two cores"]
fn all_angles_have_the_committed_digest() {
    let run = |run: u32| -> [u8; 32] {
        let mut hash = Sha256::new();
        for bits in run << 16..(run + 1) << 16 {
            let (sine, cosine) = sine_and_cosine(f32::from_bits(bits));
            hash.update(sine.to_bits().to_be_bytes());
            hash.update(cosine.to_bits().to_be_bytes());
        }
        hash.finalize().into()
    };
    let mut hash = Sha256::new();
    (0..MOST >> 16).for_each(|index| hash.update(run(index)));
    assert_eq!(hex::encode(hash.finalize()), ALL);
}

#[test]
fn edges_of_sine_and_cosine_are_as_documented() {
    let cases = [(0, 0, 0x3f80_0000), (0x8000_0000, 0, 0x3f80_0000), (1, 1, 0x3f80_0000), (0x3fc9_0fdb, 0x3f80_0000, 0xb33b_bd2e)];
    for (angle, sine, cosine) in cases {
        let found = sine_and_cosine(f32::from_bits(angle));
        assert_eq!((found.0.to_bits(), found.1.to_bits()), (sine, cosine), "{angle:08x}");
    }
    assert!(!sine_and_cosine(f32::from_bits(MOST)).0.is_nan());
    for angle in [MOST + 1, MOST | 1 << 31 | 1, 0x7f80_0000, 0xff80_0000, 0x7fc0_0001, 0xff80_0001] {
        let (sine, cosine) = sine_and_cosine(f32::from_bits(angle));
        assert_eq!((sine.to_bits(), cosine.to_bits()), (0x7fc0_0000, 0x7fc0_0000), "{angle:08x}");
    }
}

#[test]
fn powers_are_within_half_a_unit_and_a_thousandth_of_the_truth() {
    for base in [2, 3, 10_000, 500_000, 1_000_000, 1 << 31, u32::MAX] {
        for step in 0..=1000 {
            let exponent = step as f32 / 1000.0;
            let error = ulp(power(base, exponent), f64::from(base).powf(f64::from(exponent)));
            assert!(error < 0.501, "{base} to the {exponent}: {error}");
        }
    }
    assert_eq!([power(2, 1.0), power(u32::MAX, 1.0), power(u32::MAX, 0.0)], [2.0, 4_294_967_296.0, 1.0]);
}

/// Frequencies of a manifest with these.
fn frequencies(table: &Table) -> Vec<f32> {
    let manifest = Manifest::from_bytes(LLAMA.as_bytes()).unwrap();
    let Model::Llama(llama) = manifest.model() else { panic!("{manifest:?}") };
    let mut llama = llama.clone();
    (llama.rotary_base, llama.head_size, llama.rotary_scaling) = (table.rotary_base, table.head_size, table.rotary_scaling.clone());
    llama.frequencies()
}

#[test]
fn tables_have_the_digests_of_the_second_implementation() {
    let tables: Vec<Table> = serde_json::from_str(include_str!("../golden/llama/turns.json")).unwrap();
    for table in tables {
        let frequencies = frequencies(&table);
        assert_eq!(frequencies.len(), table.head_size as usize / 2);
        let mut hash = Sha256::new();
        for position in 0..table.positions {
            for frequency in &frequencies {
                let (sine, cosine) = sine_and_cosine(position as f32 * frequency);
                hash.update(cosine.to_bits().to_be_bytes());
                hash.update(sine.to_bits().to_be_bytes());
            }
        }
        assert_eq!(hex::encode(hash.finalize()), table.digest, "base {}", table.rotary_base);
    }
}

#[test]
fn what_turns_slowly_is_divided_by_the_factor_and_what_turns_fast_is_kept() {
    let scaling = Scaling { factor: 8, low: 1, high: 4, original: 8192 };
    let table = |rotary_scaling| Table { rotary_base: 500_000, head_size: 128, rotary_scaling, positions: 0, digest: String::new() };
    let (plain, stretched) = (frequencies(&table(None)), frequencies(&table(Some(scaling))));
    assert_eq!(plain[0], 1.0);
    let turns = |frequency: f32| 8192.0 * f64::from(frequency) / std::f64::consts::TAU;
    let pairs: Vec<(f32, f32)> = plain.into_iter().zip(stretched).collect();
    let (fast, others): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(plain, _)| turns(*plain) > 4.0);
    let (slow, between): (Vec<_>, Vec<_>) = others.into_iter().partition(|(plain, _)| turns(*plain) < 1.0);
    assert_eq!((fast.len(), slow.len(), between.len()), (29, 29, 6));
    assert!(fast.iter().all(|(plain, stretched)| stretched == plain));
    assert!(slow.iter().all(|(plain, stretched)| *stretched == plain / 8.0));
    assert!(between.iter().all(|(plain, stretched)| *stretched < *plain && *stretched > plain / 8.0));
}
