//! The thread that owns logs and their files, at work.
//!
//! It does what waits in its queue, some at a time, then brings what this node wrote onto the disk, all at once, and
//! only then tells of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::{Duration, Instant};

use libp2p::PeerId;
use libp2p::gossipsub::{MessageAcceptance, MessageId};
use libp2p::request_response::ResponseChannel;
use protocol::log::{Body, Comparison, LogError, Ranges, Standing};
use protocol::{Digest, GroupId};
use tokio::sync::mpsc;

use crate::cids::block_digest;
use crate::error::LogsError;
use crate::group_log::announced_in;
use crate::logs::{Compared, Logs, News};
use crate::sync::Response;
use crate::tasks::{Reply, Report, Task, Took};

/// Tasks between two looks at what must be synced and told.
const BATCH_MAX: usize = 64;
/// A log that changes all the time is told in short so often.
const PULSE_TIME: Duration = Duration::from_millis(250);
/// Comparisons that are remembered.
const COMPARISONS_MAX: usize = 1024;

/// See the module.
pub struct Clerk {
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
    /// With no log open yet.
    pub fn new(logs: Logs, reports: mpsc::Sender<Report>) -> Self {
        let (comparisons, changed) = (BTreeMap::new(), BTreeSet::new());
        Self { logs, reports, comparisons, appended: Vec::new(), changed, told: Instant::now() }
    }

    /// Works until it is told to end, or nobody can ask for anything any more.
    pub fn run(mut self, mut tasks: mpsc::Receiver<Task>) {
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
        if let Ok(log) = self.logs.group(group) {
            let speakers = log.new_speakers();
            self.report(Report::Speakers(speakers));
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
