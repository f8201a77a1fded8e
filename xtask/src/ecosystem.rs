//! Models in the hands of other people's tools: PyTorch trains them, transformers and llama.cpp open them and answer as we do.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{copy::remove, python, tools};

const SCRIPTS: &str = "xtask/ecosystem";
/// Models as transformers wrote them, with what it computes.
const GOLDEN: &str = "crates/models/tests/golden";
/// The one whose weights are bfloat16, with which llama.cpp multiplies in bfloat16, too.
const NARROW: &str = "qwen2";
/// What llama.cpp has no word for: a window in an architecture of Llama's kind, and the exact GELU in a gpt2.
const NOT_IN_LLAMA: [&str; 2] = ["mistral", "nanogpt"];

/// Runs the examples, then takes every golden model in and gives it out again, and asks the others' tools what it is.
///
/// # Errors
/// When a package cannot be had, or a tool computes something else.
pub fn run() -> Result<()> {
    let build = ["build", "--workspace", "--locked", "--example", "again"];
    tools::run(tools::cargo(), &build)?;
    let target = tools::target_dir()?;
    let place = Place { python: python::ecosystem()?, again: target.join("debug/examples/again"), folder: target.join("ecosystem") };
    remove(&place.folder)?;
    fs::create_dir_all(&place.folder)?;
    place.script("check_nanogpt.py", &[place.path("nanogpt").as_str()])?;
    place.script("check_example.py", &[place.path("example").as_str()])?;
    for name in golden()? {
        place.check(&name)?;
    }
    println!("PyTorch, transformers and llama.cpp agree with us");
    Ok(())
}

/// Names of the golden models.
fn golden() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(tools::root().join(GOLDEN)).with_context(|| format!("{GOLDEN} is missing"))? {
        let entry = entry?;
        if entry.path().join("logits.json").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    ensure!(!names.is_empty(), "{GOLDEN} holds no model: make them with its recipe.py");
    Ok(names)
}

/// The interpreter, our program, and where files go.
struct Place {
    python: PathBuf,
    again: PathBuf,
    folder: PathBuf,
}

impl Place {
    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn script(&self, name: &str, arguments: &[&str]) -> Result<()> {
        println!("{name} {}", arguments.join(" "));
        tools::run_with(
            Command::new(&self.python).arg(Path::new(SCRIPTS).join(name)).args(arguments).env("TOKENIZERS_PARALLELISM", "false"),
        )
    }

    /// A golden model, by transformers as it was written and as we write it, and by llama.cpp.
    fn check(&self, name: &str) -> Result<()> {
        let (from, folder, file) = (format!("{GOLDEN}/{name}"), self.path(name), self.path(&format!("{name}.gguf")));
        let expected = format!("{from}/logits.json");
        self.script("check_export.py", &[&from, "--expect", &expected])?;
        let written = if NOT_IN_LLAMA.contains(&name) { vec![&from, &folder] } else { vec![&from, &folder, &file] };
        tools::run_with(Command::new(&self.again).args(&written))?;
        self.script("check_export.py", &[&folder, "--expect", &expected])?;
        if written.len() < 3 {
            return Ok(());
        }
        let arguments = [&file, "--expect", &expected, "--bf16"];
        self.script("check_gguf.py", &arguments[..if name == NARROW { 4 } else { 3 }])
    }
}
