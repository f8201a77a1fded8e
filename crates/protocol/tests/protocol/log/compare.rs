//! Two logs find out in which messages they differ, with few bytes, and notice a partner that leads them nowhere.

use protocol::Address;
use protocol::log::{CompareError, Comparison, Difference, MAX_LISTED, MAX_RANGES_BYTES, Ranges};
use sha2::{Digest as _, Sha256};

use super::*;

/// Facts of a verdict with a number of its own: of one of a thousand accounts, 500 rounds and two claims.
fn vote(number: u64) -> Facts {
    let hash = Sha256::digest(number.to_be_bytes());
    let mut bytes = [&[1][..], &hash, &[7; 24], &(number % 1000).to_be_bytes(), &[1], &number.to_be_bytes()].concat();
    bytes.extend([&300_u32.to_be_bytes()[..], &[2], &signer(number % 1000).0, &(number / 2000).to_be_bytes(), &[0; 8]].concat());
    bytes.extend([&hash[..16], &[7], b"verdict", &[0]].concat());
    Facts::from_bytes(&bytes).unwrap()
}

fn signer(number: u64) -> Address {
    let mut account = [0; 20];
    account[..8].copy_from_slice(&(number + 1).to_be_bytes());
    Address(account)
}

fn votes(numbers: impl Iterator<Item = u64>) -> Log<()> {
    let accounts = (0..1000).map(signer).collect();
    let known = Known { accounts, round: RoundNumber(1000), ..Known::default() };
    let mut log = Log::new(GROUP, id(1), Standing { domain: DOMAIN, known: Some(known) });
    numbers.for_each(|number| add(&mut log, number));
    log
}

fn add(log: &mut Log<()>, number: u64) {
    assert!(log.insert(&vote(number), (), NOW_MS).unwrap().fresh);
}

/// Compares until it is over: all differences, bytes of questions and answers, and how many questions.
fn compared(one: &Log<()>, other: &Log<()>) -> (Difference, usize, usize) {
    let (mut comparison, mut found) = (Comparison::default(), Difference::default());
    let (mut bytes, mut questions) = (0, 0);
    while let Some(question) = comparison.question(one) {
        let asked = question.to_bytes();
        let answered = other.answer(&Ranges::from_bytes(&asked).unwrap()).to_bytes();
        assert!(asked.len() <= MAX_RANGES_BYTES && answered.len() <= MAX_RANGES_BYTES);
        let difference = comparison.hear(one, &Ranges::from_bytes(&answered).unwrap()).unwrap();
        assert!(difference.there.len() <= MAX_LISTED);
        found.here.extend(difference.here);
        found.there.extend(difference.there);
        (bytes, questions) = (bytes + asked.len() + answered.len(), questions + 1);
    }
    (found, bytes, questions)
}

#[test]
fn two_large_logs_that_differ_in_ten_are_equal_after_few_bytes() {
    let (count, lacked): (u64, Vec<u64>) = (100_000, (0..10).map(|number| number * 9_991 + 7).collect());
    let mut one = votes((0..count).filter(|number| !lacked.contains(number)));
    let mut other = one.clone();
    lacked[5..].iter().for_each(|number| add(&mut one, *number));
    lacked[..5].iter().for_each(|number| add(&mut other, *number));
    let (difference, mut bytes, questions) = compared(&one, &other);
    let ids = |numbers: &[u64]| numbers.iter().map(|number| vote(*number).id).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(difference.there.iter().copied().collect::<std::collections::BTreeSet<_>>(), ids(&lacked[..5]));
    assert_eq!(difference.here.iter().copied().collect::<std::collections::BTreeSet<_>>(), ids(&lacked[5..]));
    bytes += 32 * difference.there.len() + 10 * 400;
    lacked[..5].iter().for_each(|number| add(&mut one, *number));
    lacked[5..].iter().for_each(|number| add(&mut other, *number));
    assert_eq!(one.summary(), other.summary());
    assert!(bytes < 64 * 1024 && questions <= 8, "{bytes} bytes, {questions} questions");
}

#[test]
fn logs_of_all_sizes_find_all_their_differences() {
    for (name, first, second) in [
        ("nothing and nothing", 0..0, 0..0),
        ("nothing and one", 0..0, 0..1),
        ("nothing and many", 0..0, 0..20_000),
        ("many and nothing", 0..20_000, 0..0),
        ("nothing in common", 0..3_000, 3_000..9_000),
        ("half in common", 0..6_000, 3_000..9_000),
        ("the same", 0..3_000, 0..3_000),
    ] {
        let (mut one, other) = (votes(first.clone()), votes(second.clone()));
        let (difference, _, questions) = compared(&one, &other);
        let lacking = second.clone().filter(|number| !first.contains(number)).count();
        assert_eq!(difference.there.len(), lacking, "{name}");
        let surplus = first.clone().filter(|number| !second.contains(number)).count();
        assert!(difference.here.len() <= surplus && (surplus == 0) == difference.here.is_empty(), "{name}");
        second.filter(|number| !first.contains(number)).for_each(|number| add(&mut one, number));
        assert!(questions <= 40, "{name}: {questions}");
        assert_eq!(compared(&other, &one).0.there.len(), surplus, "{name}");
    }
}

#[test]
fn the_bytes_of_ranges_are_the_committed_ones_and_no_others_are_read() {
    let (one, other) = (votes(0..40), votes(0..34));
    let mut comparison = Comparison::default();
    let first = comparison.question(&one).unwrap();
    let answer = other.answer(&first);
    comparison.hear(&one, &answer).unwrap();
    let second = comparison.question(&one).unwrap();
    let written = [first, answer, second.clone(), other.answer(&second)].map(|ranges| hex::encode(ranges.to_bytes()));
    assert_eq!(String::from_utf8(read_golden("log-ranges-1.hex")).unwrap().lines().collect::<Vec<_>>(), written);
    let bytes = hex::decode(&written[1]).unwrap();
    for length in 0..bytes.len() {
        assert_eq!(Ranges::from_bytes(&bytes[..length]), Err(CompareError::Form), "cut to {length}");
    }
    assert!(Ranges::from_bytes(&[bytes, vec![0]].concat()).is_err());
    let bound = |bound: &[u8]| [&[bound.len() as u8][..], bound].concat();
    for (name, ranges, count) in [
        ("a bound that ends in zeros", [vec![0], bound(&[5, 0])].concat(), 1),
        ("a bound of 33 bytes", [vec![0], bound(&[1; 33])].concat(), 1),
        ("an empty range", [vec![0], bound(&[])].concat(), 1),
        ("ranges that do not ascend", [vec![0], bound(&[5]), vec![0], bound(&[4])].concat(), 2),
        ("one behind the end", vec![0, 255, 0, 255], 2),
        ("an unknown mode", vec![4, 255], 1),
        ("ids that do not ascend", [vec![3, 255, 0, 2], vec![9; 64]].concat(), 1),
        ("an id outside", [vec![3], bound(&[5]), vec![0, 1], vec![9; 32]].concat(), 1),
    ] {
        let bytes = [vec![1, 0, 0, count], ranges].concat();
        assert_eq!(Ranges::from_bytes(&bytes), Err(CompareError::Form), "{name}");
    }
    assert!(Ranges::from_bytes(&[1, 0, 0, 1, 0, 255]).is_ok() && Ranges::from_bytes(&[2, 0, 0, 1, 0, 255]).is_err());
}

#[test]
fn a_partner_that_leads_nowhere_is_noticed() {
    let log = votes(0..5_000);
    let lies = |mode: u8, said: &[u8]| Ranges::from_bytes(&[&[1, 0, 0, 1, mode, 255][..], said].concat()).unwrap();
    for (name, answer) in [
        ("says nothing", Ranges::from_bytes(&[1, 0, 0, 0]).unwrap()),
        ("asks in return", lies(2, &[])),
        ("splits nothing", lies(1, &[9; 16])),
        ("answers another question", Ranges::from_bytes(&[1, 1, 5, 0, 1, 0, 255]).unwrap()),
    ] {
        let mut comparison = Comparison::default();
        comparison.question(&log).unwrap();
        assert_eq!(comparison.hear(&log, &answer), Err(CompareError::NoProgress), "{name}");
    }
    let mut comparison = Comparison::default();
    assert_eq!(comparison.hear(&log, &lies(0, &[])), Err(CompareError::NoProgress), "nothing was asked");
}

#[test]
fn a_partner_that_always_differs_comes_to_an_end() {
    let log = votes(0..100);
    let (mut comparison, mut questions) = (Comparison::default(), 0);
    let end = loop {
        let Some(question) = comparison.question(&log) else { break Ok(()) };
        questions += 1;
        // Each range is cut in two at its middle, and each half has ids that nobody has.
        if let Err(error) = comparison.hear(&log, &halved(&question.to_bytes())) {
            break Err(error);
        }
    };
    assert_eq!(end, Err(CompareError::NoProgress));
    assert!(questions < 64, "{questions}");
}

/// The first range of a question, in two halves of unknown content.
fn halved(question: &[u8]) -> Ranges {
    let length = usize::from(question[1]);
    let mut start = [0; 32];
    start[..length].copy_from_slice(&question[2..2 + length]);
    let mode_at = 4 + length;
    let until = question[mode_at + 1];
    let mut end = [255; 32];
    if until != 255 {
        end = [0; 32];
        end[..usize::from(until)].copy_from_slice(&question[mode_at + 2..][..usize::from(until)]);
    }
    let mut middle = start;
    for byte in 0..32 {
        if start[byte] != end[byte] {
            let next = if end[byte] - start[byte] > 1 { start[byte] + (end[byte] - start[byte]) / 2 } else { start[byte] };
            middle[byte] = next;
            if next == start[byte] {
                middle[byte + 1] = 128_u8.max(start[byte + 1].saturating_add(1));
            }
            break;
        }
    }
    let put = |bound: &[u8; 32]| {
        let length = bound.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        [&[length as u8][..], &bound[..length]].concat()
    };
    let last = if until == 255 { vec![255] } else { put(&end) };
    let bytes = [vec![1], put(&start), vec![0, 2, 1], put(&middle), vec![7; 16], vec![1], last, vec![8; 16]].concat();
    Ranges::from_bytes(&bytes).unwrap()
}
