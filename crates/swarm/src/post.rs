//! The part of the node's task that passes messages of logs on: between gossip, peers that compare, clients, and the
//! archive, which alone knows the logs.

use std::time::Instant;

use libp2p::gossipsub::{self, MessageAcceptance};
use libp2p::request_response::{InboundRequestId, Message, ResponseChannel};
use libp2p::{Multiaddr, PeerId};
use protocol::log::MAX_ADDRESSES;
use protocol::{Digest, GroupId, NodeId};

use crate::archive::TASKS_MAX;
use crate::error::{LogsError, SwarmError};
use crate::event::Event;
use crate::gossip::{topic, topic_scores};
use crate::group_log::announced_in;
use crate::letters::Letters;
use crate::logs::News;
use crate::rates::{Pass, label};
use crate::replicas::{Desk, Replicas, SyncEvent};
use crate::swarm::{Node, peer_of};
use crate::sync::{Pulse, Request, Response};
use crate::tasks::{Reply, Report, Task};

/// Questions of peers that are being answered: each holds up to half a MiB. Further ones are not answered.
pub const ANSWERS_MAX: usize = 64;

impl Node {
    /// Tells peers of logs, tries again what the archive had no room for, and disconnects those who lead nowhere.
    pub fn tick_letters(&mut self, now: Instant) {
        for group in std::mem::take(&mut self.letters.unannounced) {
            self.announce(group);
        }
        self.with_desk(|replicas, desk| replicas.tick(now, desk));
    }

    /// Lends the replicas what they write to, and disconnects whom they let go.
    fn with_desk(&mut self, work: impl FnOnce(&mut Replicas, &mut Desk<'_>)) {
        let Letters { replicas, archive, .. } = &mut self.letters;
        work(replicas, &mut Desk { sync: &mut self.swarm.behaviour_mut().sync, tasks: &archive.tasks });
        for peer in self.letters.replicas.outcasts() {
            // It may have gone by itself.
            _ = self.swarm.disconnect_peer_id(peer);
        }
    }

    /// What the archive tells.
    pub fn on_report(&mut self, report: Report) {
        let now = Instant::now();
        match report {
            Report::Opened { group, pulse, announced, reply } => self.opened(group, pulse, announced, reply),
            Report::Appended { news, reply } => self.appended(news, reply),
            Report::News(news) => self.news(news),
            Report::Double { group, message } => self.events.tell(Event::Double { group, message }),
            Report::Speakers(nodes) => {
                let doors = &mut self.swarm.behaviour_mut().doors.0;
                nodes.into_iter().filter_map(peer_of).for_each(|peer| doors.know(peer));
            }
            Report::Heard { peer, name, acceptance } => {
                self.swarm.behaviour_mut().gossip.report_message_validation_result(&name, &peer, acceptance);
            }
            Report::Misdeed { peer } => self.misdeed(peer),
            // The peer may have gone: then nobody misses the answer.
            Report::Answered { channel, response } => _ = self.swarm.behaviour_mut().sync.send_response(channel, response),
            Report::Took { peer, group, took } => self.with_desk(|replicas, desk| replicas.took(peer, group, took, now, desk)),
            Report::Compared { peer, group, compared } => {
                self.with_desk(|replicas, desk| replicas.compared(peer, group, compared, now, desk));
            }
            Report::Collected { peer, group, messages, rest } => {
                self.with_desk(|replicas, desk| replicas.collected((peer, group), messages, rest, now, desk));
            }
            Report::Pulse { group, pulse } => self.letters.replicas.pulse(group, pulse),
        }
    }

    /// A log was loaded: listens to its gossip, learns addresses from it, and tells its own.
    fn opened(&mut self, group: GroupId, pulse: Pulse, announced: Vec<(NodeId, Vec<String>)>, reply: Reply<()>) {
        let listened = self.listen_to(group);
        self.letters.replicas.pulse(group, pulse);
        for (author, addresses) in announced {
            self.announced(author, &addresses);
        }
        self.meet_members(group);
        self.meeting.discovery.join(group, &mut self.swarm.behaviour_mut().kad, Instant::now());
        self.announce(group);
        _ = reply.send(listened.map_err(LogsError::from));
    }

    fn listen_to(&mut self, group: GroupId) -> Result<(), SwarmError> {
        let topic = topic(&self.network, group);
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        gossip.set_topic_params(topic.clone(), topic_scores()).map_err(|error| SwarmError::Setup(error.into()))?;
        gossip.subscribe(&topic).map_err(|error| SwarmError::Setup(error.to_string()))?;
        self.letters.topics.insert(topic.hash(), group);
        Ok(())
    }

    /// Connected peers that took part in the group before this node did.
    fn meet_members(&mut self, group: GroupId) {
        let topic = topic(&self.network, group).hash();
        let all = self.swarm.behaviour().gossip.all_peers();
        let met: Vec<PeerId> = all.filter(|(_, topics)| topics.contains(&&topic)).map(|(peer, _)| *peer).collect();
        met.into_iter().for_each(|peer| self.letters.replicas.found(peer, group, Instant::now()));
    }

    /// Tells the group where this node can be dialled.
    pub fn announce(&mut self, group: GroupId) {
        let addresses = self.addresses().iter().take(MAX_ADDRESSES).map(Multiaddr::to_string).collect();
        if self.letters.archive.tasks.try_send(Task::Announce { group, addresses }).is_err() {
            self.letters.unannounced.insert(group);
        }
    }

    /// Notes where the node of an author can be dialled.
    fn announced(&mut self, author: NodeId, addresses: &[String]) {
        let Some(peer) = peer_of(author) else { return };
        let addresses = addresses.iter().filter_map(|text| text.parse().ok());
        let addresses: Vec<Multiaddr> = addresses.filter(|address| self.meeting.gate.is_meant(address)).collect();
        self.book.announced(peer, &addresses, Instant::now());
    }

    /// Gossips a message of this node, and tells the owner as of any other.
    fn appended(&mut self, news: News, reply: Option<Reply<Digest>>) {
        let (topic, id) = (topic(&self.network, news.group), news.envelope.id());
        if let Err(error) = self.swarm.behaviour_mut().gossip.publish(topic, news.envelope.bytes()) {
            // Peers will find it when logs are compared.
            tracing::debug!(group = %news.group, %error, "not gossiped");
        }
        self.news(news);
        reply.map(|reply| reply.send(Ok(id)));
    }

    /// Tells the owner of a fresh message and of evidence in it, and learns addresses from it.
    fn news(&mut self, news: News) {
        let News { group, envelope, twin, double } = news;
        if let Some(addresses) = announced_in(&envelope) {
            self.announced(envelope.author(), &addresses);
        }
        if let Some(first) = twin {
            let (author, second) = (envelope.author(), envelope.id());
            self.events.tell(Event::Evidence { group, author, first, second });
        }
        if let Some(message) = double {
            self.events.tell(Event::Double { group, message });
        }
        self.events.tell(Event::Envelope { group, envelope });
    }

    /// A message to be checked before it is passed on, or a peer that takes part in a group.
    pub fn on_gossip(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Message { propagation_source: peer, message_id, message } => {
                let group = self.letters.topics.get(&message.topic).copied();
                if group.is_none_or(|group| !self.hear(peer, group, message.data, message_id.clone())) {
                    let (gossip, ignored) = (&mut self.swarm.behaviour_mut().gossip, MessageAcceptance::Ignore);
                    gossip.report_message_validation_result(&message_id, &peer, ignored);
                }
            }
            gossipsub::Event::Subscribed { peer_id, topic } => {
                if let Some(&group) = self.letters.topics.get(&topic) {
                    self.letters.replicas.found(peer_id, group, Instant::now());
                }
            }
            _ => {}
        }
    }

    /// Hands a gossiped message to the archive, if there is room for it; tells whether it did.
    fn hear(&mut self, peer: PeerId, group: GroupId, message: Vec<u8>, name: gossipsub::MessageId) -> bool {
        let (now, label) = (Instant::now(), label(&message));
        let is_chosen = self.letters.chosen.contains(&peer);
        let pass = self.letters.rates.hear(peer, is_chosen, label, now);
        if pass == Pass::LetGo {
            self.with_desk(|replicas, _| replicas.let_go(peer, "it floods", now));
        }
        // Half of the queue is kept for what may decide something.
        let tasks = &self.letters.archive.tasks;
        let has_room = label.matters || tasks.capacity() > TASKS_MAX / 2;
        let handed_over = pass == Pass::Look && has_room && tasks.try_send(Task::Hear { peer, group, message, name }).is_ok();
        if !handed_over && label.matters {
            self.letters.replicas.hurry(group, now);
        }
        handed_over
    }

    /// Questions of peers that compare, and what they answered to ours.
    pub fn on_sync(&mut self, event: SyncEvent) {
        let now = Instant::now();
        match event {
            SyncEvent::Message { peer, message: Message::Request { request_id, request, channel }, .. } => match request {
                Some(request) => self.asked(peer, request_id, request, channel),
                None => self.misdeed(peer),
            },
            SyncEvent::Message { peer, message: Message::Response { request_id, response }, .. } => {
                self.with_desk(|replicas, desk| replicas.answered(peer, request_id, response, now, desk));
            }
            SyncEvent::OutboundFailure { peer, request_id, error, .. } => {
                self.with_desk(|replicas, _| replicas.failed(peer, request_id, &error, now));
            }
            SyncEvent::InboundFailure { request_id, .. } | SyncEvent::ResponseSent { request_id, .. } => {
                self.letters.answers.remove(&request_id);
            }
        }
    }

    /// A question of a peer, if it does not ask too much.
    fn asked(&mut self, peer: PeerId, id: InboundRequestId, request: Request, channel: ResponseChannel<Response>) {
        let now = Instant::now();
        let task = match request {
            Request::Tell { group, pulse } => {
                let response = self.letters.replicas.told(peer, group, &pulse, now);
                _ = self.swarm.behaviour_mut().sync.send_response(channel, response);
                return;
            }
            Request::Put { messages, .. } if !self.letters.rates.takes(peer, messages.len(), now) => return,
            Request::Compare { group, ranges } => Task::Answer { group, ranges, channel },
            Request::Get { group, ids } => Task::Give { group, ids, channel },
            Request::Put { group, messages } => Task::Put { peer, group, messages, channel },
        };
        let Letters { rates, answers, archive, .. } = &mut self.letters;
        if answers.len() < ANSWERS_MAX && rates.answers(peer, now) && archive.tasks.try_send(task).is_ok() {
            answers.insert(id);
        }
    }
}
