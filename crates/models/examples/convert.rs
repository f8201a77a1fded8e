//! Imports a folder and writes it again, and as GGUF where that can be said: `convert FOLDER OUT`.

use std::path::Path;

use models::{FILE_BYTES_MAX, Import, Options, export, gguf};
use sha2::{Digest as _, Sha256};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(out)) = (arguments.next(), arguments.next()) else { return Err("convert FOLDER OUT".into()) };
    let (out, options) = (Path::new(&out), Options { widen: true, ..Options::new(|bytes| Sha256::digest(bytes).into()) });
    let import = Import::open(Path::new(&folder), &options)?;
    let mut checkpoint = Vec::new();
    import.write(&mut checkpoint, &mut |_| ())?;
    export(import.manifest(), &checkpoint, Some(import.tokenizer()), out, FILE_BYTES_MAX, &mut |_| ())?;
    match gguf(import.manifest(), &checkpoint, Some(import.tokenizer()), "model", &out.join("model.gguf"), &mut |_| ()) {
        Ok(notes) => notes.iter().for_each(|note| println!("{note}")),
        Err(refusal) => println!("no GGUF: {refusal}"),
    }
    Ok(())
}
