//! A folder as `save_pretrained` writes it becomes a manifest and a canonical checkpoint.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use evaluator::Manifest;

use crate::config;
use crate::files::small;
use crate::form::{BF16, Data, Form, Model};
use crate::plain;
use crate::plan::{Step, has_biases, plan};
use crate::refusal::{Reasons, Refusal, shown};
use crate::stored::{Kind, Listed, Weights, header};
use crate::tokenizer::{TOKENIZER, TOKENIZER_BYTES_MAX, Tokenizer};
use crate::values;

/// Greatest bound on a weight that a manifest may have.
const WEIGHT_MAX: f32 = 65_536.0;
/// Examples of a measurement, if nobody says how many.
const EVAL_MAX: u32 = 256;

/// What a manifest needs beside the folder.
#[derive(Debug, Clone)]
pub struct Options {
    /// Tokens that a target may see; none = as many as the model has, or as the evaluator can hold.
    pub context: Option<u32>,
    /// Tokens from one example to the next; none = the context.
    pub stride: Option<u32>,
    /// Most examples of a measurement.
    pub eval_max: u32,
    /// Bound on a weight; none = the least power of two that no weight exceeds.
    pub weight_max: Option<u32>,
    /// Micronats that weights cost; see [`Manifest::weight_price`].
    pub weight_price: Option<u32>,
    /// Hundredths of a standard error; see [`Manifest::certainty`].
    pub certainty: Option<u32>,
    /// Patterns of tensors that no checkpoint may change.
    pub frozen: Vec<String>,
    /// Whether bfloat16 becomes binary32, so that training may use all of its bits.
    pub widen: bool,
    /// The tokenizer, if it is not tokenizer.json in the folder.
    pub tokenizer: Option<PathBuf>,
    /// The digest by which the network fetches a file of these bytes (PROTOCOL 10): so a manifest names the tokenizer.
    pub name_of: NameOf,
}

/// The digest of a file of these bytes.
pub type NameOf = fn(&[u8]) -> [u8; 32];

impl Options {
    /// What a folder needs that says all by itself.
    pub fn new(name_of: NameOf) -> Self {
        Self {
            name_of,
            context: None,
            stride: None,
            eval_max: EVAL_MAX,
            weight_max: None,
            weight_price: None,
            certainty: None,
            frozen: Vec::new(),
            widen: false,
            tokenizer: None,
        }
    }
}

/// A folder that passed every check: its weights can be written as the canonical checkpoint of [`Import::manifest`].
pub struct Import {
    manifest: Manifest,
    form: Form,
    notes: Vec<String>,
    tokenizer: Vec<u8>,
    weights: Weights,
    steps: Vec<Step>,
}

impl Import {
    /// Reads a folder for a new group.
    ///
    /// # Errors
    /// All that the evaluator cannot compute, all tensors that do not fit, and a tokenizer that does not.
    pub fn open(folder: &Path, options: &Options) -> Result<Self, Refusal> {
        let config::Read { mut model, mut notes } = config::read(folder, options.context)?;
        let weights = Weights::open(folder)?;
        notes.extend(weights.note().map(str::to_owned));
        if let Model::Gpt(gpt) = &mut model
            && !has_biases(&weights)
        {
            gpt.bias = false;
            notes.push("no tensor is a bias: the model has none".into());
        }
        let tokenizer = tokenizer_of(folder, options)?;
        let data = data(&tokenizer, &model, options)?;
        let mut form = Form {
            version: evaluator::MANIFEST_VERSION,
            model,
            data,
            loss: "cross_entropy".into(),
            eval_max: options.eval_max,
            // Until the weights have been seen.
            weight_max: options.weight_max.unwrap_or(WEIGHT_MAX as u32),
            weight_price: options.weight_price,
            certainty: options.certainty,
            dtype: None,
            frozen: options.frozen.clone(),
        };
        let steps = plan(&form.model, &form.manifest()?.tensors(), &weights)?;
        if !options.widen && steps.iter().all(|step| step.kind == Kind::Bf16) {
            form.dtype = Some(BF16.into());
        }
        let greatest = check(&steps, &weights, form.weight_max)?;
        form.weight_max = options.weight_max.unwrap_or_else(|| bound(greatest));
        Ok(Self { manifest: form.manifest()?, form, notes, tokenizer, weights, steps })
    }

    /// Reads a folder as a checkpoint for a group that there is.
    ///
    /// # Errors
    /// As [`Import::open`], and where the folder holds another model than the manifest, or another tokenizer.
    pub fn open_for(folder: &Path, manifest: &Manifest, name_of: NameOf) -> Result<Self, Refusal> {
        let form = Form::of(manifest)?;
        let config::Read { model, mut notes } = config::read(folder, Some(form.model.context()))?;
        same_model(&form.model, model)?;
        let options = Options::new(name_of);
        let tokenizer = tokenizer_of(folder, &options)?;
        if data(&tokenizer, &form.model, &options)?.name() != form.data.name() {
            return Err(Refusal::new("the folder has another tokenizer than the group: bring the model with the group's tokenizer.json"));
        }
        let weights = Weights::open(folder)?;
        notes.extend(weights.note().map(str::to_owned));
        let steps = plan(&form.model, &manifest.tensors(), &weights)?;
        if form.kind() == Kind::Bf16 && steps.iter().any(|step| step.kind != Kind::Bf16) {
            return Err(Refusal::new("the group's values are bfloat16, some of the folder are not: save the model with dtype=bfloat16"));
        }
        check(&steps, &weights, form.weight_max)?;
        Ok(Self { manifest: manifest.clone(), form, notes, tokenizer, weights, steps })
    }

    /// What a group of this model agrees upon.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What was decided on the way, each a sentence.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The bytes of tokenizer.json, whose digest is in the manifest if its data are of the format `tokens`.
    pub fn tokenizer(&self) -> &[u8] {
        &self.tokenizer
    }

    /// Bytes of the checkpoint.
    pub fn length(&self) -> u64 {
        evaluator::checkpoint_len(&self.manifest)
    }

    /// Writes the canonical checkpoint; `progress` hears of the bytes written so far, after each tensor. Some rows are held at once.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write, progress: &mut dyn FnMut(u64)) -> io::Result<()> {
        let kind = self.form.kind();
        let tensors: Vec<(String, Vec<u64>)> =
            self.manifest.tensors().into_iter().map(|spec| (spec.name, spec.shape.into_iter().map(u64::from).collect())).collect();
        let start = header(tensors.iter().map(|(name, shape)| Listed { name, kind, shape }), false);
        out.write_all(&start)?;
        let mut done = start.len() as u64;
        for step in &self.steps {
            let bytes = self.weights.bytes(&step.source);
            match step.turned {
                None => values::write(step.kind, kind, bytes, out)?,
                Some(columns) => values::write_turned(step.kind, kind, bytes, columns, out)?,
            }
            done += (bytes.len() / step.kind.bytes() * kind.bytes()) as u64;
            progress(done);
        }
        out.flush()
    }

    /// The same into a new file, which is removed again if it cannot be finished.
    ///
    /// # Errors
    /// When there is a file of this name, or no room.
    pub fn write_file(&self, path: &Path, progress: &mut dyn FnMut(u64)) -> Result<(), Refusal> {
        let file = File::create_new(path).map_err(|error| Refusal::file(path, "create", &error))?;
        self.write(&mut BufWriter::new(file), progress).map_err(|error| {
            // What is half written is no checkpoint; if it cannot be removed, the length says so too.
            let _ = std::fs::remove_file(path);
            Refusal::file(path, "write", &error)
        })
    }
}

impl Data {
    /// What names the tokenizer.
    fn name(&self) -> String {
        match self {
            Self::Text { tokenizer, .. } => format!("{tokenizer:?}"),
            Self::Tokens { tokenizer, .. } => tokenizer.clone(),
            Self::Other => String::new(),
        }
    }
}

fn tokenizer_of(folder: &Path, options: &Options) -> Result<Vec<u8>, Refusal> {
    let path = options.tokenizer.clone().unwrap_or_else(|| folder.join(TOKENIZER));
    if !path.is_file() {
        let name = shown(&path.display().to_string());
        return Err(Refusal::new(format_args!("{name} is missing: save the tokenizer beside the model, by save_pretrained of a fast one")));
    }
    small(&path, TOKENIZER_BYTES_MAX)
}

/// Plain text where the tokenizer is one that the evaluator has itself, else shards of its tokens.
fn data(tokenizer: &[u8], model: &Model, options: &Options) -> Result<Data, Refusal> {
    let stride = options.stride.unwrap_or(model.context());
    if let Some(tokenizer) = plain::recognized(tokenizer).filter(|tokenizer| tokenizer.vocabulary() == model.vocabulary()) {
        return Ok(Data::Text { tokenizer, stride });
    }
    let loaded = Tokenizer::from_bytes(tokenizer)?;
    if loaded.vocabulary() > model.vocabulary() {
        return Err(Refusal::new(format_args!(
            "the tokenizer has {} tokens, the model only {}: bring the tokenizer of this model",
            loaded.vocabulary(),
            model.vocabulary()
        )));
    }
    Ok(Data::Tokens { tokenizer: hex::encode((options.name_of)(tokenizer)), stride })
}

/// Finite, and none above the bound: the greatest magnitude.
fn check(steps: &[Step], weights: &Weights, weight_max: u32) -> Result<f32, Refusal> {
    let (mut reasons, mut most) = (Reasons::default(), 0.0_f32);
    for step in steps {
        let greatest = values::greatest(step.kind, weights.bytes(&step.source));
        let name = shown(&step.source);
        if !greatest.is_finite() {
            reasons.add(format_args!("{name} holds a value that is not finite: bring weights of a training that did not diverge"));
        } else if greatest > weight_max as f32 {
            reasons.add(format_args!("{name} holds a value of magnitude {greatest}, above the bound of {weight_max}: raise weight_max, at most 65,536, or clamp it"));
        }
        most = most.max(greatest);
    }
    reasons.or(most)
}

/// The least power of two that is not below a magnitude, at least 1.
fn bound(greatest: f32) -> u32 {
    (greatest.ceil() as u32).max(1).next_power_of_two()
}

/// Lists what differs between the group's model and the folder's; biases that a group has not must be 0 in the folder, which `plan` sees.
fn same_model(group: &Model, mut folder: Model) -> Result<(), Refusal> {
    if let (Model::Gpt(group), Model::Gpt(folder)) = (group, &mut folder) {
        folder.bias = group.bias;
    }
    if let (Model::Llama(group), Model::Llama(folder)) = (group, &mut folder)
        && folder.window.unwrap_or(u32::MAX).min(group.context) == group.window.unwrap_or(u32::MAX).min(group.context)
    {
        folder.window = group.window;
    }
    let keys = |model: &Model| serde_json::to_value(model).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
    let (group, folder) = (keys(group), keys(&folder));
    let mut reasons = Reasons::default();
    let said = |value: Option<&serde_json::Value>| value.map_or_else(|| "nothing".into(), ToString::to_string);
    for key in group.keys().chain(folder.keys().filter(|key| !group.contains_key(*key))) {
        let (one, other) = (group.get(key), folder.get(key));
        if one != other {
            reasons.add(format_args!(
                "{key} is {} in the group's model and {} in the folder's: bring the group's model",
                said(one),
                said(other)
            ));
        }
    }
    reasons.or(())
}

#[cfg(test)]
mod tests {
    use super::bound;

    #[test]
    fn the_bound_is_the_least_power_of_two_that_no_weight_exceeds() {
        for (greatest, wanted) in [(0.0, 1), (1.0, 1), (1.0000001, 2), (2.0, 2), (16.5, 32), (65_536.0, 65_536), (65_537.0, 131_072)] {
            assert_eq!(bound(greatest), wanted, "{greatest}");
        }
    }
}
