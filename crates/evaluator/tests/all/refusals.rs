//! Files and lines that a stranger might send: each is refused for its own reason, none panics.

use evaluator::{Checkpoint, CheckpointError, DataError, Examples, LineFault};
use proptest::prelude::*;

use crate::golden::{FAMILIES, Family, GPT, MLP};

fn manifest() -> evaluator::Manifest {
    MLP.manifest()
}

/// Reads the base of a family after a change.
fn read(family: &Family, change: impl FnOnce(&mut Vec<u8>)) -> Result<Checkpoint, CheckpointError> {
    let mut bytes = family.base.to_vec();
    change(&mut bytes);
    Checkpoint::from_bytes(&family.manifest(), &bytes)
}

/// The base with another last value.
fn with_value(family: &Family, value: f32) -> Result<Checkpoint, CheckpointError> {
    read(family, |bytes| {
        let at = bytes.len() - 4;
        bytes[at..].copy_from_slice(&value.to_le_bytes());
    })
}

fn header_len(family: &Family) -> usize {
    8 + u64::from_le_bytes(family.base[..8].try_into().unwrap()) as usize
}

#[test]
fn a_checkpoint_of_another_length_is_refused() {
    for family in FAMILIES {
        let expected = family.base.len() as u64;
        let refused = |found| Err(CheckpointError::Length { found, expected });
        for length in [0, 1, 8, header_len(&family), family.base.len() - 4, family.base.len() - 1] {
            assert_eq!(read(&family, |bytes| bytes.truncate(length)), refused(length as u64));
        }
        assert_eq!(read(&family, |bytes| bytes.push(0)), refused(expected + 1));
        assert_eq!(read(&family, |bytes| bytes.extend_from_within(..)), refused(2 * expected));
    }
}

#[test]
fn any_other_byte_in_the_header_is_refused() {
    for family in FAMILIES {
        for at in 0..header_len(&family) {
            assert_eq!(read(&family, |bytes| bytes[at] ^= 1), Err(CheckpointError::Header), "byte {at}");
        }
    }
}

#[test]
fn a_header_that_promises_more_than_there_is_is_refused_without_being_read() {
    for family in FAMILIES {
        for length in [u64::MAX, u64::MAX - 7, 1 << 40, 0] {
            assert_eq!(read(&family, |bytes| bytes[..8].copy_from_slice(&length.to_le_bytes())), Err(CheckpointError::Header));
        }
    }
}

#[test]
fn a_header_with_tensors_swapped_or_of_another_shape_is_refused() {
    let cases = [
        (&MLP, "layers.0.weight", "layers.1.weight"),
        (&MLP, "\"shape\":[", "\"shape\": ["),
        (&GPT, "h.0.ln_1.weight", "h.1.ln_1.weight"),
        (&GPT, "wte.weight", "wpe.weight"),
        (&GPT, "\"shape\":[24,12]", "\"shape\":[12,24]"),
        (&GPT, "\"F32\"", "\"I32\""),
        (&GPT, "[0,1152]", "[4,1156]"),
    ];
    for (family, piece, other) in cases {
        let text = String::from_utf8_lossy(&family.base[..header_len(family)]).into_owned();
        assert!(text.contains(piece), "{piece}");
        let changed = text.replacen(piece, other, 1);
        let result = read(family, |bytes| {
            let bytes_of_header = &changed.as_bytes()[..header_len(family)];
            bytes[8..header_len(family)].copy_from_slice(&bytes_of_header[8..]);
        });
        assert_eq!(result, Err(CheckpointError::Header), "{other}");
    }
    assert!(Checkpoint::from_bytes(&GPT.manifest(), MLP.base).is_err());
    assert!(Checkpoint::from_bytes(&MLP.manifest(), GPT.base).is_err());
}

#[test]
fn values_that_are_not_finite_or_too_large_are_refused() {
    for (family, last) in [(MLP, "layers.2.bias"), (GPT, "lm_head.weight")] {
        for value in [f32::NAN, -f32::NAN, f32::from_bits(0x7f80_0001), f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(with_value(&family, value), Err(CheckpointError::NotFinite(last.to_owned())));
        }
        for value in [2.000_000_2, -2.000_000_2, f32::MAX] {
            assert_eq!(with_value(&family, value), Err(CheckpointError::TooLarge(last.to_owned())));
        }
        for value in [2.0, -2.0, -0.0, f32::from_bits(1)] {
            assert!(with_value(&family, value).is_ok(), "{value}");
        }
    }
}

#[test]
fn tensors_of_another_number_or_length_are_refused() {
    let tensors = MLP.checkpoint(MLP.base).tensors().to_vec();
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

#[test]
fn texts_without_a_window_or_with_a_strange_character_are_refused() {
    let manifest = GPT.manifest();
    for files in [&[][..], &[("a.txt", "the t")], &[("a.txt", "the two a t")], &[("a.csv", "two roads diverged")]] {
        let result = Examples::parse(&manifest, files.iter().copied());
        assert!(matches!(result, Err(DataError::Empty { suffix: ".txt", .. })), "{result:?}");
    }
    assert_eq!(Examples::parse(&manifest, [("a.txt", "the two a th")]).unwrap().len(), 1);
    let strange = Examples::parse(&manifest, [("a.txt", "two roads"), ("b.txt", "diverged\nin a Wood")]);
    assert_eq!(strange, Err(DataError::Character { path: "b.txt".to_owned(), line: 2, character: 'W' }));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, at: usize, value: u8, length: usize, text: String) {
        let _ = evaluator::Manifest::from_bytes(&bytes);
        for family in FAMILIES {
            let (manifest, count) = (family.manifest(), family.base.len());
            let _ = Checkpoint::from_bytes(&manifest, &bytes);
            let _ = Examples::parse(&manifest, [("set.csv", String::from_utf8_lossy(&bytes)), ("set.txt", text.as_str().into())]);
            let _ = evaluator::predict(&family.checkpoint(family.base), &text);
            prop_assert!(read(&family, |bytes| bytes.truncate(length % count)).is_err());
            if let Ok(checkpoint) = read(&family, |bytes| bytes[at % count] = value) {
                prop_assert_eq!(checkpoint.to_bytes()[at % count], value);
            }
        }
    }

    #[test]
    fn values_of_any_bits_are_taken_or_refused_for_their_reason(words in proptest::collection::vec(any::<u32>(), 1..40)) {
        for family in FAMILIES {
            let at = header_len(&family);
            let result = read(&family, |bytes| {
                words.iter().enumerate().for_each(|(index, word)| bytes[at + 4 * index..][..4].copy_from_slice(&word.to_le_bytes()));
            });
            let values = || words.iter().map(|word| f32::from_bits(*word));
            match result {
                Ok(_) => prop_assert!(values().all(|value| value.abs() <= 2.0)),
                Err(CheckpointError::NotFinite(_)) => prop_assert!(values().any(|value| !value.is_finite())),
                Err(CheckpointError::TooLarge(_)) => prop_assert!(values().any(|value| value.abs() > 2.0)),
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }
}
