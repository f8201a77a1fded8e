//! `neuron config`: what a settings file comes to.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use chain::Endpoint;
use clap::Subcommand;
use node::{
    config::{self, NetworkFile},
    output,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use toml_edit::Document;
use trainer_node::config::TrainerConfig;
use validator_node::config::ValidatorConfig;

use super::{context::Context, program::Program};

/// Keys of `[node]` that a seed does not read: it has no account, and its command line names network and groups.
const NOT_OF_A_SEED: [&str; 11] = [
    "network",
    "group",
    "keystore",
    "password_file",
    "password_as_is",
    "signer",
    "account",
    "edge_s",
    "nrn_price",
    "least_profit",
    "coin_rounds",
];
/// Column in which origins begin.
const COLUMN: usize = 48;

#[derive(Subcommand)]
pub enum Command {
    /// Each value that a program goes by, as TOML: those of the file, the defaults, and those of the network file.
    Show {
        /// Settings of a trainer, a validator or a seed.
        file: PathBuf,
        /// Also say where each value comes from.
        #[arg(long)]
        origin: bool,
        /// Whose settings these are; left out: a trainer's or a validator's if a key says so, else only what all programs read.
        #[arg(long, value_name = "PROGRAM")]
        of: Option<Program>,
    },
}

pub fn run(context: &Context, command: &Command) -> Result<()> {
    let Command::Show { file, origin, of } = command;
    let settings = Source::settings(file, *of)?;
    let network = settings.network(&context.network);
    let (mut lines, mut files) = (settings.lines(*origin), vec![settings.data()]);
    match Source::network_file(&network) {
        Ok(source) => {
            lines.extend(source.lines(*origin));
            files.push(source.data());
        }
        Err(error) => lines.push(format!("# nothing is known of the network: {}", node::logging::told(&error).replace('\n', " "))),
    }
    if context.json {
        return context.sum(&json!({ "files": files }));
    }
    // It is TOML: names, which people read, have no place in it.
    output::show((lines.join("\n") + "\n").as_bytes())
}

/// A file, and the values that are used once it is read.
struct Source {
    path: PathBuf,
    text: String,
    values: Value,
    /// What stands before its keys.
    prefix: &'static str,
    of: Option<Program>,
}

impl Source {
    fn settings(path: &Path, of: Option<Program>) -> Result<Self> {
        let text = read(path)?;
        let of = of.or_else(|| Document::parse(text.as_str()).ok().and_then(|document| whose(document.as_table())));
        let values = values(path, of)?;
        Ok(Self { path: path.to_owned(), text, values, prefix: "", of })
    }

    fn network_file(path: &Path) -> Result<Self> {
        let file: NetworkFile = config::read(path)?;
        let mut values = json(&file)?;
        // Without them in the file they are not written either.
        if let Some(table) = values.as_object_mut() {
            table.entry("block_s").or_insert(Value::Null);
        }
        Ok(Self { path: path.to_owned(), text: read(path)?, values, prefix: "network.", of: None })
    }

    /// The network file that belongs to these settings.
    fn network(&self, named: &Path) -> PathBuf {
        self.values.pointer("/node/network").and_then(Value::as_str).map_or_else(|| named.to_owned(), PathBuf::from)
    }

    fn lines(&self, with_origin: bool) -> Vec<String> {
        let mut found = Vec::new();
        leaves(&self.values, &mut Vec::new(), &mut found);
        let mut lines = vec![format!("# {}", self.title())];
        lines.extend(found.iter().map(|(path, value)| self.line(path, value, with_origin)));
        lines
    }

    /// For programs: each value as TOML, and where it comes from.
    fn data(&self) -> Value {
        let mut found = Vec::new();
        leaves(&self.values, &mut Vec::new(), &mut found);
        let one = |(path, value): &(Vec<String>, Value)| {
            let written = (!value.is_null()).then(|| toml(value));
            json!({ "key": format!("{}{}", self.prefix, path.join(".")), "value": written, "origin": self.origin(path) })
        };
        let values: Vec<Value> = found.iter().map(one).collect();
        json!({ "file": self.path.display().to_string(), "of": self.of.map(Program::word), "values": values })
    }

    fn title(&self) -> String {
        let of = match (self.prefix, self.of) {
            ("", Some(program)) => format!("{}, as a {} reads it", self.path.display(), program.word()),
            ("", None) => format!("{}, as far as all programs read it; --of says whose it is", self.path.display()),
            _ => format!("{}, the network file", self.path.display()),
        };
        of.escape_debug().to_string()
    }

    fn line(&self, path: &[String], value: &Value, with_origin: bool) -> String {
        let key = format!("{}{}", self.prefix, path.iter().map(|name| key(name)).collect::<Vec<_>>().join("."));
        let said = match value {
            Value::Null => format!("# {key} is left out"),
            value => format!("{key} = {}", toml(value)),
        };
        if with_origin { format!("{said:<COLUMN$}  # {}", self.origin(path)) } else { said }
    }

    fn origin(&self, path: &[String]) -> String {
        let of = if self.prefix.is_empty() { "" } else { " of the network file" };
        match self.place(path) {
            _ if self.of == Some(Program::Seed) && path == ["node", "relay"] => "always so for a seed".into(),
            Some(line) => format!("line {line}{of}"),
            None => format!("default{of}"),
        }
    }

    /// The line that says it.
    fn place(&self, path: &[String]) -> Option<usize> {
        let document = Document::parse(self.text.as_str()).ok()?;
        let mut item = document.as_item();
        for name in path {
            item = item.get(name.as_str())?;
        }
        Some(self.text.get(..item.span()?.start)?.matches('\n').count() + 1)
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}: give the path of an existing file", path.display()))
}

fn json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).context("these settings cannot be shown")
}

/// Whose keys a file has, if those tell.
fn whose(file: &toml_edit::Table) -> Option<Program> {
    let keys = |value: Result<Value>| value.ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
    let (trainer, validator) = (keys(json(&TrainerConfig::default())), keys(json(&ValidatorConfig::default())));
    let has = |these: &Map<String, Value>, those: &Map<String, Value>| {
        file.iter().any(|(key, _)| these.contains_key(key) && !those.contains_key(key))
    };
    if has(&trainer, &validator) {
        return Some(Program::Trainer);
    }
    has(&validator, &trainer).then_some(Program::Validator)
}

/// What the program goes by once it has read the file.
fn values(path: &Path, of: Option<Program>) -> Result<Value> {
    match of {
        Some(Program::Trainer) => json(&trainer_node::config::load(path)?),
        Some(Program::Validator) => json(&validator_node::config::load(path)?),
        None => parts(path, json(&config::node_of(path)?)?),
        Some(Program::Seed) => {
            let mut node = json(&config::node_of(path)?)?;
            if let Some(node) = node.as_object_mut() {
                NOT_OF_A_SEED.iter().for_each(|key| drop(node.remove(*key)));
                node.insert("relay".into(), true.into());
            }
            parts(path, node)
        }
    }
}

/// What every program reads: `[node]`, and the parts beside it.
fn parts(path: &Path, node: Value) -> Result<Value> {
    let (http, log, trace) = (config::http_of(path)?, config::log_of(path)?, config::trace_of(path)?);
    Ok(json!({ "node": node, "http": json(&http)?, "log": json(&log)?, "trace": json(&trace)? }))
}

/// All values of tables in tables; endpoints stay whole.
fn leaves(value: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, Value)>) {
    match value.as_object() {
        Some(table) if path.last().is_none_or(|name| name != "rpc") => {
            for (name, value) in table {
                path.push(name.clone());
                leaves(value, path, found);
                path.pop();
            }
        }
        _ => found.push((path.clone(), shown(value))),
    }
}

/// Without secrets: of addresses scheme, host and port, of headers the names.
fn shown(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("http://") || text.starts_with("https://") => {
            Endpoint { url: text.clone(), ..Endpoint::default() }.shown().into()
        }
        Value::Array(all) => all.iter().map(shown).collect(),
        Value::Object(table) => table.iter().map(|(name, value)| (name.clone(), without_secrets(name, value))).collect(),
        _ => value.clone(),
    }
}

fn without_secrets(name: &str, value: &Value) -> Value {
    match value.as_object() {
        Some(headers) if name == "headers" => headers.keys().map(|name| (name.clone(), Value::from("…"))).collect(),
        _ => shown(value),
    }
}

/// A key as TOML writes it: with marks, if it is more than plain letters, and nothing in it that a terminal acts upon.
fn key(name: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    if !name.is_empty() && name.chars().all(is_plain) {
        return name.to_owned();
    }
    let letter = |letter: char| match letter {
        '"' | '\\' => format!("\\{letter}"),
        ' '..='~' => letter.to_string(),
        letter => format!("\\U{:08x}", u32::from(letter)),
    };
    format!("\"{}\"", name.chars().map(letter).collect::<String>())
}

/// A value as TOML writes it.
fn toml(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::Null => "\"\"".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number_of(number),
        Value::String(text) => toml_edit::Value::from(text.as_str()).to_string(),
        Value::Array(all) => format!("[{}]", list(all.iter().map(toml).collect())),
        Value::Object(table) => {
            let entry =
                |(name, value): (&String, &Value)| format!("{} = {}", toml_edit::Key::new(name.as_str()).display_repr(), toml(value));
            format!("{{ {} }}", list(table.iter().map(entry).collect()))
        }
    }
}

/// Those of single precision with the digits that they were written with.
fn number_of(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && f64::from(float as f32) == float => format!("{:?}", float as f32),
        _ => number.to_string(),
    }
}
