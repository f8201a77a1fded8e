//! What a claim is made of: losses in micronats, their mean and their root.

/// Micronats of one nat.
pub(crate) const MICRONATS: f64 = 1e6;

/// NLL in nats × 10⁶, ties to even; below 0 counts as 0, above u32 and not finite as `u32::MAX`.
pub fn micronats(nats: f32) -> u32 {
    if nats.is_finite() {
        // The product of 24 and 14 significant bits is exact; the cast clamps.
        (f64::from(nats) * MICRONATS).round_ties_even() as u32
    } else {
        u32::MAX
    }
}

/// Mean rounded down; of nothing: `u32::MAX`, on which nobody can improve.
pub fn mean(losses: &[u32]) -> u32 {
    let mut mean = Mean::default();
    losses.iter().for_each(|loss| mean.add(*loss));
    mean.floor()
}

/// An integer mean in the making.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mean {
    sum: u64,
    count: u64,
}

impl Mean {
    pub(crate) fn add(&mut self, loss: u32) {
        self.sum += u64::from(loss);
        self.count += 1;
    }

    /// Rounded down; of nothing: `u32::MAX`.
    pub(crate) fn floor(self) -> u32 {
        self.sum.checked_div(self.count).map_or(u32::MAX, |mean| mean as u32)
    }
}

/// RFC 6962 root over one leaf u32be(base) ‖ u32be(new) per example, in the order drawn; the shorter side counts.
pub fn loss_root(base: &[u32], new: &[u32]) -> [u8; 32] {
    let pairs = base.iter().zip(new);
    deltas::merkle::root(pairs.map(|(base, new)| [base.to_be_bytes(), new.to_be_bytes()].concat()))
}
