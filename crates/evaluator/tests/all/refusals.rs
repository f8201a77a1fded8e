//! Files and lines that a stranger might send: each is refused for its own reason, none panics.

use evaluator::{Checkpoint, CheckpointError, DataError, Examples, LineFault};
use proptest::prelude::*;

use crate::golden::{self, BASE, manifest};

fn read(change: impl FnOnce(&mut Vec<u8>)) -> Result<Checkpoint, CheckpointError> {
    let mut bytes = BASE.to_vec();
    change(&mut bytes);
    Checkpoint::from_bytes(&manifest(), &bytes)
}

fn with_value(value: f32) -> Result<Checkpoint, CheckpointError> {
    read(|bytes| {
        let at = bytes.len() - 4;
        bytes[at..].copy_from_slice(&value.to_le_bytes());
    })
}

#[test]
fn a_checkpoint_of_another_length_is_refused() {
    let expected = BASE.len() as u64;
    let refused = |found| Err(CheckpointError::Length { found, expected });
    assert_eq!(read(Vec::clear), refused(0));
    assert_eq!(read(|bytes| bytes.truncate(BASE.len() - 1)), refused(expected - 1));
    assert_eq!(read(|bytes| bytes.push(0)), refused(expected + 1));
}

#[test]
fn any_other_byte_in_the_header_is_refused() {
    let header = 8 + u64::from_le_bytes(BASE[..8].try_into().unwrap()) as usize;
    for at in 0..header {
        assert_eq!(read(|bytes| bytes[at] ^= 1), Err(CheckpointError::Header), "byte {at}");
    }
}

#[test]
fn values_that_are_not_finite_or_too_large_are_refused() {
    let last = || "layers.2.bias".to_owned();
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(with_value(value), Err(CheckpointError::NotFinite(last())));
    }
    for value in [2.000_000_2, -2.000_000_2, f32::MAX] {
        assert_eq!(with_value(value), Err(CheckpointError::TooLarge(last())));
    }
    for value in [2.0, -2.0, -0.0, f32::from_bits(1)] {
        assert!(with_value(value).is_ok(), "{value}");
    }
}

#[test]
fn tensors_of_another_number_or_length_are_refused() {
    let tensors = golden::checkpoint(BASE).tensors().to_vec();
    let mut more = tensors.clone();
    more.push(vec![0.0]);
    let mut shorter = tensors.clone();
    shorter[1].pop();
    let cases = [(more, "6"), (tensors[..5].to_vec(), "layers.2.bias"), (shorter, "layers.0.bias"), (vec![], "layers.0.weight")];
    for (tensors, name) in cases {
        assert_eq!(Checkpoint::from_tensors(&manifest(), tensors), Err(CheckpointError::Shape(name.to_owned())));
    }
}

/// Reads one file; the fault must be in the line given.
fn check_line(text: &str, line: usize, fault: LineFault) {
    let path = "set.csv".to_owned();
    let result = Examples::parse(&manifest(), [(&path, text)]);
    assert_eq!(result, Err(DataError::Line { path: path.clone(), line, fault }), "{text:?}");
}

#[test]
fn a_faulty_line_refuses_the_set_and_is_named() {
    let count = |found| LineFault::Count { expected: 6, found };
    let integer = |text: &str| LineFault::Integer(text.to_owned());
    check_line("1,2,3,4,5,0\n\n", 2, count(1));
    check_line("\n1,2,3,4,5,0", 1, count(1));
    check_line("1,2,3,4,5\n", 1, count(5));
    check_line("1,2,3,4,5,0,\n", 1, count(7));
    check_line("1,2,3,4,5,0\r\n", 1, integer("0\r"));
    for text in ["", " 1", "+1", "01", "-0", "1.0", "1e3", "x", "٣", "16777217", "-16777217", "4294967297"] {
        check_line(&format!("1,2,3,4,5,0\n{text},2,3,4,5,0"), 2, integer(text));
    }
    check_line("1,2,3,4,5,17", 1, LineFault::Label { label: 17, most: 16 });
    check_line("1,2,3,4,5,-1", 1, LineFault::Label { label: -1, most: 16 });
    check_line(&"1,".repeat(1 << 20), 1, LineFault::TooLong);
}

#[test]
fn a_set_without_examples_is_refused() {
    let cases: [&[(&str, &str)]; 4] = [&[], &[("set.csv", "")], &[("readme.md", "1,2,3,4,5,0\n")], &[("set.CSV", "1,2,3,4,5,0\n")]];
    for files in cases {
        let result = Examples::parse(&manifest(), files.iter().copied());
        assert!(matches!(result, Err(DataError::Empty { suffix: ".csv", .. })), "{result:?}");
    }
}

#[test]
fn examples_are_ordered_by_path_then_line() {
    let files =
        [("b.csv", "0,0,0,0,0,3\n"), ("a/z.csv", "0,0,0,0,0,1\n0,0,0,0,0,2"), ("a.md", "words"), ("B.csv", "3,-6,0,16777216,0,0\n")];
    let examples = Examples::parse(&manifest(), files).unwrap();
    let labels: Vec<u32> = (0..examples.len()).filter_map(|index| examples.label(index)).collect();
    assert_eq!(labels, [0, 1, 2, 3]);
    assert_eq!(examples.features(0), Some(&[1.0, -2.0, 0.0, 16_777_216.0 / 3.0, 0.0][..]));
    assert_eq!((examples.features(4), examples.label(4)), (None, None));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, at in 0..BASE.len(), value: u8) {
        let _ = evaluator::Manifest::from_bytes(&bytes);
        let _ = Checkpoint::from_bytes(&manifest(), &bytes);
        let _ = Examples::parse(&manifest(), [("set.csv", String::from_utf8_lossy(&bytes))]);
        if let Ok(checkpoint) = read(|bytes| bytes[at] = value) {
            prop_assert_eq!(checkpoint.to_bytes()[at], value);
        }
    }
}
