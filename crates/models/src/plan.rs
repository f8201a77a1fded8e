//! Which tensor of a folder becomes which tensor of a checkpoint, and what does not fit, tensor by tensor.

use std::collections::BTreeSet;

use evaluator::TensorSpec;

use crate::form::Model;
use crate::refusal::{Reasons, Refusal, shown};
use crate::stored::{Entry, Kind, Weights};
use crate::values::greatest;

/// What stands before the names of a GPT-2, if anything.
const PREFIX: &str = "transformer.";
/// The head, which a tied model may store all the same.
const HEAD: &str = "lm_head.weight";
/// Ends of names that are no weights: masks and angles, which are computed.
const COMPUTED: [&str; 3] = [".attn.bias", ".attn.masked_bias", ".rotary_emb.inv_freq"];
/// Matrices that a GPT-2 stores as `[inputs, outputs]`.
const TURNED: [&str; 4] = [".attn.c_attn.weight", ".attn.c_proj.weight", ".mlp.c_fc.weight", ".mlp.c_proj.weight"];

/// One tensor of the checkpoint, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// Its name in the folder.
    pub(crate) source: String,
    pub(crate) kind: Kind,
    /// Columns of the stored matrix, whose columns become rows.
    pub(crate) turned: Option<usize>,
}

/// Whether other tools store this tensor of a model with its sides exchanged.
pub(crate) fn is_turned(model: &Model, name: &str) -> bool {
    matches!(model, Model::Gpt(_)) && TURNED.iter().any(|end| name.ends_with(end))
}

/// Whether the folder has any bias of its own, masks aside.
pub(crate) fn has_biases(weights: &Weights) -> bool {
    weights.names().any(|name| name.ends_with(".bias") && !COMPUTED.iter().any(|end| name.ends_with(end)))
}

/// Finds each tensor of `specs`, of which the first is the embedding; nothing else may be there but what is computed anyway.
pub(crate) fn plan(model: &Model, specs: &[TensorSpec], weights: &Weights) -> Result<Vec<Step>, Refusal> {
    let mut reasons = Reasons::default();
    let is_bare = matches!(model, Model::Gpt(_)) && !weights.names().any(|name| name.starts_with(PREFIX));
    let source = |name: &str| if is_bare { name.strip_prefix(PREFIX).unwrap_or(name).to_owned() } else { name.to_owned() };
    let mut steps = Vec::new();
    for spec in specs {
        let name = source(&spec.name);
        match weights.get(&name) {
            None => reasons.add(format_args!("{} is missing: save the whole model", shown(&name))),
            Some(entry) => match step(model, spec, entry) {
                Ok(step) => steps.push(step),
                Err(reason) => reasons.add(reason),
            },
        }
    }
    let embedding = specs.first().map(|spec| source(&spec.name)).unwrap_or_default();
    let wanted: BTreeSet<String> = specs.iter().map(|spec| source(&spec.name)).collect();
    for name in weights.names().filter(|name| !wanted.contains(*name)) {
        if let Some(reason) = unexpected(model, weights, name, &embedding) {
            reasons.add(reason);
        }
    }
    reasons.or(steps)
}

fn step(model: &Model, spec: &TensorSpec, entry: &Entry) -> Result<Step, String> {
    let name = shown(&entry.name);
    let turned = is_turned(model, &spec.name);
    let mut shape: Vec<u64> = spec.shape.iter().copied().map(u64::from).collect();
    if turned {
        shape.reverse();
    }
    let kind =
        Kind::of(&entry.kind).ok_or_else(|| format!("{name} holds values of the kind {}: bring F32, F16 or BF16", shown(&entry.kind)))?;
    if entry.shape != shape {
        return Err(format!(
            "{name} has the shape {:?}, the configuration implies {shape:?}: bring the config.json of these weights",
            entry.shape
        ));
    }
    let columns = turned.then(|| shape.last().map_or(0, |columns| *columns as usize));
    Ok(Step { source: entry.name.clone(), kind, turned: columns })
}

/// Why a tensor that no step takes may not be there.
fn unexpected(model: &Model, weights: &Weights, name: &str, embedding: &str) -> Option<String> {
    if COMPUTED.iter().any(|end| name.ends_with(end)) {
        return None;
    }
    if name == HEAD && model.is_tied() {
        let is_embedding = weights.bytes(embedding) == weights.bytes(name);
        let reason = || format!("{} differs from the embedding, but the configuration ties them: write tie_word_embeddings", shown(name));
        return (!is_embedding).then(reason);
    }
    let is_bias = name.ends_with(".bias") && weights.get(name).is_some_and(|entry| is_zero(weights, entry));
    let reason = || format!("{} is no tensor of this model: it must not be there (a bias may, if it is 0)", shown(name));
    (!is_bias).then(reason)
}

/// Whether all values are 0.
fn is_zero(weights: &Weights, entry: &Entry) -> bool {
    Kind::of(&entry.kind).is_some_and(|kind| greatest(kind, weights.bytes(&entry.name)) == 0.0)
}
