//! What a delta's state is called, wherever it is told: one word for each.

use std::fmt;

use protocol::{
    DeltaNumber, PeriodNumber, PositionNumber, Wei,
    ballot::{Ballots, Fate},
    chain::ChainEvent,
};

/// How a delta stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It can be voted for.
    Proposed,
    /// It would be applied if the period ended now.
    Leading,
    /// It is in the set; whether its trial is over is not known here.
    Applied,
    /// It is in the set, and a measure can take it back.
    OnTrial,
    /// It is in the set for good.
    Stood,
    /// A measure took it out of the set.
    TakenBack,
    /// A higher bond took its place in the list.
    Displaced,
    /// Its period ended without it.
    Dropped,
}

impl State {
    /// All of them, with their words and what these mean.
    pub const TABLE: [(Self, &'static str, &'static str); 8] = [
        (Self::Proposed, "proposed", "it can be voted for"),
        (Self::Leading, "leading", "it would be applied if the period ended now"),
        (Self::Applied, "applied", "it is in the set; whether its trial is over is not known here"),
        (Self::OnTrial, "on trial", "it is in the set, and the measure Rollback can take it back"),
        (Self::Stood, "stood", "it is in the set for good"),
        (Self::TakenBack, "taken back", "a measure took it out of the set"),
        (Self::Displaced, "displaced", "a higher bond took its place in the list; it may be proposed again"),
        (Self::Dropped, "dropped", "its period ended without it"),
    ];

    /// By what events tell of it, whether it leads, and, where that is known, whether it can still be taken back.
    pub fn of(fate: Fate, is_leading: bool, on_trial: Option<bool>) -> Self {
        match (fate, on_trial) {
            (Fate::Open, _) if is_leading => Self::Leading,
            (Fate::Open, _) => Self::Proposed,
            (Fate::Applied, None) => Self::Applied,
            (Fate::Applied, Some(true)) => Self::OnTrial,
            (Fate::Applied, Some(false)) | (Fate::Settled, _) => Self::Stood,
            (Fate::Taken, _) => Self::TakenBack,
            (Fate::Displaced, _) => Self::Displaced,
            (Fate::Dropped, _) => Self::Dropped,
        }
    }

    /// What it means.
    pub fn meaning(self) -> &'static str {
        Self::TABLE.iter().find(|(state, ..)| *state == self).map_or("", |(.., meaning)| meaning)
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(Self::TABLE.iter().find(|(state, ..)| state == self).map_or("", |(_, word, _)| word))
    }
}

/// The open delta that would be applied if the period ended now: of those with the most votes the first, if it has more than keeping the
/// set as it is, and a tenth of what is bonded.
pub fn leading(open: impl IntoIterator<Item = (DeltaNumber, Wei)>, keep: Wei, bonded: Wei) -> Option<DeltaNumber> {
    let first = open.into_iter().max_by_key(|(number, votes)| (*votes, std::cmp::Reverse(*number)))?;
    let is_wanted = |votes: Wei| votes > keep && votes >= Wei(bonded.0.div_ceil(10));
    Some(first).filter(|(_, votes)| is_wanted(*votes)).map(|(number, _)| number)
}

/// The same by what events tell.
pub fn leading_of(ballots: &Ballots, bonded: Wei) -> Option<DeltaNumber> {
    let open = ballots.deltas().filter(|(_, told)| told.fate == Fate::Open).map(|(number, told)| (number, told.votes));
    leading(open, ballots.keep(), bonded)
}

/// A choice that counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vote {
    pub position: PositionNumber,
    pub delta: DeltaNumber,
    pub weight: Wei,
}

/// What each position of a group chose last in a period, by what events of the group tell.
pub fn votes(events: &[ChainEvent], period: PeriodNumber) -> Vec<Vote> {
    let mut votes = std::collections::BTreeMap::new();
    for event in events {
        if let ChainEvent::Cast { period: of, counted, .. } = event
            && *of == period
        {
            let each = counted.iter().map(|choice| Vote { position: choice.position, delta: choice.delta, weight: choice.weight });
            votes.extend(each.map(|vote| (vote.position, vote)));
        }
    }
    votes.into_values().collect()
}

#[cfg(test)]
mod tests {
    use protocol::{GroupId, chain::CountedChoice};

    use super::*;

    #[test]
    fn each_state_has_one_word_and_each_word_one_state() {
        for (place, (state, word, meaning)) in State::TABLE.iter().enumerate() {
            assert_eq!((state.to_string().as_str(), state.meaning()), (*word, *meaning));
            assert!(State::TABLE.iter().skip(place + 1).all(|(_, other, _)| other != word), "{word} twice");
        }
        let page = include_str!("../../../../../docs/OPERATING.md");
        for (_, word, meaning) in State::TABLE {
            assert!(page.contains(&format!("| {word} | {meaning} |")), "docs/OPERATING.md does not tell what {word} means");
        }
    }

    #[test]
    fn a_state_follows_from_the_fate_the_votes_and_the_trial() {
        use State::{Applied, Displaced, Dropped, Leading, OnTrial, Proposed, Stood, TakenBack};
        for (fate, is_leading, on_trial, wanted) in [
            (Fate::Open, false, None, Proposed),
            (Fate::Open, true, Some(false), Leading),
            (Fate::Applied, false, None, Applied),
            (Fate::Applied, false, Some(true), OnTrial),
            (Fate::Applied, false, Some(false), Stood),
            (Fate::Settled, false, None, Stood),
            (Fate::Taken, false, None, TakenBack),
            (Fate::Displaced, false, None, Displaced),
            (Fate::Dropped, false, None, Dropped),
        ] {
            assert_eq!(State::of(fate, is_leading, on_trial), wanted);
        }
    }

    #[test]
    fn the_first_of_those_with_most_votes_leads_if_it_has_a_tenth_and_more_than_for_keeping() {
        let open = |votes: &[u128]| (1..).map(DeltaNumber).zip(votes.iter().map(|votes| Wei(*votes))).collect::<Vec<_>>();
        for (votes, keep, bonded, wanted) in [
            (&[5, 9, 9][..], 8, 90, Some(2)),
            (&[5, 9, 9], 9, 90, None),
            (&[5, 9, 9], 8, 91, None),
            (&[0, 0], 0, 0, None),
            (&[], 0, 0, None),
        ] {
            assert_eq!(leading(open(votes), Wei(keep), Wei(bonded)), wanted.map(DeltaNumber), "{votes:?} {keep} {bonded}");
        }
    }

    #[test]
    fn the_last_counted_choice_of_a_position_in_the_period_is_its_vote() {
        let choice = |position, delta| CountedChoice {
            position: PositionNumber(position),
            delta: DeltaNumber(delta),
            weight: Wei(7),
            seq: 1,
            by_owner: false,
        };
        let cast = |period, counted| ChainEvent::Cast { group: GroupId(1), period: PeriodNumber(period), counted };
        let events = [cast(1, vec![choice(1, 9)]), cast(2, vec![choice(1, 3), choice(2, 0)]), cast(2, vec![choice(1, 4)])];
        let told: Vec<(u64, u64)> = votes(&events, PeriodNumber(2)).iter().map(|vote| (vote.position.0, vote.delta.0)).collect();
        assert_eq!(told, [(1, 4), (2, 0)]);
    }
}
