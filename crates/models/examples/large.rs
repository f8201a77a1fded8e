//! How long import and export of a model of 1 GB take beside copying and hashing its file: a line of JSON a turn, for `cargo xtask bench models`.
//!
//! `large SCRATCH`: an empty folder that may take 4 GB.

use std::error::Error;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use evaluator::{Checkpoint, Manifest};
use models::{FILE_BYTES_MAX, Import, Options, export, map};
use sha2::{Digest as _, Sha256};

/// Turns that are measured; one before them finds everything in memory.
const TURNS: usize = 7;
/// About 2²⁸ weights each: one whose tensors lie in files as they are, and one whose matrices are turned.
const MODELS: [(&str, &str); 2] = [
    (
        "llama",
        r#"{"family":"llama","layers":5,"heads":32,"key_value_heads":32,"head_size":64,"width":2048,"inner":5632,"context":64,"vocabulary":256,"epsilon":10000,"rotary_base":10000,"bias":false,"head_norms":false,"tied":true}"#,
    ),
    ("gpt", r#"{"family":"gpt","layers":5,"heads":32,"width":2048,"context":64,"vocabulary":256,"bias":true,"tied":true}"#),
];

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = std::env::args().nth(1).ok_or("give an empty folder: large SCRATCH")?;
    for (name, model) in MODELS {
        let folder = Path::new(&scratch).join(name);
        fs::create_dir_all(&folder)?;
        let manifest = Manifest::from_bytes(
            format!(
                r#"{{"version":1,"model":{model},"data":{{"format":"text","tokenizer":"bytes","stride":64}},"loss":"cross_entropy","eval_max":8,"weight_max":1}}"#
            )
            .as_bytes(),
        )?;
        let source = folder.join("source");
        let bytes = Checkpoint::initial(&manifest, [7; 32]).to_bytes();
        export(&manifest, &bytes, None, &source, FILE_BYTES_MAX, &mut |_| ())?;
        drop(bytes);
        settled(&source.join("model.safetensors"))?;
        for turn in 0..=TURNS {
            let [theirs, import, export] = turn_of(&source, &folder)?;
            if turn > 0 {
                tell(&format!("import/{name}"), import, theirs);
                tell(&format!("export/{name}"), export, theirs);
            }
        }
        fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

/// Seconds of copying and hashing, of import, and of export; both of ours are hashed as well.
fn turn_of(source: &Path, folder: &Path) -> Result<[f64; 3], Box<dyn Error>> {
    let (copy, base, again) = (folder.join("copy.safetensors"), folder.join("base.safetensors"), folder.join("again"));
    let start = Instant::now();
    fs::copy(source.join("model.safetensors"), &copy)?;
    hash(&copy)?;
    let theirs = start.elapsed().as_secs_f64();
    settled(&copy)?;
    fs::remove_file(&copy)?;

    let start = Instant::now();
    let import = Import::open(source, &Options::new(|bytes| Sha256::digest(bytes).into()))?;
    import.write_file(&base, &mut |_| ())?;
    hash(&base)?;
    let taken = start.elapsed().as_secs_f64();
    settled(&base)?;

    let start = Instant::now();
    export(import.manifest(), &map(&base)?, Some(import.tokenizer()), &again, FILE_BYTES_MAX, &mut |_| ())?;
    hash(&again.join("model.safetensors"))?;
    let given = start.elapsed().as_secs_f64();
    settled(&again.join("model.safetensors"))?;
    fs::remove_dir_all(&again)?;
    fs::remove_file(&base)?;
    Ok([theirs, taken, given])
}

/// Waits until a file is on the disk: what is not would slow the next one down.
fn settled(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

fn tell(name: &str, ours: f64, theirs: f64) {
    println!("{}", serde_json::json!({"name": name, "ours": ours, "theirs": theirs}));
}

fn hash(path: &Path) -> std::io::Result<[u8; 32]> {
    let (mut hasher, mut file, mut bytes) = (Sha256::new(), File::open(path)?, vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut bytes)?;
        if read == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(bytes.get(..read).unwrap_or_default());
    }
}
