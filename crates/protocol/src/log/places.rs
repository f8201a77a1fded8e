//! Where a message of a log belongs, whom it pushes out there, and what moves with it.

use super::candidate::{Candidate, Spot};
use super::envelope::Kind;
use super::facts::Facts;
use super::index::Entry;
use super::names::NOBODY;
use super::ring::Bead;
use super::rooms::Room;
use super::set::{Log, LogError, MAX_AHEAD_MS, MAX_TWINS, MAX_UNSURE_ACCOUNTS, MAX_UNSURE_MESSAGES};
use super::standing::Season;
use crate::ids::{Address, Digest};

/// Whether a number is too far ahead of the clock for the strangers' ring, in which the newest stay.
fn is_future(seq: u64, now_ms: u64) -> bool {
    seq > now_ms.saturating_add(MAX_AHEAD_MS)
}

impl<P> Log<P> {
    /// Where a newcomer belongs, and whom it pushes out there.
    pub(super) fn judge(&self, candidate: &Candidate, now_ms: u64) -> Result<(Spot, Option<u32>), LogError> {
        let spot = self.spot(candidate);
        if matches!(spot, Spot::Ring) && is_future(candidate.seq, now_ms) {
            return Err(LogError::Future);
        }
        Ok((spot, self.rivals(candidate, spot)?))
    }

    pub(super) fn settle_all(&mut self, bindings: bool, dropped: &mut Vec<(Digest, P)>) {
        for number in 0..self.index.numbers() {
            if self.index.entry(number).is_some_and(|entry| (entry.kind == Kind::Binding) == bindings) {
                self.resettle(number, dropped);
            }
        }
    }

    pub(super) fn newcomer(&self, facts: &Facts) -> Candidate {
        let author = self.index.authors.find(&facts.author).unwrap_or(NOBODY);
        let topic = self.index.topics.find(&facts.topic).unwrap_or(NOBODY);
        let signer = facts.matter.and_then(|matter| matter.signer);
        let signed = signer.map(|signer| (signer, self.accounts.find(&signer).unwrap_or(NOBODY)));
        let account = signed.or_else(|| self.speaker(author));
        let matter = facts.matter.map(|matter| (matter.scope, matter.rank, matter.what));
        Candidate { id: facts.id, message: NOBODY, kind: facts.kind, seq: facts.seq, author, topic, account, matter }
    }

    fn candidate(&self, message: u32) -> Option<Candidate> {
        let vertex = self.index.vertex(message)?;
        let Entry { kind, seq, author, topic, signer, scope, rank, what, has_matter, .. } = *vertex.entry.as_ref()?;
        let account = if signer == NOBODY { self.speaker(author) } else { self.named(signer) };
        Some(Candidate { id: vertex.id, message, kind, seq, author, topic, account, matter: has_matter.then_some((scope, rank, what)) })
    }

    fn named(&self, account: u32) -> Option<(Address, u32)> {
        Some((*self.accounts.name(account)?, account))
    }

    /// The account for which an author speaks: that of its newest binding.
    pub(super) fn speaker(&self, author: u32) -> Option<(Address, u32)> {
        let all = (author, 0, Digest::ZERO, 0)..=(author, u64::MAX, Digest([255; 32]), u32::MAX);
        self.named(self.bindings.range(all).next_back()?.3)
    }

    fn spot(&self, candidate: &Candidate) -> Spot {
        let Some((scope, ..)) = candidate.matter else { return Spot::Ring };
        match (self.standing.season(candidate.kind, scope), candidate.account) {
            (Season::Over, _) => Spot::Nowhere,
            (Season::Now, Some((account, number))) if self.standing.counts(&account) && self.is_sure(number, candidate.message) => {
                Spot::Room(Room::new(candidate.kind, scope, number), number)
            }
            _ => Spot::Ring,
        }
    }

    /// While nothing is known, accounts are many and have little.
    fn is_sure(&self, account: u32, message: u32) -> bool {
        let has_room = || self.unsure.get(&account).map_or(self.unsure.len() < MAX_UNSURE_ACCOUNTS, |count| *count < MAX_UNSURE_MESSAGES);
        self.standing.known.is_some() || self.index.entry(message).is_some_and(|entry| entry.host == account) || has_room()
    }

    /// Whom a message pushes out where it belongs.
    pub(super) fn rivals(&self, candidate: &Candidate, spot: Spot) -> Result<Option<u32>, LogError> {
        match spot {
            Spot::Nowhere => Err(LogError::Expired),
            Spot::Room(room, _) => self.rival_in(room, candidate),
            Spot::Ring if candidate.kind == Kind::Announcement => self.announced_before(candidate),
            Spot::Ring => self.twin_too_many(candidate),
        }
    }

    fn rival_in(&self, room: Room, candidate: &Candidate) -> Result<Option<u32>, LogError> {
        let Some((_, rank, what)) = candidate.matter else { return Ok(None) };
        let members = || self.rooms.members(room).filter(|member| *member != candidate.message);
        let entries = || members().filter_map(|member| Some((member, self.index.vertex(member)?.id, self.index.entry(member)?)));
        if let Some((member, id, same)) = entries().find(|(.., entry)| entry.what == what) {
            return if candidate.outlives(same.seq, id) { Ok(Some(member)) } else { Err(LogError::Said(id)) };
        }
        if members().count() < room.places() {
            return Ok(None);
        }
        match entries().map(|(member, _, entry)| ((entry.rank, entry.what), member)).min() {
            Some((worst, member)) if worst < (rank, what) => Ok(Some(member)),
            _ => Err(LogError::Superseded),
        }
    }

    fn announced_before(&self, candidate: &Candidate) -> Result<Option<u32>, LogError> {
        let before = self.announced.get(&candidate.author).copied().filter(|before| *before != candidate.message);
        match before.and_then(|before| self.index.bead(before)) {
            Some(bead) if (bead.seq, bead.id) > (candidate.seq, candidate.id) => Err(LogError::Said(bead.id)),
            Some(bead) => Ok(Some(bead.message)),
            None => self.has_room(candidate).map(|()| None),
        }
    }

    fn twin_too_many(&self, candidate: &Candidate) -> Result<Option<u32>, LogError> {
        let twins = self.index.twins(candidate.author, candidate.topic, candidate.seq).filter(|twin| *twin != candidate.message);
        let in_ring = twins.filter(|twin| self.index.entry(*twin).is_some_and(|entry| entry.host == NOBODY));
        let mut beads: Vec<Bead> = in_ring.filter_map(|twin| self.index.bead(twin)).collect();
        beads.sort_unstable();
        match beads.first() {
            Some(least) if beads.len() >= MAX_TWINS && least.id > candidate.id => Err(LogError::Twins),
            Some(least) if beads.len() >= MAX_TWINS => Ok(Some(least.message)),
            _ => self.has_room(candidate).map(|()| None),
        }
    }

    fn has_room(&self, candidate: &Candidate) -> Result<(), LogError> {
        let is_too_far = candidate.message != NOBODY && is_future(candidate.seq, self.now_ms);
        let has_room = self.ring.has_room(candidate.author, &candidate.bead());
        if has_room && !is_too_far { Ok(()) } else { Err(LogError::Crowded) }
    }

    /// This node's own messages of a topic that no other keeps, for they were numbered by a clock that was far ahead.
    pub(super) fn strayed(&self, topic: &str, now_ms: u64) -> Vec<u32> {
        let shelf = self.index.authors.find(&self.own).zip(self.index.topics.find(topic));
        let newest = shelf.into_iter().flat_map(|(author, topic)| self.index.of_topic(author, topic).rev());
        let entries = newest.filter_map(|number| Some((number, self.index.entry(number)?)));
        let ahead = entries.take_while(|(_, entry)| is_future(entry.seq, now_ms));
        ahead.filter(|(_, entry)| entry.host == NOBODY).map(|(number, _)| number).collect()
    }

    pub(super) fn twin_of(&self, message: u32) -> Option<Digest> {
        let entry = self.index.entry(message)?;
        let other = self.index.twins(entry.author, entry.topic, entry.seq).find(|twin| *twin != message)?;
        Some(self.index.vertex(other)?.id)
    }

    /// Puts a message where it belongs now, if it is elsewhere.
    fn resettle(&mut self, message: u32, dropped: &mut Vec<(Digest, P)>) {
        let Some((candidate, host)) = self.candidate(message).zip(self.index.entry(message).map(|entry| entry.host)) else { return };
        let is_right = match self.spot(&candidate) {
            Spot::Nowhere => false,
            Spot::Room(_, account) => host == account,
            Spot::Ring => host == NOBODY,
        };
        if !is_right {
            self.settle(message, dropped);
        }
    }

    /// Puts a message where it belongs, or lets it go if it has no room there.
    fn settle(&mut self, message: u32, dropped: &mut Vec<(Digest, P)>) {
        self.take_out(message, dropped);
        let Some(candidate) = self.candidate(message) else { return };
        let spot = self.spot(&candidate);
        match self.rivals(&candidate, spot) {
            Err(_) => self.forget(message, dropped),
            Ok(rival) => {
                rival.into_iter().for_each(|rival| self.forget(rival, dropped));
                self.put(&candidate, spot, dropped);
            }
        }
    }

    pub(super) fn put(&mut self, candidate: &Candidate, spot: Spot, dropped: &mut Vec<(Digest, P)>) {
        let Candidate { message, author, .. } = *candidate;
        match (spot, candidate.account) {
            (Spot::Room(room, account), Some((address, _))) => {
                self.rooms.insert(room, message);
                self.accounts.take(&address);
                self.index.move_to(message, account);
                if self.standing.known.is_none() {
                    *self.unsure.entry(account).or_default() += 1;
                }
                if candidate.kind == Kind::Binding {
                    self.rebind(author, dropped, |log| _ = log.bindings.insert((author, candidate.seq, candidate.id, account)));
                }
            }
            _ => {
                let bytes = self.index.entry(message).map_or(0, |entry| entry.bytes);
                self.ring.insert(author, candidate.bead(), bytes);
                if candidate.kind == Kind::Announcement {
                    self.announced.insert(author, message);
                }
                while let Some(oldest) = self.ring.surplus(author) {
                    self.forget(oldest, dropped);
                }
            }
        }
    }

    /// Takes a message out of its room or the ring.
    fn take_out(&mut self, message: u32, dropped: &mut Vec<(Digest, P)>) {
        let Some((entry, bead)) = self.index.entry(message).zip(self.index.bead(message)) else { return };
        let (author, kind, host) = (entry.author, entry.kind, entry.host);
        if host == NOBODY {
            self.ring.remove(author, &bead);
            self.announced.extract_if(author..=author, |_, announced| *announced == message).for_each(drop);
            return;
        }
        self.rooms.remove(Room::new(kind, entry.scope, host), message);
        self.index.move_to(message, NOBODY);
        if let Some(count) = self.unsure.get_mut(&host) {
            *count -= 1;
            self.unsure.extract_if(host..=host, |_, count| *count == 0).for_each(drop);
        }
        if kind == Kind::Binding {
            self.rebind(author, dropped, |log| _ = log.bindings.remove(&(author, bead.seq, bead.id, host)));
        }
        self.accounts.give_back(host);
    }

    /// Changes an author's bindings; what it says for its account moves with it.
    fn rebind(&mut self, author: u32, dropped: &mut Vec<(Digest, P)>, change: impl FnOnce(&mut Self)) {
        let before = self.speaker(author);
        change(self);
        if self.speaker(author) != before {
            let said: Vec<u32> = self.index.of_author(author).collect();
            let speaks = |entry: &Entry<P>| entry.has_matter && entry.signer == NOBODY;
            for message in said {
                if self.index.entry(message).is_some_and(speaks) {
                    self.resettle(message, dropped);
                }
            }
        }
    }

    pub(super) fn forget(&mut self, message: u32, dropped: &mut Vec<(Digest, P)>) {
        self.take_out(message, dropped);
        let Some((id, entry)) = self.index.remove(message) else { return };
        self.expiries.remove(&(entry.scope, message));
        if entry.signer != NOBODY {
            self.accounts.give_back(entry.signer);
        }
        dropped.push((id, entry.place));
    }
}
