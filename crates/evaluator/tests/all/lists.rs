//! Lists of shards that a stranger might send: one way to write each line, limits, and what is kept file by file.

use std::collections::BTreeMap;

use evaluator::{
    Cid, DataError, Examples, LineFault, Manifest, ManifestError, SHARD_TOKENS_MAX, SHARDS_MAX, Shard, ShardFault, Tally, check_shard, draw,
};
use proptest::prelude::*;

use crate::tokens::small;

const RAW: &str = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
const TREE: &str = "bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What reading one line ends in; the model sees four tokens.
fn read(line: &str) -> Result<usize, DataError> {
    Examples::parse(&small(300, 4, 4), [("a.tokens", format!("{TREE} 5 {EMPTY}\n{line}"))]).map(|examples| examples.len())
}

#[test]
fn a_line_has_one_spelling() {
    let fine = format!("{RAW} 13 {EMPTY}\n");
    assert_eq!(read(&fine), Ok(4));
    assert_eq!(read(&format!("{TREE} 134217728 {EMPTY}\n")), Ok(1 + (1 << 25) - 1));
    let cid = |cid: &str| (format!("{cid} 13 {EMPTY}\n"), ShardFault::Cid);
    let tokens = |tokens: &str| (format!("{RAW} {tokens} {EMPTY}\n"), ShardFault::Tokens);
    let digest = |digest: &str| (format!("{TREE} 13 {digest}\n"), ShardFault::Digest);
    let cases = [
        (fine.trim_end().to_owned(), ShardFault::Form),
        ("\n".to_owned(), ShardFault::Form),
        (format!("{RAW} 13\n"), ShardFault::Form),
        (format!("{RAW}  13 {EMPTY}\n"), ShardFault::Tokens),
        (format!(" {fine}"), ShardFault::Cid),
        (format!("{RAW}\t13\t{EMPTY}\n"), ShardFault::Form),
        (format!("{RAW} 13 {EMPTY} \n"), ShardFault::Digest),
        (format!("{RAW} 13 {EMPTY}\r\n"), ShardFault::Digest),
        ("x".repeat(1 << 21), ShardFault::Form),
        (format!("{} 13 {EMPTY}\n", "b".repeat(1 << 21)), ShardFault::Cid),
        cid(""),
        cid("b"),
        cid(&RAW.to_uppercase()),
        cid(&RAW[..58]),
        cid(&format!("{RAW}a")),
        cid(&RAW.replace("bafk", "bafj")),
        // The same digest with another version, hash function, codec, and with bits behind the last byte.
        cid(&RAW.replace("bafkrei", "bajkrei")),
        cid(&RAW.replace("bafkrei", "bafkrqi")),
        cid(&RAW.replace("bafkrei", "bafyrei")),
        cid(&format!("{}v", &RAW[..58])),
        cid(&RAW.replace('h', "1")),
        cid(&format!("é{}", &RAW[2..])),
        cid("QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n"),
        tokens(""),
        tokens("0"),
        tokens("05"),
        tokens("+5"),
        tokens("-5"),
        tokens("5.0"),
        tokens("٣"),
        tokens("134217729"),
        tokens("4294967309"),
        tokens("99999999999999999999999"),
        digest(""),
        digest(&EMPTY[1..]),
        digest(&EMPTY.to_uppercase()),
        digest(&format!("0x{}", &EMPTY[2..])),
        digest(&format!("{EMPTY}0")),
        (format!("{RAW} 13 {}\n", EMPTY.replace('e', "f")), ShardFault::Contradiction),
        (format!("{RAW} 4 {EMPTY}\n"), ShardFault::Short { tokens: 4, least: 5 }),
    ];
    for (line, fault) in cases {
        let refused = DataError::Line { path: "a.tokens".to_owned(), line: 2, fault: LineFault::Shard(fault) };
        assert_eq!(read(&line), Err(refused), "{}", line.chars().take(200).collect::<String>());
    }
}

#[test]
fn a_list_without_shards_is_refused_and_other_files_are_not_read() {
    let fine = format!("{RAW} 13 {EMPTY}\n");
    for files in [&[][..], &[("a.tokens", "")], &[("a.txt", fine.as_str())], &[("a.TOKENS", fine.as_str())]] {
        let refused = Examples::parse(&small(300, 4, 4), files.iter().copied());
        assert!(matches!(refused, Err(DataError::Empty { suffix: ".tokens", .. })), "{refused:?}");
    }
}

#[test]
fn a_set_has_fewer_than_2_to_the_32_examples_and_at_most_2_to_the_20_shards() {
    let (dense, sparse) = (small(300, 4, 1), small(300, 4, 1 << 20));
    let longest = format!("{TREE} {SHARD_TOKENS_MAX} {EMPTY}\n");
    let both = |manifest: &Manifest, list: &str| {
        let tally = Tally::of(manifest, [("a.tokens", list)]).and_then(|tally| tally.check(manifest));
        assert_eq!(Examples::parse(manifest, [("a.tokens", list)]).map(|examples| examples.len()), tally);
        tally
    };
    // Each has 2²⁷ − 4 windows, so that 31 of them leave room for 2²⁷ + 123 more.
    assert_eq!(both(&dense, &longest.repeat(32)), Ok(32 * ((1 << 27) - 4)));
    let rest = |windows: u64| format!("{}{TREE} {} {EMPTY}\n", longest.repeat(32), windows + 4);
    assert_eq!(both(&dense, &rest(127)), Ok(u32::MAX as usize));
    assert_eq!(both(&dense, &rest(128)), Err(DataError::TooManyShards));
    assert_eq!(both(&dense, &longest.repeat(33)), Err(DataError::TooManyShards));
    let most = longest.repeat(SHARDS_MAX);
    assert_eq!(both(&sparse, &most), Ok(SHARDS_MAX << 7));
    assert_eq!(both(&sparse, &format!("{most}{longest}")), Err(DataError::TooManyShards));
}

#[test]
fn of_billions_of_examples_as_many_are_drawn_as_of_thousands() {
    let drawn = draw([7; 32], 1, 2, u32::MAX, 1 << 12);
    let mut sorted = drawn.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!((drawn.len(), sorted.len()), (1 << 12, 1 << 12), "each once");
    // All quarters are hit, as often as chance allows.
    for quarter in 0..4_u64 {
        let hit = drawn.iter().filter(|index| (u64::from(**index) * 4) >> 32 == quarter).count();
        assert!((900..1_150).contains(&hit), "{hit}");
    }
}

#[test]
fn a_shard_is_checked_before_it_is_offered() {
    let (narrow, wide) = (small(300, 4, 4), small(65_537, 4, 4));
    let shard = |bytes, width| Err(DataError::Shard { bytes, width, least: 5 });
    let token = |place, token, most| Err(DataError::Token { place, token, most });
    let words = |tokens: &[u32], width: usize| tokens.iter().flat_map(|token| token.to_le_bytes()[..width].to_vec()).collect::<Vec<u8>>();
    let cases = [
        (&narrow, words(&[0, 299, 1, 2, 3], 2), Ok(())),
        (&narrow, words(&[0, 299, 1, 2], 2), shard(8, 2)),
        (&narrow, vec![0; 11], shard(11, 2)),
        (&narrow, vec![], shard(0, 2)),
        (&narrow, words(&[0, 299, 1, 2, 3, 300, 400], 2), token(5, 300, 299)),
        (&narrow, words(&[65_535, 0, 0, 0, 0], 2), token(0, 65_535, 299)),
        (&wide, words(&[0, 65_536, 1, 2, 3], 4), Ok(())),
        (&wide, words(&[0, 65_536, 1, 2, 3], 4)[..18].to_vec(), shard(18, 4)),
        (&wide, words(&[0, 1, 2, 65_537, 3], 4), token(3, 65_537, 65_536)),
        (&wide, words(&[0, 1, 2, 3, u32::MAX], 4), token(4, u32::MAX, 65_536)),
    ];
    for (manifest, bytes, expected) in cases {
        assert_eq!(check_shard(manifest, &bytes), expected, "{bytes:?}");
    }
    // 65,536 tokens still have two bytes each.
    assert_eq!(check_shard(&small(65_536, 4, 4), &words(&[65_535; 5], 2)), Ok(()));
    assert_eq!(check_shard(&crate::golden::GPT.manifest(), &[0; 100]), Err(DataError::NoShards));
    assert_eq!(check_shard(&narrow, &vec![0; 2 * SHARD_TOKENS_MAX as usize]), Ok(()));
    let beyond = 2 * (SHARD_TOKENS_MAX as usize + 1);
    assert_eq!(check_shard(&narrow, &vec![0; beyond]), shard(beyond, 2));
}

#[test]
fn a_manifest_of_tokens_names_its_tokenizer_by_digest_and_has_a_vocabulary_of_its_own() {
    let text = String::from_utf8(small(300, 4, 4).to_bytes()).unwrap();
    let changed = |piece: &str, other: &str| {
        assert!(text.contains(piece));
        Manifest::from_bytes(text.replace(piece, other).as_bytes())
    };
    for digest in ["", "e3b0", &EMPTY[1..], &EMPTY.to_uppercase(), &format!("{EMPTY}0"), &format!("g{}", &EMPTY[1..]), &"é".repeat(32)] {
        assert_eq!(changed(EMPTY, digest), Err(ManifestError::TokenizerDigest), "{digest}");
    }
    let vocabulary = |count: &str| changed("\"vocabulary\":300", &format!("\"vocabulary\":{count}"));
    for count in ["1", "50257", "128256", "1048576"] {
        assert!(vocabulary(count).is_ok(), "{count}");
    }
    for (count, value) in [("0", 0), ("1048577", 1_048_577)] {
        let refused = ManifestError::OutOfRange { field: "vocabulary", value, least: 1, most: 1 << 20 };
        assert_eq!(vocabulary(count), Err(refused));
    }
    for (piece, other, field) in [("\"stride\":4", "\"stride\":0", "stride"), ("\"stride\":4", "\"stride\":1048577", "stride")] {
        assert!(matches!(changed(piece, other), Err(ManifestError::OutOfRange { field: found, .. }) if found == field), "{other}");
    }
    let rows = r#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"tokens","tokenizer":"DIGEST","stride":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#;
    let refused = Manifest::from_bytes(rows.replace("DIGEST", EMPTY).as_bytes());
    assert_eq!(refused, Err(ManifestError::Format { family: "mlp", format: "csv" }));
}

fn shards() -> impl Strategy<Value = Shard> {
    (any::<bool>(), any::<[u8; 32]>(), 1..=SHARD_TOKENS_MAX, any::<[u8; 32]>()).prop_map(|(is_raw, digest, tokens, other)| Shard {
        cid: Cid::new(is_raw, digest),
        tokens,
        sha256: if is_raw { digest } else { other },
    })
}

proptest! {
    #[test]
    fn every_shard_has_a_line_and_every_other_line_is_another_shard_or_none(shard in shards(), at in 0..134_usize, byte: u8) {
        let line = format!("{shard}\n");
        prop_assert_eq!(Shard::from_line(&line, 0), Ok(shard));
        prop_assert_eq!(shard.cid.to_string().len(), 59);
        let mut other = line.clone().into_bytes();
        let place = at % other.len();
        other[place] = byte;
        if let Ok(other) = String::from_utf8(other) {
            match Shard::from_line(&other, 0) {
                Ok(read) => prop_assert_eq!(format!("{read}\n"), other),
                Err(_) => prop_assert_ne!(other, line),
            }
        }
    }

    #[test]
    fn no_text_panics_and_what_is_read_is_written_again(line in "(baf[a-z2-7]{56} [0-9]{1,10} [0-9a-f]{64}\n?|.{0,200}\n?)", inputs in 0..70_000_usize) {
        if let Ok(shard) = Shard::from_line(&line, inputs) {
            prop_assert_eq!(format!("{shard}\n"), line);
            prop_assert!(shard.tokens as usize > inputs);
        }
    }

    #[test]
    fn a_list_can_be_read_exactly_where_its_tally_says_so_after_any_changes(
        changes in prop::collection::vec(("[ab]\\.(tokens|md)", prop::option::of((0..4_usize, 3..9_u32))), 0..8),
    ) {
        let manifest = small(300, 4, 2);
        let (mut files, mut tally) = (BTreeMap::new(), Tally::default());
        for (path, list) in changes {
            let mut next = files.clone();
            let taken = match list {
                Some((lines, tokens)) => {
                    let text = format!("{TREE} {tokens} {EMPTY}\n").repeat(lines);
                    next.insert(path.clone(), text.clone());
                    tally.put(&manifest, &path, &text)
                }
                None => {
                    next.remove(&path);
                    tally.remove(&path);
                    Ok(())
                }
            };
            let whole = Examples::parse(&manifest, &next).map(|examples| examples.len());
            prop_assert_eq!(taken.clone().and_then(|()| tally.check(&manifest)), whole);
            if taken.is_ok() {
                files = next;
            }
        }
    }
}
