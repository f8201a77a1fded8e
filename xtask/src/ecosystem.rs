//! Models in the hands of other people's tools: PyTorch trains them, transformers and llama.cpp open them and answer as we do.

mod network;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{copy::remove, python, tools};
use network::{Stage, Winner};

const SCRIPTS: &str = "xtask/ecosystem";
/// Models as transformers wrote them, with what it computes.
const GOLDEN: &str = "crates/models/tests/golden";
/// What transformers computed when they were made, and of which text.
const EXPECTED: &str = "logits.json";
/// The one whose weights are bfloat16, with which llama.cpp multiplies in bfloat16, too.
const NARROW: &str = "qwen2";
/// What llama.cpp has no word for: a window in an architecture of Llama's kind, and the exact GELU in a gpt2.
const NOT_IN_LLAMA: [&str; 2] = ["mistral", "nanogpt"];

/// The one from which a group is made.
const PLAYED: &str = "llama";
/// A configuration of transformers 4.x beside one of 5.x, of the same model.
const OLDER: &str = "config-4.json";

/// Runs the examples, takes every golden model in and gives it out again, plays a group that PyTorch trains, and asks the others' tools
/// what each model is.
///
/// # Errors
/// When a package cannot be had, or a tool computes something else.
pub fn run() -> Result<()> {
    tools::install_npm()?;
    tools::run(tools::cargo(), &["build", "--workspace", "--locked"])?;
    tools::run(tools::cargo(), &["build", "--package", "models", "--locked", "--example", "again"])?;
    let programs = tools::target_dir()?.join("debug");
    let folder = tools::target_dir()?.join("ecosystem");
    let place = Place { python: python::ecosystem()?, again: programs.join("examples/again"), folder };
    remove(&place.folder)?;
    fs::create_dir_all(&place.folder)?;
    place.script("check_nanogpt.py", &[place.path("nanogpt").as_str()])?;
    place.script("check_example.py", &[place.path("example").as_str()])?;
    let names = golden()?;
    for name in &names {
        place.check(name, &tools::root().join(GOLDEN).join(name))?;
    }
    place.check("older", &place.older()?)?;
    let stage = Stage { python: &place.python, programs: &programs, folder: &place.folder.join("network") };
    let winner = stage.play(&tools::root().join(GOLDEN).join(PLAYED))?;
    place.check_winner(&winner)?;
    println!(
        "PyTorch trained (one process, two with DDP, two with FSDP) beside the exact engine, and of {} rounds these won: {}; the last \
         winner and {} models ({}; {PLAYED} also with a configuration of 4.x) answer alike here, in transformers, and in llama.cpp where it \
         knows their kind: logits within 1e-4 ({NARROW} in llama.cpp 0.2, for it multiplies in bfloat16; gpt2 5e-3), greedy text equal",
        winner.names.len(),
        winner.names.join(", "),
        names.len(),
        names.join(", "),
    );
    Ok(())
}

/// Names of the golden models.
fn golden() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(tools::root().join(GOLDEN)).with_context(|| format!("{GOLDEN} is missing"))? {
        let entry = entry?;
        if entry.path().join(EXPECTED).is_file() {
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

    /// The played model with its older configuration.
    fn older(&self) -> Result<PathBuf> {
        let (from, to) = (tools::root().join(GOLDEN).join(PLAYED), self.folder.join("older-source"));
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(&from)? {
            let path = entry?.path();
            fs::copy(&path, to.join(path.file_name().context("a file has a name")?))?;
        }
        fs::copy(from.join(OLDER), to.join("config.json"))?;
        Ok(to)
    }

    /// A folder of transformers: what they compute from it as it is and as we write it, and what llama.cpp does, must be what they computed
    /// when it was made, and what we compute.
    fn check(&self, name: &str, from: &Path) -> Result<()> {
        let (folder, file) = (self.path(name), self.path(&format!("{name}.gguf")));
        let (from, expected) = (from.display().to_string(), from.join(EXPECTED).display().to_string());
        let is_in_llama = !NOT_IN_LLAMA.contains(&name);
        let asked = [from.as_str(), &expected, &folder, &file];
        tools::run_with(Command::new(&self.again).args(&asked[..if is_in_llama { 4 } else { 3 }]))?;
        let ours = self.path(&format!("{name}.json"));
        self.script("check_export.py", &[&from, "--expect", &expected, &ours])?;
        self.script("check_export.py", &[&folder, "--expect", &expected, &ours])?;
        if is_in_llama { self.check_file(name, &file, &ours) } else { Ok(()) }
    }

    /// What won is taken in again, to learn what we answer; then the others are asked for the folder and the file that were given out.
    fn check_winner(&self, winner: &Winner) -> Result<()> {
        let (folder, file) = (winner.folder.display().to_string(), winner.file.display().to_string());
        let asked = tools::root().join(GOLDEN).join(PLAYED).join(EXPECTED);
        tools::run_with(Command::new(&self.again).arg(&folder).arg(asked).arg(self.path("winner")))?;
        let ours = self.path("winner.json");
        // Before another round is won.
        let guest: Vec<&str> = winner.guest.iter().map(String::as_str).collect();
        self.script("check_served.py", &[&[ours.as_str()], &guest[..]].concat())?;
        self.script("check_export.py", &[&folder, "--expect", &ours])?;
        self.check_file("winner", &file, &ours)
    }

    fn check_file(&self, name: &str, file: &str, expected: &str) -> Result<()> {
        // GELU of llama.cpp is a table in float16.
        let more: &[&str] = match name {
            NARROW => &["--bf16"],
            "gpt2" => &["--tolerance", "5e-3"],
            _ => &[],
        };
        self.script("check_gguf.py", &[&[file, "--expect", expected], more].concat())
    }
}
