//! Takes a model in and gives it out again, and says what it answers: `again FOLDER ASKED.json NEW_FOLDER [NEW_FILE.gguf]`, for
//! `cargo xtask ecosystem`.
//!
//! ASKED.json is a file as `crates/models/tests/golden/recipe.py` writes it: a text, how many of its tokens are looked at, and behind how many
//! of them it is gone on with. The answer lies beside the new folder: `NEW_FOLDER.json`.

use std::{env, fs, path::Path, process::ExitCode};

use evaluator::{Checkpoint, Compute};
use models::{FILE_BYTES_MAX, Import, Options, Refusal, Tokenizer, export, gguf, map};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (from, asked, to, file) = match arguments.as_slice() {
        [from, asked, to] => (from, asked, to, None),
        [from, asked, to, file] => (from, asked, to, Some(file)),
        _ => {
            eprintln!("give a folder to read, a file that says what is asked, a new folder to write, and perhaps a new file for llama.cpp");
            return ExitCode::FAILURE;
        }
    };
    match again(Path::new(from), Path::new(asked), Path::new(to), file.map(Path::new)) {
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
fn again(from: &Path, asked: &Path, to: &Path, file: Option<&Path>) -> Result<Vec<String>, Refusal> {
    let import = Import::open(from, &Options::new(|bytes| Sha256::digest(bytes).into()))?;
    let base = to.with_extension("safetensors");
    import.write_file(&base, &mut |_| ())?;
    let (checkpoint, manifest, tokenizer) = (map(&base)?, import.manifest(), Some(import.tokenizer()));
    let mut notes = import.notes().to_vec();
    export(manifest, &checkpoint, tokenizer, to, FILE_BYTES_MAX, &mut |_| ())?;
    if let Some(file) = file {
        notes.extend(gguf(manifest, &checkpoint, tokenizer, "golden", file, &mut |_| ())?);
    }
    let checkpoint = Checkpoint::from_bytes(manifest, &checkpoint).map_err(Refusal::new)?;
    let answer = answer(&checkpoint, &Tokenizer::from_bytes(import.tokenizer())?, asked)?;
    fs::write(to.with_extension("json"), answer.to_string()).map_err(Refusal::new)?;
    Ok(notes)
}

/// Log-probabilities after each token of the text, and as many likeliest tokens behind its beginning as were asked for.
fn answer(checkpoint: &Checkpoint, tokenizer: &Tokenizer, asked: &Path) -> Result<Value, Refusal> {
    let asked: Value = serde_json::from_slice(&fs::read(asked).map_err(Refusal::new)?).map_err(Refusal::new)?;
    let count = |name: &str| asked[name].as_array().map(Vec::len).ok_or_else(|| Refusal::new(format_args!("no {name} in what is asked")));
    let text = asked["text"].as_str().ok_or_else(|| Refusal::new("no text in what is asked"))?;
    let prompt = asked["prompt"].as_u64().ok_or_else(|| Refusal::new("no prompt in what is asked"))? as usize;
    let (mut tokens, compute) = (tokenizer.encode(text, true)?, Compute::detect());
    tokens.truncate(count("tokens")?);
    let rows = (1..=tokens.len()).map(|seen| compute.predict_tokens(checkpoint, &tokens[..seen]));
    let rows = rows.collect::<Result<Vec<Vec<f32>>, _>>().map_err(Refusal::new)?;
    let beginning = tokens.get(..prompt).ok_or_else(|| Refusal::new("the prompt is longer than the text"))?;
    let greedy = compute.generate_tokens(checkpoint, beginning, 0.0, [0; 32]).map_err(Refusal::new)?;
    let greedy: Vec<u32> = greedy.take(count("greedy")?).collect();
    let told = tokenizer.decode(&greedy, true);
    // What a server is asked, and what it says until the text ends.
    let until_end: Vec<u32> = greedy.iter().copied().take_while(|token| Some(*token) != tokenizer.end()).collect();
    let (asked, served) = (tokenizer.decode(beginning, true), tokenizer.decode(&until_end, true));
    let whole =
        json!({ "text": text, "tokens": tokens, "prompt": prompt, "log_probabilities": rows, "greedy": greedy, "greedy_text": told });
    Ok(with(whole, [("prompt_text", asked), ("served", served)]))
}

/// An object with further texts.
fn with<const N: usize>(mut object: Value, texts: [(&str, String); N]) -> Value {
    texts.into_iter().for_each(|(name, text)| object[name] = text.into());
    object
}
