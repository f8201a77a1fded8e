//! How loss falls with work: a power of it above a floor, as scaling laws find.

/// Loss = floor + scale · work^−power, nats; work in rounds of a trainer of skill 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    pub floor: f64,
    pub scale: f64,
    pub power: f64,
}

/// A model of text that was begun 50 rounds ago: 2 nats above its floor, a round's work gains 0.012.
impl Default for Curve {
    fn default() -> Self {
        Self { floor: 1.4, scale: 6.47, power: 0.3 }
    }
}

/// Work at which a group begins in the sweeps.
pub const BEGUN: f64 = 50.0;
/// Nearer to the floor nothing is told apart, nats.
const NEAREST: f64 = 1e-9;

impl Curve {
    /// Nats after that much `work`, above 0.
    pub fn loss(&self, work: f64) -> f64 {
        self.floor + self.scale * work.powf(-self.power)
    }

    /// The work after which the loss is that; where it is not above the floor, as if it were by little.
    pub fn work(&self, loss: f64) -> f64 {
        ((loss - self.floor).max(NEAREST) / self.scale).powf(-1.0 / self.power)
    }

    /// New data that no model has seen raise the loss by `nats`: the work that this loss is.
    pub fn refreshed(&self, work: f64, nats: f64) -> f64 {
        self.work(self.loss(work) + nats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_and_loss_are_each_others_inverse() {
        let curve = Curve::default();
        for work in [1.0, 50.0, 3000.0] {
            assert!((curve.work(curve.loss(work)) / work - 1.0).abs() < 1e-9, "{work}");
        }
    }

    #[test]
    fn new_data_raise_the_loss_and_make_the_next_round_gain_more() {
        let curve = Curve::default();
        let work = curve.refreshed(400.0, 0.1);
        assert!((curve.loss(work) - curve.loss(400.0) - 0.1).abs() < 1e-9);
        assert!(curve.loss(work) - curve.loss(work + 1.0) > curve.loss(400.0) - curve.loss(401.0));
    }
}
