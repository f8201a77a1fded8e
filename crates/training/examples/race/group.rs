//! The groups that are raced in, their parts, and how their trainers train.

use std::{fs, path::Path};

use evaluator::{Checkpoint, CheckpointError, Examples, Manifest};
use training::{Decay, EngineChoice, Optimizer, Settings};

use crate::Failure;

/// Micronats by which a winner must be better than its base, and hundredths of a standard error: those of the groups in configs/groups.
pub const LEAST: u32 = 1000;
const CERTAINTY: u32 = 200;
/// Parts in which what is known is held out, one after the other.
pub const FOLDS: usize = 5;

/// A group: what its birth fixes, and what suits its trainers.
pub struct Group {
    pub name: &'static str,
    /// Without the price and the certainty that may stand at its end.
    manifest: &'static str,
    pub splits: u64,
    /// Steps of a round, for everybody who trains.
    pub steps: u32,
    optimizer: Optimizer,
    learning_rate: f32,
    batch: u32,
    /// Steps and batch of the runs that choose the price.
    pub choice: (u32, u32),
}

/// Rules that a round is judged by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// The least loss of the drawn examples wins.
    Before,
    /// Weights have a price, luck is no improvement, and there is a least one.
    Now,
}

impl Rules {
    /// As it is written.
    pub fn name(self) -> &'static str {
        if self == Self::Now { "now" } else { "before" }
    }
}

/// The three parts of a split.
pub struct Parts {
    pub training: Examples,
    pub validation: Examples,
    pub hidden: Examples,
    /// Of training and validation part together: what is trained on, and what is held out.
    pub folds: Vec<(Examples, Examples)>,
}

pub const GROUPS: [Group; 4] = [
    Group {
        name: "digits",
        manifest: r#"{"version":1,"model":{"family":"mlp","inputs":64,"hidden":[64],"outputs":10,"activation":"relu"},"data":{"format":"csv","divisor":256},"loss":"cross_entropy","eval_max":1024,"weight_max":16}"#,
        splits: 20,
        steps: 400,
        optimizer: Optimizer::Sgd,
        learning_rate: 0.1,
        batch: 32,
        choice: (3000, 64),
    },
    Group {
        name: "breast-cancer",
        manifest: r#"{"version":1,"model":{"family":"mlp","inputs":30,"hidden":[],"outputs":2,"activation":"relu"},"data":{"format":"csv","divisor":256},"loss":"cross_entropy","eval_max":1024,"weight_max":16}"#,
        splits: 20,
        steps: 200,
        optimizer: Optimizer::Sgd,
        learning_rate: 0.05,
        batch: 32,
        choice: (3000, 64),
    },
    Group {
        name: "wine",
        manifest: r#"{"version":1,"model":{"family":"mlp","inputs":13,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":256},"loss":"cross_entropy","eval_max":1024,"weight_max":16}"#,
        splits: 20,
        steps: 200,
        optimizer: Optimizer::Sgd,
        learning_rate: 0.05,
        batch: 32,
        choice: (3000, 64),
    },
    Group {
        name: "text",
        manifest: r#"{"version":1,"model":{"family":"gpt","layers":1,"heads":2,"width":32,"context":32,"vocabulary":256,"bias":true,"tied":true},"data":{"format":"text","tokenizer":"bytes","stride":32},"loss":"cross_entropy","eval_max":128,"weight_max":16}"#,
        splits: 2,
        steps: 48,
        optimizer: Optimizer::AdamW,
        learning_rate: 0.003,
        batch: 16,
        choice: (300, 16),
    },
];

impl Group {
    /// The manifest under the rules as they are if there is a price, else under those before.
    ///
    /// # Errors
    /// When the text above is no manifest.
    pub fn manifest(&self, price: Option<u32>) -> Result<Manifest, Failure> {
        let plain = self.manifest.trim_end_matches('}');
        let terms = price.map(|price| format!(r#","weight_price":{price},"certainty":{CERTAINTY}"#)).unwrap_or_default();
        Ok(Manifest::from_bytes(format!("{plain}{terms}}}").as_bytes())?)
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
        let manifest = self.manifest(None)?;
        let folder = folder.join(self.name).join(split.to_string());
        let read = |name: &str| {
            let path = folder.join(format!("{name}{}", manifest.data().suffix()));
            fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
        };
        let examples = |text: &str| Examples::parse(&manifest, [(format!("part{}", manifest.data().suffix()), text)]);
        let [training, validation, hidden] = [read("training")?, read("validation")?, read("hidden")?];
        let known = training.clone() + &validation;
        let lines: Vec<&str> = known.split_inclusive('\n').collect();
        let fold = |number: usize| {
            let (start, end) = (lines.len() * number / FOLDS, lines.len() * (number + 1) / FOLDS);
            let rest = lines[..start].concat() + &lines[end..].concat();
            Ok::<_, Failure>((examples(&rest)?, examples(&lines[start..end].concat())?))
        };
        let folds = (0..FOLDS).map(fold).collect::<Result<_, _>>()?;
        Ok(Parts { training: examples(&training)?, validation: examples(&validation)?, hidden: examples(&hidden)?, folds })
    }
}

/// The same weights under another manifest of the same model.
///
/// # Errors
/// When it is another model.
pub fn under(manifest: &Manifest, checkpoint: &Checkpoint) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::from_tensors(manifest, checkpoint.tensors().to_vec())
}
