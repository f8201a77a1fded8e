//! What one visitor looks at: a manifest, two checkpoints of it, its training set, and a text that is being written.

use std::rc::Rc;

use deltas::{Patch, Tree};
use evaluator::{Checkpoint, Compute, Examples, Generator, Isa, Manifest, checkpoint_len};

use crate::refusal::Refusal;
use crate::round::{Replay, Round, Side};

/// Which of the two checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The one that a round starts from, or the only one.
    Base,
    /// The one that claims to be better.
    New,
}

/// What was loaded so far; a new manifest clears the rest.
#[derive(Default)]
pub struct Session {
    manifest: Option<Manifest>,
    base: Option<Rc<Checkpoint>>,
    new: Option<Rc<Checkpoint>>,
    /// What the patches made, as long as the set comes from patches.
    tree: Tree,
    examples: Option<Examples>,
    text: Option<Generator<Rc<Checkpoint>>>,
}

impl Session {
    /// Takes a manifest in its canonical bytes and forgets what belonged to the one before.
    ///
    /// # Errors
    /// When the bytes are no manifest that this version knows.
    pub fn set_manifest(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let manifest = Manifest::from_bytes(bytes)?;
        *self = Self { manifest: Some(manifest), ..Self::default() };
        Ok(())
    }

    /// Bytes of every checkpoint file of the manifest: what is asked for when one is fetched.
    ///
    /// # Errors
    /// When there is no manifest.
    pub fn checkpoint_len(&self) -> Result<u64, Refusal> {
        Ok(checkpoint_len(self.manifest()?))
    }

    /// Takes a checkpoint file.
    ///
    /// # Errors
    /// When there is no manifest, or the file is none of it.
    pub fn set_checkpoint(&mut self, slot: Slot, bytes: &[u8]) -> Result<(), Refusal> {
        let checkpoint = Rc::new(Checkpoint::from_bytes(self.manifest()?, bytes)?);
        self.text = None;
        match slot {
            Slot::Base => self.base = Some(checkpoint),
            Slot::New => self.new = Some(checkpoint),
        }
        Ok(())
    }

    /// Takes the files of the training set: JSON, a list of pairs of path and text. Returns the number of examples.
    ///
    /// # Errors
    /// When there is no manifest, or the files are no training set of it.
    pub fn set_examples(&mut self, json: &[u8]) -> Result<usize, Refusal> {
        let files: Vec<(String, String)> = serde_json::from_slice(json).map_err(|_| Refusal::Form("a list of pairs of path and text"))?;
        let examples = Examples::parse(self.manifest()?, files)?;
        let count = examples.len();
        (self.tree, self.examples) = (Tree::default(), Some(examples));
        Ok(count)
    }

    /// Applies the next patch of the training set; the first one begins with nothing. Returns the number of examples.
    ///
    /// # Errors
    /// When there is no manifest, or the patch does not apply or leads to no training set: then it changes nothing, for everybody alike.
    pub fn apply_patch(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        let tree = Patch::parse(bytes)?.apply(&self.tree)?;
        let examples = Examples::parse(self.manifest()?, tree.iter())?;
        let count = examples.len();
        (self.tree, self.examples) = (tree, Some(examples));
        Ok(count)
    }

    /// The root of the set that the patches made.
    pub fn root(&self) -> [u8; 32] {
        self.tree.root()
    }

    /// Log-probability of each class for a line of features, or of each token after a text.
    ///
    /// # Errors
    /// When the checkpoint is missing, or the line or text is none that the manifest allows.
    pub fn predict(&self, slot: Slot, line: &str) -> Result<Vec<f32>, Refusal> {
        Ok(compute().predict(self.checkpoint(slot)?, line)?)
    }

    /// Begins to continue a text; [`Session::next_token`] goes on with it. At a temperature of 0 the likeliest token follows.
    ///
    /// # Errors
    /// When the checkpoint is missing, or no model of text, or the text is none that the manifest allows.
    pub fn write_text(&mut self, slot: Slot, prompt: &str, temperature: f32, seed: [u8; 32]) -> Result<(), Refusal> {
        let checkpoint = Rc::clone(self.checkpoint(slot)?);
        self.text = Some(compute().generate(checkpoint, prompt, temperature, seed)?);
        Ok(())
    }

    /// The token that follows.
    ///
    /// # Errors
    /// When no text was begun.
    pub fn next_token(&mut self) -> Result<u32, Refusal> {
        self.text.as_mut().and_then(Iterator::next).ok_or(Refusal::Missing("the beginning of a text"))
    }

    /// Losses of one checkpoint on the examples of a round.
    ///
    /// # Errors
    /// When the checkpoint or the training set is missing.
    pub fn measure(&self, slot: Slot, round: &Round) -> Result<Side, Refusal> {
        let examples = self.examples()?;
        let drawn = round.drawn(examples.len(), self.manifest()?.eval_max());
        Ok(compute().evaluate(self.checkpoint(slot)?, examples, &drawn)?.into())
    }

    /// Both checkpoints on the examples of a round, and what a claim about them must say.
    ///
    /// # Errors
    /// When a checkpoint or the training set is missing, or the new one changes a frozen tensor, so that no claim about it is true.
    pub fn replay(&self, round: &Round) -> Result<Replay, Refusal> {
        let (manifest, examples) = (self.manifest()?, self.examples()?);
        let drawn = round.drawn(examples.len(), manifest.eval_max());
        self.checkpoint(Slot::New)?.keeps_frozen(self.checkpoint(Slot::Base)?)?;
        let measure = |slot| Ok::<_, Refusal>(compute().evaluate(self.checkpoint(slot)?, examples, &drawn)?);
        let (base, new) = (measure(Slot::Base)?, measure(Slot::New)?);
        let measured = round.measured(&base, &new, examples.len(), manifest.certainty());
        Ok(Replay { drawn, base: base.into(), new: new.into(), measured })
    }

    /// The probe that an account must have signed for a checkpoint.
    ///
    /// # Errors
    /// When the checkpoint or the training set is missing.
    pub fn probe(&self, slot: Slot, round: &Round, signer: [u8; 20]) -> Result<[u8; 32], Refusal> {
        let examples = self.examples()?;
        let drawn = round.drawn(examples.len(), self.manifest()?.eval_max());
        Ok(compute().probe(self.checkpoint(slot)?, examples, &drawn, round.seed, signer)?)
    }

    fn manifest(&self) -> Result<&Manifest, Refusal> {
        self.manifest.as_ref().ok_or(Refusal::Missing("the manifest"))
    }

    fn examples(&self) -> Result<&Examples, Refusal> {
        self.examples.as_ref().ok_or(Refusal::Missing("the training set"))
    }

    fn checkpoint(&self, slot: Slot) -> Result<&Rc<Checkpoint>, Refusal> {
        match slot {
            Slot::Base => self.base.as_ref().ok_or(Refusal::Missing("the base")),
            Slot::New => self.new.as_ref().ok_or(Refusal::Missing("the new checkpoint")),
        }
    }
}

/// One thread: a page has no more without headers that a static host does not send.
fn compute() -> Compute {
    Compute::new(Isa::detect(), 1).unwrap_or_else(|_| Compute::detect())
}
