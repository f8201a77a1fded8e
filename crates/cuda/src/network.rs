//! A model on a device: its weights, memory for passes, and what passes give.

use evaluator::{Examples, Manifest, MeasureError, Model};

use crate::error::Error;
use crate::layers::Layers;
use crate::memory::{Memory, Queue, Span};
use crate::mlp::{self, Perceptron};
use crate::parameters::Parameters;
use crate::transformer::{self, Pass, Transformer};

/// A model and memory for its passes.
pub(crate) struct Network<'d> {
    kind: Kind,
    /// Holds what the buffers are cut from.
    _memory: Memory<'d>,
}

enum Kind {
    Perceptron(Perceptron, mlp::Buffers),
    Transformer(Transformer, Box<transformer::Buffers>),
}

/// An example, and the class or token whose log-probability is asked for at each of its targets.
pub(crate) struct Asked {
    pub(crate) index: u32,
    pub(crate) targets: Vec<u32>,
}

/// The classes or tokens that are right.
pub(crate) fn right(examples: &Examples, index: u32) -> Result<Asked, Error> {
    let place = index as usize;
    let window = examples.window(place).map(|tokens| tokens.into_iter().skip(1).collect());
    let targets = window.or_else(|| examples.label(place).map(|label| vec![label]));
    let lacking = || examples.check_held(&[index]).err().unwrap_or(MeasureError::NoSuchExample(index));
    targets.map(|targets| Asked { index, targets }).ok_or_else(|| lacking().into())
}

impl<'d> Network<'d> {
    /// Memory for passes over at most so many rows of activations, if there is room; gradients too, if it trains.
    pub(crate) fn new(queue: &Queue<'d>, manifest: &Manifest, rows: u64, trains: bool) -> Result<Self, Error> {
        let parameters = Parameters::new(manifest);
        let transformer = match manifest.model() {
            Model::Mlp(mlp) => {
                let model = Perceptron::new(mlp, &parameters)?;
                let (memory, buffers) = model.buffers(queue, rows, trains)?;
                return Ok(Self { kind: Kind::Perceptron(model, buffers), _memory: memory });
            }
            Model::Gpt(gpt) => Transformer::gpt(gpt, &parameters)?,
            Model::Llama(llama) => Transformer::llama(llama, &parameters)?,
        };
        let most = (rows / transformer.sizes.context.max(1)).max(1);
        let (memory, buffers) = transformer::Buffers::new(queue, &transformer, most, trains)?;
        Ok(Self { kind: Kind::Transformer(transformer, Box::new(buffers)), _memory: memory })
    }

    /// Examples of one pass.
    pub(crate) fn examples(&self) -> usize {
        let examples = match &self.kind {
            Kind::Perceptron(_, buffers) => buffers.examples,
            Kind::Transformer(_, buffers) => buffers.examples,
        };
        examples as usize
    }

    /// Targets whose losses are added before those of others are: those of an example, or of sixty-four with one each.
    pub(crate) fn targets_per_tape(&self) -> usize {
        match &self.kind {
            Kind::Perceptron(..) => 64,
            Kind::Transformer(model, _) => model.sizes.context as usize,
        }
    }

    /// Log-probabilities asked for, of examples of one pass, one after the other.
    pub(crate) fn predict(&self, layers: Layers<'_>, examples: &Examples, asked: &[Asked]) -> Result<Vec<f32>, Error> {
        let count = asked.len() as u64;
        let (targets, picked) = match &self.kind {
            Kind::Perceptron(_, buffers) => (buffers.targets, buffers.picked),
            Kind::Transformer(_, buffers) => (buffers.targets, buffers.picked),
        };
        layers.queue.upload(targets, asked.iter().flat_map(|asked| asked.targets.iter().copied()))?;
        match &self.kind {
            Kind::Perceptron(model, buffers) => {
                let features = asked.iter().filter_map(|asked| examples.features(asked.index as usize)).flatten();
                layers.queue.upload_values(buffers.values.first().map_or_else(Span::default, |rows| rows.span), features)?;
                mlp::Pass { model, layers, buffers, examples: count }.predict()?;
                layers.queue.download(picked.part(0, count))
            }
            Kind::Transformer(model, buffers) => {
                let context = model.sizes.context;
                let windows = asked.iter().filter_map(|asked| examples.window(asked.index as usize));
                let tokens = windows.flat_map(|tokens| tokens.into_iter().take(context as usize));
                layers.queue.upload(buffers.tokens, tokens)?;
                let pass = Pass { model, layers, buffers, examples: count };
                pass.forward()?;
                pass.predict()?;
                layers.queue.download(picked.part(0, count * context))
            }
        }
    }

    /// Adds the gradients of the examples that were predicted last, so many of them.
    pub(crate) fn backward(&self, layers: Layers<'_>, examples: u64, share: f32) -> Result<(), Error> {
        match &self.kind {
            Kind::Perceptron(model, buffers) => mlp::Pass { model, layers, buffers, examples }.backward(share),
            Kind::Transformer(model, buffers) => Pass { model, layers, buffers, examples }.backward(share),
        }
    }
}

/// Whether a model reads such examples; if not, they are of another manifest.
pub(crate) fn check(manifest: &Manifest, examples: &Examples) -> Result<(), Error> {
    if examples.fit(manifest) { Ok(()) } else { Err(MeasureError::OtherManifest.into()) }
}
