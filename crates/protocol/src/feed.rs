//! Which part of a chain a node is told, and in which order; reading it is for others.

use std::collections::BTreeSet;

use crate::bounty::{Calendar, Term};
use crate::chain::{Block, ChainEvent, GroupView};
use crate::ids::RoundNumber;
use crate::machine::Heard;

/// Tells one group's story: first its view, then history, then what comes.
#[derive(Debug, Clone)]
pub struct Teller {
    view: GroupView,
    round: Option<RoundNumber>,
    /// Number of the block at which history ends; none once that was told.
    live_from: Option<u64>,
    /// The last block that was told.
    told: Option<Block>,
    /// Seconds of which the first block from then on decides something, and must be told though nothing happened in it.
    moments: BTreeSet<u64>,
}

impl Teller {
    /// Begins with a view of the group at `tip`, where history ends. Its first word is [`Heard::Group`] with that view.
    pub fn new(view: GroupView, tip: Block) -> Self {
        let round = view.clock(tip.time_s).round;
        let moments = draws(&view, round).collect();
        Self { view, round: None, live_from: Some(tip.number), told: None, moments }
    }

    /// The newest view.
    pub fn view(&self) -> &GroupView {
        &self.view
    }

    /// Whether history is over. Messages of the log wait until then: a machine that has not seen a round cannot place them.
    pub fn is_live(&self) -> bool {
        self.live_from.is_none()
    }

    /// Whether an event is told to nodes of this group.
    pub fn concerns(&self, event: &ChainEvent) -> bool {
        event.group().is_none_or(|group| group == self.view.id)
    }

    /// Seconds of which the first block from then on must be told before `block`, with the one before it, by
    /// [`tell_between`](Self::tell_between): of long ago the blocks in which nothing happened are left out.
    pub fn moments_before(&mut self, block: Block) -> Vec<u64> {
        // Whoever was away for long passes over starts of REVEAL that nobody foresaw.
        if let Some(told) = self.told.filter(|_| self.is_live_at(block)) {
            let round = self.view.clock(block.time_s).round;
            self.moments.extend(draws(&self.view, round).filter(|moment_s| *moment_s > told.time_s));
        }
        let later = self.moments.split_off(&block.time_s.saturating_add(1));
        let due = std::mem::replace(&mut self.moments, later);
        let is_next = self.told.is_none_or(|told| told.number.checked_add(1) == Some(block.number));
        if is_next { Vec::new() } else { due.into_iter().collect() }
    }

    /// Tells a block without events, if it lies between the last one told and `block`.
    pub fn tell_between(&mut self, quiet: Block, block: Block) -> Option<Heard> {
        (self.told.is_none_or(|told| told.number < quiet.number) && quiet.number < block.number).then(|| {
            self.told = Some(quiet);
            Heard::Block(quiet)
        })
    }

    /// Whether the view at this block, with these of its events, must be read for [`tell`](Self::tell).
    pub fn wants_view(&self, block: Block, events: &[ChainEvent]) -> bool {
        let is_new_round = self.round != Some(self.view.clock(block.time_s).round);
        self.is_live_at(block) && (is_new_round || events.iter().any(changes_the_view))
    }

    fn is_live_at(&self, block: Block) -> bool {
        self.live_from.is_none_or(|tip| block.number >= tip)
    }

    /// Tells a block: the view first if it is another one, then the events that [concern](Self::concerns) the group.
    pub fn tell(&mut self, block: Block, events: Vec<ChainEvent>, view: Option<GroupView>) -> Vec<Heard> {
        let mut heard = Vec::new();
        if let Some(view) = view {
            self.round = Some(view.clock(block.time_s).round);
            self.view = view.clone();
            heard.push(Heard::Group(view));
        }
        let calendar = Calendar::from(&self.view);
        self.moments.extend(events.iter().filter_map(term).flat_map(|term| term.moments_s(calendar)));
        heard.extend(events.into_iter().map(|event| Heard::Event { block, event }));
        heard.push(Heard::Block(block));
        self.told = Some(block);
        if self.is_live_at(block) && self.live_from.take().is_some() {
            heard.push(Heard::Live);
        }
        heard
    }
}

/// Seconds whose blocks draw the examples of rounds in which, in this round, there is still something to do.
fn draws(view: &GroupView, round: RoundNumber) -> impl Iterator<Item = u64> {
    let starts = (view.times, view.genesis_s);
    [RoundNumber(round.0.saturating_sub(1)), round].into_iter().map(move |round| starts.0.reveal_start_s(starts.1, round))
}

/// The term of a bounty that is funded.
fn term(event: &ChainEvent) -> Option<Term> {
    match event {
        ChainEvent::Funded { first, last, windows, .. } => Some(Term { first: *first, last: *last, windows: *windows }),
        _ => None,
    }
}

/// Whether the group, its stake, its period or who was present is another after this event.
fn changes_the_view(event: &ChainEvent) -> bool {
    use ChainEvent as E;
    let of_stake = matches!(
        event,
        E::Seated { .. }
            | E::Bonded { .. }
            | E::Offered { .. }
            | E::OwnerChanged { .. }
            | E::Woken { .. }
            | E::Rested { .. }
            | E::Rotated { .. }
            | E::Unbonded { .. }
            | E::Compounded { .. }
            | E::Moved { .. }
            | E::Slashed { .. }
            | E::Dozed { .. }
    );
    let of_group = matches!(event, E::Created { .. } | E::Admitted { .. } | E::Revoked { .. } | E::PeriodSet { .. } | E::LeastSet { .. });
    let of_rounds = matches!(event, E::Decided { .. } | E::Attended { .. } | E::Struck { .. } | E::DoubleSigned { .. });
    of_stake || of_group || of_rounds || matches!(event, E::Turned { .. } | E::Extended { .. } | E::Taken { .. })
}
