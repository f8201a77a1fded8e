//! Rules that turn gradients into steps. Biases and layer norms do not decay.
//!
//! Each operation is rounded once, in the order in which PyTorch writes it, so that settings mean what they mean there.

use crate::kernels::Adam;

/// A rule and its settings. All may change from step to step: a schedule is its caller's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Adam with decoupled weight decay.
    AdamW(AdamW),
    /// Plain stochastic gradient descent.
    Sgd(Sgd),
}

/// Settings of AdamW (Loshchilov and Hutter, 2019); the defaults are PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    /// Length of a step.
    pub learning_rate: f32,
    /// Memory of the mean of gradients.
    pub beta_1: f32,
    /// Memory of the mean of their squares.
    pub beta_2: f32,
    /// Added to the root of the second mean.
    pub epsilon: f32,
    /// Pull of matrices to zero.
    pub weight_decay: f32,
    /// Greatest length of the gradient of all weights together; longer ones are shortened to it.
    pub clip: Option<f32>,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { learning_rate: 1e-3, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay: 0.01, clip: None }
    }
}

impl AdamW {
    /// Numbers of the next step; `powers` are those of both memories.
    pub(super) fn at(&self, powers: &mut (f64, f64), scale: f32) -> Adam {
        powers.0 *= f64::from(self.beta_1);
        powers.1 *= f64::from(self.beta_2);
        Adam {
            learning_rate: self.learning_rate,
            beta_1: self.beta_1,
            beta_2: self.beta_2,
            epsilon: self.epsilon,
            decay: 0.0,
            correction_1: (1.0 - powers.0) as f32,
            correction_2: (1.0 - powers.1) as f32,
            scale,
        }
    }
}

/// Settings of stochastic gradient descent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    /// Length of a step.
    pub learning_rate: f32,
    /// Pull of matrices to zero.
    pub weight_decay: f32,
    /// Greatest length of the gradient of all weights together; longer ones are shortened to it.
    pub clip: Option<f32>,
}

impl Rule {
    /// Greatest length of all gradients together, if there is one.
    pub(super) fn clip(&self) -> Option<f32> {
        match self {
            Self::AdamW(settings) => settings.clip,
            Self::Sgd(settings) => settings.clip,
        }
    }

    /// learning rate · weight decay.
    pub(super) fn decay(&self) -> f32 {
        match self {
            Self::AdamW(settings) => settings.learning_rate * settings.weight_decay,
            Self::Sgd(settings) => settings.learning_rate * settings.weight_decay,
        }
    }
}
