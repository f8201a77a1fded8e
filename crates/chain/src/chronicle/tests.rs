//! Chronicles on disk: restarts, torn and damaged lines, rewinding.

use super::*;
use protocol::ids::Digest;

const TITLE: &str = "31337 0x01 7";

fn block(number: u64) -> Block {
    Block { number, time_s: 10 * number, hash: Digest([number as u8; 32]) }
}

fn logs(number: u64) -> Vec<Log> {
    let of = |topics: usize| {
        let topics = (0..topics).map(|topic| B256::repeat_byte(topic as u8)).collect();
        let data = LogData::new(topics, Bytes::from(vec![number as u8; topics_bytes(number)])).expect("few topics");
        let hash = Some(convert::to_b256(block(number).hash));
        let inner = alloy::primitives::Log { address: EthAddress::repeat_byte(9), data };
        Log { inner, block_hash: hash, block_number: Some(number), ..Log::default() }
    };
    (0..=4).map(of).collect()
}

fn topics_bytes(number: u64) -> usize {
    number as usize % 70
}

/// A file with logs in blocks 3, 5 and 7.
fn written(path: &Path) -> Chronicle {
    let mut chronicle = Chronicle::open(path, TITLE).expect("begun");
    for number in [3, 5, 7] {
        assert!(chronicle.append(block(number), &logs(number)).expect("written"));
    }
    chronicle
}

fn numbers(path: &Path) -> Vec<u64> {
    Past::open(path).expect("opened").map(|record| record.expect("read").0.0.number).collect()
}

#[test]
fn what_was_written_is_read_again_and_tells_where_to_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("below/7.chronicle");
    let mut chronicle = written(&path);
    assert!(!chronicle.append(block(7), &logs(7)).expect("nothing"), "it is there");
    assert!(chronicle.append(block(8), &[]).expect("passed over"));
    assert_eq!(chronicle.passed(), Some(block(8)));
    drop(chronicle);
    let records: Vec<Record> = Past::open(&path).expect("opened").map(|record| record.expect("read").0).collect();
    assert_eq!(records, [3, 5, 7].map(|number| (block(number), logs(number))));
    let mut chronicle = Chronicle::open(&path, TITLE).expect("opened");
    assert_eq!(chronicle.passed(), Some(block(7)), "block 8 is read once more");
    assert_eq!(chronicle.known().collect::<Vec<_>>(), [3, 5, 7].map(block));
    for number in 8..1_000 {
        chronicle.append(block(number), &[]).expect("passed over");
    }
    assert_eq!(numbers(&path), [3, 5, 7, 263, 519, 775], "a mark now and then");
}

#[test]
fn a_rewound_chronicle_goes_on_from_the_fork() {
    for (from, kept) in [(0, vec![]), (3, vec![]), (4, vec![3]), (6, vec![3, 5]), (8, vec![3, 5, 7]), (99, vec![3, 5, 7])] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("7.chronicle");
        let mut chronicle = written(&path);
        chronicle.rewind(from).expect("cut");
        assert_eq!(numbers(&path), kept, "from {from}");
        assert_eq!(chronicle.passed(), kept.last().map(|number| block(*number)));
        assert_eq!(chronicle.known().map(|block| block.number).collect::<Vec<_>>(), kept);
        chronicle.append(block(200), &logs(200)).expect("written");
        drop(chronicle);
        assert_eq!(Chronicle::open(&path, TITLE).expect("opened").passed(), Some(block(200)));
    }
}

#[test]
fn of_a_file_torn_anywhere_the_whole_lines_before_are_kept_and_more_can_be_added() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("7.chronicle");
    drop(written(&path));
    let whole = fs::read(&path).expect("read");
    let ends: Vec<usize> = (0..whole.len()).filter(|place| whole[*place] == b'\n').map(|place| place + 1).collect();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).expect("torn");
        let kept = ends.iter().filter(|end| **end <= length).count().saturating_sub(1);
        let mut chronicle = Chronicle::open(&path, TITLE).expect("opened");
        assert_eq!(chronicle.known().map(|block| block.number).collect::<Vec<_>>(), [3, 5, 7][..kept], "{length} bytes");
        chronicle.append(block(9), &logs(9)).expect("written");
        drop(chronicle);
        assert_eq!(numbers(&path).last(), Some(&9), "{length} bytes");
    }
}

#[test]
fn what_comes_after_a_damaged_line_is_read_from_the_chain_again_and_a_file_of_another_group_from_the_beginning() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("7.chronicle");
    drop(written(&path));
    let text = fs::read_to_string(&path).expect("text");
    for (from, to, kept) in [("\n5 50 ", "\n6 50 ", vec![3]), ("\n5 ", "\n\n5 ", vec![3]), ("chronicle 1 ", "chronicle 2 ", vec![])] {
        fs::write(&path, text.replacen(from, to, 1)).expect("damaged");
        drop(Chronicle::open(&path, TITLE).expect("opened"));
        assert_eq!(numbers(&path), kept, "{from:?} became {to:?}");
    }
    fs::write(&path, &text).expect("as it was");
    assert_eq!(Chronicle::open(&path, "31337 0x01 8").expect("opened").passed(), None);
    assert_eq!(numbers(&path), [0; 0]);
}

#[test]
fn beside_the_one_who_writes_another_reads_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("7.chronicle");
    let writer = written(&path);
    let mut reader = Chronicle::open(&path, TITLE).expect("opened");
    assert_eq!(reader.passed(), Some(block(7)));
    reader.append(block(9), &logs(9)).expect("kept to itself");
    reader.rewind(4).expect("kept to itself");
    assert_eq!(numbers(&path), [3, 5, 7]);
    assert_eq!(writer.passed(), Some(block(7)));
}
