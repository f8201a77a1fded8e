//! Backward pass of the family `llama`.
//!
//! One example a tape: the forward pass again with everything kept, then from the logits back, each view reused as soon as what it
//! holds is needed no more.

mod views;

use super::Llama;
use super::rotary::Turns;
use super::weights::{Block, Weights};
use crate::families::Pass;
use crate::families::tape::{Backward, Batch, Example, Source, Stack, Tape, View, parts};
use crate::families::vocabulary::lose;
use crate::kernels::{Gathering, Kernels, Linear, Matrix, MatrixMut, NormBack, Rotation, Spread, Then, back_len, scratch_len, stride_of};
use views::Views;

impl Backward for Llama {
    /// A context is rows enough for one tape.
    fn examples_per_tape(&self) -> usize {
        1
    }

    fn tape_len(&self) -> usize {
        Views::new(self).len
    }

    /// The embedding of tokens has two if it is the head too: both are added, the head first.
    fn sources(&self) -> Vec<Vec<Source>> {
        let views = Views::new(self);
        let head = Source::Outer { gradient: views.logits, input: views.normal };
        let tokens = Source::Tokens { gradient: views.embedding_back };
        let mut sources = vec![if self.tied { vec![head, tokens] } else { vec![tokens] }];
        for block in &views.blocks {
            sources.extend(self.block().iter().map(|(name, _, _)| block.sources(self, name)));
        }
        sources.push(vec![Source::Norm { spread: self.spread(), gradient: views.normal_back, input: views.x }]);
        if !self.tied {
            sources.push(vec![head]);
        }
        sources
    }

    fn run(&self, pass: Pass<'_>, batch: Batch<'_>, tape: &mut Tape) -> f64 {
        let [Example::Window(tokens)] = batch.examples else { return 0.0 };
        let Some(weights) = Weights::new(self, pass.tensors, pass.packed) else { return 0.0 };
        let rows = tokens.len() - 1;
        tape.rows = rows;
        tape.tokens.clear();
        tape.tokens.extend_from_slice(&tokens[..rows]);
        let wide = stride_of(self.queries_len()).max(stride_of(self.inner as usize));
        let scratch = scratch_len(rows, self.size()).max(back_len(rows, self.size()));
        let angles = rows * self.size() / 2;
        let [scratch, pulls, cosines, sines] = pass.arena.slices([scratch, rows * wide, angles, angles]);
        let turns = Turns::new(self, [cosines, sines]);
        let views = Views::new(self);
        let stack = Stack { embeddings: 1, blocks: views.blocks.len(), block: self.block().len(), norm: 1 };
        let first = stack.first_block(batch.first());
        let run = Run { llama: self, kernels: pass.kernels, weights: &weights, views: &views, turns, rows, first };
        run.all(&mut tape.values, tokens, batch.share, [pulls, scratch])
    }
}

impl Llama {
    /// How its norms see a row.
    fn spread(&self) -> Spread {
        Spread::Size(self.epsilon())
    }
}

/// One example forward and backward.
struct Run<'a> {
    llama: &'a Llama,
    kernels: Kernels,
    weights: &'a Weights<'a>,
    views: &'a Views,
    turns: Turns<'a>,
    rows: usize,
    /// The first block that gradients go back through, as `Stack::first_block` counts.
    first: usize,
}

impl Run<'_> {
    /// Forward, the loss, and back through the blocks from the last one on.
    fn all(&self, tape: &mut [f32], tokens: &[u32], share: f32, [pulls, scratch]: [&mut [f32]; 2]) -> f64 {
        let [mut x] = self.parts(tape, [self.views.blocks[0].x]);
        self.weights.embed([&tokens[..self.rows]].into_iter(), &mut x);
        for (index, block) in self.weights.blocks.iter().enumerate() {
            self.project(index, block, tape);
            self.attend(index, block, tape, scratch);
            self.widen(index, block, tape);
        }
        let loss = self.predict(tape, &tokens[1..], share);
        for (index, block) in self.weights.blocks.iter().enumerate().skip(self.first).rev() {
            self.widen_back(index, block, tape, pulls);
            self.attend_back(index, block, tape, [&mut *pulls, &mut *scratch]);
            self.project_back(index, block, tape);
        }
        loss
    }

    /// Views of this example's rows.
    fn parts<'t, const N: usize>(&self, tape: &'t mut [f32], views: [View; N]) -> [MatrixMut<'t>; N] {
        parts(tape, self.rows, views)
    }

    /// Norm of each row of `x` to `output`.
    fn norm(&self, x: &MatrixMut<'_>, weight: &[f32], output: &mut MatrixMut<'_>) {
        self.kernels.size_norm(x.read(), weight, self.llama.epsilon(), output.part(0, self.rows));
    }

    /// So many columns of every row from `first` on.
    fn columns<'m>(&self, matrix: &'m MatrixMut<'_>, first: usize, count: usize) -> Matrix<'m> {
        Matrix::new(&matrix.values[first..], self.rows, count, matrix.stride)
    }

    /// The turning of a head.
    fn turn(&self, stride: usize, start: usize, back: bool) -> Rotation<'_> {
        Rotation { back, ..self.turns.of((self.rows, stride), start, self.llama.size()) }
    }

    /// Queries, keys and values, each with its norm and where it begins in a row; each overwrites the lanes behind the one before.
    fn layers<'b>(&self, block: &Block<'b>) -> [(Linear<'b>, Option<&'b [f32]>, usize); 3] {
        let row = self.llama.row();
        [(block.queries, block.query_norm, 0), (block.keys, block.key_norm, row.keys), (block.values, None, row.values)]
    }

    /// Queries, keys and values forward, before they are turned; what is to pass a norm is kept beside.
    fn project(&self, index: usize, block: &Block<'_>, tape: &mut [f32]) {
        let views = &self.views.blocks[index];
        let [x, mut normal, attention, raw] = self.parts(tape, [views.x, views.normal_1, views.attention, views.raw]);
        let (kernels, rows, size, stride) = (self.kernels, self.rows, self.llama.size(), attention.stride);
        self.norm(&x, block.norm_1, &mut normal);
        for (layer, norm, start) in self.layers(block) {
            let target = if norm.is_some() { &mut *raw.values } else { &mut *attention.values };
            kernels.linear(normal.read(), layer, MatrixMut::new(&mut target[start..], rows, layer.outputs, stride), Then::Store, &mut []);
            let Some(weight) = norm else { continue };
            for at in (start..start + layer.outputs).step_by(size) {
                let output = MatrixMut::new(&mut attention.values[at..], rows, size, stride);
                kernels.size_norm(Matrix::new(&raw.values[at..], rows, size, stride), weight, self.llama.epsilon(), output);
            }
        }
    }

    /// Attention of a block forward, with turned queries kept beside what replaces them.
    fn attend(&self, index: usize, block: &Block<'_>, tape: &mut [f32], scratch: &mut [f32]) {
        let views = &self.views.blocks[index];
        let [x, mut attention, mut queries, middle] = self.parts(tape, [views.x, views.attention, views.queries, views.middle]);
        let (kernels, rows, stride) = (self.kernels, self.rows, attention.stride);
        for start in self.llama.turned() {
            kernels.rotate(attention.values, self.turn(stride, start, false));
        }
        let width = queries.columns;
        for row in 0..rows {
            queries.row(row)[..width].copy_from_slice(&attention.row(row)[..width]);
        }
        for head in self.llama.heads(rows, stride) {
            kernels.attention(attention.values, head, scratch);
        }
        let gathered = Matrix::new(attention.values, rows, width, stride);
        kernels.linear(gathered, block.attention_out, middle, Then::Plus(x.read()), &mut []);
    }

    /// Its gated layer forward, with the slopes of gates and values kept in their place.
    fn widen(&self, index: usize, block: &Block<'_>, tape: &mut [f32]) {
        let views = &self.views.blocks[index];
        let [middle, mut normal, mut gates, mut inner, passed, after] =
            self.parts(tape, [views.middle, views.normal_2, views.gates, views.inner, views.passed, self.views.after(index)]);
        let (kernels, rows) = (self.kernels, self.rows);
        self.norm(&middle, block.norm_2, &mut normal);
        kernels.linear(normal.read(), block.gate, gates.part(0, rows), Then::Store, &mut []);
        kernels.linear(normal.read(), block.inner, inner.part(0, rows), Then::Store, &mut []);
        kernels.swiglu_and_slopes(gates.values, inner.values, passed.values);
        kernels.linear(passed.read(), block.inner_out, after, Then::Plus(middle.read()), &mut []);
    }

    /// Loss, and its gradients down to the last block, if they are wanted there.
    fn predict(&self, tape: &mut [f32], targets: &[u32], share: f32) -> f64 {
        let Views { x, normal, logits, normal_back, .. } = *self.views;
        let last = self.views.before_back(self.views.blocks.len());
        let [x, mut normal, mut logits, mut normal_back, out_back] = self.parts(tape, [x, normal, logits, normal_back, last]);
        let (kernels, rows, weight) = (self.kernels, self.rows, self.weights.norm);
        self.norm(&x, weight, &mut normal);
        kernels.linear(normal.read(), self.weights.head, logits.part(0, rows), Then::Store, &mut []);
        let loss = lose(kernels, logits.part(0, rows), targets, share);
        if self.first > self.views.blocks.len() {
            return loss;
        }
        kernels.linear_back(logits.read(), self.weights.head, normal_back.part(0, rows), Then::Store, &mut []);
        let norm = NormBack { spread: self.llama.spread(), gradient: normal_back.read(), input: x.read(), weight };
        kernels.norm_back(norm, None, out_back);
        loss
    }

    /// Gradients of the gated layer, from those of what the block added.
    fn widen_back(&self, index: usize, block: &Block<'_>, tape: &mut [f32], pulls: &mut [f32]) {
        let views = &self.views.blocks[index];
        let [out_back, gates, inner, mut normal_back, middle, middle_back] =
            self.parts(tape, [views.out_back, views.gates, views.inner, views.normal_2_back, views.middle, views.middle_back]);
        let (kernels, rows) = (self.kernels, self.rows);
        let pulls = &mut pulls[..rows * gates.stride];
        let output = MatrixMut::new(pulls, rows, gates.columns, gates.stride);
        kernels.linear_back(out_back.read(), block.inner_out, output, Then::Store, &mut []);
        kernels.multiply(gates.values, pulls);
        kernels.multiply(inner.values, pulls);
        kernels.linear_back(gates.read(), block.gate, normal_back.part(0, rows), Then::Store, &mut []);
        kernels.linear_back(inner.read(), block.inner, normal_back.part(0, rows), Then::Add, &mut []);
        let norm = NormBack { spread: self.llama.spread(), gradient: normal_back.read(), input: middle.read(), weight: block.norm_2 };
        kernels.norm_back(norm, Some(out_back.read()), middle_back);
    }

    /// Gradients of queries, keys and values, turned back, from those of the residual in the middle.
    fn attend_back(&self, index: usize, block: &Block<'_>, tape: &mut [f32], [pulls, scratch]: [&mut [f32]; 2]) {
        let views = &self.views.blocks[index];
        let [middle_back, attention, queries, turned_back] =
            self.parts(tape, [views.middle_back, views.attention, views.queries, views.turned_back]);
        let (kernels, rows, group) = (self.kernels, self.rows, self.llama.group());
        let output = MatrixMut::new(pulls, rows, queries.columns, queries.stride);
        kernels.linear_back(middle_back.read(), block.attention_out, output, Then::Store, &mut []);
        for (number, head) in self.llama.heads(rows, attention.stride).enumerate() {
            let column = |values, stride| Matrix::new(values, rows, head.size, stride);
            let pulls = column(&pulls[head.places[0]..], queries.stride);
            let queries = column(&queries.values[head.places[0]..], queries.stride);
            let goes_on = !number.is_multiple_of(group);
            kernels.attention_back(Gathering { queries, values: attention.values, pulls, head, goes_on }, turned_back.values, scratch);
        }
        for start in self.llama.turned() {
            kernels.rotate(turned_back.values, self.turn(attention.stride, start, true));
        }
    }

    /// Their norms' gradients, if there are norms, down to what the block read.
    fn project_back(&self, index: usize, block: &Block<'_>, tape: &mut [f32]) {
        let views = &self.views.blocks[index];
        let before = self.views.before_back(index);
        let [middle_back, turned_back, raw, raw_back, mut normal_back, x, before] =
            self.parts(tape, [views.middle_back, views.turned_back, views.raw, views.raw_back, views.normal_1_back, views.x, before]);
        let (kernels, rows, size, stride, spread) = (self.kernels, self.rows, self.llama.size(), turned_back.stride, self.llama.spread());
        for (layer, norm, start) in self.layers(block) {
            if let Some(weight) = norm {
                for at in (start..start + layer.outputs).step_by(size) {
                    let (gradient, input) = (self.columns(&turned_back, at, size), self.columns(&raw, at, size));
                    let output = MatrixMut::new(&mut raw_back.values[at..], rows, size, stride);
                    kernels.norm_back(NormBack { spread, gradient, input, weight }, None, output);
                }
            }
            let (gradients, then) =
                (if norm.is_some() { &raw_back } else { &turned_back }, if start == 0 { Then::Store } else { Then::Add });
            kernels.linear_back(self.columns(gradients, start, layer.outputs), layer, normal_back.part(0, rows), then, &mut []);
        }
        let norm = NormBack { spread, gradient: normal_back.read(), input: x.read(), weight: block.norm_1 };
        kernels.norm_back(norm, Some(middle_back.read()), before);
    }
}
