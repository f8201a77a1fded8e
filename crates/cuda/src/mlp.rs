//! Perceptrons: linear layers with relu between them.

use evaluator::Mlp;

use crate::arguments::Probabilities;
use crate::error::Error;
use crate::layers::{Layers, Rows, Then};
use crate::memory::{Cut, Memory, Queue, Span};
use crate::parameters::{Linear, Parameters};

/// Eighths of the free memory that passes may use.
const SHARE: u64 = 7;

/// The layers of a model.
pub(crate) struct Perceptron {
    pub(crate) layers: Vec<Linear>,
    /// Layers before the first that is trained: gradients do not go back to them.
    first: usize,
    pub(crate) outputs: u64,
}

/// Memory of one pass over some examples.
pub(crate) struct Buffers {
    pub(crate) targets: Span,
    pub(crate) picked: Span,
    /// Inputs of each layer, then the outputs of the last.
    pub(crate) values: Vec<Rows>,
    /// Gradients of the outputs of each layer but the last; none where nothing is trained.
    gradients: Vec<Rows>,
    /// Most examples of a pass.
    pub(crate) examples: u64,
}

impl Perceptron {
    pub(crate) fn new(mlp: &Mlp, parameters: &Parameters) -> Result<Self, Error> {
        let layers = (0..mlp.layers().len()).map(|index| parameters.linear(&format!("layers.{index}")));
        let layers: Vec<Linear> = layers.collect::<Result<_, Error>>()?;
        let first = (0..layers.len()).take_while(|index| !parameters.trains_up_to(&format!("layers.{index}."))).count();
        Ok(Self { layers, first, outputs: mlp.outputs.into() })
    }

    /// Units before each layer and behind the last.
    fn widths(&self) -> impl Iterator<Item = u64> {
        self.layers.iter().map(|layer| layer.inputs).chain([self.outputs])
    }

    fn cut(&self, cut: &mut Cut, examples: u64, trains: bool) -> Buffers {
        let [targets, picked] = std::array::from_fn(|_| cut.take(examples));
        let mut rows = |width: u64| Rows::new(cut.take(examples * width), width);
        let values = self.widths().map(&mut rows).collect();
        let hidden = self.layers.iter().skip(1).map(|layer| layer.inputs);
        let gradients = if trains { hidden.map(&mut rows).collect() } else { Vec::new() };
        Buffers { targets, picked, values, gradients, examples }
    }

    /// Memory for as many examples as there is room for, at most `most`.
    pub(crate) fn buffers<'d>(&self, queue: &Queue<'d>, most: u64, trains: bool) -> Result<(Memory<'d>, Buffers), Error> {
        let needed = |examples: u64| {
            let mut cut = Cut::default();
            self.cut(&mut cut, examples, trains);
            cut.used()
        };
        let (mut examples, room) = (most.max(1), queue.free()? / 8 * SHARE);
        while examples > 1 && needed(examples) > room {
            examples /= 2;
        }
        let memory = queue.allocate(needed(examples))?;
        let buffers = self.cut(&mut Cut::of(&memory), examples, trains);
        Ok((memory, buffers))
    }
}

/// One pass over so many examples.
pub(crate) struct Pass<'a> {
    pub(crate) model: &'a Perceptron,
    pub(crate) layers: Layers<'a>,
    pub(crate) buffers: &'a Buffers,
    pub(crate) examples: u64,
}

impl Pass<'_> {
    /// The rows of logits.
    fn logits(&self) -> Span {
        self.buffers.values.last().map_or_else(Span::default, |rows| rows.span)
    }

    /// Log-probabilities of all labels.
    pub(crate) fn predict(&self) -> Result<(), Error> {
        let (rows, count) = (self.examples, self.model.layers.len());
        for (index, (layer, values)) in self.model.layers.iter().zip(self.buffers.values.windows(2)).enumerate() {
            let [input, output] = values else { continue };
            self.layers.linear(*input, *layer, rows, *output, Then::Store)?;
            if index + 1 < count {
                self.layers.queue.pointwise("neuron_relu", [Some(output.span), None, None], rows * layer.outputs)?;
            }
        }
        self.layers.predict([self.logits(), self.buffers.targets, self.buffers.picked], rows, self.model.outputs)
    }

    /// From log-probabilities back to the first layer that is trained; every target's gradient counts `share`.
    pub(crate) fn backward(&self, share: f32) -> Result<(), Error> {
        let (rows, columns, targets) = (self.examples, self.model.outputs, self.buffers.targets);
        self.layers.queue.probabilities(Probabilities { logits: self.logits(), targets, rows, columns, share })?;
        let Some(mut gradient) = self.buffers.values.last().copied() else { return Ok(()) };
        for (index, layer) in self.model.layers.iter().enumerate().skip(self.model.first).rev() {
            let Some(input) = self.buffers.values.get(index) else { continue };
            self.layers.add_linear(gradient, *input, *layer, rows)?;
            let before = index.checked_sub(1).filter(|before| *before >= self.model.first);
            let Some(before) = before.and_then(|before| self.buffers.gradients.get(before)) else { continue };
            self.layers.linear_back(gradient, *layer, rows, *before, Then::Store)?;
            self.layers.queue.pointwise("neuron_relu_back", [Some(input.span), Some(before.span), None], rows * layer.inputs)?;
            gradient = *before;
        }
        Ok(())
    }
}
