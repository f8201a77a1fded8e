//! Groups that networks of processes are tried with, and folders for them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Lines of the play that make the set, and as many behind them that do not.
const LINES: usize = 400;

/// A transformer of one block that sees sixteen characters.
const MICRO: &str = r#"
name = "micro"
times = {}
devnet = { train_s = 5, reveal_s = 5, judge_s = 5 }
data = { genesis = "genesis", proposed = ["more.txt"], heldout = "heldout.txt" }
training = { optimizer = "adamw", learning_rate = 0.01, batch = 16, steps = 400 }

[manifest]
version = 1
loss = "cross_entropy"
eval_max = 64
weight_max = 16
model = { family = "gpt", layers = 1, heads = 2, width = 32, context = 16, vocabulary = 65, bias = true, tied = true }

[manifest.data]
format = "text"
stride = 16
tokenizer = { characters = "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" }
"#;

/// An empty folder of that name among the tests' files.
pub fn fresh_folder(name: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The group that ships with the project.
pub fn digits() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/groups/digits.toml")
}

/// The shipped group in a folder of its own, with some of its lines changed.
pub fn changed(folder: &Path, change: &str) -> Result<PathBuf> {
    let shipped = digits();
    let mut group: toml::Table = toml::from_str(&fs::read_to_string(&shipped)?)?;
    let home = shipped.parent().context("a folder")?;
    let absolute = |path: &mut toml::Value| match path {
        toml::Value::Array(paths) => {
            paths.iter_mut().for_each(|path| *path = home.join(path.as_str().unwrap_or_default()).display().to_string().into())
        }
        path => *path = home.join(path.as_str().unwrap_or_default()).display().to_string().into(),
    };
    group["data"].as_table_mut().context("data")?.iter_mut().for_each(|(_, path)| absolute(path));
    merge(&mut group, toml::from_str(change)?);
    let path = folder.join("digits.toml");
    fs::write(&path, toml::to_string(&group)?)?;
    Ok(path)
}

/// A group file of that model in a folder, with one line of TOML changed in it, and its data.
pub fn micro_group(folder: &Path, name: &str, change: &str) -> Result<PathBuf> {
    let play = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/shakespeare/genesis/coriolanus.txt"))?;
    let scene = |from: usize| play.split_inclusive('\n').skip(from).take(LINES).collect::<String>();
    fs::create_dir_all(folder.join("genesis/act"))?;
    for (file, from) in [("genesis/act/scene.txt", 0), ("more.txt", LINES), ("heldout.txt", 2 * LINES)] {
        fs::write(folder.join(file), scene(from))?;
    }
    fs::write(folder.join("genesis/README.md"), "Not an example.")?;
    let mut group: toml::Table = toml::from_str(MICRO)?;
    merge(&mut group, toml::from_str(change)?);
    let path = folder.join(format!("{name}.toml"));
    fs::write(&path, toml::to_string(&group)?)?;
    Ok(path)
}

pub fn merge(table: &mut toml::Table, changes: toml::Table) {
    for (key, value) in changes {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(changes)) if !changes.contains_key("format") => merge(inner, changes),
            (_, value) => drop(table.insert(key, value)),
        }
    }
}
