//! The thread's work, task by task, with the node's part played by the test.

use protocol::log::{Draft, Envelope, Kind};
use tokio::sync::oneshot;

use super::*;

/// Enough for each test.
const REPORTS_MAX: usize = 8192;

const GROUP: GroupId = GroupId(7);

fn note(author: u8, seq: u64, text: &str) -> Envelope {
    let body = Body::Note(text.into()).to_bytes().unwrap();
    let draft = Draft { group: GROUP, kind: Kind::Note, topic: "note".into(), seq, parents: Vec::new(), body };
    Envelope::sign(draft, &ed25519_dalek::SigningKey::from_bytes(&[author; 32])).unwrap()
}

struct Office {
    clerk: Clerk,
    reports: mpsc::Receiver<Report>,
    peer: PeerId,
    folder: tempfile::TempDir,
}

impl Office {
    /// The group's log is open, and that was told.
    fn new() -> Self {
        Self::in_folder(tempfile::tempdir().unwrap())
    }

    fn in_folder(folder: tempfile::TempDir) -> Self {
        let logs = Logs::new(folder.path(), &[1; 32], "test").unwrap();
        let (outbox, reports) = mpsc::channel(REPORTS_MAX);
        let mut office = Self { clerk: Clerk::new(logs, outbox), reports, peer: PeerId::random(), folder };
        assert!(matches!(office.work(Task::Open { group: GROUP, reply: oneshot::channel().0 })[..], [Report::Opened { .. }]));
        office
    }

    /// What is told of one task before the batch ends.
    fn work(&mut self, task: Task) -> Vec<Report> {
        assert!(self.clerk.work(task));
        self.told()
    }

    fn told(&mut self) -> Vec<Report> {
        std::iter::from_fn(|| self.reports.try_recv().ok()).collect()
    }

    fn hear(&mut self, message: &[u8]) -> Vec<Report> {
        let (peer, message) = (self.peer, message.to_vec());
        self.work(Task::Hear { peer, group: GROUP, message, name: MessageId::new(b"name") })
    }

    fn acceptance(&mut self, message: &[u8]) -> MessageAcceptance {
        match self.hear(message).pop() {
            Some(Report::Heard { acceptance, .. }) => acceptance,
            _ => panic!("what is heard is answered"),
        }
    }

    fn append(&mut self, text: &str) -> oneshot::Receiver<Result<Digest, LogsError>> {
        let (reply, answer) = oneshot::channel();
        let task = Task::Append { group: GROUP, topic: "note".into(), body: Body::Note(text.into()), reply };
        assert!(self.work(task).is_empty(), "nothing is told before it is synced");
        answer
    }

    fn announce(&mut self, address: &str) -> usize {
        assert!(self.work(Task::Announce { group: GROUP, addresses: vec![address.into()] }).is_empty());
        self.clerk.settle(false);
        self.told().iter().filter(|report| matches!(report, Report::Appended { .. })).count()
    }
}

#[test]
fn only_what_is_new_and_kept_is_passed_on_and_a_replay_costs_no_signature() {
    let mut office = Office::new();
    let message = note(9, 5, "hello");
    assert!(matches!(office.hear(message.bytes())[..], [Report::News(_), Report::Heard { .. }]));
    assert_eq!(office.acceptance(message.bytes()), MessageAcceptance::Ignore);
    let future = note(9, u64::MAX, "from the future");
    assert_eq!(office.acceptance(future.bytes()), MessageAcceptance::Ignore);
    assert!(office.clerk.logs.insert(GROUP, future.bytes()).unwrap().is_none(), "refused without another look");
    let time = |work: &mut dyn FnMut()| {
        let began = Instant::now();
        (0..1_000).for_each(|_| work());
        began.elapsed()
    };
    let replay = time(&mut || _ = office.clerk.logs.insert(GROUP, message.bytes()));
    let signature = time(&mut || _ = Envelope::from_bytes(message.bytes()));
    assert!(replay * 2 < signature, "{replay:?} and {signature:?}");
}

#[test]
fn what_no_honest_peer_sends_is_rejected_and_a_newer_version_is_not() {
    let mut office = Office::new();
    let whole = note(9, 5, "hello").bytes().to_vec();
    let changed = |place: usize, to: u8| [&whole[..place], &[to], &whole[place + 1..]].concat();
    let other_group =
        Draft { group: GroupId(8), kind: Kind::Note, topic: "note".into(), seq: 1, parents: Vec::new(), body: b"{\"note\":\"\"}".to_vec() };
    let other_group = Envelope::sign(other_group, &ed25519_dalek::SigningKey::from_bytes(&[9; 32])).unwrap();
    for (message, misdeed) in [
        (changed(60, 0), true),
        (changed(whole.len() - 1, 0), true),
        (other_group.bytes().to_vec(), true),
        (Vec::new(), true),
        (changed(0, 9), false),
        (changed(41, 99), false),
    ] {
        let told = office.hear(&message);
        let expected = if misdeed { MessageAcceptance::Reject } else { MessageAcceptance::Ignore };
        assert!(matches!(told.last(), Some(Report::Heard { acceptance, .. }) if *acceptance == expected));
        assert_eq!(told.iter().any(|report| matches!(report, Report::Misdeed { .. })), misdeed);
    }
}

#[test]
fn messages_of_this_node_are_told_once_they_are_synced_and_are_there_after_a_restart() {
    let mut office = Office::new();
    let mut answers: Vec<_> = ["one", "two"].map(|text| office.append(text)).into();
    office.clerk.settle(true);
    let told = office.told();
    assert!(matches!(told[..], [Report::Appended { .. }, Report::Appended { .. }, Report::Pulse { .. }]));
    for report in told {
        if let Report::Appended { news, reply: Some(reply) } = report {
            reply.send(Ok(news.envelope.id())).unwrap();
        }
    }
    let ids: Vec<Digest> = answers.iter_mut().map(|answer| answer.try_recv().unwrap().unwrap()).collect();
    let mut office = Office::in_folder(office.folder);
    let kept: Vec<Digest> = office.clerk.logs.read(GROUP, 0).unwrap().iter().map(|entry| entry.envelope.id()).collect();
    assert_eq!(kept, ids);
    let parents = office.clerk.logs.append(GROUP, "note", &Body::Note("three".into())).unwrap().envelope.parents().to_vec();
    assert_eq!(parents, ids[1..], "a message names the newest one of its author");
}

#[test]
fn addresses_are_announced_when_they_change() {
    let mut office = Office::new();
    assert_eq!(["a", "a", "b", "b"].map(|address| office.announce(address)), [1, 0, 1, 0]);
    let mut office = Office::in_folder(office.folder);
    assert_eq!(["b", "a"].map(|address| office.announce(address)), [0, 1]);
}

#[test]
fn only_what_was_asked_for_is_taken_and_what_a_full_response_left_out_is_told() {
    let mut office = Office::new();
    let messages: Vec<Envelope> = (1..=4).map(|seq| note(9, seq, "asked for")).collect();
    let uninvited = note(9, 5, "not asked for");
    let asked: Vec<Digest> = messages.iter().map(Envelope::id).collect();
    let came = [&messages[1], &uninvited].map(|envelope| envelope.bytes().to_vec()).to_vec();
    let told = office.work(Task::Take { peer: office.peer, group: GROUP, asked: asked.clone(), messages: came });
    let expected = Took { fresh: 1, came: 1, left: asked[2..].to_vec() };
    assert!(matches!(&told[..], [Report::News(_), Report::Took { took, .. }] if *took == expected));
    assert!(!office.clerk.logs.group(GROUP).unwrap().log.contains(&uninvited.id()));
}

#[test]
fn two_logs_are_compared_step_by_step_until_both_sides_of_the_difference_are_known() {
    let (mut one, mut other) = (Office::new(), Office::new());
    for seq in 1..=100 {
        one.hear(note(9, seq, "both").bytes());
        other.hear(note(9, seq, "both").bytes());
    }
    let (mine, theirs) = (note(8, 1, "mine"), note(7, 1, "theirs"));
    one.hear(mine.bytes());
    other.hear(theirs.bytes());
    let heads = vec![theirs.id(), note(9, 1, "both").id()];
    let mut told = one.work(Task::Begin { peer: one.peer, group: GROUP, heads });
    let (mut here, mut there, mut steps) = (Vec::new(), Vec::new(), 0);
    while let Some(Report::Compared { compared, .. }) = told.pop() {
        let compared = compared.unwrap();
        here.extend(compared.difference.here);
        there.extend(compared.difference.there);
        let Some(question) = compared.question else { break };
        let answer = other.clerk.logs.group(GROUP).unwrap().log.answer(&question);
        told = one.work(Task::Compare { peer: one.peer, group: GROUP, answer });
        steps += 1;
    }
    there.dedup();
    assert_eq!((here, there), (vec![mine.id()], vec![theirs.id()]));
    assert!((1..10).contains(&steps), "{steps}");
    assert!(one.clerk.comparisons.is_empty());
}

#[test]
fn a_message_whose_bytes_are_lost_is_let_go_so_that_it_is_brought_again() {
    let mut office = Office::new();
    let message = note(9, 5, "hello");
    office.hear(message.bytes());
    let path = office.folder.path().join(format!("{GROUP}.log"));
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let log = office.clerk.logs.group(GROUP).unwrap();
    assert_eq!(log.collect(&[message.id()]), (Vec::new(), Vec::new()));
    assert!(!log.log.contains(&message.id()));
    assert_eq!(office.acceptance(message.bytes()), MessageAcceptance::Accept);
}

#[test]
fn a_file_that_holds_mostly_what_was_replaced_is_rewritten_and_still_read() {
    let mut office = Office::new();
    let long = "x".repeat(protocol::log::MAX_TEXT);
    for seq in 1..=3_000 {
        office.hear(note(9, seq, &long).bytes());
    }
    office.clerk.settle(true);
    let bytes = std::fs::metadata(office.folder.path().join(format!("{GROUP}.log"))).unwrap().len();
    assert!(bytes < 12_000_000 / 2, "{bytes}");
    let kept = office.clerk.logs.read(GROUP, 0).unwrap();
    let count = kept.len();
    assert!(count > 100 && kept.iter().all(|entry| entry.envelope.bytes().len() > long.len()));
    let mut office = Office::in_folder(office.folder);
    assert_eq!(office.clerk.logs.read(GROUP, 0).unwrap().len(), count);
}
