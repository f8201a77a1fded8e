//! Text of several kinds becomes the same shards.

use std::fs;
use std::path::PathBuf;

use models::{PackOptions, Packed, Shard, Tokenizer, pack};

use crate::golden_folder;

const TEXTS: [&str; 4] = [
    "It is the east, and Juliet is the sun.",
    "O, speak again, bright angel!",
    "It is the east, and Juliet is the sun.",
    "What's in a name?",
];

pub fn tokenizer() -> Tokenizer {
    Tokenizer::read(&golden_folder("llama-4").join("tokenizer.json")).unwrap()
}

pub fn packed(inputs: &[PathBuf], options: &PackOptions) -> Result<(Packed, Vec<Shard>), models::Refusal> {
    let mut shards = Vec::new();
    let mut sink = |shard: Shard| {
        shards.push(shard);
        Ok(format!("cid{}", shards.len()))
    };
    let packed = pack(inputs, &tokenizer(), options, &mut sink, &mut |_| ())?;
    Ok((packed, shards))
}

#[test]
fn documents_are_joined_by_the_end_and_counted_and_those_that_were_there_are_dropped() {
    let (folder, tokenizer) = (tempfile::tempdir().unwrap(), tokenizer());
    let lines = TEXTS.map(|text| serde_json::json!({"text": text}).to_string()).join("\n") + "\n{\"other\":2}\n\n";
    let path = folder.path().join("a.jsonl");
    fs::write(&path, lines).unwrap();
    let options = PackOptions { shard_tokens: 16, ..PackOptions::new(288, 4, &tokenizer) };
    let (packed, shards) = packed(&[path], &options).unwrap();
    let mut wanted: Vec<u32> = Vec::new();
    for text in [TEXTS[0], TEXTS[1], TEXTS[3]] {
        wanted.extend(tokenizer.encode(text, false).unwrap());
        wanted.push(287);
    }
    assert_eq!((packed.documents, packed.duplicates, packed.skipped, packed.tokens), (3, 1, 1, wanted.len() as u64));
    let mut joined: Vec<u32> = Vec::new();
    for shard in &shards {
        joined.truncate(joined.len().saturating_sub(1));
        joined.extend(shard.bytes.as_chunks::<2>().0.iter().map(|token| u32::from(u16::from_le_bytes(*token))));
    }
    assert_eq!(joined[..], wanted[..wanted.len() - packed.unused as usize]);
    assert_eq!(packed.examples, (wanted.len() as u64 - 1) / 4);
    assert_eq!(packed.lines[0], format!("cid1 {} {}", shards[0].tokens, hex::encode(shards[0].digest)));
}

#[test]
fn the_same_texts_as_files_of_a_folder_make_the_same_shards() {
    let (folder, tokenizer) = (tempfile::tempdir().unwrap(), tokenizer());
    let lines = folder.path().join("a.jsonl");
    fs::write(&lines, TEXTS.map(|text| serde_json::json!({"text": text}).to_string()).join("\n")).unwrap();
    let texts = folder.path().join("texts");
    fs::create_dir(&texts).unwrap();
    TEXTS.iter().enumerate().for_each(|(number, text)| fs::write(texts.join(format!("{number}.txt")), text).unwrap());
    fs::write(texts.join("picture.png"), [0xff]).unwrap();
    let options = PackOptions { shard_tokens: 16, keeps_duplicates: true, ..PackOptions::new(288, 4, &tokenizer) };
    let (one, other) = (packed(&[lines], &options).unwrap(), packed(&[texts], &options).unwrap());
    assert_eq!(one, other);
    assert_eq!((one.0.documents, one.0.duplicates), (4, 1));
}

#[test]
fn files_that_hold_no_text_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, words) in [
        ("a.jsonl", &b"{\n"[..], "line 1 is no JSON"),
        ("a.jsonl", b"{\"body\":\"x\"}\n", "an example needs 5"),
        ("a.txt", b"\xff\xfe", "no UTF-8"),
        ("a.csv", b"1,2", "ends in none of"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let refusal = packed(&[path], &PackOptions::new(288, 4, &tokenizer())).unwrap_err().to_string();
        assert!(refusal.contains(words), "{name}: {refusal}");
    }
}
