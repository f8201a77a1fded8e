//! How much of what strangers send is looked at: token buckets. Time is an argument.
//!
//! A signature costs a thousand times what a look at a bucket costs, so that each message passes here first,
//! by who brought it and by what its bytes say of themselves. What may decide something has buckets of its own,
//! which junk does not empty; and peers that this node chose have others than those that came by themselves.
//!
//! | what | a second | at once |
//! |---|--:|--:|
//! | messages that may matter, of a peer | 1,024 | 4,096 |
//! | the same, of all peers of one direction | 512 | 2,048 |
//! | other messages, of a peer | 2,048 | 8,192 |
//! | the same, of one author | 512 | 2,048 |
//! | the same, of all peers of one direction | 1,024 | 4,096 |
//! | messages beyond these, of a peer, before it is let go | 2,048 | 65,536 |
//! | messages that a peer puts here when logs are compared | 2,048 | 16,384 |
//! | questions of a peer about logs | 64 | 512 |
//!
//! A node passes on what it looked at, so that nobody who is honest brings more than both directions of it
//! together for long: only who floods by itself is let go.

use std::time::{Duration, Instant};

use libp2p::PeerId;
use protocol::NodeId;
use protocol::log::Kind;

use crate::generations::Generations;

/// Peers, and authors, whose buckets are remembered; twice as many at most.
pub const BUCKETS_MAX: usize = 2048;

/// So many a second, and so many at once after a pause.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    per_second: u32,
    burst: u32,
}

const fn rate(per_second: u32, burst: u32) -> Rate {
    Rate { per_second, burst }
}

const MATTERS_OF_PEER: Rate = rate(1024, 4096);
const MATTERS_OF_ALL: Rate = rate(512, 2048);
const OTHER_OF_PEER: Rate = rate(2048, 8192);
const OTHER_OF_AUTHOR: Rate = rate(512, 2048);
const OTHER_OF_ALL: Rate = rate(1024, 4096);
const EXCESS_OF_PEER: Rate = rate(2048, 65_536);
const PUT_OF_PEER: Rate = rate(2048, 16_384);
const QUESTIONS_OF_PEER: Rate = rate(64, 512);

/// What is left of a rate, in thousandths of a message.
#[derive(Debug)]
struct Bucket {
    thousandths: u64,
    filled: Instant,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { thousandths: u64::from(rate.burst) * 1000, filled: now }
    }

    /// Takes `count` out, if as many are in.
    fn take(&mut self, rate: Rate, count: u32, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.filled);
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        self.filled += Duration::from_millis(millis.min(u64::from(u32::MAX)));
        let filled = self.thousandths.saturating_add(millis.saturating_mul(rate.per_second.into()));
        self.thousandths = filled.min(u64::from(rate.burst) * 1000);
        let left = self.thousandths.checked_sub(u64::from(count) * 1000);
        self.thousandths = left.unwrap_or(self.thousandths);
        left.is_some()
    }
}

/// One bucket for each key that came by lately.
#[derive(Debug)]
struct Meter<K> {
    rate: Rate,
    buckets: Generations<K, Bucket>,
}

impl<K: Ord + Copy> Meter<K> {
    fn new(rate: Rate) -> Self {
        Self { rate, buckets: Generations::new(BUCKETS_MAX) }
    }

    fn take(&mut self, key: K, count: u32, now: Instant) -> bool {
        let rate = self.rate;
        self.buckets.touch(key, || Bucket::full(rate, now)).take(rate, count, now)
    }
}

/// What the bytes of a message say of it before anything is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Who is said to have written it.
    author: NodeId,
    /// Whether its kind can decide something: verdicts, choices, assents and findings.
    pub matters: bool,
}

/// Kinds that carry an account's signature over a decision.
const MATTER: [Kind; 4] = [Kind::Verdict, Kind::Choice, Kind::Assent, Kind::Finding];
/// Where the author stands in an envelope: behind version and group (PROTOCOL 14, Envelope).
const AUTHOR_AT: usize = 9;
/// The byte of the kind follows the author.
const KIND_AT: usize = AUTHOR_AT + 32;

/// Reads the label of an envelope; what is too short to have one is nobody's, and does not matter.
pub fn label(message: &[u8]) -> Label {
    let author = message.get(AUTHOR_AT..).and_then(|rest| rest.first_chunk::<32>()).copied();
    let matters = message.get(KIND_AT).is_some_and(|kind| MATTER.into_iter().any(|matters| matters as u8 == *kind));
    Label { author: NodeId(author.unwrap_or([0; 32])), matters }
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// It is looked at further.
    Look,
    /// It is left alone: logs that are compared later bring it, if it is worth keeping.
    Leave,
    /// It is left alone, and whoever brought it is let go.
    LetGo,
}

/// All buckets of a node. Peers of either direction (dialled by this node, or by themselves) share one each.
#[derive(Debug)]
pub struct Rates {
    matters_of_peer: Meter<PeerId>,
    matters_of_all: Meter<bool>,
    other_of_peer: Meter<PeerId>,
    other_of_author: Meter<NodeId>,
    other_of_all: Meter<bool>,
    excess_of_peer: Meter<PeerId>,
    put_of_peer: Meter<PeerId>,
    questions_of_peer: Meter<PeerId>,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            matters_of_peer: Meter::new(MATTERS_OF_PEER),
            matters_of_all: Meter::new(MATTERS_OF_ALL),
            other_of_peer: Meter::new(OTHER_OF_PEER),
            other_of_author: Meter::new(OTHER_OF_AUTHOR),
            other_of_all: Meter::new(OTHER_OF_ALL),
            excess_of_peer: Meter::new(EXCESS_OF_PEER),
            put_of_peer: Meter::new(PUT_OF_PEER),
            questions_of_peer: Meter::new(QUESTIONS_OF_PEER),
        }
    }
}

impl Rates {
    /// What becomes of a gossiped message of this label; `chosen` if this node dialled the peer.
    pub fn hear(&mut self, peer: PeerId, chosen: bool, label: Label, now: Instant) -> Pass {
        let of_one = match label.matters {
            true => self.matters_of_peer.take(peer, 1, now),
            false => self.other_of_peer.take(peer, 1, now) && self.other_of_author.take(label.author, 1, now),
        };
        let of_all = if label.matters { &mut self.matters_of_all } else { &mut self.other_of_all };
        if of_one && of_all.take(chosen, 1, now) {
            return Pass::Look;
        }
        if self.excess_of_peer.take(peer, 1, now) { Pass::Leave } else { Pass::LetGo }
    }

    /// Whether so many messages that a peer puts here are looked at.
    pub fn takes(&mut self, peer: PeerId, count: usize, now: Instant) -> bool {
        self.put_of_peer.take(peer, u32::try_from(count).unwrap_or(u32::MAX), now)
    }

    /// Whether a question of a peer is answered.
    pub fn answers(&mut self, peer: PeerId, now: Instant) -> bool {
        self.questions_of_peer.take(peer, 1, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn of(author: u8, kind: Kind) -> Label {
        let bytes = [&[1; AUTHOR_AT][..], &[author; 32], &[kind as u8]].concat();
        label(&bytes)
    }

    /// How many of so many messages, one after the other, are looked at.
    fn heard(rates: &mut Rates, peer: PeerId, kind: Kind, authors: u32, now: Instant) -> u32 {
        (0..20_000).filter(|index| looks(rates, peer, false, of((index % authors) as u8, kind), now)).count() as u32
    }

    fn looks(rates: &mut Rates, peer: PeerId, chosen: bool, label: Label, now: Instant) -> bool {
        rates.hear(peer, chosen, label, now) == Pass::Look
    }

    #[test]
    fn each_bucket_gives_its_burst_and_then_its_rate() {
        for (kind, authors, rate) in [
            (Kind::Note, 1, OTHER_OF_AUTHOR),
            (Kind::Have, 200, OTHER_OF_ALL),
            (Kind::Verdict, 1, MATTERS_OF_ALL),
            (Kind::Finding, 200, MATTERS_OF_ALL),
        ] {
            let (mut rates, peer, now) = (Rates::default(), PeerId::random(), Instant::now());
            assert_eq!(heard(&mut rates, peer, kind, authors, now), rate.burst, "{kind:?}");
            assert_eq!(heard(&mut rates, peer, kind, authors, now), 0, "{kind:?}");
            assert_eq!(heard(&mut rates, peer, kind, authors, now + SECOND), rate.per_second, "{kind:?}");
            assert_eq!(heard(&mut rates, peer, kind, authors, now + SECOND * 3600), rate.burst, "{kind:?}");
        }
    }

    #[test]
    fn junk_of_any_number_of_peers_leaves_room_for_what_matters_and_for_peers_that_were_chosen() {
        let (mut rates, now) = (Rates::default(), Instant::now());
        for _ in 0..20 {
            heard(&mut rates, PeerId::random(), Kind::Note, 200, now);
        }
        let (honest, chosen) = (PeerId::random(), PeerId::random());
        assert!(!looks(&mut rates, honest, false, of(1, Kind::Note), now), "all strangers together have said enough");
        assert!(looks(&mut rates, honest, false, of(1, Kind::Choice), now));
        assert!(looks(&mut rates, chosen, true, of(201, Kind::Have), now));
        for _ in 0..20 {
            heard(&mut rates, PeerId::random(), Kind::Verdict, 200, now);
        }
        assert!(!looks(&mut rates, honest, false, of(1, Kind::Verdict), now));
        assert!(looks(&mut rates, chosen, true, of(1, Kind::Verdict), now));
    }

    #[test]
    fn who_floods_is_let_go_and_who_passes_on_all_that_it_may_is_not() {
        let (mut rates, now) = (Rates::default(), Instant::now());
        let (flooder, honest) = (PeerId::random(), PeerId::random());
        let all = (0..200_000).map(|_| rates.hear(flooder, false, of(1, Kind::Note), now));
        let looked_at = OTHER_OF_AUTHOR.burst + EXCESS_OF_PEER.burst;
        assert_eq!(all.take_while(|pass| *pass != Pass::LetGo).count() as u32, looked_at);
        for second in 0..200 {
            let now = now + SECOND * second;
            let kinds = [(Kind::Note, 2 * OTHER_OF_ALL.per_second), (Kind::Verdict, 2 * MATTERS_OF_ALL.per_second)];
            for (kind, count) in kinds {
                assert!((0..count).all(|index| rates.hear(honest, false, of(index as u8, kind), now) != Pass::LetGo));
            }
        }
    }

    #[test]
    fn a_clock_that_stands_or_goes_back_fills_nothing() {
        let (mut rates, peer, now) = (Rates::default(), PeerId::random(), Instant::now() + SECOND);
        assert!(rates.takes(peer, PUT_OF_PEER.burst as usize, now));
        assert!(!rates.takes(peer, 1, now) && !rates.takes(peer, 1, now - SECOND));
        assert!(!rates.takes(peer, usize::MAX, now + SECOND * 100));
        assert!(rates.takes(peer, 1, now + SECOND));
        let asked = (0..1000).filter(|_| rates.answers(peer, now)).count();
        assert_eq!(asked as u32, QUESTIONS_OF_PEER.burst);
    }

    #[test]
    fn what_is_too_short_for_a_label_does_not_matter() {
        assert_eq!(label(&[1; 40]), Label { author: NodeId([0; 32]), matters: false });
        assert!(label(&[1; KIND_AT + 1]).matters && !label(&[1; KIND_AT]).matters);
        assert!(!of(1, Kind::Binding).matters);
    }
}
