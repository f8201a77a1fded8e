//! The groups that are raced in, their parts, and how their trainers train.

use std::{fs, path::Path};

use evaluator::{Checkpoint, CheckpointError, Examples, Manifest};
use training::{Decay, EngineChoice, Optimizer, Settings};

use crate::Failure;

/// A group: what its birth fixes, and what suits its trainers.
pub struct Group {
    pub name: &'static str,
    /// With the price and the certainty at its end.
    manifest: &'static str,
    /// Micronats by which a winner must be better than its base.
    pub least: u32,
    pub splits: u64,
    /// Steps of a round, for everybody who trains.
    pub steps: u32,
    optimizer: Optimizer,
    learning_rate: f32,
    batch: u32,
}

/// Rules that a round is judged by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// The least loss of the drawn examples wins.
    Before,
    /// Weights have a price, luck is no improvement, and there is a least one.
    Now,
}

/// The three parts of a split.
pub struct Parts {
    pub training: Examples,
    pub validation: Examples,
    pub hidden: Examples,
}

pub const GROUPS: [Group; 4] = [
    Group {
        name: "digits",
        manifest: r#"{"version":1,"model":{"family":"mlp","inputs":64,"hidden":[32],"outputs":10,"activation":"relu"},"data":{"format":"csv","divisor":256},"loss":"cross_entropy","eval_max":4096,"weight_max":16,"weight_price":300000,"certainty":300}"#,
        least: 1000,
        splits: 20,
        steps: 400,
        optimizer: Optimizer::Sgd,
        learning_rate: 0.1,
        batch: 32,
    },
    Group {
        name: "breast-cancer",
        manifest: r#"{"version":1,"model":{"family":"mlp","inputs":30,"hidden":[],"outputs":2,"activation":"relu"},"data":{"format":"csv","divisor":256},"loss":"cross_entropy","eval_max":4096,"weight_max":16,"weight_price":1000000,"certainty":300}"#,
        least: 1000,
        splits: 20,
        steps: 200,
        optimizer: Optimizer::Sgd,
        learning_rate: 0.05,
        batch: 32,
    },
    Group {
        name: "wine",
        manifest: r#"{"version":1,"model":{"family":"mlp","inputs":13,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":256},"loss":"cross_entropy","eval_max":4096,"weight_max":16,"weight_price":300000,"certainty":300}"#,
        least: 1000,
        splits: 20,
        steps: 200,
        optimizer: Optimizer::Sgd,
        learning_rate: 0.05,
        batch: 32,
    },
    Group {
        name: "text",
        manifest: r#"{"version":1,"model":{"family":"gpt","layers":1,"heads":2,"width":32,"context":32,"vocabulary":256,"bias":true,"tied":true},"data":{"format":"text","tokenizer":"bytes","stride":32},"loss":"cross_entropy","eval_max":128,"weight_max":16,"weight_price":1000000,"certainty":300}"#,
        least: 1000,
        splits: 2,
        steps: 100,
        optimizer: Optimizer::AdamW,
        learning_rate: 0.003,
        batch: 16,
    },
];

impl Group {
    /// # Errors
    /// When the text above is no manifest.
    pub fn manifest(&self, rules: Rules) -> Result<Manifest, Failure> {
        let plain = self.manifest.split(",\"weight_price\"").next().unwrap_or_default();
        let text = if rules == Rules::Now { self.manifest.to_owned() } else { format!("{plain}}}") };
        Ok(Manifest::from_bytes(text.as_bytes())?)
    }

    /// What everybody who trains has in common; the price is in the manifest of the start.
    pub fn settings(&self) -> Settings {
        let Self { optimizer, learning_rate, batch, .. } = *self;
        Settings { engine: EngineChoice::Exact, optimizer, learning_rate, batch, decay: Decay::Cosine, floor: 0.05, ..Settings::default() }
    }

    /// Reads the parts of a split from FOLDER/GROUP/SPLIT.
    ///
    /// # Errors
    /// When a file is missing or holds something else.
    pub fn parts(&self, folder: &Path, split: u64) -> Result<Parts, Failure> {
        let manifest = self.manifest(Rules::Before)?;
        let folder = folder.join(self.name).join(split.to_string());
        let part = |name: &str| -> Result<Examples, Failure> {
            let path = folder.join(format!("{name}{}", manifest.data().suffix()));
            let text = fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            Ok(Examples::parse(&manifest, [(path.display().to_string(), text)])?)
        };
        Ok(Parts { training: part("training")?, validation: part("validation")?, hidden: part("hidden")? })
    }
}

/// The same weights under another manifest of the same model.
///
/// # Errors
/// When it is another model.
pub fn under(manifest: &Manifest, checkpoint: &Checkpoint) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::from_tensors(manifest, checkpoint.tensors().to_vec())
}
