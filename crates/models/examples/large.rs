//! How long import and export of a large folder take beside copying and hashing it: a row of JSON each.
//!
//! `large FOLDER SCRATCH`: a folder as save_pretrained writes it with one model.safetensors, and an empty folder on the same disk.

use std::fs::{self, File};
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::time::Instant;

use models::{FILE_BYTES_MAX, Import, Options, Refusal, export, map};
use sha2::{Digest as _, Sha256};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(scratch)) = (arguments.next(), arguments.next()) else { return Err("large FOLDER SCRATCH".into()) };
    let (folder, scratch) = (Path::new(&folder), Path::new(&scratch));
    let weights = folder.join("model.safetensors");
    // Once before anything is measured: both sides find the file in memory.
    hash(&weights)?;
    let (base, copy) = (scratch.join("base.safetensors"), scratch.join("copy.safetensors"));
    let start = Instant::now();
    fs::copy(&weights, &copy)?;
    hash(&copy)?;
    let theirs = start.elapsed().as_secs_f64();
    fs::remove_file(&copy)?;

    let start = Instant::now();
    let import = Import::open(folder, &Options::new(|bytes| Sha256::digest(bytes).into()))?;
    import.write_file(&base, &mut |_| ())?;
    hash(&base)?;
    row("import", start.elapsed().as_secs_f64(), theirs);

    // What is not on the disk yet would slow the next file down.
    File::open(&base)?.sync_all()?;
    let start = Instant::now();
    let again = scratch.join("again");
    let exported: Result<(), Refusal> =
        export(import.manifest(), &map(&base)?, Some(import.tokenizer()), &again, FILE_BYTES_MAX, &mut |_| ());
    exported?;
    hash(&again.join("model.safetensors"))?;
    row("export", start.elapsed().as_secs_f64(), theirs);
    Ok(())
}

fn row(name: &str, ours: f64, theirs: f64) {
    println!("{}", serde_json::json!({"name": name, "ours": ours, "theirs": theirs, "ratio": ours / theirs, "unit": "s"}));
}

fn hash(path: &Path) -> std::io::Result<[u8; 32]> {
    let (mut hasher, mut file, mut bytes) = (Sha256::new(), BufReader::new(File::open(path)?), vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut bytes)?;
        if read == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(bytes.get(..read).unwrap_or_default());
    }
}
