//! A node that copies the log of one peer, step by step, with the archive and the peer played by the test.

use std::iter;

use libp2p::request_response::{Config, ProtocolSupport};
use libp2p::swarm::StreamProtocol;
use protocol::log::Difference;

use super::*;

const GROUP: GroupId = GroupId(7);

fn id(index: usize) -> Digest {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&index.to_be_bytes());
    Digest(id)
}

fn pulse(count: u64) -> Pulse {
    Pulse { summary: Summary { count, fingerprint: [count as u8; 16] }, heads: vec![id(count as usize)] }
}

struct Copier {
    replicas: Replicas,
    sync: SyncBehaviour,
    tasks: mpsc::Sender<Task>,
    inbox: mpsc::Receiver<Task>,
    peer: PeerId,
    now: Instant,
}

impl Copier {
    /// Its log has one message; the peer is being told so.
    fn new() -> Self {
        let protocols = iter::once((StreamProtocol::new("/test/log/2"), ProtocolSupport::Full));
        let (sync, (tasks, inbox)) = (SyncBehaviour::new(protocols, Config::default()), mpsc::channel(4));
        let (replicas, peer, now) = (Replicas::default(), PeerId::random(), Instant::now());
        let mut copier = Self { replicas, sync, tasks, inbox, peer, now };
        copier.replicas.pulse(GROUP, pulse(1));
        copier.replicas.found(copier.peer, GROUP, now);
        copier.tick(Duration::ZERO);
        copier
    }

    fn with(&mut self, work: impl FnOnce(&mut Replicas, Instant, &mut Desk<'_>)) {
        work(&mut self.replicas, self.now, &mut Desk { sync: &mut self.sync, tasks: &self.tasks });
    }

    fn tick(&mut self, later: Duration) {
        self.now += later;
        self.with(|replicas, now, desk| replicas.tick(now, desk));
    }

    fn source(&self) -> &Source {
        &self.replicas.sources[&(self.peer, GROUP)]
    }

    fn is_asking(&self) -> bool {
        matches!(self.source().stage, Stage::Asked(_))
    }

    fn asked(&self) -> OutboundRequestId {
        match self.source().stage {
            Stage::Asked(asked) => asked,
            _ => panic!("no question is under way"),
        }
    }

    fn answer(&mut self, response: Response) {
        let (peer, asked) = (self.peer, self.asked());
        self.with(|replicas, now, desk| replicas.answered(peer, asked, response, now, desk));
    }

    fn fail(&mut self, error: OutboundFailure) {
        let (peer, asked) = (self.peer, self.asked());
        self.with(|replicas, now, _| replicas.failed(peer, asked, &error, now));
    }

    fn task(&mut self) -> Task {
        self.inbox.try_recv().expect("the archive has a task")
    }

    fn compared(&mut self, here: &[usize], there: &[usize], goes_on: bool) {
        let of = |ids: &[usize]| ids.iter().map(|index| id(*index)).collect();
        let difference = Difference { here: of(here), there: of(there) };
        let compared = Ok(Compared { question: goes_on.then(Ranges::default), difference });
        let peer = self.peer;
        self.with(|replicas, now, desk| replicas.compared(peer, GROUP, compared, now, desk));
    }

    fn took(&mut self, fresh: usize, came: usize, left: &[usize]) {
        let took = Took { fresh, came, left: left.iter().map(|index| id(*index)).collect() };
        let peer = self.peer;
        self.with(|replicas, now, desk| replicas.took(peer, GROUP, took, now, desk));
    }

    /// The peer's log is another one, and the archive begins to compare.
    fn differ(&mut self) {
        self.answer(Response::Pulse(pulse(9)));
        assert!(matches!(self.task(), Task::Begin { heads, .. } if heads == [id(9)]));
    }

    /// The question for messages was answered: what was asked for.
    fn answer_messages(&mut self) -> Vec<Digest> {
        self.answer(Response::Messages(Vec::new()));
        match self.task() {
            Task::Take { asked, .. } => asked,
            _ => panic!("messages are taken"),
        }
    }

    fn is_let_go(&mut self) -> bool {
        let outcasts = self.replicas.outcasts();
        assert!(outcasts.is_empty() || outcasts == [self.peer]);
        !outcasts.is_empty()
    }
}

#[test]
fn logs_that_are_equal_and_do_not_change_cost_one_exchange_a_minute() {
    let mut copier = Copier::new();
    copier.answer(Response::Pulse(pulse(1)));
    let mut exchanges = 0;
    for _ in 0..600 {
        copier.tick(Duration::from_secs(1));
        if copier.is_asking() {
            copier.answer(Response::Pulse(pulse(1)));
            exchanges += 1;
        }
    }
    assert!((9..=10).contains(&exchanges), "{exchanges}");
    copier.replicas.pulse(GROUP, pulse(2));
    copier.tick(COPY_AGAIN);
    assert!(copier.is_asking(), "a log that changed is told");
}

#[test]
fn what_is_lacking_is_asked_for_before_the_comparison_goes_on_and_ends_it_where_that_was_all() {
    let mut copier = Copier::new();
    copier.differ();
    copier.compared(&[], &[9], true);
    assert_eq!(copier.answer_messages(), [id(9)]);
    copier.took(1, 1, &[]);
    copier.answer(Response::Ranges(Ranges::default()));
    assert!(matches!(copier.task(), Task::Compare { .. }), "something else differs");
    copier.compared(&[], &[5, 6], true);
    assert_eq!(copier.answer_messages(), [id(5), id(6)]);
    copier.replicas.pulse(GROUP, pulse(9));
    copier.took(2, 2, &[]);
    assert!(matches!(copier.source().stage, Stage::Idle), "now they are equal");
    assert_eq!(copier.source().next, Some(copier.now + COPY_AGAIN));
}

#[test]
fn what_a_full_response_left_out_is_asked_for_again() {
    let mut copier = Copier::new();
    copier.differ();
    copier.compared(&[], &(0..GET_MAX + 88).collect::<Vec<_>>(), false);
    assert_eq!(copier.answer_messages().len(), GET_MAX);
    copier.took(3, 3, &(4..GET_MAX).collect::<Vec<_>>());
    let asked = copier.answer_messages();
    assert_eq!((asked.len(), asked.first(), asked.last()), (GET_MAX, Some(&id(4)), Some(&id(GET_MAX + 3))));
    copier.took(GET_MAX, GET_MAX, &[]);
    assert_eq!(copier.answer_messages().len(), 84);
}

#[test]
fn what_the_peer_lacks_is_put_there_once() {
    let mut copier = Copier::new();
    for turn in 0..3 {
        copier.differ();
        copier.compared(&[1, 2], &[], false);
        if turn == 0 {
            assert!(matches!(copier.task(), Task::Collect { ids, .. } if ids == [id(1), id(2)]));
            let peer = copier.peer;
            copier.with(|replicas, now, desk| replicas.collected((peer, GROUP), vec![vec![1]], vec![id(2)], now, desk));
            copier.answer(Response::Taken(1));
            assert!(matches!(copier.task(), Task::Collect { ids, .. } if ids == [id(2)]), "what did not fit");
            copier.with(|replicas, now, desk| replicas.collected((peer, GROUP), vec![vec![2]], Vec::new(), now, desk));
            copier.answer(Response::Taken(0));
        }
        assert!(matches!(copier.source().stage, Stage::Idle), "it does not keep them: turn {turn}");
        copier.tick(COPY_SELDOM);
    }
}

#[test]
fn a_log_that_differs_and_gives_nothing_is_looked_at_less_and_less_often() {
    let mut copier = Copier::new();
    let mut pauses = Vec::new();
    for _ in 0..6 {
        copier.differ();
        copier.compared(&[], &[], false);
        pauses.push((copier.source().next.unwrap() - copier.now).as_secs());
        copier.tick(COPY_SELDOM);
    }
    assert_eq!(pauses, [10, 20, 40, 60, 60, 60]);
}

#[test]
fn who_lists_messages_and_does_not_give_them_is_let_go_and_left_alone() {
    let mut copier = Copier::new();
    copier.differ();
    for question in 1..=SILENT_MAX {
        copier.compared(&[], &[3], true);
        copier.answer_messages();
        copier.took(0, 0, &[3]);
        assert_eq!(copier.is_let_go(), question == SILENT_MAX);
        if question < SILENT_MAX {
            copier.answer(Response::Ranges(Ranges::default()));
            copier.task();
        }
    }
    copier.replicas.found(copier.peer, GROUP, copier.now);
    assert!(copier.replicas.sources.is_empty(), "it is left alone");
    copier.tick(SHUNNED_TIME);
    copier.replicas.found(copier.peer, GROUP, copier.now);
    assert!(!copier.replicas.sources.is_empty(), "not for ever");
}

#[test]
fn who_says_for_ever_that_logs_differ_is_let_go_and_who_gives_something_is_not() {
    for gives in [false, true] {
        let mut copier = Copier::new();
        copier.differ();
        for step in 0..=BARREN_MAX {
            copier.compared(&[], if gives && step % 100 == 99 { &[5] } else { &[] }, true);
            if gives && step % 100 == 99 {
                copier.answer_messages();
                copier.took(1, 1, &[]);
            }
            if copier.replicas.sources.is_empty() {
                break;
            }
            copier.answer(Response::Ranges(Ranges::default()));
            copier.task();
        }
        assert_eq!(copier.is_let_go(), !gives);
    }
}

#[test]
fn who_lacks_everything_is_given_a_bounded_part_and_not_let_go() {
    let mut copier = Copier::new();
    copier.differ();
    let (mut put, mut steps) = (0, 0);
    while !matches!(copier.source().stage, Stage::Idle) {
        let here: Vec<usize> = (steps * 100..steps * 100 + 100).collect();
        copier.compared(&here, &[], true);
        steps += 1;
        while let Ok(Task::Collect { ids, .. }) = copier.inbox.try_recv() {
            put += ids.len();
            let peer = copier.peer;
            copier.with(|replicas, now, desk| replicas.collected((peer, GROUP), vec![vec![1]], Vec::new(), now, desk));
            copier.answer(Response::Taken(100));
        }
        if copier.is_asking() {
            copier.answer(Response::Ranges(Ranges::default()));
            copier.task();
        }
    }
    assert_eq!((put, copier.is_let_go()), (GIVEN_MAX, false));
}

#[test]
fn answers_that_cannot_be_read_are_noticed_and_those_that_do_not_come_are_not_held_against_anybody() {
    for (is_malformed, lets_go) in [(true, true), (false, false)] {
        let mut copier = Copier::new();
        for failure in 1..=MALFORMED_MAX {
            let malformed = OutboundFailure::Io(io::Error::new(io::ErrorKind::InvalidData, "junk"));
            copier.fail(if is_malformed { malformed } else { OutboundFailure::Timeout });
            assert_eq!(copier.is_let_go(), lets_go && failure == MALFORMED_MAX);
            copier.tick(COPY_SELDOM);
        }
    }
}

#[test]
fn what_a_comparison_cannot_use_lets_its_sender_go() {
    let mut copier = Copier::new();
    copier.differ();
    let peer = copier.peer;
    copier.with(|replicas, now, desk| replicas.compared(peer, GROUP, Err("no progress".into()), now, desk));
    assert!(copier.is_let_go());
}

#[test]
fn peers_that_do_not_answer_keep_nobody_from_another() {
    let mut copier = Copier::new();
    for _ in 0..3 * COPIES_MAX {
        copier.replicas.found(PeerId::random(), GROUP, copier.now);
    }
    copier.tick(Duration::from_millis(250));
    let asking = |copier: &Copier| copier.replicas.sources.values().filter(|source| matches!(source.stage, Stage::Asked(_))).count();
    assert_eq!(asking(&copier), COPIES_MAX);
    for turns in 2..=3 {
        copier.tick(SLOW);
        assert_eq!(asking(&copier), turns * COPIES_MAX);
    }
    for _ in 0..SOURCES_MAX {
        copier.replicas.found(PeerId::random(), GROUP, copier.now);
    }
    assert_eq!(copier.replicas.sources.len(), SOURCES_MAX);
}

#[test]
fn an_archive_that_is_busy_leaves_the_rest_to_the_next_turn() {
    let mut copier = Copier::new();
    while copier.tasks.try_send(Task::End).is_ok() {}
    copier.answer(Response::Pulse(pulse(9)));
    assert!(matches!(copier.source().stage, Stage::Idle));
    while copier.inbox.try_recv().is_ok() {}
    copier.tick(COPY_AGAIN);
    copier.differ();
}

#[test]
fn who_tells_of_another_log_is_asked_soon_and_whose_message_found_no_room_sooner() {
    let mut copier = Copier::new();
    copier.answer(Response::Pulse(pulse(1)));
    copier.tick(COPY_AGAIN);
    assert!(!copier.is_asking());
    let (peer, now) = (copier.peer, copier.now);
    assert_eq!(copier.replicas.told(peer, GROUP, &pulse(1), now), Response::Pulse(pulse(1)));
    assert_eq!(copier.replicas.told(peer, GroupId(8), &pulse(1), now), Response::Nothing);
    copier.tick(COPY_AGAIN);
    assert!(!copier.is_asking(), "it has the same log");
    copier.replicas.told(peer, GROUP, &pulse(2), now);
    copier.tick(COPY_AGAIN);
    assert!(copier.is_asking());
    copier.answer(Response::Pulse(pulse(1)));
    copier.replicas.hurry(GROUP, copier.now);
    copier.tick(Duration::from_secs(1));
    assert!(copier.is_asking());
}

#[test]
fn the_memory_of_those_who_were_let_go_is_bounded() {
    let mut copier = Copier::new();
    for second in 0..SHUNNED_MAX as u64 + 5 {
        copier.replicas.let_go(PeerId::random(), "test", copier.now + Duration::from_millis(second));
    }
    assert_eq!(copier.replicas.shunned.len(), SHUNNED_MAX);
}
