//! Measures: what they say, who assented, and what became of them.

use protocol::ids::{Digest, GroupId, PositionNumber};

use crate::bindings::INetwork;
use crate::log::{Fit, Misfit, Moment};
use crate::read;
use crate::shown::{Assent, Measure, Proposal};
use crate::state::{MeasureState, Views};

/// The number of the kind that slashes.
const SLASH: u8 = 5;

impl Views {
    /// What has become of the measure with that EIP-712 struct hash; all zero if nobody assented.
    pub fn measure(&self, name: Digest) -> Measure {
        self.measures.get(&name).map(|state| state.shown).unwrap_or_default()
    }

    /// The measures that anybody has assented to, by name, and what they say.
    pub fn measures(&self) -> impl Iterator<Item = (Digest, &Proposal)> {
        self.measures.iter().map(|(name, state)| (*name, &state.proposal))
    }

    /// Who assented to a measure, in the order of counting.
    pub fn assents(&self, name: Digest) -> &[Assent] {
        self.measures.get(&name).map(|state| &state.assents[..]).unwrap_or_default()
    }

    /// Comes before the logs of what the measure does.
    pub(crate) fn assented(&mut self, event: &INetwork::Assented, at: Moment) -> Fit {
        let (epoch, weight) = (self.epoch(at.time_s), read::wei(event.weight)?);
        self.slashing = None;
        let voters = self.voters(&event.voters, at)?;
        let proposal = proposal(event)?;
        let fresh = MeasureState { shown: Measure::default(), proposal: proposal.clone(), assents: Vec::new() };
        let state = self.measures.entry(read::digest(event.measure)).or_insert(fresh);
        (state.shown.weight, state.shown.epoch) = (weight, epoch);
        state.proposal = proposal;
        state.assents.extend(voters);
        Ok(())
    }

    pub(crate) fn shown(&mut self, event: &INetwork::Shown) -> Fit {
        let ripe_at = read::count(event.ripeAt)?;
        self.measure_state(read::digest(event.measure))?.shown.ripe_at = ripe_at;
        Ok(())
    }

    /// Comes before the logs of what the measure does.
    pub(crate) fn enacted(&mut self, event: &INetwork::Enacted) -> Fit {
        self.measure_state(read::digest(event.measure))?.shown.enacted = true;
        if event.kind == SLASH {
            let basis_points = read::words(&event.args).get(3).copied();
            self.punished(read::wei(basis_points.ok_or(Misfit("enacts a slash without four words"))?)?.0);
        }
        Ok(())
    }

    fn measure_state(&mut self, name: Digest) -> Fit<&mut MeasureState> {
        self.measures.get_mut(&name).ok_or(Misfit("speaks of a measure that nobody assented to"))
    }

    fn voters(&self, list: &[u8], at: Moment) -> Fit<Vec<Assent>> {
        let numbers = read::numbers(list)?;
        let pairs = numbers.as_chunks::<2>().0.iter();
        pairs.map(|[group, position]| self.assent(GroupId(*group), PositionNumber(*position), at)).collect()
    }

    fn assent(&self, group: GroupId, position: PositionNumber, at: Moment) -> Fit<Assent> {
        let seat = self.groups.get(&group).and_then(|state| state.seats.get(&position));
        let seat = seat.ok_or(crate::seat::NO_POSITION)?;
        let epoch = self.epoch(at.time_s);
        Ok(Assent { group, position, owner: seat.owner(), weight: seat.in_epoch(epoch).stake, epoch, at })
    }
}

fn proposal(event: &INetwork::Assented) -> Fit<Proposal> {
    Ok(Proposal {
        kind: event.kind,
        args: event.args.to_vec(),
        nonce: Digest(event.nonce.to_be_bytes()),
        expiry_s: read::count(event.expiry)?,
        needed: read::wei(event.needed)?,
    })
}
