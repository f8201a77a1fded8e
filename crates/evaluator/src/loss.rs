//! What a claim is made of: losses in micronats, their mean and their root (PROTOCOL 12, Loss).
//!
//! From here on everything is integers: whatever computed the binary32 loss, sums and comparisons have no order.

/// Micronats of one nat.
pub(crate) const MICRONATS: f64 = 1e6;

/// NLL in nats × 10⁶, ties to even; below 0 counts as 0, above u32 and not finite as `u32::MAX`.
///
/// ```
/// assert_eq!(evaluator::micronats(core::f32::consts::LN_2), 693_147);
/// assert_eq!((evaluator::micronats(-0.0), evaluator::micronats(f32::NAN)), (0, u32::MAX));
/// ```
pub fn micronats(nats: f32) -> u32 {
    if nats.is_finite() {
        // The product of 24 and 14 significant bits is exact; the cast clamps.
        (f64::from(nats) * MICRONATS).round_ties_even() as u32
    } else {
        u32::MAX
    }
}

/// Mean in micronats, rounded down; of nothing: `u32::MAX`, on which nobody can improve.
pub fn mean(losses: &[u32]) -> u32 {
    let mut mean = Mean::default();
    losses.iter().for_each(|loss| mean.add(*loss));
    mean.floor()
}

/// An integer mean in the making.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mean {
    /// Of all losses taken in, micronats.
    sum: u64,
    count: u64,
}

impl Mean {
    /// Takes one more loss in; 2³² of the greatest do not overflow the sum.
    pub(crate) fn add(&mut self, loss: u32) {
        self.sum += u64::from(loss);
        self.count += 1;
    }

    /// Rounded down; of nothing: `u32::MAX`.
    pub(crate) fn floor(self) -> u32 {
        self.sum.checked_div(self.count).map_or(u32::MAX, |mean| mean as u32)
    }
}

/// RFC 6962 root over one leaf u32be(base) ‖ u32be(new) for each example, in the order drawn; the shorter side counts. Prices of
/// weights are not in it. So a claim binds the loss of every single example, and one that is shaded is another root.
pub fn loss_root(base: &[u32], new: &[u32]) -> [u8; 32] {
    let pairs = base.iter().zip(new);
    deltas::merkle::root(pairs.map(|(base, new)| [base.to_be_bytes(), new.to_be_bytes()].concat()))
}
