//! A checkpoint becomes a folder that `AutoModelForCausalLM.from_pretrained` and `AutoTokenizer` load.

mod config;

use std::collections::BTreeMap;
use std::fs::{File, create_dir_all};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use evaluator::Manifest;
use serde_json::{Value, json};

use crate::canonical::{Canonical, Tensor};
use crate::form::Model;
use crate::plan::is_turned;
use crate::refusal::Refusal;
use crate::stored::{INDEX, Kind, Listed, SINGLE, header};
use crate::tokenizer::{TOKENIZER, Tokenizer};
use crate::values::write_turned;

/// Most bytes of one file of weights, as save_pretrained has it: 50 GB.
pub const FILE_BYTES_MAX: u64 = 50_000_000_000;
/// Zeros that are written at once.
const ZEROS: [u8; 4096] = [0; 4096];

/// A tensor of the folder.
struct Stored<'a> {
    name: String,
    shape: Vec<u64>,
    /// Nothing where all values are 0.
    bytes: Option<&'a [u8]>,
    /// Columns of the checkpoint's matrix, which become rows.
    turned: Option<usize>,
}

/// Writes the folder, which must hold none of its files yet: config.json, the weights (in several files above `file_bytes`), the
/// tokenizer with its configuration. `checkpoint` is a canonical file, mapped ([`crate::map`]); `tokenizer` the tokenizer.json that the
/// manifest names, if it names one. `progress` hears of the bytes of weights written so far.
///
/// # Errors
/// When no tool has a model of this family, the checkpoint or the tokenizer is not the manifest's, or a file cannot be written.
pub fn export(
    manifest: &Manifest,
    checkpoint: &[u8],
    tokenizer: Option<&[u8]>,
    folder: &Path,
    file_bytes: u64,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Refusal> {
    let canonical = Canonical::new(manifest, checkpoint)?;
    if canonical.form.model == Model::Other {
        return Err(Refusal::new("this family is the project's own, and no other tool has it: export a gpt or a llama"));
    }
    let tokenizer = canonical.tokenizer(tokenizer)?;
    let special = Special::of(&Tokenizer::from_bytes(&tokenizer)?);
    create_dir_all(folder).map_err(|error| Refusal::file(folder, "create", &error))?;
    text(folder, "config.json", &config::config(&canonical.form, &special))?;
    text(folder, "tokenizer_config.json", &config::tokenizer(&canonical.form, &special))?;
    if special.end.is_some() {
        text(folder, "generation_config.json", &config::generation(&special))?;
    }
    save(folder, TOKENIZER, |out| out.write_all(&tokenizer))?;
    weights(folder, &canonical, file_bytes, progress)
}

/// The tokens that begin and end a text, with their names.
struct Special {
    begin: Option<(u32, String)>,
    end: Option<(u32, String)>,
}

impl Special {
    fn of(tokenizer: &Tokenizer) -> Self {
        let named = |token: u32| tokenizer.name(token).map(|name| (token, name));
        Self { begin: tokenizer.begin().and_then(named), end: tokenizer.end().and_then(named) }
    }
}

/// Writes a file that must be new.
fn save(folder: &Path, name: &str, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Refusal> {
    let path = folder.join(name);
    let file = File::create_new(&path).map_err(|error| Refusal::file(&path, "create", &error))?;
    let mut out = BufWriter::new(file);
    write(&mut out).and_then(|()| out.flush()).map_err(|error| Refusal::file(&path, "write", &error))
}

fn text(folder: &Path, name: &str, value: &BTreeMap<&str, Value>) -> Result<(), Refusal> {
    let text = serde_json::to_string_pretty(value).map_err(Refusal::new)?;
    save(folder, name, |out| writeln!(out, "{text}"))
}

fn weights(folder: &Path, canonical: &Canonical<'_>, file_bytes: u64, progress: &mut dyn FnMut(u64)) -> Result<(), Refusal> {
    let (stored, mut done) = (stored(canonical), 0);
    let files = files(&stored, canonical.kind, file_bytes);
    let count = files.len();
    let mut places = BTreeMap::new();
    for (number, tensors) in (1..).zip(files) {
        let name = if count == 1 { SINGLE.to_owned() } else { format!("model-{number:05}-of-{count:05}.safetensors") };
        places.extend(tensors.iter().map(|tensor| (tensor.name.clone(), name.clone())));
        save(folder, &name, |out| file(out, tensors, canonical.kind, &mut done, progress))?;
    }
    if count > 1 {
        let index = BTreeMap::from([("metadata", json!({"total_size": done})), ("weight_map", json!(places))]);
        text(folder, INDEX, &index)?;
    }
    Ok(())
}

/// As many tensors in each file as it may have bytes, and at least one.
fn files<'s, 'a>(stored: &'s [Stored<'a>], kind: Kind, file_bytes: u64) -> Vec<&'s [Stored<'a>]> {
    let (mut files, mut rest) = (Vec::new(), stored);
    while !rest.is_empty() {
        let mut room = file_bytes;
        let fits = |tensor: &&Stored<'_>| {
            let left = room.checked_sub(tensor.listed(kind).bytes());
            room = left.unwrap_or_default();
            left.is_some()
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (file, more) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        files.push(file);
        rest = more;
    }
    files
}

fn file(out: &mut dyn Write, tensors: &[Stored<'_>], kind: Kind, done: &mut u64, progress: &mut dyn FnMut(u64)) -> io::Result<()> {
    out.write_all(&header(tensors.iter().map(|tensor| tensor.listed(kind)), true))?;
    for tensor in tensors {
        tensor.write(kind, out)?;
        *done += tensor.listed(kind).bytes();
        progress(*done);
    }
    Ok(())
}

impl Stored<'_> {
    fn listed(&self, kind: Kind) -> Listed<'_> {
        Listed { name: &self.name, kind, shape: &self.shape }
    }

    fn write(&self, kind: Kind, out: &mut dyn Write) -> io::Result<()> {
        match (self.bytes, self.turned) {
            (Some(bytes), None) => out.write_all(bytes),
            (Some(bytes), Some(columns)) => write_turned(kind, kind, bytes, columns, out),
            (None, _) => zeros(self.listed(kind).bytes(), out),
        }
    }
}

fn zeros(mut length: u64, out: &mut dyn Write) -> io::Result<()> {
    while length > 0 {
        let some = ZEROS.get(..length.min(ZEROS.len() as u64) as usize).unwrap_or_default();
        out.write_all(some)?;
        length -= some.len() as u64;
    }
    Ok(())
}

/// All tensors by name, as other tools order them.
fn stored<'a>(canonical: &Canonical<'a>) -> Vec<Stored<'a>> {
    let mut all = Vec::new();
    for tensor in &canonical.tensors {
        all.extend(zero_bias(&canonical.form.model, tensor));
        let (mut shape, mut turned) = (tensor.shape.clone(), None);
        if is_turned(&canonical.form.model, &tensor.name) {
            turned = shape.last().map(|columns| *columns as usize);
            shape.reverse();
        }
        all.push(Stored { name: tensor.name.clone(), shape, bytes: Some(tensor.bytes), turned });
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// The bias that the other tool has and this model has not: GPT-2's everywhere, Qwen3's of the output where the other three have one.
fn zero_bias(model: &Model, tensor: &Tensor<'_>) -> Option<Stored<'static>> {
    let stem = tensor.name.strip_suffix(".weight")?;
    let has = match model {
        Model::Gpt(gpt) => !gpt.bias && stem.starts_with("transformer.") && !stem.ends_with("wte") && !stem.ends_with("wpe"),
        Model::Llama(llama) => llama.bias && llama.head_norms && stem.ends_with("o_proj"),
        Model::Other => false,
    };
    has.then(|| Stored { name: format!("{stem}.bias"), shape: tensor.shape.iter().take(1).copied().collect(), bytes: None, turned: None })
}
