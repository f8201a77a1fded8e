//! The thread that owns logs and their files: whatever may wait for a disk or for signatures runs here, never on
//! the node's task.
//!
//! [`Task`]s come in through a queue of [`TASKS_MAX`]: those of clients wait at its door, those of the node are
//! left out while it is full. [`Report`]s go back through one of [`REPORTS_MAX`], where this thread waits for the
//! node's task, which never waits for this thread.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use libp2p::PeerId;
use libp2p::gossipsub::{MessageAcceptance, MessageId};
use libp2p::request_response::ResponseChannel;
use protocol::log::{Body, Comparison, LogError, Ranges, Standing};
use protocol::{Digest, GroupId, NodeId};
use tokio::sync::{mpsc, oneshot};

use crate::group_log::announced_in;
use crate::logs::{Compared, Entry, Logs, LogsError, News};
use crate::cids::block_digest;
use crate::sync::{Pulse, Response};

/// Tasks that wait for the thread.
pub const TASKS_MAX: usize = 512;
/// Reports that wait for the node's task.
pub const REPORTS_MAX: usize = 512;
/// Tasks between two looks at what must be synced and told.
const BATCH_MAX: usize = 64;
/// A log that changes all the time is told in short so often.
const PULSE_TIME: Duration = Duration::from_millis(250);
/// Comparisons that are remembered.
const COMPARISONS_MAX: usize = 1024;

/// Where an answer to a client goes.
pub type Reply<T> = oneshot::Sender<Result<T, LogsError>>;

/// What the thread is asked for.
pub enum Task {
    /// Take part in a group; answered by the node's task, once it listens.
    Open { group: GroupId, reply: Reply<()> },
    /// What the chain says of a group's accounts.
    Stand { group: GroupId, standing: Box<Standing>, reply: Reply<()> },
    /// Write a message of this node under a topic.
    Append { group: GroupId, topic: String, body: Body, reply: Reply<Digest> },
    /// Write where this node can be dialled, unless the log says so already.
    Announce { group: GroupId, addresses: Vec<String> },
    /// Read messages of a group from a number on.
    Read { group: GroupId, cursor: u64, reply: Reply<Vec<Entry>> },
    /// Take a gossiped message.
    Hear { peer: PeerId, group: GroupId, message: Vec<u8>, name: MessageId },
    /// Take the answer to a question for these messages.
    Take { peer: PeerId, group: GroupId, asked: Vec<Digest>, messages: Vec<Vec<u8>> },
    /// Take what a peer says is lacking here.
    Put { peer: PeerId, group: GroupId, messages: Vec<Vec<u8>>, channel: ResponseChannel<Response> },
    /// Answer a peer that compares.
    Answer { group: GroupId, ranges: Ranges, channel: ResponseChannel<Response> },
    /// Answer a peer that asks for messages.
    Give { group: GroupId, ids: Vec<Digest>, channel: ResponseChannel<Response> },
    /// Begin to compare a log with a peer's, whose newest messages these are.
    Begin { peer: PeerId, group: GroupId, heads: Vec<Digest> },
    /// Go on with that by the peer's answer.
    Compare { peer: PeerId, group: GroupId, answer: Ranges },
    /// Read messages that a peer lacks.
    Collect { peer: PeerId, group: GroupId, ids: Vec<Digest> },
    /// End.
    End,
}

/// What the thread tells.
pub enum Report {
    /// A log was opened: it in short, and what it says of addresses. Whoever asked is answered once the node listens.
    Opened { group: GroupId, pulse: Pulse, announced: Vec<(NodeId, Vec<String>)>, reply: Reply<()> },
    /// A message of this node is on the disk: it may be sent, and then told to whoever wrote it.
    Appended { news: News, reply: Option<Reply<Digest>> },
    /// A message of somebody else is new.
    News(News),
    /// Another machine writes with this node's key.
    Double { group: GroupId, message: Digest },
    /// Whether a gossiped message is passed on.
    Heard { peer: PeerId, name: MessageId, acceptance: MessageAcceptance },
    /// A peer sent what no honest peer sends.
    Misdeed { peer: PeerId },
    /// What became of messages that were asked for.
    Took { peer: PeerId, group: GroupId, took: Took },
    /// An answer for a peer.
    Answered { channel: ResponseChannel<Response>, response: Response },
    /// How far a comparison has come; in words what is wrong with the peer's part.
    Compared { peer: PeerId, group: GroupId, compared: Result<Compared, String> },
    /// Messages that a peer lacks, as many as fit, and the ids of the rest.
    Collected { peer: PeerId, group: GroupId, messages: Vec<Vec<u8>>, rest: Vec<Digest> },
    /// A log changed.
    Pulse { group: GroupId, pulse: Pulse },
}

/// What became of messages that were asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Took {
    /// Of those that came, so many are new and kept.
    pub fresh: usize,
    /// So many came at all.
    pub came: usize,
    /// Asked for, and behind the last one that came: a response that is full leaves these out.
    pub left: Vec<Digest>,
}

/// The way to the thread.
pub struct Archive {
    /// In.
    pub tasks: mpsc::Sender<Task>,
    /// Out.
    pub reports: mpsc::Receiver<Report>,
    /// This node.
    pub author: NodeId,
    thread: JoinHandle<()>,
}

impl Archive {
    /// Starts the thread, which holds `lock` as long as it may write.
    ///
    /// # Errors
    /// What the system says of threads.
    pub fn start(logs: Logs, lock: Arc<File>) -> io::Result<Self> {
        let (tasks, inbox) = mpsc::channel(TASKS_MAX);
        let (outbox, reports) = mpsc::channel(REPORTS_MAX);
        let author = logs.author();
        let clerk = Clerk::new(logs, outbox);
        let thread = thread::Builder::new().name("logs".into()).spawn(move || {
            clerk.run(inbox);
            drop(lock);
        })?;
        Ok(Self { tasks, reports, author, thread })
    }

    /// Ends the thread and waits for it, off the async threads.
    pub async fn end(self) {
        let Self { tasks, reports, thread, .. } = self;
        // Whoever waits for room in there shall not wait any more.
        drop(reports);
        _ = tasks.send(Task::End).await;
        _ = tokio::task::spawn_blocking(move || thread.join()).await;
    }
}

/// The thread's state.
struct Clerk {
    logs: Logs,
    reports: mpsc::Sender<Report>,
    /// With whose logs this node compares its own just now.
    comparisons: BTreeMap<(PeerId, GroupId), Comparison>,
    /// Messages of this node that are not synced yet.
    appended: Vec<(News, Option<Reply<Digest>>)>,
    /// Groups whose logs changed since they were told in short.
    changed: BTreeSet<GroupId>,
    told: Instant,
}

impl Clerk {
    fn new(logs: Logs, reports: mpsc::Sender<Report>) -> Self {
        let (comparisons, changed) = (BTreeMap::new(), BTreeSet::new());
        Self { logs, reports, comparisons, appended: Vec::new(), changed, told: Instant::now() }
    }

    /// Works until it is told to end, or nobody can ask for anything any more.
    fn run(mut self, mut tasks: mpsc::Receiver<Task>) {
        while let Some(task) = tasks.blocking_recv() {
            let mut goes_on = self.work(task);
            for _ in 1..BATCH_MAX {
                match tasks.try_recv() {
                    Ok(task) if goes_on => goes_on = self.work(task),
                    _ => break,
                }
            }
            self.settle(tasks.is_empty());
            if !goes_on {
                return;
            }
        }
    }

    /// Sends a report. The node may have ended: then there is nobody to miss it.
    fn report(&self, report: Report) {
        _ = self.reports.blocking_send(report);
    }

    /// Syncs what this node wrote, all at once, before anybody hears of it; then tells which logs changed.
    fn settle(&mut self, is_idle: bool) {
        let appended = std::mem::take(&mut self.appended);
        let groups: BTreeSet<GroupId> = appended.iter().map(|(news, _)| news.group).collect();
        let synced = self.logs.sync(groups).map_err(|error| error.to_string());
        for (news, reply) in appended {
            match &synced {
                Ok(()) => self.report(Report::Appended { news, reply }),
                Err(error) => self.unsynced(&news, reply, error),
            }
        }
        if is_idle || self.told.elapsed() >= PULSE_TIME {
            self.told = Instant::now();
            for group in std::mem::take(&mut self.changed) {
                self.pulse(group);
            }
        }
    }

    /// A message that may not be on the disk is not sent.
    fn unsynced(&mut self, news: &News, reply: Option<Reply<Digest>>, error: &str) {
        tracing::warn!(group = %news.group, error, "a message of this node was not written");
        if let Ok(group) = self.logs.group(news.group) {
            group.forget(&news.envelope.id());
        }
        reply.map(|reply| reply.send(Err(LogsError::Disk(io::Error::other(error.to_owned())))));
    }

    fn pulse(&mut self, group: GroupId) {
        if let Ok(group_log) = self.logs.group(group) {
            if let Err(error) = group_log.compact() {
                tracing::warn!(%group, %error, "the log file cannot be rewritten: check the disk's free space");
            }
            let pulse = group_log.pulse();
            self.report(Report::Pulse { group, pulse });
        }
    }

    /// One task; false if it is the last one.
    fn work(&mut self, task: Task) -> bool {
        match task {
            Task::Open { group, reply } => self.open(group, reply),
            Task::Stand { group, standing, reply } => self.stand(group, *standing, reply),
            Task::Append { group, topic, body, reply } => self.append(group, &topic, &body, Some(reply)),
            Task::Announce { group, addresses } => self.announce(group, addresses),
            Task::Read { group, cursor, reply } => _ = reply.send(self.logs.read(group, cursor)),
            Task::Hear { peer, group, message, name } => self.hear(peer, group, &message, name),
            Task::Take { peer, group, asked, messages } => self.take(peer, group, &asked, &messages),
            Task::Put { peer, group, messages, channel } => self.put(peer, group, &messages, channel),
            Task::Answer { group, ranges, channel } => self.answer(group, &ranges, channel),
            Task::Give { group, ids, channel } => self.give(group, &ids, channel),
            Task::Begin { peer, group, heads } => self.begin(peer, group, &heads),
            Task::Compare { peer, group, answer } => self.compare(peer, group, &answer),
            Task::Collect { peer, group, ids } => self.collect(peer, group, &ids),
            Task::End => return false,
        }
        true
    }

    fn open(&mut self, group: GroupId, reply: Reply<()>) {
        let opened = self.logs.open(group).and_then(|is_new| Ok((is_new, self.logs.group(group)?)));
        match opened {
            Ok((true, log)) => {
                let (pulse, announced) = (log.pulse(), log.announcements());
                self.report(Report::Opened { group, pulse, announced, reply });
            }
            Ok((false, _)) => _ = reply.send(Ok(())),
            Err(error) => _ = reply.send(Err(error)),
        }
    }

    fn stand(&mut self, group: GroupId, standing: Standing, reply: Reply<()>) {
        let stood = self.logs.stand(group, standing);
        self.changed.insert(group);
        if let Ok(Some(message)) = stood {
            self.report(Report::Double { group, message });
        }
        _ = reply.send(stood.map(|_| ()));
    }

    fn append(&mut self, group: GroupId, topic: &str, body: &Body, reply: Option<Reply<Digest>>) {
        match self.logs.append(group, topic, body) {
            Ok(news) => {
                self.changed.insert(group);
                self.appended.push((news, reply));
            }
            // This account has said so before.
            Err(LogsError::Refused(LogError::Said(id))) => _ = reply.map(|reply| reply.send(Ok(id))),
            Err(error) => _ = reply.map(|reply| reply.send(Err(error))),
        }
    }

    /// A restart on the same addresses writes nothing.
    fn announce(&mut self, group: GroupId, addresses: Vec<String>) {
        let body = Body::Announcement { addresses };
        let own = self.logs.author();
        let Ok(group_log) = self.logs.group(group) else { return };
        let last = group_log.log.register(&own, body.topic()).map(|kept| kept.id);
        let last = last.and_then(|id| announced_in(&group_log.envelope(&id)?));
        if !matches!(&body, Body::Announcement { addresses } if last.as_ref() == Some(addresses)) {
            self.append(group, body.topic(), &body, None);
        }
    }

    /// A message of a peer: tells whether it is new, or what is wrong with it.
    fn insert(&mut self, group: GroupId, message: &[u8]) -> Result<bool, LogsError> {
        let news = self.logs.insert(group, message)?;
        let is_new = news.is_some();
        if let Some(news) = news {
            self.changed.insert(group);
            self.report(Report::News(news));
        }
        Ok(is_new)
    }

    /// Passed on is what is new and kept; what is neither costs its sender nothing, unless no honest peer could have sent it.
    fn hear(&mut self, peer: PeerId, group: GroupId, message: &[u8], name: MessageId) {
        let acceptance = match self.insert(group, message) {
            Ok(true) => MessageAcceptance::Accept,
            Ok(false) => MessageAcceptance::Ignore,
            Err(error) => {
                tracing::debug!(%peer, %group, %error, "message not kept");
                if error.is_misdeed() {
                    self.report(Report::Misdeed { peer });
                    MessageAcceptance::Reject
                } else {
                    MessageAcceptance::Ignore
                }
            }
        };
        self.report(Report::Heard { peer, name, acceptance });
    }

    /// Messages of one exchange; tells how many are new. More than one misdeed in it is one.
    fn insert_all<'a>(&mut self, peer: PeerId, group: GroupId, messages: impl Iterator<Item = &'a Vec<u8>>) -> usize {
        let (mut fresh, mut is_misdeed) = (0, false);
        for message in messages {
            match self.insert(group, message) {
                Ok(is_new) => fresh += usize::from(is_new),
                Err(error) => {
                    tracing::debug!(%peer, %group, %error, "copied message not kept");
                    is_misdeed |= error.is_misdeed();
                }
            }
        }
        if is_misdeed {
            self.report(Report::Misdeed { peer });
        }
        fresh
    }

    /// Only what was asked for is looked at.
    fn take(&mut self, peer: PeerId, group: GroupId, asked: &[Digest], messages: &[Vec<u8>]) {
        let places: BTreeMap<Digest, usize> = asked.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let came: Vec<(usize, &Vec<u8>)> =
            messages.iter().filter_map(|message| Some((*places.get(&block_digest(message))?, message))).collect();
        let settled = came.iter().map(|(place, _)| place + 1).max().unwrap_or(0);
        let fresh = self.insert_all(peer, group, came.iter().map(|(_, message)| *message));
        let took = Took { fresh, came: came.len(), left: asked[settled..].to_vec() };
        self.report(Report::Took { peer, group, took });
    }

    fn put(&mut self, peer: PeerId, group: GroupId, messages: &[Vec<u8>], channel: ResponseChannel<Response>) {
        let fresh = self.insert_all(peer, group, messages.iter());
        self.report(Report::Answered { channel, response: Response::Taken(fresh as u32) });
    }

    fn answer(&mut self, group: GroupId, ranges: &Ranges, channel: ResponseChannel<Response>) {
        let answered = self.logs.group(group).map(|group| Response::Ranges(group.log.answer(ranges)));
        self.report(Report::Answered { channel, response: answered.unwrap_or(Response::Nothing) });
    }

    fn give(&mut self, group: GroupId, ids: &[Digest], channel: ResponseChannel<Response>) {
        let given = self.logs.group(group).map(|group| Response::Messages(group.collect(ids).0));
        self.report(Report::Answered { channel, response: given.unwrap_or(Response::Nothing) });
    }

    /// The peer's newest messages come first: where only these were lost, nothing else is left to compare.
    fn begin(&mut self, peer: PeerId, group: GroupId, heads: &[Digest]) {
        let mut comparison = Comparison::default();
        let compared = self.logs.compare(group, &mut comparison, None).map(|mut compared| {
            compared.difference.there = self.logs.lacking(group, heads);
            compared
        });
        if self.comparisons.len() >= COMPARISONS_MAX {
            self.comparisons.pop_first();
        }
        self.comparisons.insert((peer, group), comparison);
        self.report(Report::Compared { peer, group, compared });
    }

    fn compare(&mut self, peer: PeerId, group: GroupId, answer: &Ranges) {
        let Some(mut comparison) = self.comparisons.remove(&(peer, group)) else {
            // It was pushed out by others: over for this time.
            self.report(Report::Compared { peer, group, compared: Ok(Compared::default()) });
            return;
        };
        let compared = self.logs.compare(group, &mut comparison, Some(answer));
        if matches!(&compared, Ok(compared) if compared.question.is_some()) {
            self.comparisons.insert((peer, group), comparison);
        }
        self.report(Report::Compared { peer, group, compared });
    }

    fn collect(&mut self, peer: PeerId, group: GroupId, ids: &[Digest]) {
        let collected = self.logs.group(group).map(|group| group.collect(ids));
        let (messages, rest) = collected.unwrap_or_default();
        self.report(Report::Collected { peer, group, messages, rest });
    }
}

#[cfg(test)]
mod tests;
