//! The price of weights: what the exam charges for their squares, so that a file which only remembers its examples is no winner.
//!
//! Integers on the processor, in every order the same: no instruction set and no thread takes part.

use crate::checkpoint::Checkpoint;
use crate::loss::MICRONATS;
use crate::manifest::Manifest;

/// Parts of a square that count: each is rounded down to a multiple of 2⁻³².
const PARTS: f64 = (1_u64 << 32) as f64;

/// Micronats that a checkpoint costs beside its losses on a set of `examples_count` examples, all of them and not only those drawn:
/// `weight_price` of its manifest times the sum of squares, divided by that number, rounded down. The weight of a norm counts by its
/// distance from 1 ([`crate::TensorSpec::rest`]). Nothing without a price; at most `u32::MAX`, which it also is for no example.
///
/// Each square is rounded down to a multiple of 2⁻³², so that the sum has one value in every order.
pub fn weight_price(checkpoint: &Checkpoint, examples_count: usize) -> u32 {
    let Some(price) = checkpoint.manifest().weight_price() else { return 0 };
    let specs = checkpoint.manifest().tensors();
    let mut sum = 0;
    for (spec, values) in specs.iter().zip(checkpoint.values()) {
        values.in_parts(|part| sum += part.iter().map(|value| square(*value, spec.rest())).sum::<u128>());
    }
    micronats(price, sum, examples_count)
}

/// Parts of the square of a value's distance from its rest.
fn square(value: f32, rest: f32) -> u128 {
    let distance = f64::from(value) - f64::from(rest);
    // The cast rounds down; a distance is at most 65,537.
    (distance * distance * PARTS) as u128
}

/// price · sum / (2³² · count). The sum is of at most 2³³ values of less than 2⁶⁵ parts; a product of 2¹²⁸ or more is above every price
/// that can be said, for any number of examples.
fn micronats(price: u32, sum: u128, count: usize) -> u32 {
    let micronats = (u128::from(price).saturating_mul(sum) >> 32).checked_div(count as u128);
    micronats.map_or(u32::MAX, |micronats| u32::try_from(micronats).unwrap_or(u32::MAX))
}

/// Nats by which the price grows with each unit of a value's distance from its rest, for a set of so many examples: 2 · price / (10⁶ ·
/// examples), what training adds to gradients. Computed in binary64, rounded once; nothing without a price.
pub fn price_slope(manifest: &Manifest, examples_count: usize) -> Option<f32> {
    let price = f64::from(manifest.weight_price()?);
    Some((2.0 * price / (MICRONATS * examples_count.max(1) as f64)) as f32)
}

#[cfg(test)]
mod tests {
    use super::{micronats, square};

    #[test]
    fn the_greatest_model_at_the_greatest_price_does_not_overflow() {
        let sum = square(-65_536.0, 1.0) << 33;
        assert_eq!(sum, (65_537_u128 * 65_537) << 65);
        for count in [1, 1 << 20, usize::MAX] {
            assert_eq!(micronats(u32::MAX, sum, count), u32::MAX);
        }
        assert_eq!(micronats(1, sum, 1 << 40), ((65_537_u64 * 65_537) >> 7) as u32);
    }

    #[test]
    fn a_price_is_rounded_down_and_of_no_example_the_greatest() {
        for (price, sum, count, expected) in [
            (1, (1 << 32) - 1, 1, 0),
            (1, 1 << 32, 1, 1),
            (3, 1 << 32, 2, 1),
            (u32::MAX, 1 << 32, 1, u32::MAX),
            (u32::MAX, (1 << 32) + 2, 1, u32::MAX),
            (u32::MAX, 0, 1, 0),
            (1, 0, 0, u32::MAX),
        ] {
            assert_eq!(micronats(price, sum, count), expected, "{price} · {sum} / {count}");
        }
    }
}
