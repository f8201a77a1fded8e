//! What people do beside their programs: they vote against what can be shown, and bring new data.

/// What people do against what can be shown.
#[derive(Debug, Clone, Copy)]
pub struct People {
    /// Chance, an epoch, that an accused position is slashed by a majority that can be had.
    pub slash: f64,
    /// Chance that a false win is struck by such a majority before it is mature.
    pub strike: f64,
    /// Part of the stake elsewhere that assents.
    pub turnout: f64,
}

impl People {
    /// Who slashes with a chance of `diligence` an epoch strikes in one of the seven before a round is mature.
    pub fn diligent(diligence: f64) -> Self {
        Self { slash: diligence, strike: 1.0 - (1.0 - diligence).powi(7), ..Self::default() }
    }
}

impl Default for People {
    fn default() -> Self {
        Self { slash: 0.0, strike: 0.0, turnout: 0.6 }
    }
}

/// New data: with that chance a period, which raise the loss by so many nats.
#[derive(Debug, Clone, Copy, Default)]
pub struct Data {
    pub chance: f64,
    pub nats: f64,
}
