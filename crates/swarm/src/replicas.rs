//! Copying logs: who keeps which group's log, what is asked of whom next, and who leads nowhere.
//!
//! Gossip brings what is written while both are connected; copying brings the rest, whoever wrote it and when.
//! A node tells its peers its log in short when it changed, and now and then; where the other's is not the same,
//! it compares, asks for what it lacks, and puts what the other lacks. Time is an argument; the logs themselves are
//! with the [archive](crate::archive).

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::{Duration, Instant};

use libp2p::PeerId;
use libp2p::request_response::{self, OutboundFailure, OutboundRequestId};
use protocol::log::{Ranges, Summary};
use protocol::{Digest, GroupId};
use tokio::sync::mpsc;

use crate::logs::Compared;
use crate::sync::{GET_MAX, Pulse, Request, Response, SyncCodec};
use crate::tasks::{Task, Took};

/// A peer is told of a log that changed, or that was another than its own, after this.
pub const COPY_AGAIN: Duration = Duration::from_secs(5);
/// A peer whose log differs and gives nothing is asked less and less often, down to this; and so often it is told of a log that
/// does not change.
pub const COPY_SELDOM: Duration = Duration::from_secs(60);
/// Copies that begin at a time, those that have lasted longer than [`SLOW`] not counted: a peer that does not answer keeps
/// nobody from another.
pub const COPIES_MAX: usize = 32;
const SLOW: Duration = Duration::from_secs(2);
/// Peers whose logs are copied, over all groups.
pub const SOURCES_MAX: usize = 1024;
/// Steps of one comparison that bring nothing new: logs of millions take fewer.
pub const BARREN_MAX: u32 = 256;
/// Questions for messages that a peer listed and does not give.
pub const SILENT_MAX: u32 = 3;
/// Answers that cannot be read.
pub const MALFORMED_MAX: u32 = 3;
/// Who leads nowhere is left alone so long.
pub const SHUNNED_TIME: Duration = Duration::from_secs(600);
/// Peers that are left alone; further ones push out the one that was let go first.
pub const SHUNNED_MAX: usize = 1024;
/// Messages that are put to a peer in one turn, and until both logs are equal not again: whoever lacks more asks for it itself.
pub const GIVEN_MAX: usize = 4096;

/// Asks peers, and answers.
pub type SyncBehaviour = request_response::Behaviour<SyncCodec>;
/// What that comes to.
pub type SyncEvent = request_response::Event<Option<Request>, Response>;

/// Where questions go: to peers, and to the archive.
pub struct Desk<'a> {
    /// To peers.
    pub sync: &'a mut SyncBehaviour,
    /// To the archive.
    pub tasks: &'a mpsc::Sender<Task>,
}

/// What is under way with a source.
#[derive(Debug)]
enum Stage {
    /// Nothing.
    Idle,
    /// The peer was asked.
    Asked(OutboundRequestId),
    /// The archive was.
    Working,
}

/// One peer's log of one group.
#[derive(Debug)]
struct Source {
    stage: Stage,
    /// Since when.
    since: Instant,
    /// When the peer is told again; none = at the next tick.
    next: Option<Instant>,
    /// How long it is left alone after a turn that brought nothing.
    pause: Duration,
    /// This node's log when the peer was told last, and the peer's log then.
    told: Option<(Summary, Summary)>,
    /// This node's log as the peer is being told it.
    telling: Summary,
    /// To be asked once messages that are known to lack have come and gone.
    question: Option<Ranges>,
    /// Ids that are there and not here.
    wanted: Vec<Digest>,
    /// Those of them that were asked for just now.
    asked: Vec<Digest>,
    /// Ids that are here and not there.
    offered: Vec<Digest>,
    /// What was put there; what it does not keep it is not given again and again.
    given: BTreeSet<Digest>,
    /// Whether this turn brought anything.
    gained: bool,
    /// Steps since it did.
    barren: u32,
    silent: u32,
    malformed: u32,
}

impl Source {
    fn new(now: Instant) -> Self {
        Self {
            stage: Stage::Idle,
            since: now,
            next: None,
            pause: COPY_AGAIN,
            told: None,
            telling: Summary::default(),
            question: None,
            wanted: Vec::new(),
            asked: Vec::new(),
            offered: Vec::new(),
            given: BTreeSet::new(),
            gained: false,
            barren: 0,
            silent: 0,
            malformed: 0,
        }
    }

    /// Whether the peer is to be told now of a log like this.
    fn is_due(&self, summary: Summary, now: Instant) -> bool {
        let is_idle = matches!(self.stage, Stage::Idle);
        let nothing_new = self.told == Some((summary, summary)) && now < self.since + COPY_SELDOM;
        is_idle && self.next.is_none_or(|next| next <= now && !nothing_new)
    }

    /// Something is under way from now on.
    fn enter(&mut self, stage: Stage, now: Instant) {
        (self.stage, self.since) = (stage, now);
    }

    /// The turn is over; the next one comes soon if this one settled or brought anything, and otherwise the later the more often
    /// that happens.
    fn rest(&mut self, is_settled: bool, now: Instant) {
        self.pause = match is_settled || self.gained {
            true => COPY_AGAIN,
            false => (self.pause * 2).min(COPY_SELDOM),
        };
        if is_settled || self.given.len() >= GIVEN_MAX {
            self.given.clear();
        }
        (self.gained, self.barren) = (false, 0);
        (self.question, self.wanted, self.asked, self.offered) = (None, Vec::new(), Vec::new(), Vec::new());
        self.next = Some(now + self.pause);
        self.enter(Stage::Idle, now);
    }
}

/// The state of all copies.
#[derive(Debug, Default)]
pub struct Replicas {
    /// The logs of this node, in short.
    pulses: BTreeMap<GroupId, Pulse>,
    sources: BTreeMap<(PeerId, GroupId), Source>,
    /// Peers that led nowhere, with when they were let go.
    shunned: BTreeMap<PeerId, Instant>,
    /// Those of them who are still connected.
    outcasts: Vec<PeerId>,
}

impl Replicas {
    /// A log was opened, or it changed.
    pub fn pulse(&mut self, group: GroupId, pulse: Pulse) {
        self.pulses.insert(group, pulse);
    }

    /// The peer takes part in the group: it is told at the next tick. Beyond [`SOURCES_MAX`] it is not; gossip still
    /// brings what is new.
    pub fn found(&mut self, peer: PeerId, group: GroupId, now: Instant) {
        if self.pulses.contains_key(&group) && self.sources.len() < SOURCES_MAX && !self.shunned.contains_key(&peer) {
            self.sources.entry((peer, group)).or_insert_with(|| Source::new(now)).next = None;
        }
    }

    /// The peer is gone.
    pub fn lost(&mut self, peer: PeerId) {
        self.sources.retain(|(source, _), _| *source != peer);
    }

    /// Something that may matter was left alone for want of room: all peers are told soon.
    pub fn hurry(&mut self, group: GroupId, now: Instant) {
        let soon = now + Duration::from_secs(1);
        for (_, source) in self.sources.iter_mut().filter(|((_, of), _)| *of == group) {
            source.told = None;
            source.next = source.next.map(|next| next.min(soon));
        }
    }

    /// Whom to disconnect.
    pub fn outcasts(&mut self) -> Vec<PeerId> {
        std::mem::take(&mut self.outcasts)
    }

    /// Leaves a peer alone, and has it disconnected.
    pub fn let_go(&mut self, peer: PeerId, why: &str, now: Instant) {
        tracing::warn!(%peer, why, "peer let go: comparing logs with it leads nowhere");
        self.lost(peer);
        if self.shunned.len() >= SHUNNED_MAX {
            let first = self.shunned.iter().min_by_key(|(_, since)| **since).map(|(peer, _)| *peer);
            first.and_then(|first| self.shunned.remove(&first));
        }
        self.shunned.insert(peer, now);
        self.outcasts.push(peer);
    }

    /// Tells those who are due, those that waited longest first.
    pub fn tick(&mut self, now: Instant, desk: &mut Desk<'_>) {
        self.shunned.retain(|_, since| now.saturating_duration_since(*since) < SHUNNED_TIME);
        let is_running = |source: &&Source| !matches!(source.stage, Stage::Idle) && now < source.since + SLOW;
        let running = self.sources.values().filter(is_running).count();
        let pulse_of = |group| self.pulses.get(group);
        let mut due: Vec<_> = self
            .sources
            .iter_mut()
            .filter_map(|((peer, group), source)| {
                let pulse = pulse_of(group)?;
                source.is_due(pulse.summary, now).then_some((peer, group, pulse, source))
            })
            .collect();
        due.sort_by_key(|(_, _, _, source)| source.next);
        for (peer, group, pulse, source) in due.into_iter().take(COPIES_MAX.saturating_sub(running)) {
            source.telling = pulse.summary;
            let request = Request::Tell { group: *group, pulse: pulse.clone() };
            source.enter(Stage::Asked(desk.sync.send_request(peer, Some(request))), now);
        }
    }

    /// What a peer is answered that tells its log in short. If the logs differ, it will compare them; if it does not,
    /// this node does soon.
    pub fn told(&mut self, peer: PeerId, group: GroupId, theirs: &Pulse, now: Instant) -> Response {
        let Some(own) = self.pulses.get(&group) else { return Response::Nothing };
        if let Some(source) = self.sources.get_mut(&(peer, group)).filter(|_| own.summary != theirs.summary) {
            source.told = None;
            source.next = source.next.map(|next| next.min(now + COPY_AGAIN));
        }
        Response::Pulse(own.clone())
    }

    /// Whose question it was that was answered just now.
    fn asked(&mut self, peer: PeerId, request: OutboundRequestId) -> Option<(GroupId, &mut Source)> {
        let mut of_peer = self.sources.range_mut((peer, GroupId(0))..=(peer, GroupId(u64::MAX)));
        let is_asked = |source: &Source| matches!(source.stage, Stage::Asked(asked) if asked == request);
        of_peer.find_map(|((_, group), source)| is_asked(source).then_some((*group, source)))
    }

    /// What a peer answered.
    pub fn answered(&mut self, peer: PeerId, request: OutboundRequestId, response: Response, now: Instant, desk: &mut Desk<'_>) {
        let Some((group, source)) = self.asked(peer, request) else { return };
        source.malformed = 0;
        let task = match response {
            Response::Pulse(theirs) => {
                source.told = Some((source.telling, theirs.summary));
                if theirs.summary == source.telling {
                    return source.rest(true, now);
                }
                Task::Begin { peer, group, heads: theirs.heads }
            }
            Response::Ranges(answer) => Task::Compare { peer, group, answer },
            Response::Messages(messages) => Task::Take { peer, group, asked: std::mem::take(&mut source.asked), messages },
            Response::Taken(_) => return self.go_on(peer, group, now, desk),
            // It may keep the log soon.
            Response::Nothing => return source.rest(true, now),
        };
        source.hand_over(task, now, desk);
    }

    /// A question that was not answered.
    pub fn failed(&mut self, peer: PeerId, request: OutboundRequestId, error: &OutboundFailure, now: Instant) {
        tracing::debug!(%peer, %error, "log not compared");
        let Some((_, source)) = self.asked(peer, request) else { return };
        let is_malformed = matches!(error, OutboundFailure::Io(error) if error.kind() == io::ErrorKind::InvalidData);
        source.malformed += u32::from(is_malformed);
        source.told = None;
        if source.malformed >= MALFORMED_MAX {
            return self.let_go(peer, "its answers cannot be read", now);
        }
        source.rest(is_malformed, now);
    }

    /// How far a comparison has come.
    pub fn compared(&mut self, peer: PeerId, group: GroupId, compared: Result<Compared, String>, now: Instant, desk: &mut Desk<'_>) {
        let Some(source) = self.sources.get_mut(&(peer, group)) else { return };
        match compared {
            Ok(compared) => {
                source.barren += 1;
                source.question = compared.question;
                source.wanted.extend(compared.difference.there);
                source.offer(compared.difference.here);
                match source.barren > BARREN_MAX {
                    true if source.given.is_empty() => self.let_go(peer, "it says that logs differ and has nothing new", now),
                    true => source.rest(false, now),
                    false => self.go_on(peer, group, now, desk),
                }
            }
            Err(why) => self.let_go(peer, &why, now),
        }
    }

    /// What became of messages that were asked for.
    pub fn took(&mut self, peer: PeerId, group: GroupId, mut took: Took, now: Instant, desk: &mut Desk<'_>) {
        let Some(source) = self.sources.get_mut(&(peer, group)) else { return };
        if took.fresh > 0 {
            (source.gained, source.barren) = (true, 0);
        }
        if took.came > 0 {
            source.silent = 0;
            took.left.append(&mut source.wanted);
            source.wanted = took.left;
        } else {
            source.silent += 1;
            if source.silent >= SILENT_MAX {
                return self.let_go(peer, "it lists messages that it does not give", now);
            }
        }
        self.go_on(peer, group, now, desk);
    }

    /// Messages that the peer lacks, and the ids of more of them.
    pub fn collected(
        &mut self,
        (peer, group): (PeerId, GroupId),
        messages: Vec<Vec<u8>>,
        mut rest: Vec<Digest>,
        now: Instant,
        desk: &mut Desk<'_>,
    ) {
        let Some(source) = self.sources.get_mut(&(peer, group)) else { return };
        rest.append(&mut source.offered);
        source.offered = rest;
        if messages.is_empty() {
            return self.go_on(peer, group, now, desk);
        }
        let request = desk.sync.send_request(&peer, Some(Request::Put { group, messages }));
        source.enter(Stage::Asked(request), now);
    }

    /// Asks for messages, puts messages, goes on comparing, or rests; in this order.
    fn go_on(&mut self, peer: PeerId, group: GroupId, now: Instant, desk: &mut Desk<'_>) {
        let own = self.pulses.get(&group).map(|pulse| pulse.summary);
        let Some(source) = self.sources.get_mut(&(peer, group)) else { return };
        if !source.wanted.is_empty() {
            source.asked = source.wanted.drain(..source.wanted.len().min(GET_MAX)).collect();
            let ids = source.asked.clone();
            return source.ask(peer, Request::Get { group, ids }, now, desk);
        }
        if !source.offered.is_empty() {
            let ids: Vec<Digest> = source.offered.drain(..source.offered.len().min(GET_MAX)).collect();
            source.given.extend(&ids);
            return source.hand_over(Task::Collect { peer, group, ids }, now, desk);
        }
        let is_equal = source.told.is_some_and(|(_, theirs)| Some(theirs) == own);
        match source.question.take().filter(|_| !is_equal) {
            Some(ranges) => source.ask(peer, Request::Compare { group, ranges }, now, desk),
            None => source.rest(is_equal, now),
        }
    }
}

impl Source {
    /// Notes what the peer lacks, as far as it was not given that already and there is room.
    fn offer(&mut self, ids: Vec<Digest>) {
        let room = GIVEN_MAX.saturating_sub(self.given.len() + self.offered.len());
        let new = ids.into_iter().filter(|id| !self.given.contains(id)).take(room);
        self.offered.extend(new);
    }

    fn ask(&mut self, peer: PeerId, request: Request, now: Instant, desk: &mut Desk<'_>) {
        let request = desk.sync.send_request(&peer, Some(request));
        self.enter(Stage::Asked(request), now);
    }

    /// An archive that is busy leaves the rest to the next turn.
    fn hand_over(&mut self, task: Task, now: Instant, desk: &mut Desk<'_>) {
        self.enter(Stage::Working, now);
        if desk.tasks.try_send(task).is_err() {
            self.told = None;
            self.rest(true, now);
        }
    }
}

#[cfg(test)]
mod tests;
