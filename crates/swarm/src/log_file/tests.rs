//! Log files that were torn, damaged, rewritten, or written by an older version.

use super::*;
use crate::records::HEAD_BYTES;

type Kept = Vec<(Vec<u8>, Vec<u8>)>;

/// Whatever begins with an o is a message.
fn facts(message: &[u8]) -> Option<Vec<u8>> {
    (message[0] == b'o').then(|| b"about".to_vec())
}

/// Facts and messages of a file.
fn reopen(path: &Path) -> (Kept, Found) {
    let (mut facts_and_places, mut kept) = (Vec::new(), Vec::new());
    let visit = |record: Record<'_>| facts_and_places.push((record.facts.to_vec(), record.place));
    let (mut file, found) = LogFile::open(path, facts, visit).unwrap();
    for (facts, place) in facts_and_places {
        kept.push((facts, file.read(place).unwrap()));
    }
    (kept, found)
}

fn opened(path: &Path) -> (LogFile, Vec<Place>) {
    let mut places = Vec::new();
    let (file, _) = LogFile::open(path, facts, |record| places.push(record.place)).unwrap();
    (file, places)
}

fn texts(path: &Path) -> Vec<Vec<u8>> {
    reopen(path).0.into_iter().map(|(_, message)| message).collect()
}

fn setup(messages: &[&[u8]]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1.log");
    let (mut file, _) = opened(&path);
    messages.iter().for_each(|message| _ = file.append(&message[1..message.len().min(9)], message).unwrap());
    file.sync().unwrap();
    (folder, path)
}

#[test]
fn a_file_has_the_golden_bytes() {
    let (_folder, path) = setup(&[b"one", b"three"]);
    let golden = include_str!("../../golden/log-file-2.hex").trim();
    assert_eq!(hex::encode(fs::read(path).unwrap()), golden);
}

#[test]
fn messages_come_back_with_their_facts_and_are_read_by_their_places() {
    let (_folder, path) = setup(&[b"one", b"three"]);
    let kept = vec![(b"ne".to_vec(), b"one".to_vec()), (b"hree".to_vec(), b"three".to_vec())];
    assert_eq!(reopen(&path), (kept, Found { damaged: 0, torn: 0 }));
    let (mut file, places) = opened(&path);
    let place = file.append(b"", b"four").unwrap();
    assert_eq!(file.read(place).unwrap(), b"four");
    assert_eq!(file.read(places[1]).unwrap(), b"three");
    let elsewhere = file.read(place.at(place.offset - 1));
    assert_eq!(elsewhere.unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert!(file.read(place.at(1 << 40)).is_err());
}

#[test]
fn a_torn_tail_is_cut_wherever_it_was_torn_and_the_file_goes_on() {
    let (_folder, path) = setup(&[b"one", b"three"]);
    let whole = fs::read(&path).unwrap();
    let first = HEADER.len() + HEAD_BYTES + 2 + 3;
    for end in 0..whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        let mut kept = if end < first { vec![] } else { vec![b"one".to_vec()] };
        assert_eq!(texts(&path), kept, "{end}");
        opened(&path).0.append(b"facts", b"next").unwrap();
        kept.push(b"next".to_vec());
        assert_eq!(texts(&path), kept, "{end}");
    }
}

#[test]
fn a_damaged_record_is_passed_over_wherever_it_is_damaged() {
    let (_folder, path) = setup(&[b"one", b"three", b"five"]);
    let whole = fs::read(&path).unwrap();
    let begin = HEADER.len() + HEAD_BYTES + 2 + 3;
    let end = begin + HEAD_BYTES + 4 + 5;
    for at in begin..end {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(&path, bytes).unwrap();
        let (kept, found) = reopen(&path);
        let kept: Vec<Vec<u8>> = kept.into_iter().map(|(_, message)| message).collect();
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
        assert_eq!(reopen(&path), (vec![(b"ne".to_vec(), b"one".to_vec())], Found { damaged: 0, torn: 100 }));
    }
}

#[test]
fn a_file_longer_than_what_is_read_at_once_is_read_whole() {
    let long = vec![b'x'; 60_000];
    let (_folder, path) = setup(&vec![long.as_slice(); 50]);
    assert!(texts(&path) == vec![long; 50]);
}

#[test]
fn a_rewritten_file_holds_what_was_named_and_goes_on() {
    let (_folder, path) = setup(&[b"one", b"two", b"three"]);
    let (mut file, places) = opened(&path);
    let moved = file.rewrite(&[places[2], places[1]]).unwrap();
    let read: Vec<Vec<u8>> = moved.into_iter().map(|place| file.read(place.unwrap()).unwrap()).collect();
    assert_eq!(read, [b"three".to_vec(), b"two".to_vec()]);
    file.append(b"", b"four").unwrap();
    assert_eq!(file.bytes(), fs::metadata(&path).unwrap().len());
    let kept = [("hree", "three"), ("wo", "two"), ("", "four")];
    assert_eq!(reopen(&path).0, kept.map(|(facts, message)| (facts.into(), message.into())));
}

#[test]
fn what_is_damaged_is_left_out_of_a_rewritten_file() {
    let (_folder, path) = setup(&[b"one", b"two", b"three"]);
    let (mut file, places) = opened(&path);
    let mut bytes = fs::read(&path).unwrap();
    bytes[places[1].end() as usize - 1] ^= 1;
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
        assert!(LogFile::open(&path, facts, |_| {}).is_err());
        assert_eq!(fs::read(&path).unwrap(), foreign);
    }
}

#[test]
fn a_file_of_version_1_is_migrated_without_what_is_no_message_or_torn() {
    let (_folder, path) = setup(&[]);
    let golden = hex::decode(include_str!("../../golden/log-file-1.hex").trim()).unwrap();
    for (tail, kept) in [(&b""[..], 1), (b"\0\0\0\x03oak", 2), (b"\0\0\0\x03oa", 1), (b"\0\0\0\0oak", 1)] {
        fs::write(&path, [&golden, tail].concat()).unwrap();
        let migrated = [("about", "one"), ("about", "oak")].map(|(facts, message)| (facts.into(), message.into()));
        for _ in 0..2 {
            assert_eq!(reopen(&path).0, migrated[..kept]);
            assert!(fs::read(&path).unwrap().starts_with(HEADER));
        }
    }
    assert!(!path.with_extension("unfinished").exists());
}
