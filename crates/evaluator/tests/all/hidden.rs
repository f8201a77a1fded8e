//! Hidden sets, the steps that they show and what is drawn for them, against a second implementation; and what is no hidden set.

use evaluator::{
    DataError, Examples, HIDDEN_BYTES_MAX, Hidden, HiddenError, Hurdle, Judged, Manifest, draw_winners, is_garbage, judge, shard_tokens,
    uniform_loss,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    sets: Vec<Set>,
    winners: Vec<Winners>,
    steps: Vec<Steps>,
    uniform: Vec<(u32, u32)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    manifest: String,
    seed: String,
    body: String,
    /// Bodies of sets that everybody knows.
    known: Vec<String>,
    /// sha256 of the bytes.
    file: String,
    root: String,
    count: usize,
    kept: Vec<u32>,
    enough: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Winners {
    seed: String,
    bounty: u64,
    won: u32,
    drawn: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Steps {
    /// Runs of equal examples: how many, base, each winner.
    losses: Vec<Vec<u32>>,
    least: u32,
    certainty: Option<u32>,
    judged: Vec<(u32, bool)>,
    #[serde(default)]
    notices: Vec<String>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/hidden/cases.json")).unwrap()
}

fn seed(digits: &str) -> [u8; 32] {
    hex::decode(digits).unwrap().try_into().unwrap()
}

fn parse(manifest: &Manifest, body: &str) -> Examples {
    Examples::parse(manifest, [(format!("set{}", manifest.data().suffix()), body)]).unwrap()
}

#[test]
fn a_hidden_set_has_the_bytes_the_root_and_the_secrets_of_the_second_implementation() {
    for set in golden().sets {
        let manifest = Manifest::from_bytes(set.manifest.as_bytes()).unwrap();
        let bytes = Hidden::write(&manifest, seed(&set.seed), &set.body).unwrap();
        assert_eq!(hex::encode(Sha256::digest(&bytes)), set.file);
        let hidden = Hidden::read(&manifest, &bytes).unwrap();
        let known: Vec<Examples> = set.known.iter().map(|body| parse(&manifest, body)).collect();
        let kept = hidden.kept(&known.iter().collect::<Vec<_>>());
        assert_eq!((hex::encode(hidden.root()), hidden.len(), &kept), (set.root, set.count, &set.kept));
        assert_eq!(hidden.is_enough(kept.len()), set.enough, "{} of {}", kept.len(), set.count);
        assert_eq!(hidden.kept(&[]), (0..set.count as u32).collect::<Vec<_>>());
        assert_eq!(hidden.examples(), &parse(&manifest, &set.body));
    }
}

#[test]
fn a_hidden_set_of_tokens_is_one_shard_and_shares_no_half_context_with_those_before_it() {
    let sets: Vec<Set> = serde_json::from_str(include_str!("../golden/hidden/tokens.json")).unwrap();
    assert!(sets.iter().map(|set| set.count - set.kept.len()).sum::<usize>() > 3, "nothing is known");
    for set in sets {
        let manifest = Manifest::from_bytes(set.manifest.as_bytes()).unwrap();
        let bytes = Hidden::write(&manifest, seed(&set.seed), &set.body).unwrap();
        let hidden = Hidden::read(&manifest, &bytes).unwrap();
        let mut kept: Vec<u32> = (0..hidden.len() as u32).collect();
        for known in &set.known {
            let new = hidden.kept_beside(&Hidden::read(&manifest, &Hidden::write(&manifest, [7; 32], known).unwrap()).unwrap());
            kept.retain(|place| new.contains(place));
        }
        let found = (hex::encode(Sha256::digest(&bytes)), hex::encode(hidden.root()), hidden.len(), &kept, hidden.is_enough(kept.len()));
        assert_eq!(found, (set.file, set.root, set.count, &set.kept, set.enough));
        let shard = Hidden::shard(&manifest, &bytes).unwrap();
        let numbers: Vec<String> = shard_tokens(&manifest, &shard).map(|token| token.to_string()).collect();
        assert_eq!(numbers.join(" "), set.body);
        // Of the group's own set only a whole shard is known, for nobody holds all of them.
        let line = format!("{}\n", hidden.examples().shards()[0]);
        let public = Examples::parse(&manifest, [("a.tokens", line)]).unwrap();
        assert_eq!((hidden.kept(&[&public]), hidden.kept(&[]).len()), (vec![], set.count));
    }
}

#[test]
fn a_hidden_set_of_tokens_with_other_words_or_numbers_is_refused() {
    let set: Set = serde_json::from_str::<Vec<Set>>(include_str!("../golden/hidden/tokens.json")).unwrap().remove(0);
    let manifest = Manifest::from_bytes(set.manifest.as_bytes()).unwrap();
    let write = |words: &str| Hidden::write(&manifest, [0; 32], &format!("{} {words}", set.body));
    for words in ["+5", "-1", "five", "4294967296", "5,6", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"] {
        assert_eq!(write(words), Err(HiddenError::Word(set.body.split(' ').count() + 1)), "{words}");
    }
    let place = set.body.split(' ').count();
    assert_eq!(write("300"), Err(DataError::Token { place, token: 300, most: 299 }.into()));
    assert!(matches!(Hidden::write(&manifest, [0; 32], ""), Err(HiddenError::Examples(DataError::Shard { bytes: 0, .. }))));
    assert!(matches!(Hidden::write(&manifest, [0; 32], "1 2 3 4 5 6 7 8"), Err(HiddenError::Count { count: 2, most: 64 })));
}

#[test]
fn the_root_names_every_example_its_place_and_the_seed() {
    let set = golden().sets.remove(0);
    let manifest = Manifest::from_bytes(set.manifest.as_bytes()).unwrap();
    let root = |seed, body: &str| Hidden::read(&manifest, &Hidden::write(&manifest, seed, body).unwrap()).unwrap().root();
    let mut lines: Vec<&str> = set.body.lines().collect();
    let mut roots = vec![root(seed(&set.seed), &set.body), root([0; 32], &set.body)];
    lines.swap(0, 1);
    roots.push(root(seed(&set.seed), &lines.join("\n")));
    lines[0] = "0,0,0";
    roots.push(root(seed(&set.seed), &lines.join("\n")));
    roots.sort_unstable();
    assert!(roots.windows(2).all(|pair| pair[0] != pair[1]));
    // The newline at the end says nothing.
    assert_eq!(root([0; 32], &set.body), root([0; 32], set.body.trim_end()));
}

#[test]
fn what_is_no_hidden_set_is_refused_with_a_reason() {
    let set = golden().sets.remove(0);
    let manifest = Manifest::from_bytes(set.manifest.as_bytes()).unwrap();
    let read = |text: String| Hidden::read(&manifest, text.as_bytes());
    let digits = &set.seed;
    for first in [
        String::new(),
        format!("neuron hidden 2 {digits}"),
        format!("neuron hidden 1 {}", digits.to_uppercase()),
        format!("neuron hidden 1 {}", &digits[1..]),
        format!("neuron hidden 1 {digits}0"),
        format!("neuron hidden 1 {digits} "),
        format!("neuron hidden 1 {digits}\r"),
        format!("neuron hidden 1 {}é", &digits[2..]),
    ] {
        assert_eq!(read(format!("{first}\n{}", set.body)), Err(HiddenError::Header), "{first}");
    }
    assert_eq!(read(format!("neuron hidden 1 {digits}")), Err(HiddenError::Header));
    let other = Hidden::write(&manifest, [0; 32], "a line\n");
    assert!(matches!(other, Err(HiddenError::Examples(DataError::Line { line: 1, .. }))), "{other:?}");
    assert!(matches!(Hidden::write(&manifest, [0; 32], ""), Err(HiddenError::Examples(DataError::Empty { .. }))));
    for count in [1, 29, 65] {
        assert_eq!(Hidden::write(&manifest, [0; 32], &"0,0,0\n".repeat(count)), Err(HiddenError::Count { count, most: 64 }));
    }
    assert_eq!(Hidden::read(&manifest, b"neuron hidden 1 \xff\n"), Err(HiddenError::NotText));
    assert_eq!(Hidden::read(&manifest, &vec![b'0'; HIDDEN_BYTES_MAX + 1]), Err(HiddenError::TooLong(HIDDEN_BYTES_MAX + 1)));
}

#[test]
fn winners_are_drawn_as_in_the_second_implementation() {
    for case in golden().winners {
        assert_eq!(draw_winners(seed(&case.seed), case.bounty, case.won), case.drawn, "{} of bounty {}", case.won, case.bounty);
    }
}

#[test]
fn steps_are_judged_as_in_the_second_implementation_whatever_bug_it_would_notice() {
    let cases = golden().steps;
    assert!(cases.iter().map(|case| case.notices.len()).sum::<usize>() > 10, "seeded bugs are missing");
    for (number, case) in cases.into_iter().enumerate() {
        let column =
            |place: usize| -> Vec<u32> { case.losses.iter().flat_map(|run| std::iter::repeat_n(run[place], run[0] as usize)).collect() };
        let winners: Vec<Vec<u32>> = (2..case.losses[0].len()).map(column).collect();
        let judged = judge(&column(1), &winners, Hurdle { least: case.least, certainty: case.certainty });
        let judged: Vec<(u32, bool)> = judged.into_iter().map(|winner| (winner.loss, winner.is_better)).collect();
        assert_eq!(judged, case.judged, "case {number}: {:?}", case.notices);
    }
}

#[test]
fn examples_that_no_winner_knows_better_than_a_guess_are_garbage() {
    for (outputs, expected) in golden().uniform {
        assert_eq!(uniform_loss(outputs), expected, "{outputs}");
    }
    let winners = |losses: &[u32]| -> Vec<Judged> { losses.iter().map(|loss| Judged { loss: *loss, is_better: false }).collect() };
    for (losses, expected) in
        [(&[][..], false), (&[693_147], true), (&[693_146], false), (&[u32::MAX, 5, u32::MAX], false), (&[u32::MAX, 700_000], true)]
    {
        assert_eq!(is_garbage(&winners(losses), 2), expected, "{losses:?}");
    }
}
