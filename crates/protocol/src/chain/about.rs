//! What an event is about.

use super::RevealedClaim;
use super::events::ChainEvent;
use crate::ids::{GroupId, RoundNumber};

impl ChainEvent {
    /// The group that the event is about, if it is about one.
    pub fn group(&self) -> Option<GroupId> {
        match self {
            Self::ScheduleOpened { .. }
            | Self::Issued { .. }
            | Self::Received { .. }
            | Self::PaidBack { .. }
            | Self::Begun { .. }
            | Self::Assented { .. }
            | Self::Enacted { .. } => None,
            Self::Seated { group, .. }
            | Self::Bonded { group, .. }
            | Self::Offered { group, .. }
            | Self::OwnerChanged { group, .. }
            | Self::Woken { group, .. }
            | Self::Rested { group, .. }
            | Self::Unbonded { group, .. }
            | Self::Withdrawn { group, .. }
            | Self::Rotated { group, .. }
            | Self::Compounded { group, .. }
            | Self::Slashed { group, .. }
            | Self::Dozed { group, .. }
            | Self::DoubleSigned { group, .. }
            | Self::Created { group, .. }
            | Self::Moved { group, .. }
            | Self::Admitted { group }
            | Self::Revoked { group }
            | Self::PeriodSet { group, .. }
            | Self::LeastSet { group, .. }
            | Self::Opened { group, .. }
            | Self::Committed { group, .. }
            | Self::Revealed(RevealedClaim { group, .. })
            | Self::Conceded { group, .. }
            | Self::Attended { group, .. }
            | Self::PayCut { group, .. }
            | Self::Struck { group, .. }
            | Self::Decided { group, .. }
            | Self::Judged { group, .. }
            | Self::Settled { group, .. }
            | Self::Collected { group, .. }
            | Self::Proposed { group, .. }
            | Self::Cast { group, .. }
            | Self::Extended { group, .. }
            | Self::Displaced { group, .. }
            | Self::Charged { group, .. }
            | Self::Shown { group, .. }
            | Self::Taken { group, .. }
            | Self::Turned { group, .. }
            | Self::Refunded { group, .. }
            | Self::Funded { group, .. }
            | Self::Unsealed { group, .. }
            | Self::Found { group, .. }
            | Self::Resolved { group, .. }
            | Self::BountyPaid { group, .. }
            | Self::FinderPaid { group, .. }
            | Self::Returned { group, .. }
            | Self::FoundTwice { group, .. } => Some(*group),
        }
    }

    /// The round that the event is about, if it is about one.
    pub fn round(&self) -> Option<RoundNumber> {
        match self {
            Self::Opened { round, .. }
            | Self::Committed { round, .. }
            | Self::Revealed(RevealedClaim { round, .. })
            | Self::Conceded { round, .. }
            | Self::Attended { round, .. }
            | Self::PayCut { round, .. }
            | Self::Struck { round, .. }
            | Self::DoubleSigned { round, .. }
            | Self::Decided { round, .. }
            | Self::Judged { round, .. }
            | Self::Settled { round, .. }
            | Self::Collected { round, .. } => Some(*round),
            _ => None,
        }
    }
}
