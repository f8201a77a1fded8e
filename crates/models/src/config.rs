//! A config.json of transformers, of its fourth or fifth generation, read into the sizes of a family.
//!
//! What the evaluator cannot compute, or what two generations of transformers would read in two ways, is refused: a model that is
//! silently another one costs more than a question.

mod gpt;
mod llama;
mod rope;

use std::path::Path;

use serde_json::{Map, Value};

use crate::files::small;
use crate::form::Model;
use crate::refusal::{Reasons, Refusal, shown};

/// Name of the file.
pub(crate) const CONFIG: &str = "config.json";
/// Longest configuration in bytes.
const CONFIG_MAX: u64 = 1 << 20;

/// What a configuration says of a model.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) model: Model,
    /// What was decided, each a sentence.
    pub(crate) notes: Vec<String>,
}

/// Keys, and what is wrong with them.
struct Config {
    keys: Map<String, Value>,
    reasons: Reasons,
    notes: Vec<String>,
}

/// Reads the configuration of a folder; `context` is asked for instead of what it says.
pub(crate) fn read(folder: &Path, context: Option<u32>) -> Result<Read, Refusal> {
    parse(&small(&folder.join(CONFIG), CONFIG_MAX)?, context)
}

/// Reads a configuration.
pub(crate) fn parse(text: &[u8], context: Option<u32>) -> Result<Read, Refusal> {
    let keys = serde_json::from_slice(text).map_err(|error| {
        Refusal::new(format_args!("{CONFIG} is no object of JSON ({}): save the model again", shown(&error.to_string())))
    })?;
    let mut config = Config { keys, reasons: Reasons::default(), notes: Vec::new() };
    let architecture = config.architecture()?;
    if !matches!(config.keys.get("quantization_config"), None | Some(Value::Null)) {
        config.reasons.add("the weights are quantized: bring them as float32, float16 or bfloat16");
    }
    let model = match architecture.as_str() {
        "GPT2LMHeadModel" => Model::Gpt(gpt::read(&mut config, context)),
        "LlamaForCausalLM" => Model::Llama(llama::read(&mut config, llama::Kind::Llama, context)),
        "MistralForCausalLM" => Model::Llama(llama::read(&mut config, llama::Kind::Mistral, context)),
        "Qwen2ForCausalLM" => Model::Llama(llama::read(&mut config, llama::Kind::Qwen2, context)),
        "Qwen3ForCausalLM" => Model::Llama(llama::read(&mut config, llama::Kind::Qwen3, context)),
        other => {
            return Err(Refusal::new(format_args!(
                "{} is no architecture that a group can train: bring GPT2LMHeadModel, LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM or Qwen3ForCausalLM",
                shown(other)
            )));
        }
    };
    config.reasons.or(Read { model, notes: config.notes })
}

impl Config {
    /// The only architecture.
    fn architecture(&self) -> Result<String, Refusal> {
        let names = self.keys.get("architectures").and_then(Value::as_array);
        match names.map(Vec::as_slice) {
            Some([Value::String(name)]) => Ok(name.clone()),
            _ => Err(Refusal::new(format_args!("{CONFIG} must name one architecture, as save_pretrained of a model writes it"))),
        }
    }

    /// A value that is there and not null.
    fn value(&self, key: &str) -> Option<&Value> {
        self.keys.get(key).filter(|value| !value.is_null())
    }

    fn wrong(&mut self, key: &str, wanted: &str) {
        let found = self.keys.get(key).map_or_else(|| "nothing".into(), |value| shown(&value.to_string()));
        self.reasons.add(format_args!("{CONFIG}: {key} is {found}, it must be {wanted}"));
    }

    /// An integer from 0 to 2³² − 1, if it is there.
    fn integer(&mut self, key: &str) -> Option<u32> {
        let value = self.value(key)?;
        let integer = value.as_u64().and_then(|value| u32::try_from(value).ok());
        if integer.is_none() {
            self.wrong(key, "an integer from 0 to 4,294,967,295");
        }
        integer
    }

    /// An integer that must be there; 0, which no family takes, without.
    fn size(&mut self, key: &str) -> u32 {
        if self.value(key).is_none() {
            self.wrong(key, "written: its default differs between versions");
        }
        self.integer(key).unwrap_or_default()
    }

    /// Yes or no.
    fn flag(&mut self, key: &str, default: bool) -> bool {
        let Some(value) = self.value(key) else { return default };
        let flag = value.as_bool();
        if flag.is_none() {
            self.wrong(key, "true or false");
        }
        flag.unwrap_or(default)
    }

    /// A number.
    fn number(&mut self, key: &str, default: f64) -> f64 {
        let Some(value) = self.value(key) else { return default };
        let number = value.as_f64();
        if number.is_none() {
            self.wrong(key, "a number");
        }
        number.unwrap_or(default)
    }

    /// Words; the default where there are none.
    fn words(&self, key: &str, default: &str) -> String {
        match self.value(key) {
            None => default.into(),
            Some(Value::String(words)) => words.clone(),
            Some(other) => other.to_string(),
        }
    }

    /// Refuses a flag that is not `only`.
    fn only(&mut self, key: &str, default: bool, only: bool, why: &str) {
        if self.flag(key, default) != only {
            self.reasons.add(format_args!("{CONFIG}: {key} is {}: {why}", !only));
        }
    }
}
