//! The learning rate of each step: a pure function with the same bits on every machine.

use std::f64::consts::FRAC_PI_2;

use crate::plan::Plan;
use crate::settings::Decay;

/// Learning rate of step `step`, counted from 0, computed in binary64 and rounded once.
///
/// It rises in equal parts to its greatest at the last step of the warm-up; a cosine would reach its floor one step after the last.
pub fn learning_rate(plan: &Plan, step: u32) -> f32 {
    let settings = &plan.settings;
    let most = f64::from(settings.learning_rate);
    let warmup = settings.warmup.min(plan.steps);
    if step < warmup {
        return (most * f64::from(step + 1) / f64::from(warmup)) as f32;
    }
    if settings.decay == Decay::Constant {
        return settings.learning_rate;
    }
    let after = plan.steps - warmup;
    let share = f64::from((step - warmup).min(after)) / f64::from(after.max(1));
    // (1 + cos πx) / 2 = cos² (πx / 2)
    let cosine = cosine(share * FRAC_PI_2);
    let floor = f64::from(settings.floor);
    (most * (floor + (1.0 - floor) * cosine * cosine)) as f32
}

/// Cosine of 0 to π/2 to 15 digits: sums of its series, for the library of each system rounds in its own way.
fn cosine(x: f64) -> f64 {
    let square = x * x;
    (1..=11).rev().fold(1.0, |sum, term| {
        let term = f64::from(2 * term);
        1.0 - square / (term * (term - 1.0)) * sum
    })
}

#[cfg(test)]
mod tests {
    use super::{cosine, learning_rate};
    use crate::plan::Plan;
    use crate::settings::{Decay, Settings};

    fn check(warmup: u32, decay: Decay, floor: f32, expected: &[f32]) {
        let steps = expected.len() as u32;
        let plan = Plan { settings: Settings { learning_rate: 0.5, warmup, decay, floor, ..Settings::default() }, seed: 0, steps };
        let found: Vec<f32> = (0..steps).map(|step| learning_rate(&plan, step)).collect();
        assert_eq!(found, expected, "warm-up {warmup}, {decay:?} to {floor}");
    }

    #[test]
    fn learning_rates_are_those_of_the_table() {
        check(0, Decay::Constant, 0.0, &[0.5, 0.5, 0.5]);
        check(4, Decay::Constant, 0.0, &[0.125, 0.25, 0.375, 0.5, 0.5, 0.5]);
        check(9, Decay::Constant, 0.0, &[0.25, 0.5]);
        check(0, Decay::Cosine, 0.0, &[0.5, 0.426_776_7, 0.25, 0.073_223_31]);
        check(0, Decay::Cosine, 0.5, &[0.5, 0.463_388_35, 0.375, 0.286_611_65]);
        check(2, Decay::Cosine, 0.0, &[0.25, 0.5, 0.5, 0.25]);
        check(1, Decay::Cosine, 0.0, &[0.5]);
    }

    #[test]
    fn the_cosine_has_fifteen_digits() {
        for step in 0..=10_000 {
            let x = f64::from(step) / 10_000.0 * std::f64::consts::FRAC_PI_2;
            assert!((cosine(x) - x.cos()).abs() < 1e-15, "at {x}");
        }
    }
}
