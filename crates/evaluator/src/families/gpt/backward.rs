//! Backward pass of the family `gpt`.
//!
//! One example a tape: the forward pass again with everything kept, then from the logits back, each view reused as soon as what it
//! holds is needed no more.

use super::{Block, EXPANSION, Gpt, Weights};
use crate::arena::Arena;
use crate::families::Pass;
use crate::families::tape::{Backward, Batch, Example, Layout, Source, Stack, Tape, View, parts};
use crate::families::vocabulary::lose;
use crate::kernels::{Gathering, Head, Kernels, Matrix, MatrixMut, NormBack, Spread, Then, back_len, scratch_len, stride_of};

/// Views of one block.
struct BlockViews {
    /// What the block reads: the residual before it.
    x: View,
    /// Its layer norm, input of queries, keys and values.
    normal_1: View,
    /// Queries become what the heads gather.
    attention: View,
    /// Queries as they were, which the gradients need again.
    queries: View,
    /// The residual after attention.
    middle: View,
    /// Its layer norm, input of the inner layer.
    normal_2: View,
    /// Inputs of GELU become its slopes, then their gradients.
    inner: View,
    /// Outputs of GELU.
    inner_out: View,
    /// Gradients of queries, keys and values.
    attention_back: View,
    /// Of the residual after attention.
    middle_back: View,
    /// Of what the block adds at its end.
    out_back: View,
    /// Of both layer norms' outputs.
    normal_1_back: View,
    normal_2_back: View,
}

/// Views of a tape.
struct Views {
    blocks: Vec<BlockViews>,
    x: View,
    normal: View,
    /// Logits become their gradients.
    logits: View,
    normal_back: View,
    embedding_back: View,
    len: usize,
}

impl Views {
    /// Cuts a tape of one example, `context` rows.
    fn new(gpt: &Gpt) -> Self {
        let (mut layout, width) = (Layout::new(gpt.context as usize), gpt.width as usize);
        let block = |layout: &mut Layout| BlockViews {
            x: layout.view(width),
            normal_1: layout.view(width),
            attention: layout.view(3 * width),
            queries: layout.view(width),
            middle: layout.view(width),
            normal_2: layout.view(width),
            inner: layout.view(EXPANSION * width),
            inner_out: layout.view(EXPANSION * width),
            attention_back: layout.view(3 * width),
            middle_back: layout.view(width),
            out_back: layout.view(width),
            normal_1_back: layout.view(width),
            normal_2_back: layout.view(width),
        };
        let blocks = (0..gpt.layers).map(|_| block(&mut layout)).collect();
        let [x, normal, normal_back, embedding_back] = std::array::from_fn(|_| layout.view(width));
        let logits = layout.view(gpt.vocabulary as usize);
        Self { blocks, x, normal, logits, normal_back, embedding_back, len: layout.len() }
    }

    /// Where block `index` writes what it made.
    fn after(&self, index: usize) -> View {
        self.blocks.get(index + 1).map_or(self.x, |block| block.x)
    }

    /// Where the gradients of what block `index` read are.
    fn before_back(&self, index: usize) -> View {
        index.checked_sub(1).map_or(self.embedding_back, |before| self.blocks[before].out_back)
    }
}

impl BlockViews {
    /// Source of the tensor of that name.
    fn source(&self, name: &str) -> Source {
        match name {
            "ln_1.weight" => Source::Norm { spread: Spread::Deviation, gradient: self.normal_1_back, input: self.x },
            "ln_1.bias" => Source::Sums { gradient: self.normal_1_back },
            "attn.c_attn.weight" => Source::Outer { gradient: self.attention_back, input: self.normal_1 },
            "attn.c_attn.bias" => Source::Sums { gradient: self.attention_back },
            "attn.c_proj.weight" => Source::Outer { gradient: self.middle_back, input: self.attention.narrow(self.x) },
            "attn.c_proj.bias" => Source::Sums { gradient: self.middle_back },
            "ln_2.weight" => Source::Norm { spread: Spread::Deviation, gradient: self.normal_2_back, input: self.middle },
            "ln_2.bias" => Source::Sums { gradient: self.normal_2_back },
            "mlp.c_fc.weight" => Source::Outer { gradient: self.inner, input: self.normal_2 },
            "mlp.c_fc.bias" => Source::Sums { gradient: self.inner },
            "mlp.c_proj.weight" => Source::Outer { gradient: self.out_back, input: self.inner_out },
            _ => Source::Sums { gradient: self.out_back },
        }
    }
}

impl Backward for Gpt {
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
        sources.push(vec![Source::Positions { gradient: views.embedding_back }]);
        for block in &views.blocks {
            sources.extend(self.block().iter().map(|(name, _, _)| vec![block.source(name)]));
        }
        sources.push(vec![Source::Norm { spread: Spread::Deviation, gradient: views.normal_back, input: views.x }]);
        if self.bias {
            sources.push(vec![Source::Sums { gradient: views.normal_back }]);
        }
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
        let views = Views::new(self);
        let stack = Stack { embeddings: 2, blocks: views.blocks.len(), block: self.block().len(), norm: if self.bias { 2 } else { 1 } };
        let first = stack.first_block(batch.first());
        let run = Run { gpt: self, kernels: pass.kernels, weights: &weights, views: &views, rows, first };
        run.all(pass.arena, &mut tape.values, tokens, batch.share)
    }
}

/// One example forward and backward.
struct Run<'a> {
    gpt: &'a Gpt,
    kernels: Kernels,
    weights: &'a Weights<'a>,
    views: &'a Views,
    rows: usize,
    /// The first block that gradients go back through, as `Stack::first_block` counts.
    first: usize,
}

impl Run<'_> {
    /// Forward, the loss, and back through the blocks from the last one on.
    fn all(&self, arena: &mut Arena, tape: &mut [f32], tokens: &[u32], share: f32) -> f64 {
        let (width, size) = (self.gpt.width as usize, (self.gpt.width / self.gpt.heads) as usize);
        let scratch = scratch_len(self.rows, size).max(back_len(self.rows, size));
        let [scratch, pulls] = arena.slices([scratch, self.rows * stride_of(width)]);
        self.embed(tape, &tokens[..self.rows]);
        for (index, block) in self.weights.blocks.iter().enumerate() {
            self.attend(index, block, tape, scratch);
            self.widen(index, block, tape);
        }
        let loss = self.predict(tape, &tokens[1..], share);
        for (index, block) in self.weights.blocks.iter().enumerate().skip(self.first).rev() {
            self.widen_back(index, block, tape);
            self.attend_back(index, block, tape, pulls, scratch);
        }
        loss
    }

    /// Views of this example's rows.
    fn parts<'t, const N: usize>(&self, tape: &'t mut [f32], views: [View; N]) -> [MatrixMut<'t>; N] {
        parts(tape, self.rows, views)
    }

    /// The first block's input.
    fn embed(&self, tape: &mut [f32], tokens: &[u32]) {
        let [mut x] = self.parts(tape, [self.views.blocks[0].x]);
        self.weights.embed([tokens].into_iter(), 0, &mut x);
    }

    /// Where each head lies in rows of queries, keys and values.
    fn heads(&self, stride: usize) -> impl Iterator<Item = Head> {
        let (rows, width) = (self.rows, self.gpt.width as usize);
        let size = width / self.gpt.heads as usize;
        let scale = 1.0 / (size as f32).sqrt();
        (0..width).step_by(size).map(move |start| {
            let places = [start, width + start, 2 * width + start];
            Head { rows, from: 0, stride, places, size, scale, window: usize::MAX }
        })
    }

    /// Attention of a block forward, with queries kept beside what replaces them.
    fn attend(&self, index: usize, block: &Block<'_>, tape: &mut [f32], scratch: &mut [f32]) {
        let views = &self.views.blocks[index];
        let [x, mut normal, mut attention, mut queries, middle] =
            self.parts(tape, [views.x, views.normal_1, views.attention, views.queries, views.middle]);
        let (kernels, rows, width) = (self.kernels, self.rows, self.gpt.width as usize);
        kernels.layer_norm(x.read(), block.norm_1.0, block.norm_1.1, normal.part(0, rows));
        kernels.linear(normal.read(), block.attention, attention.part(0, rows), Then::Store, &mut []);
        for row in 0..rows {
            queries.row(row)[..width].copy_from_slice(&attention.row(row)[..width]);
        }
        for head in self.heads(attention.stride) {
            kernels.attention(attention.values, head, scratch);
        }
        let gathered = Matrix::new(attention.values, rows, width, attention.stride);
        kernels.linear(gathered, block.attention_out, middle, Then::Plus(x.read()), &mut []);
    }

    /// Its inner layer forward, with the slopes of GELU kept in place of its inputs.
    fn widen(&self, index: usize, block: &Block<'_>, tape: &mut [f32]) {
        let views = &self.views.blocks[index];
        let [middle, mut normal, mut inner, inner_out, after] =
            self.parts(tape, [views.middle, views.normal_2, views.inner, views.inner_out, self.views.after(index)]);
        let (kernels, rows) = (self.kernels, self.rows);
        kernels.layer_norm(middle.read(), block.norm_2.0, block.norm_2.1, normal.part(0, rows));
        kernels.linear(normal.read(), block.inner, inner.part(0, rows), Then::Store, &mut []);
        self.gpt.activation.all_and_slopes(kernels, inner.values, inner_out.values);
        kernels.linear(inner_out.read(), block.inner_out, after, Then::Plus(middle.read()), &mut []);
    }

    /// Loss, and its gradients down to the last block, if they are wanted there.
    fn predict(&self, tape: &mut [f32], targets: &[u32], share: f32) -> f64 {
        let Views { x, normal, logits, normal_back, .. } = *self.views;
        let last = self.views.before_back(self.views.blocks.len());
        let [x, mut normal, mut logits, mut normal_back, out_back] = self.parts(tape, [x, normal, logits, normal_back, last]);
        let (kernels, rows) = (self.kernels, self.rows);
        let (norm, spread) = (self.weights.norm, Spread::Deviation);
        kernels.layer_norm(x.read(), norm.0, norm.1, normal.part(0, rows));
        kernels.linear(normal.read(), self.weights.head, logits.part(0, rows), Then::Store, &mut []);
        let loss = lose(kernels, logits.part(0, rows), targets, share);
        if self.first > self.views.blocks.len() {
            return loss;
        }
        kernels.linear_back(logits.read(), self.weights.head, normal_back.part(0, rows), Then::Store, &mut []);
        kernels.norm_back(NormBack { spread, gradient: normal_back.read(), input: x.read(), weight: norm.0 }, None, out_back);
        loss
    }

    /// Gradients of the inner layer, from those of what the block added.
    fn widen_back(&self, index: usize, block: &Block<'_>, tape: &mut [f32]) {
        let views = &self.views.blocks[index];
        let [out_back, mut inner, mut normal_back, middle, middle_back] =
            self.parts(tape, [views.out_back, views.inner, views.normal_2_back, views.middle, views.middle_back]);
        let (kernels, rows) = (self.kernels, self.rows);
        kernels.linear_back(out_back.read(), block.inner_out, inner.part(0, rows), Then::Times, &mut []);
        kernels.linear_back(inner.read(), block.inner, normal_back.part(0, rows), Then::Store, &mut []);
        let (spread, weight) = (Spread::Deviation, block.norm_2.0);
        let norm = NormBack { spread, gradient: normal_back.read(), input: middle.read(), weight };
        kernels.norm_back(norm, Some(out_back.read()), middle_back);
    }

    /// Gradients of attention, from those of the residual in the middle, down to what the block read.
    fn attend_back(&self, index: usize, block: &Block<'_>, tape: &mut [f32], pulls: &mut [f32], scratch: &mut [f32]) {
        let views = &self.views.blocks[index];
        let before = self.views.before_back(index);
        let [middle_back, attention, queries, attention_back, mut normal_back, x, before] = self
            .parts(tape, [views.middle_back, views.attention, views.queries, views.attention_back, views.normal_1_back, views.x, before]);
        let (kernels, rows, width) = (self.kernels, self.rows, self.gpt.width as usize);
        let output = MatrixMut::new(pulls, rows, width, middle_back.stride);
        kernels.linear_back(middle_back.read(), block.attention_out, output, Then::Store, &mut []);
        for head in self.heads(attention.stride) {
            let column = |values, stride| Matrix::new(values, rows, head.size, stride);
            let queries = column(&queries.values[head.places[0]..], queries.stride);
            let pulls = column(&pulls[head.places[0]..], middle_back.stride);
            let gathering = Gathering { queries, values: attention.values, pulls, head, goes_on: false };
            kernels.attention_back(gathering, attention_back.values, scratch);
        }
        kernels.linear_back(attention_back.read(), block.attention, normal_back.part(0, rows), Then::Store, &mut []);
        let (spread, weight) = (Spread::Deviation, block.norm_1.0);
        let norm = NormBack { spread, gradient: normal_back.read(), input: x.read(), weight };
        kernels.norm_back(norm, Some(middle_back.read()), before);
    }
}
