//! The terms of a network, and its clock of epochs.

use protocol::chain::Times;
use protocol::ids::{Address, RoundNumber};
use protocol::money::Wei;
use serde::{Deserialize, Serialize};

use crate::bindings::INetwork;
use crate::log::Fit;
use crate::read;

/// What a network was deployed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Terms {
    pub neuron: Address,
    pub emission: Address,
    pub purse: Address,
    /// Lengths of an epoch, of an exit, of a coinbase's maturity.
    pub epoch_s: u64,
    pub exit_s: u64,
    pub maturity_s: u64,
    /// The least deposit of a commit and bond of a proposal.
    pub min_deposit: Wei,
    /// Start of epoch 0, seconds since 1970.
    pub genesis_s: u64,
}

impl Terms {
    pub(crate) fn of(terms: &INetwork::Terms) -> Fit<Self> {
        Ok(Self {
            neuron: read::address(terms.neuron),
            emission: read::address(terms.emission),
            purse: read::address(terms.purse),
            epoch_s: read::count(terms.epochLength)?,
            exit_s: read::count(terms.exitTime)?,
            maturity_s: read::count(terms.maturity)?,
            min_deposit: read::wei(terms.minDeposit)?,
            genesis_s: read::count(terms.genesis)?,
        })
    }

    /// The epoch at `now_s`.
    pub fn epoch(&self, now_s: u64) -> u64 {
        now_s.saturating_sub(self.genesis_s) / self.epoch_s.max(1)
    }

    /// First second of an epoch.
    pub fn epoch_start_s(&self, epoch: u64) -> u64 {
        self.genesis_s.saturating_add(epoch.saturating_mul(self.epoch_s))
    }

    /// The epoch of a round.
    pub fn epoch_of(&self, times: &Times, round: RoundNumber) -> u64 {
        round.0.saturating_mul(times.length_s()) / self.epoch_s.max(1)
    }

    /// The second at which an exit that began with `epoch` is over.
    pub(crate) fn exit_at_s(&self, epoch: u64) -> u64 {
        self.epoch_start_s(epoch).saturating_add(self.exit_s)
    }
}
