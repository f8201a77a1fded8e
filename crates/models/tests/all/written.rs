//! Folders and files that are written: they are read again as the same.

use std::fs;

use evaluator::{Checkpoint, Manifest};
use models::{FILE_BYTES_MAX, Import, Options, export, gguf};
use serde_json::Value;

use crate::{FOLDERS, checkpoint, golden_folder, name_of, open};

const TEXT: &str = r#"{"version":1,"model":{"family":"gpt","layers":1,"heads":2,"width":8,"context":8,"vocabulary":256,"bias":false,"tied":false},"data":{"format":"text","tokenizer":"bytes","stride":8},"loss":"cross_entropy","eval_max":8,"weight_max":1}"#;

#[test]
fn what_was_exported_is_imported_as_the_same_bytes_from_one_file_and_from_several() {
    for name in FOLDERS {
        let first = open(&golden_folder(name)).unwrap();
        let bytes = checkpoint(&first);
        for file_bytes in [FILE_BYTES_MAX, 20_000] {
            let folder = tempfile::tempdir().unwrap();
            export(first.manifest(), &bytes, Some(first.tokenizer()), folder.path(), file_bytes, &mut |_| ()).unwrap();
            let again = open(folder.path()).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
            assert_eq!(again.manifest(), first.manifest(), "{name}");
            assert!(checkpoint(&again) == bytes, "{name}");
            assert_eq!(folder.path().join("model.safetensors").exists(), file_bytes == FILE_BYTES_MAX, "{name}");
        }
    }
}

#[test]
fn an_exported_configuration_says_what_transformers_wrote() {
    for name in FOLDERS {
        let first = open(&golden_folder(name)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        export(first.manifest(), &checkpoint(&first), Some(first.tokenizer()), folder.path(), FILE_BYTES_MAX, &mut |_| ()).unwrap();
        let read = |path: std::path::PathBuf| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap();
        let (ours, theirs) = (read(folder.path().join("config.json")), read(golden_folder(name).join("config.json")));
        for (key, wanted) in theirs.as_object().unwrap() {
            let is_other = ["initializer_range", "transformers_version", "bos_token_id", "max_window_layers"].contains(&key.as_str());
            assert!(is_other || key.starts_with("summary") || ours[key] == *wanted, "{name}: {key} is {}, {wanted} there", ours[key]);
        }
    }
}

#[test]
fn a_model_of_bytes_goes_out_with_its_tokenizer_and_comes_back_for_its_group() {
    let manifest = Manifest::from_bytes(TEXT.as_bytes()).unwrap();
    let bytes = Checkpoint::initial(&manifest, [3; 32]).to_bytes();
    let folder = tempfile::tempdir().unwrap();
    export(&manifest, &bytes, None, folder.path(), FILE_BYTES_MAX, &mut |_| ()).unwrap();
    let again = Import::open_for(folder.path(), &manifest, name_of).unwrap();
    assert!(checkpoint(&again) == bytes, "without its biases, which are 0 there");
    let fresh = Import::open(folder.path(), &Options::new(name_of)).unwrap();
    assert_eq!(fresh.manifest().data(), manifest.data());
    let tokenizer = models::Tokenizer::from_bytes(again.tokenizer()).unwrap();
    let text: String = ('\0'..='\u{2ff}').chain(['€', '🦀']).collect();
    let tokens: Vec<u32> = text.bytes().map(u32::from).collect();
    assert_eq!((tokenizer.encode(&text, true).unwrap(), tokenizer.decode(&tokens, true)), (tokens, text));
    let other = Manifest::from_bytes(TEXT.replace("\"heads\":2", "\"heads\":4").as_bytes()).unwrap();
    let refusal = Import::open_for(folder.path(), &other, name_of).err().unwrap().to_string();
    assert!(refusal.contains("heads is 4 in the group's model and 2 in the folder's"), "{refusal}");
}

#[test]
fn a_gguf_holds_the_sizes_the_tokens_and_stretched_angles_only_where_there_are_some() {
    for (name, kind) in [("gpt2", "gpt2"), ("llama", "llama"), ("llama-4", "llama"), ("qwen2", "qwen2"), ("qwen3", "qwen3")] {
        let import = open(&golden_folder(name)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.gguf");
        gguf(import.manifest(), &checkpoint(&import), Some(import.tokenizer()), name, &path, &mut |_| ()).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes[..8], [b'G', b'G', b'U', b'F', 3, 0, 0, 0]);
        let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(has(&format!("{kind}.attention.head_count")) && has("<|endoftext|>") && has("blk.1.ffn_up.weight"), "{name}");
        assert_eq!(has("rope_freqs.weight"), name == "llama");
    }
}

#[test]
fn what_other_tools_cannot_say_is_refused() {
    let (folder, progress) = (tempfile::tempdir().unwrap(), &mut |_: u64| ());
    for (name, words) in [("mistral", "sliding window"), ("nanogpt", "tanh form")] {
        let import = open(&golden_folder(name)).unwrap();
        let path = folder.path().join(name);
        let refusal = gguf(import.manifest(), &checkpoint(&import), Some(import.tokenizer()), name, &path, progress).unwrap_err();
        assert!(refusal.to_string().contains(words), "{refusal}");
    }
    let llama = open(&golden_folder("llama")).unwrap();
    let (whole, other) = (checkpoint(&llama), fs::read(golden_folder("qwen3").join("tokenizer.json")).unwrap());
    for (bytes, tokenizer, words) in [(&whole[..1000], llama.tokenizer(), "none of this manifest"), (&whole, &other, "another one")] {
        let refusal = export(llama.manifest(), bytes, Some(tokenizer), folder.path(), FILE_BYTES_MAX, progress).unwrap_err().to_string();
        assert!(refusal.contains(words), "{refusal}");
    }
}
