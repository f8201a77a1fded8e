//! Folders in which a file is missing, or whose list of files says other things than the files.

use std::fs;
use std::path::Path;

use evaluator::{Checkpoint, Manifest};
use models::{FILE_BYTES_MAX, Import, export, gguf};
use serde_json::{Value, json};

use crate::{checkpoint, copy_of, golden_folder, name_of, open};

const INDEX: &str = "model.safetensors.index.json";
const FIRST: &str = "model-00001-of-00002.safetensors";
const SECOND: &str = "model-00002-of-00002.safetensors";
const HEAD: &str = "lm_head.weight";
/// A classifier of digits, which no other tool knows.
const ROWS: &str = r#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":1}"#;

/// What is done to a list of files, and what the refusal says then.
type Change = (fn(&mut Value), &'static [&'static str]);

fn refused(folder: &Path) -> String {
    open(folder).err().map_or_else(|| "taken".into(), |refusal| refusal.to_string())
}

/// Changes the list of files of a folder.
fn listed(folder: &Path, change: impl FnOnce(&mut Value)) {
    let path = folder.join(INDEX);
    let mut index = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut index);
    fs::write(path, index.to_string()).unwrap();
}

#[test]
fn a_file_that_is_missing_is_named_with_what_to_do() {
    for (golden, file, words) in [
        ("llama-4", "config.json", ["cannot open", "config.json"]),
        ("llama-4", "tokenizer.json", ["tokenizer.json", "save the tokenizer beside the model"]),
        ("llama-4", "model.safetensors", ["neither model.safetensors", "save the model there by save_pretrained"]),
        ("mistral", INDEX, ["nor model.safetensors.index.json", "save the model there by save_pretrained"]),
        ("mistral", FIRST, ["cannot open", FIRST]),
        ("mistral", SECOND, ["cannot open", SECOND]),
    ] {
        let copy = copy_of(golden);
        fs::remove_file(copy.path().join(file)).unwrap();
        let found = refused(copy.path());
        assert!(words.iter().all(|words| found.contains(words)), "{golden} without {file}: {found}");
        fs::write(copy.path().join(file), "").unwrap();
        assert_ne!(refused(copy.path()), "taken", "{golden} with an empty {file}");
    }
}

#[test]
fn a_list_that_names_files_outside_of_the_folder_opens_none_of_them() {
    let outside = copy_of("mistral");
    let stranger = outside.path().join(SECOND).display().to_string();
    for name in [
        "../model-00002-of-00002.safetensors",
        "/etc/passwd",
        &stranger,
        "..",
        "",
        "C:\\model.safetensors",
        ".hidden.safetensors",
        "model.bin",
    ] {
        let copy = copy_of("mistral");
        listed(copy.path(), |index| index["weight_map"][HEAD] = json!(name));
        let found = refused(copy.path());
        assert!(found.contains("which is no safetensors file of the folder"), "{name}: {found}");
    }
}

#[test]
fn a_list_that_says_other_things_than_the_files_is_refused_tensor_by_tensor() {
    let changes: [Change; 6] = [
        (
            |index| index["weight_map"][HEAD] = json!("model-00003-of-00003.safetensors"),
            &["cannot open", "model-00003-of-00003.safetensors"],
        ),
        (|index| index["weight_map"]["no.weight"] = json!(FIRST), &["no.weight", FIRST, "where it is not"]),
        (|index| drop(index["weight_map"].as_object_mut().unwrap().remove(HEAD)), &[HEAD, "but not in"]),
        (
            |index| {
                let other = if index["weight_map"][HEAD] == FIRST { SECOND } else { FIRST };
                index["weight_map"][HEAD] = json!(other);
            },
            &[HEAD, "where it is not"],
        ),
        (|index| index["weight_map"] = json!([]), &["is no list of files"]),
        (
            |index| index["weight_map"] = (0..1025).map(|number| (number.to_string(), json!(format!("{number}.safetensors")))).collect(),
            &["more than 1024 files"],
        ),
    ];
    for (change, words) in changes {
        let copy = copy_of("mistral");
        listed(copy.path(), change);
        let found = refused(copy.path());
        assert!(words.iter().all(|words| found.contains(words)), "{words:?}: {found}");
    }
}

#[test]
fn a_tensor_in_two_files_is_refused_whichever_of_them_is_listed() {
    let copy = copy_of("mistral");
    fs::copy(copy.path().join(SECOND), copy.path().join("model-00003-of-00003.safetensors")).unwrap();
    listed(copy.path(), |index| index["weight_map"]["more.weight"] = json!("model-00003-of-00003.safetensors"));
    let found = refused(copy.path());
    assert!(found.contains("is in two files"), "{found}");
    let both = copy_of("mistral");
    fs::copy(golden_folder("llama-4").join("model.safetensors"), both.path().join("model.safetensors")).unwrap();
    let found = refused(both.path());
    assert!(found.contains("remove the one that is not meant"), "{found}");
}

#[test]
fn a_list_with_another_size_than_its_files_is_taken_with_a_note_as_other_tools_take_it() {
    let copy = copy_of("mistral");
    let first = open(copy.path()).unwrap();
    assert!(first.notes().is_empty(), "{:?}", first.notes());
    for (size, is_noted) in [(json!(7), true), (json!(1e300), true), (json!("many"), true), (Value::Null, false)] {
        listed(copy.path(), |index| index["metadata"]["total_size"] = size.clone());
        let again = open(copy.path()).unwrap();
        assert!(checkpoint(&again) == checkpoint(&first));
        assert_eq!(again.notes().iter().any(|note| note.contains("total_size")), is_noted, "{size}: {:?}", again.notes());
    }
    listed(copy.path(), |index| drop(index.as_object_mut().unwrap().remove("metadata")));
    assert!(open(copy.path()).unwrap().notes().is_empty());
}

#[test]
fn a_family_of_the_project_alone_goes_nowhere_and_says_why() {
    let manifest = Manifest::from_bytes(ROWS.as_bytes()).unwrap();
    let bytes = Checkpoint::initial(&manifest, [3; 32]).to_bytes();
    let folder = tempfile::tempdir().unwrap();
    let (out, file) = (folder.path().join("out"), folder.path().join("model.gguf"));
    let refusal = export(&manifest, &bytes, None, &out, FILE_BYTES_MAX, &mut |_| ()).unwrap_err().to_string();
    assert!(refusal.contains("no other tool has it") && refusal.contains("export a gpt or a llama"), "{refusal}");
    let refusal = gguf(&manifest, &bytes, None, "rows", &file, &mut |_| ()).unwrap_err().to_string();
    assert!(refusal.contains("no architecture of it"), "{refusal}");
    assert!(!out.exists() && !file.exists(), "nothing is begun");
    let refusal = Import::open_for(&golden_folder("llama"), &manifest, name_of).err().unwrap().to_string();
    assert!(refusal.contains("family"), "{refusal}");
}
