//! Letters on their way: gossip, copies, floods, and reading one's own log.

use std::sync::Arc;

use protocol::{
    log::{Body, Envelope, MAX_ENVELOPE},
    machine::Heard,
};

use super::{FLOOD_MS, Happening, World};
use crate::{
    letter::Letter,
    log::{AppendError, COPY_MS, Replica},
    random::Random,
};

/// Milliseconds that a letter takes on a link, drawn for the link, and what is drawn for the letter on top.
const LINK_MS: (u64, u64) = (5, 150);
const LETTER_MS: u64 = 20;
/// Where an envelope names its author, after version and group.
const AUTHOR_PLACE: usize = 9;

impl World {
    /// Writes into one's own log, tells everybody, and reads it oneself.
    ///
    /// # Errors
    /// When it was not written.
    pub(crate) fn say(&mut self, node: usize, body: &Body) -> Result<(), AppendError> {
        let clock_ms = self.now_ms() + self.weather.nodes[node].ahead_ms;
        let own = &mut self.nodes[node];
        let letter = own.replica.append(body, clock_ms, &mut self.letters, &mut own.life)?;
        self.send(node, None, &letter);
        self.read_log(node);
        Ok(())
    }

    /// Sends a letter to everybody but whom it came from.
    pub(crate) fn send(&mut self, from: usize, source: Option<usize>, letter: &Arc<Letter>) {
        for to in self.plan.nodes_of(self.nodes[from].group).filter(|to| *to != from && Some(*to) != source) {
            if self.weather.reaches(from, to) {
                self.send_to(from, to, letter);
            }
        }
    }

    fn send_to(&mut self, from: usize, to: usize, letter: &Arc<Letter>) {
        let id = letter.envelope.id().0;
        let name = u64::from_be_bytes([id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7]]);
        let mut random = self.random("letter", name ^ (from as u64) << 8 ^ to as u64);
        if random.chance(self.weather.loss) {
            return;
        }
        self.nodes[from].usage.sent_bytes += letter.envelope.bytes().len() as u64;
        let copies = 1 + u64::from(random.chance(self.weather.duplicates));
        for _ in 0..copies {
            let wait_ms = self.link_ms(from, to) + random.below(LETTER_MS + self.weather.disorder_ms);
            self.schedule.after(wait_ms, Happening::Letter { from, to, letter: letter.clone() });
        }
    }

    fn link_ms(&self, from: usize, to: usize) -> u64 {
        let mut random: Random = self.random("link", ((from as u64) << 32) | to as u64);
        random.within(LINK_MS.0, LINK_MS.1) + self.weather.latency_ms
    }

    /// A letter arrives: what is new is read and passed on.
    pub(crate) fn receive(&mut self, from: usize, to: usize, letter: &Arc<Letter>) {
        let now_ms = self.now_ms();
        let node = &mut self.nodes[to];
        node.usage.received_bytes += letter.envelope.bytes().len() as u64;
        if !node.is_up() || node.replica.is_banned(from, now_ms) {
            return;
        }
        let clock_ms = now_ms + self.weather.nodes[to].ahead_ms;
        let Ok(inserted) = node.replica.take(letter, clock_ms) else { return };
        if inserted.fresh {
            self.send(to, Some(from), letter);
            self.read_log(to);
        }
        if let Some(message) = inserted.double {
            self.hear(to, Heard::Double { message });
        }
    }

    /// Bytes arrive that are no letter: whoever sends them thrice is not listened to for a while.
    pub(crate) fn receive_bytes(&mut self, from: usize, to: usize, bytes: &[u8]) {
        let now_ms = self.now_ms();
        if self.nodes[to].replica.is_banned(from, now_ms) {
            return;
        }
        match self.letters.read(bytes) {
            Some(letter) if letter.envelope.group() == self.nodes[to].replica.log().group() => self.receive(from, to, &letter),
            _ => self.nodes[to].replica.accuse(from, now_ms),
        }
    }

    /// Somebody sends everybody what no log takes, and what all have, for as long as that weather lasts.
    pub(crate) fn forge(&mut self, node: usize, number: u64) {
        if !self.weather.nodes[node].forges {
            return;
        }
        let known = self.nodes[node].replica.log().since(0).last().map(|kept| kept.place.clone());
        let forged = known.and_then(|known| forgery(&self.nodes[node].replica, &known, number)).unwrap_or_default();
        let others = (0..self.nodes.len()).filter(|to| *to != node && self.weather.reaches(node, *to)).collect::<Vec<_>>();
        others.into_iter().for_each(|to| self.receive_bytes(node, to, &forged));
        self.schedule.after(FLOOD_MS, Happening::Forge { node, number: number + 1 });
    }

    /// Messages wait until history is over: a machine that has not seen a round cannot place them.
    pub(crate) fn read_log(&mut self, node: usize) {
        loop {
            let own = &mut self.nodes[node];
            let Some(process) = own.process.as_mut().filter(|process| process.teller.is_live()) else { return };
            let Some(kept) = own.replica.log().since(process.cursor).next() else { return };
            process.cursor = kept.arrival + 1;
            let letter = self.letters.of(kept.place);
            let Some(body) = letter.body.clone() else { continue };
            self.hear(node, Heard::Log { author: letter.envelope.author(), body });
        }
    }

    /// Asks every peer that can be reached for what its log has and one's own has not.
    pub(crate) fn look(&mut self, node: usize) {
        self.schedule.after(COPY_MS, Happening::Copy { node });
        if !self.nodes[node].is_up() {
            return;
        }
        for peer in self.plan.nodes_of(self.nodes[node].group) {
            let can_ask = peer != node && self.nodes[peer].is_up() && self.weather.reaches(node, peer) && self.weather.reaches(peer, node);
            if can_ask && self.nodes[node].replica.may_learn_from(peer, &self.nodes[peer].replica, self.now_ms()) {
                self.copy(node, peer);
            }
        }
    }

    fn copy(&mut self, node: usize, peer: usize) {
        let mut random = self.random_of("copy", node);
        if random.chance(self.weather.loss) {
            return;
        }
        let clock_ms = self.now_ms() + self.weather.nodes[node].ahead_ms;
        let letters = self.nodes[node].replica.copy(&self.nodes[peer].replica, clock_ms, &mut self.letters);
        if letters.is_empty() {
            let theirs = self.nodes[peer].replica.log().summary();
            let now_ms = self.now_ms();
            return self.nodes[node].replica.agree(peer, theirs, now_ms);
        }
        let wait_ms = 2 * (self.link_ms(node, peer) + self.link_ms(peer, node));
        self.nodes[node].replica.gain(peer);
        self.nodes[node].replica.expect(&letters, clock_ms, clock_ms + wait_ms);
        let generation = self.nodes[node].generation;
        self.schedule.after(wait_ms, Happening::Copied { node, generation, peer, letters });
    }

    /// Somebody fills the log with notes for as long as that weather lasts.
    pub(crate) fn flood(&mut self, node: usize, number: u64) {
        if !self.weather.nodes[node].floods || !self.nodes[node].is_up() {
            return;
        }
        // A log without room for it is what is wanted.
        let _ = self.say(node, &Body::Note(format!("flood {number}")));
        self.schedule.after(FLOOD_MS, Happening::Flood { node, number: number + 1 });
    }
}

/// Bytes that no log takes, of five kinds one after the other, the last of which every log has.
fn forgery(own: &Replica, known: &Envelope, number: u64) -> Option<Vec<u8>> {
    let bytes = || known.bytes().to_vec();
    let changed = |place: usize, new: &[u8]| -> Option<Vec<u8>> {
        let mut bytes = bytes();
        bytes.get_mut(place..place + new.len())?.copy_from_slice(new);
        Some(bytes)
    };
    match number % 5 {
        0 => changed(known.bytes().len() - 1, &[known.bytes().last()? ^ 1]),
        1 => changed(AUTHOR_PLACE, &own.author().0),
        2 => Some([bytes(), vec![0; MAX_ENVELOPE]].concat()),
        3 => own.elsewhere(known).map(|envelope| envelope.bytes().to_vec()),
        _ => Some(bytes()),
    }
}
