//! Parquet files as pyarrow writes them (`tests/golden/parquet`): their texts are those of the same records as lines.

use std::fs;
use std::path::PathBuf;

use models::{PackOptions, Packed, Shard};
use proptest::prelude::*;

use crate::golden_folder;
use crate::packing::{packed, tokenizer};

/// Kinds that are read: with dictionaries and without, compressed or not, in one group of rows and in several, pages of both versions.
const READ: [&str; 5] = ["snappy", "gzip", "plain", "delta", "large"];

fn file(name: &str) -> PathBuf {
    golden_folder("parquet").join(name)
}

fn of(path: PathBuf, options: &PackOptions) -> Result<(Packed, Vec<Shard>), String> {
    packed(&[path], options).map_err(|refusal| refusal.to_string())
}

fn options() -> PackOptions {
    PackOptions { shard_tokens: 64, ..PackOptions::new(288, 4, &tokenizer()) }
}

#[test]
fn a_table_makes_the_shards_that_its_records_make_as_lines() {
    let wanted = of(file("texts.jsonl"), &options()).unwrap();
    let Packed { documents, duplicates, skipped, .. } = wanted.0;
    assert_eq!((documents, duplicates, skipped), (30, 19, 25));
    for name in READ {
        assert_eq!(of(file(&format!("{name}.parquet")), &options()).unwrap(), wanted, "{name}");
    }
}

#[test]
fn a_column_that_is_not_there_or_holds_no_text_is_named() {
    for (field, words) in [
        ("score", "the column \"score\" of"),
        ("score", "holds no text: name the one that does"),
        ("body", "has no column \"body\""),
        ("tex", "has no column \"tex\""),
    ] {
        let found = of(file("snappy.parquet"), &PackOptions { field: field.into(), ..options() }).unwrap_err();
        assert!(found.contains(words), "{field}: {found}");
    }
}

#[test]
fn a_table_that_cannot_be_read_as_text_is_refused_with_what_to_do() {
    for (name, words) in [
        ("zstd", "is compressed by \"ZSTD(ZstdLevel(1))\": write it again, compressed by snappy, gzip or not at all"),
        ("bytes", "holds no text"),
        ("list", "holds no text"),
        ("number", "holds no text"),
    ] {
        let found = of(file(&format!("{name}.parquet")), &options()).unwrap_err();
        assert!(found.contains(words), "{name}: {found}");
    }
}

#[test]
fn a_table_that_is_cut_or_no_table_is_refused_and_absurd_sizes_are_not_believed() {
    let (folder, whole) = (tempfile::tempdir().unwrap(), fs::read(file("snappy.parquet")).unwrap());
    let absurd = [&b"PAR1"[..], &[0; 8], &u32::MAX.to_le_bytes(), b"PAR1"].concat();
    let text = whole.windows(7).position(|window| window == b"SAMPSON").unwrap();
    let broken = [&whole[..text - 16], &[0; 16], &whole[text..]].concat();
    let cuts = [0, 3, 4, 8, 100, whole.len() - 9, whole.len() - 1].map(|length| whole[..length].to_vec());
    for (number, bytes) in cuts.into_iter().chain([absurd, broken]).enumerate() {
        let path = folder.path().join(format!("{number}.parquet"));
        fs::write(&path, bytes).unwrap();
        let found = of(path, &options()).unwrap_err();
        assert!(found.contains("write it again") || found.contains("bring the file again"), "{number}: {found}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_table_with_some_bytes_changed_is_read_or_refused_and_breaks_nothing(
        name in prop::sample::select(&READ[..]), places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = fs::read(file(&format!("{name}.parquet"))).unwrap();
        let length = bytes.len();
        places.into_iter().for_each(|(place, byte)| bytes[place.index(length)] = byte);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("changed.parquet");
        fs::write(&path, bytes).unwrap();
        if let Ok((packed, shards)) = of(path, &options()) {
            prop_assert_eq!(packed.lines.len(), shards.len());
        }
    }
}
