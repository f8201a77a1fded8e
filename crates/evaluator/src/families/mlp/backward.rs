//! Backward pass of the family `mlp`.
//!
//! Up to sixty-four examples a tape: inputs and outputs of each layer on the way there, gradients of the outputs on the way back.

use super::Mlp;
use crate::families::Pass;
use crate::families::tape::{Backward, Batch, Example, Layout, Source, Tape, View, parts};
use crate::kernels::{Linear, Then};

/// Examples of one tape.
const TAPE_ROWS: usize = 64;

/// Views of a tape.
struct Views {
    /// Inputs of each layer, then the outputs of the last.
    values: Vec<View>,
    /// Gradients of the outputs of each layer but the last, whose outputs become their gradients.
    gradients: Vec<View>,
    /// Values of a tape.
    len: usize,
}

impl Views {
    /// Cuts a tape of so many examples.
    fn new(mlp: &Mlp) -> Self {
        let (mut layout, layers) = (Layout::new(TAPE_ROWS), mlp.layers());
        let mut values = vec![layout.view(mlp.inputs as usize)];
        values.extend(layers.iter().map(|(_, outputs)| layout.view(*outputs as usize)));
        let mut gradients: Vec<View> = layers.iter().map(|(_, outputs)| layout.view(*outputs as usize)).collect();
        gradients.pop();
        gradients.extend(values.last().copied());
        Self { values, gradients, len: layout.len() }
    }
}

impl Backward for Mlp {
    fn examples_per_tape(&self) -> usize {
        TAPE_ROWS
    }

    fn tape_len(&self) -> usize {
        Views::new(self).len
    }

    /// Weight and bias of each layer: products of gradients with inputs, and sums of gradients.
    fn sources(&self) -> Vec<Vec<Source>> {
        let views = Views::new(self);
        let layer = |(input, gradient): (&View, &View)| {
            let (input, gradient) = (*input, *gradient);
            [vec![Source::Outer { gradient, input }], vec![Source::Sums { gradient }]]
        };
        views.values.iter().zip(&views.gradients).flat_map(layer).collect()
    }

    /// Inputs, layers with relu between them, log-softmax; then from probability − 1 at the right class back to the first layer that is
    /// trained, whose inputs need no gradient.
    fn run(&self, pass: Pass<'_>, batch: Batch<'_>, tape: &mut Tape) -> f64 {
        let Views { values, gradients, .. } = Views::new(self);
        let (layers, first) = (self.layers(), batch.first() / 2);
        let Batch { examples: batch, share, .. } = batch;
        let rows = batch.len();
        tape.rows = rows;
        let linear = |index: usize| {
            let [weight, bias] = pass.tensors.as_chunks::<2>().0[index];
            let packed = pass.packed.get(2 * index).and_then(Option::as_ref);
            Linear { weight, bias: bias.wide(), inputs: layers[index].0 as usize, outputs: layers[index].1 as usize, packed }
        };
        let [mut features] = parts(&mut tape.values, rows, [values[0]]);
        for (row, example) in batch.iter().enumerate() {
            let Example::Labelled(from, _) = example else { continue };
            features.row(row)[..from.len()].copy_from_slice(from);
        }
        for index in 0..layers.len() {
            let [input, mut output] = parts(&mut tape.values, rows, [values[index], values[index + 1]]);
            pass.kernels.linear(input.read(), linear(index), output.part(0, rows), Then::Store, &mut []);
            if index + 1 < layers.len() {
                pass.kernels.relu(output.values);
            }
        }
        let [mut outputs] = parts(&mut tape.values, rows, [values[layers.len()]]);
        pass.kernels.log_softmax(outputs.part(0, rows));
        let mut loss = 0.0;
        for (row, example) in batch.iter().enumerate() {
            let Example::Labelled(_, label) = example else { continue };
            let row = outputs.row(row);
            loss -= f64::from(row[*label as usize]);
            pass.kernels.probabilities(row, share);
            row[*label as usize] -= share;
        }
        for index in (first + 1..layers.len()).rev() {
            let [gradient, mut before, output] = parts(&mut tape.values, rows, [gradients[index], gradients[index - 1], values[index]]);
            pass.kernels.linear_back(gradient.read(), linear(index), before.part(0, rows), Then::Store, &mut []);
            pass.kernels.relu_back(output.values, before.values);
        }
        loss
    }
}
