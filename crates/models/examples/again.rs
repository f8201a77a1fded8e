//! Takes a model in and gives it out again: `again FOLDER NEW_FOLDER [NEW_FILE.gguf]`, for `cargo xtask ecosystem`.

use std::{env, path::Path, process::ExitCode};

use models::{FILE_BYTES_MAX, Import, Options, Refusal, export, gguf, map};
use sha2::{Digest as _, Sha256};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (from, to, file) = match arguments.as_slice() {
        [from, to] => (from, to, None),
        [from, to, file] => (from, to, Some(file)),
        _ => {
            eprintln!("give a folder to read, a new folder to write, and perhaps a new file for llama.cpp");
            return ExitCode::FAILURE;
        }
    };
    match again(Path::new(from), Path::new(to), file.map(Path::new)) {
        Ok(notes) => {
            notes.iter().for_each(|note| println!("{note}"));
            ExitCode::SUCCESS
        }
        Err(refusal) => {
            eprintln!("{refusal}");
            ExitCode::FAILURE
        }
    }
}

/// The canonical checkpoint lies beside the new folder; what was decided on the way is returned.
fn again(from: &Path, to: &Path, file: Option<&Path>) -> Result<Vec<String>, Refusal> {
    let import = Import::open(from, &Options::new(|bytes| Sha256::digest(bytes).into()))?;
    let base = to.with_extension("safetensors");
    import.write_file(&base, &mut |_| ())?;
    let (checkpoint, manifest, tokenizer) = (map(&base)?, import.manifest(), Some(import.tokenizer()));
    let mut notes = import.notes().to_vec();
    export(manifest, &checkpoint, tokenizer, to, FILE_BYTES_MAX, &mut |_| ())?;
    if let Some(file) = file {
        notes.extend(gguf(manifest, &checkpoint, tokenizer, "golden", file, &mut |_| ())?);
    }
    Ok(notes)
}
