//! Rooms that stake gives: of each kind so many matters an account, whoever's envelopes carry them.

use std::collections::BTreeSet;

use super::envelope::Kind;

/// Different claims kept of a round and account: two are evidence, more say nothing.
pub const MAX_CLAIMS_A_ROUND: usize = 2;
/// Choices kept of a period and account: those with the highest number.
pub const MAX_CHOICES: usize = 4;
/// Measures of which an account's assents are kept: those that expire last.
pub const MAX_ASSENTS: usize = 64;
/// Different results kept of a window and account: two are evidence, more say nothing.
pub const MAX_RESULTS: usize = 2;
/// Nodes whose bindings, and whose announcements, are kept of an account: the newest.
pub const MAX_NODES: usize = 8;
/// Measures that an account proposes.
pub const MAX_MEASURES: usize = 16;
/// Alarms of an account about a round.
pub const MAX_ALARMS: usize = 64;
/// Files of a round that an account says to hold, the first: those of all claims that a validator keeps, and of hidden sets. Of those
/// under round 0 the newest.
pub const MAX_HAVES: usize = 1280;
/// Training sets whose roots an account tells.
pub const MAX_DATASETS: usize = 16;
/// Copies of the group that an account tells of.
pub const MAX_COPIES: usize = 2;
/// Files of a round of which an account tells how they were trained.
pub const MAX_TRAININGS: usize = 4;

/// One room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Room {
    kind: Kind,
    scope: u64,
    /// The number of the account.
    account: u32,
}

impl Room {
    /// Where a matter of that kind and scope lies. What expires by the clock shares one room, for nothing bounds such scopes.
    pub fn new(kind: Kind, scope: u64, account: u32) -> Self {
        let scope = if matches!(kind, Kind::Assent | Kind::Measure) { 0 } else { scope };
        Self { kind, scope, account }
    }

    /// Matters in it at most.
    pub fn places(&self) -> usize {
        match self.kind {
            Kind::Verdict => MAX_CLAIMS_A_ROUND,
            Kind::Choice => MAX_CHOICES,
            Kind::Assent => MAX_ASSENTS,
            Kind::Finding => MAX_RESULTS,
            Kind::Binding | Kind::Announcement => MAX_NODES,
            Kind::Measure => MAX_MEASURES,
            Kind::Alarm => MAX_ALARMS,
            Kind::Have => MAX_HAVES,
            Kind::Dataset => MAX_DATASETS,
            Kind::Training => MAX_TRAININGS,
            Kind::Copy => MAX_COPIES,
            Kind::Note => 0,
        }
    }
}

/// Whether the same matter counts for whoever signed it inside: then its first envelope is kept, so that nobody makes news of what is
/// known by putting it into another one. What the author itself says anew replaces what it said.
pub(crate) fn is_signed_inside(kind: Kind) -> bool {
    matches!(kind, Kind::Verdict | Kind::Choice | Kind::Assent | Kind::Finding)
}

/// What lies in which room, by number of the message.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rooms(BTreeSet<(Room, u32)>);

impl Rooms {
    /// A message lies in that room.
    pub fn insert(&mut self, room: Room, message: u32) {
        self.0.insert((room, message));
    }

    /// It does no longer.
    pub fn remove(&mut self, room: Room, message: u32) {
        self.0.remove(&(room, message));
    }

    /// At most [`Room::places`].
    pub fn members(&self, room: Room) -> impl Iterator<Item = u32> + '_ {
        self.0.range((room, 0)..=(room, u32::MAX)).map(|(_, message)| *message)
    }
}
