//! Groups of plain text, whose tokenizer is the evaluator's own list of characters: out, and in again.

use evaluator::{Checkpoint, Manifest};
use models::{FILE_BYTES_MAX, Import, Options, Tokenizer, export, gguf};

use crate::{checkpoint, name_of};

/// Letters that a file of JSON writes in ways of its own, and of one to four bytes.
const PLAIN: &str = "\n !\"':\\abcé€🦀";
const ASCII: &str = "\n !abcdefgh";

fn manifest(characters: &str) -> Manifest {
    let vocabulary = characters.chars().count();
    let text = serde_json::json!(characters);
    let whole = format!(
        r#"{{"version":1,"model":{{"family":"gpt","layers":1,"heads":2,"width":8,"context":8,"vocabulary":{vocabulary},"bias":true,"tied":true,"activation":"gelu_tanh"}},"data":{{"format":"text","tokenizer":{{"characters":{text}}},"stride":8}},"loss":"cross_entropy","eval_max":8,"weight_max":1}}"#
    );
    Manifest::from_bytes(whole.as_bytes()).unwrap()
}

#[test]
fn a_group_of_characters_goes_out_with_a_tokenizer_of_them_and_comes_back_as_itself() {
    for characters in [PLAIN, ASCII] {
        let manifest = manifest(characters);
        let bytes = Checkpoint::initial(&manifest, [3; 32]).to_bytes();
        let folder = tempfile::tempdir().unwrap();
        export(&manifest, &bytes, None, folder.path(), FILE_BYTES_MAX, &mut |_| ()).unwrap();
        let tokenizer = Tokenizer::read(&folder.path().join("tokenizer.json")).unwrap();
        let text: String = characters.chars().rev().chain(characters.chars()).collect();
        let count = characters.chars().count() as u32;
        let tokens: Vec<u32> = (0..count).rev().chain(0..count).collect();
        assert_eq!(tokenizer.encode(&text, true).unwrap(), tokens, "{text:?}");
        assert_eq!((tokenizer.decode(&tokens, true), tokenizer.vocabulary(), tokenizer.end()), (text, count, None));
        assert!(!folder.path().join("generation_config.json").exists(), "no token ends a text");
        for again in [Import::open(folder.path(), &Options::new(name_of)), Import::open_for(folder.path(), &manifest, name_of)] {
            let again = again.unwrap();
            assert_eq!(again.manifest().data(), manifest.data());
            assert!(checkpoint(&again) == bytes);
        }
    }
}

#[test]
fn another_list_of_characters_is_another_tokenizer() {
    let (own, other) = (manifest(ASCII), manifest("\n !abcdefgi"));
    let bytes = Checkpoint::initial(&own, [3; 32]).to_bytes();
    let folder = tempfile::tempdir().unwrap();
    export(&own, &bytes, None, folder.path(), FILE_BYTES_MAX, &mut |_| ()).unwrap();
    let refusal = Import::open_for(folder.path(), &other, name_of).err().unwrap().to_string();
    assert!(refusal.contains("another tokenizer than the group"), "{refusal}");
}

#[test]
fn llama_cpp_is_given_characters_of_one_byte_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    for (characters, refused) in [(ASCII, None), (PLAIN, Some("work on bytes"))] {
        let manifest = manifest(characters);
        let bytes = Checkpoint::initial(&manifest, [3; 32]).to_bytes();
        let path = folder.path().join(format!("{}.gguf", characters.len()));
        let done = gguf(&manifest, &bytes, None, "characters", &path, &mut |_| ());
        match refused {
            Some(words) => assert!(done.unwrap_err().to_string().contains(words)),
            // Token 11 would end a text there; this model has 11 tokens, 0 to 10.
            None => assert_eq!(done.unwrap(), Vec::<String>::new()),
        }
        assert_eq!(path.exists(), refused.is_none());
    }
}
