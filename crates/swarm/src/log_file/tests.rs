//! Log files that were torn, damaged, rewritten, or written by an older version.

use ed25519_dalek::SigningKey;
use protocol::GroupId;
use protocol::log::{Draft, Envelope, Kind};

use super::*;
use crate::records::hash;

const ACCOUNT: Address = Address([7; 20]);

type Kept = Vec<(Vec<u8>, Option<Address>)>;

fn reopen(path: &Path) -> (Kept, Found) {
    let mut kept = Vec::new();
    let (mut file, found) = LogFile::open(path, |record| kept.push((place(&record), record.account))).unwrap();
    (kept.into_iter().map(|(place, account)| (file.read(place).unwrap(), account)).collect(), found)
}

fn place(record: &Record<'_>) -> Place {
    Place { offset: record.offset, length: record.message.len() as u32 }
}

fn texts(path: &Path) -> Vec<Vec<u8>> {
    reopen(path).0.into_iter().map(|(message, _)| message).collect()
}

fn write(file: &mut LogFile, message: &[u8]) -> Place {
    let place = file.next(message.len());
    file.append(message, hash(message), (message == b"three").then_some(ACCOUNT)).unwrap();
    file.sync().unwrap();
    place
}

fn setup(messages: &[&[u8]]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1.log");
    let (mut file, _) = LogFile::open(&path, |_| {}).unwrap();
    messages.iter().for_each(|message| _ = write(&mut file, message));
    (folder, path)
}

#[test]
fn a_file_has_the_golden_bytes() {
    let (_folder, path) = setup(&[b"one", b"three"]);
    let golden = include_str!("../../golden/log-file-2.hex").trim();
    assert_eq!(hex::encode(fs::read(path).unwrap()), golden);
}

#[test]
fn messages_come_back_with_their_accounts_and_are_read_by_their_places() {
    let (_folder, path) = setup(&[b"one", b"three"]);
    let kept = vec![(b"one".to_vec(), None), (b"three".to_vec(), Some(ACCOUNT))];
    assert_eq!(reopen(&path), (kept, Found { damaged: 0, torn: 0 }));
    let (mut file, _) = LogFile::open(&path, |_| {}).unwrap();
    let place = write(&mut file, b"four");
    assert_eq!(file.read(place).unwrap(), b"four");
    let elsewhere = file.read(Place { offset: place.offset - 1, ..place });
    assert_eq!(elsewhere.unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert!(file.read(Place { offset: 1 << 40, ..place }).is_err());
}

#[test]
fn a_torn_tail_is_cut_wherever_it_was_torn_and_the_file_goes_on() {
    let (_folder, path) = setup(&[b"one", b"three"]);
    let whole = fs::read(&path).unwrap();
    let first = HEADER.len() + HEAD_BYTES + 3;
    for end in 0..whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        let mut kept = if end < first { vec![] } else { vec![b"one".to_vec()] };
        assert_eq!(texts(&path), kept, "{end}");
        write(&mut LogFile::open(&path, |_| {}).unwrap().0, b"next");
        kept.push(b"next".to_vec());
        assert_eq!(texts(&path), kept, "{end}");
    }
}

#[test]
fn a_damaged_record_is_passed_over_wherever_it_is_damaged() {
    let (_folder, path) = setup(&[b"one", b"three", b"five"]);
    let whole = fs::read(&path).unwrap();
    let (begin, end) = (HEADER.len() + HEAD_BYTES + 3, HEADER.len() + 2 * HEAD_BYTES + 8);
    for at in begin..end {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(&path, bytes).unwrap();
        let (kept, found) = reopen(&path);
        let kept: Vec<Vec<u8>> = kept.into_iter().map(|(message, _)| message).collect();
        assert_eq!(kept, [b"one".to_vec(), b"five".to_vec()], "{at}");
        assert_eq!(found, Found { damaged: (end - begin) as u64, torn: 0 });
    }
}

#[test]
fn zeros_and_absurd_lengths_at_the_end_are_cut() {
    for tail in [[0; 100], [255; 100], [1; 100]] {
        let (_folder, path) = setup(&[b"one"]);
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend(tail);
        fs::write(&path, bytes).unwrap();
        assert_eq!(reopen(&path), (vec![(b"one".to_vec(), None)], Found { damaged: 0, torn: 100 }));
    }
}

#[test]
fn a_file_longer_than_what_is_read_at_once_is_read_whole() {
    let long = vec![b'x'; 60_000];
    let (_folder, path) = setup(&vec![long.as_slice(); 50]);
    assert_eq!(texts(&path), vec![long; 50]);
}

#[test]
fn a_rewritten_file_holds_what_was_named_and_goes_on() {
    let (_folder, path) = setup(&[b"one", b"two", b"three"]);
    let mut places = Vec::new();
    let (mut file, _) = LogFile::open(&path, |record| places.push(place(&record))).unwrap();
    let moved = file.rewrite(&[places[2], places[1]]).unwrap();
    let read: Vec<Vec<u8>> = moved.into_iter().map(|place| file.read(place.unwrap()).unwrap()).collect();
    assert_eq!(read, [b"three".to_vec(), b"two".to_vec()]);
    write(&mut file, b"four");
    assert_eq!(file.bytes(), fs::metadata(&path).unwrap().len());
    let kept = [(&b"three"[..], Some(ACCOUNT)), (b"two", None), (b"four", None)];
    assert_eq!(reopen(&path).0, kept.map(|(message, account)| (message.to_vec(), account)));
}

#[test]
fn what_is_damaged_is_left_out_of_a_rewritten_file() {
    let (_folder, path) = setup(&[b"one", b"two", b"three"]);
    let mut places = Vec::new();
    let (mut file, _) = LogFile::open(&path, |record| places.push(place(&record))).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[places[1].offset as usize] ^= 1;
    fs::write(&path, bytes).unwrap();
    let moved = file.rewrite(&places).unwrap();
    assert_eq!(moved.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(texts(&path), [b"one".to_vec(), b"three".to_vec()]);
}

#[test]
fn a_foreign_file_is_left_alone() {
    let (_folder, path) = setup(&[]);
    for foreign in [&b"something else"[..], b"NRNLOG\0\x03", b"NRNLOG\0\x03and more"] {
        fs::write(&path, foreign).unwrap();
        assert!(LogFile::open(&path, |_| {}).is_err());
        assert_eq!(fs::read(&path).unwrap(), foreign);
    }
}

fn signed(text: &str) -> Envelope {
    let body = format!("{{\"note\":\"{text}\"}}").into_bytes();
    let draft = Draft { group: GroupId(1), kind: Kind::Note, topic: "note".into(), seq: 5, parents: Vec::new(), body };
    Envelope::sign(draft, &SigningKey::from_bytes(&[9; 32])).unwrap()
}

#[test]
fn a_file_of_version_1_is_migrated_without_what_was_tampered_with_or_torn() {
    let (_folder, path) = setup(&[]);
    let [one, two, three] = ["one", "two", "three"].map(|text| signed(text).bytes().to_vec());
    let mut tampered = two;
    tampered[60] ^= 1;
    let mut old = b"NRNLOG\0\x01".to_vec();
    for message in [&one, &tampered, &three, &one] {
        old.extend((message.len() as u32).to_be_bytes());
        old.extend(message);
    }
    fs::write(&path, &old[..old.len() - 1]).unwrap();
    for _ in 0..2 {
        assert_eq!(texts(&path), [one.clone(), three.clone()]);
        assert!(fs::read(&path).unwrap().starts_with(HEADER));
    }
    assert!(!path.with_extension("unfinished").exists());
}

#[test]
fn the_golden_file_of_version_1_is_read_as_one_without_messages() {
    // Its two messages are no envelopes.
    let (_folder, path) = setup(&[]);
    fs::write(&path, hex::decode(include_str!("../../golden/log-file-1.hex").trim()).unwrap()).unwrap();
    assert_eq!(texts(&path), Vec::<Vec<u8>>::new());
}
