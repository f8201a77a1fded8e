//! Bytes that must stay as they are: a change of a format is seen here before anybody's files become unreadable.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use models::{FILE_BYTES_MAX, Import, PackOptions, export, gguf};

use crate::packing::{packed, tokenizer};
use crate::{FOLDERS, checkpoint, golden_folder, name_of, open};

/// A line each: what was written, and the SHA-256 of its bytes.
const WANTED: &str = include_str!("../golden/digests.txt");

/// Adds a line.
fn pin(lines: &mut String, name: &str, bytes: &[u8]) {
    writeln!(lines, "{name} {}", hex::encode(name_of(bytes))).unwrap();
}

/// All that an import becomes: manifest, checkpoint, the folder for other tools, and the file for llama.cpp where there is one.
fn pin_import(lines: &mut String, name: &str, import: &Import, folder: &Path) {
    let (bytes, tokenizer) = (checkpoint(import), Some(import.tokenizer()));
    let (out, path) = (folder.join("out"), folder.join("model.gguf"));
    pin(lines, &format!("{name}/manifest"), &import.manifest().to_bytes());
    pin(lines, &format!("{name}/checkpoint"), &bytes);
    export(import.manifest(), &bytes, tokenizer, &out, FILE_BYTES_MAX, &mut |_| ()).unwrap();
    for file in ["config.json", "model.safetensors", "tokenizer_config.json"] {
        pin(lines, &format!("{name}/{file}"), &fs::read(out.join(file)).unwrap());
    }
    if gguf(import.manifest(), &bytes, tokenizer, name, &path, &mut |_| ()).is_ok() {
        pin(lines, &format!("{name}/model.gguf"), &fs::read(path).unwrap());
    }
}

#[test]
fn what_is_written_has_the_bytes_that_it_always_had() {
    let mut lines = String::new();
    for name in FOLDERS {
        let folder = tempfile::tempdir().unwrap();
        pin_import(&mut lines, name, &open(&golden_folder(name)).unwrap(), folder.path());
    }
    for (name, vocabulary) in [("u16", 288), ("u32", 65_537)] {
        let options = PackOptions { shard_tokens: 1024, ..PackOptions::new(vocabulary, 16, &tokenizer()) };
        let (_, shards) = packed(&[golden_folder("parquet").join("texts.jsonl")], &options).unwrap();
        shards.iter().enumerate().for_each(|(number, shard)| pin(&mut lines, &format!("shards/{name}/{number}"), &shard.bytes));
    }
    assert!(lines == WANTED, "where a format changed on purpose, tests/golden/digests.txt becomes\n{lines}");
}
