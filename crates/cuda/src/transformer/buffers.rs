//! Memory of a pass: what one block keeps, what all share, and, for training, gradients.

use super::{Sizes, Transformer};
use crate::error::Error;
use crate::layers::Rows;
use crate::memory::{Cut, Memory, Queue, Span};

/// Values of logits held at once where they are only read (256 MiB), but at least one row.
const LOGITS: u64 = 1 << 26;
/// Most batches of a launch: examples times heads.
const BATCHES_MAX: u64 = 65_535;
/// Eighths of the free memory that passes may use.
const SHARE: u64 = 7;

/// What a block computes on its way; kept for its gradients, or used again by the next block.
#[derive(Clone, Copy)]
pub(crate) struct BlockBuffers {
    /// The residual before it.
    pub(crate) x: Rows,
    pub(crate) normal_1: Rows,
    /// Queries, keys and values before the norms of heads; empty without.
    pub(crate) raw: Rows,
    /// Queries, keys and values.
    pub(crate) attention: Rows,
    pub(crate) gathered: Rows,
    /// The residual after attention.
    pub(crate) middle: Rows,
    pub(crate) normal_2: Rows,
    /// Gates become their slopes; empty without.
    pub(crate) gates: Rows,
    /// Inputs of the function between both layers become its slopes.
    pub(crate) inner: Rows,
    /// Its outputs.
    pub(crate) passed: Rows,
    /// Moments of both norms, and of the norms of heads of queries and of keys.
    pub(crate) moments: [Span; 4],
}

/// Gradients on their way back.
#[derive(Clone, Copy)]
pub(crate) struct BackBuffers {
    /// Of what a block made, then of what it read.
    pub(crate) outer: Rows,
    pub(crate) middle: Rows,
    pub(crate) normal: Rows,
    pub(crate) inner: Rows,
    pub(crate) gathered: Rows,
    pub(crate) attention: Rows,
    pub(crate) raw: Rows,
    /// Gradients of shares, then of scores.
    pub(crate) pulls: Span,
}

/// Memory of one pass over some examples.
#[derive(Clone)]
pub(crate) struct Buffers {
    pub(crate) tokens: Span,
    pub(crate) targets: Span,
    /// Log-probabilities of targets.
    pub(crate) picked: Span,
    pub(crate) cosines: Span,
    pub(crate) sines: Span,
    pub(crate) frequencies: Span,
    /// As many as blocks, or one for all.
    pub(crate) blocks: Vec<BlockBuffers>,
    /// What the last block made.
    pub(crate) last: Rows,
    pub(crate) normal: Rows,
    pub(crate) moments: Span,
    pub(crate) scores: Span,
    pub(crate) logits: Rows,
    /// Rows of logits at a time.
    pub(crate) logits_rows: u64,
    /// Of a pass that trains.
    pub(crate) back: Option<BackBuffers>,
    /// Most examples of a pass.
    pub(crate) examples: u64,
}

/// Cuts rows of so many values.
struct Cutter<'a> {
    cut: &'a mut Cut,
    rows: u64,
}

impl Cutter<'_> {
    fn rows(&mut self, columns: u64) -> Rows {
        Rows::new(self.cut.take(self.rows * columns), columns)
    }

    fn block(&mut self, sizes: Sizes) -> BlockBuffers {
        let Sizes { width, inner, .. } = sizes;
        let raw = if sizes.has_head_norms { sizes.row() } else { 0 };
        BlockBuffers {
            x: self.rows(width),
            normal_1: self.rows(width),
            raw: self.rows(raw),
            attention: self.rows(sizes.row()),
            gathered: self.rows(sizes.queries()),
            middle: self.rows(width),
            normal_2: self.rows(width),
            gates: self.rows(if sizes.is_gated { inner } else { 0 }),
            inner: self.rows(inner),
            passed: self.rows(inner),
            moments: [1, 1, sizes.heads, sizes.shared].map(|parts| self.cut.take(2 * self.rows * parts)),
        }
    }

    fn back(&mut self, sizes: Sizes, scores: u64) -> BackBuffers {
        BackBuffers {
            outer: self.rows(sizes.width),
            middle: self.rows(sizes.width),
            normal: self.rows(sizes.width),
            inner: self.rows(sizes.inner),
            gathered: self.rows(sizes.queries()),
            attention: self.rows(sizes.row()),
            raw: self.rows(if sizes.has_head_norms { sizes.row() } else { 0 }),
            pulls: self.cut.take(scores),
        }
    }
}

impl Buffers {
    /// Cuts memory for so many examples; of a pass that trains, everything is kept.
    fn cut(cut: &mut Cut, sizes: Sizes, examples: u64, trains: bool) -> Self {
        let Sizes { width, context, vocabulary, .. } = sizes;
        let (rows, scores) = (examples * context, examples * sizes.heads * context * context);
        let logits_rows = if trains { rows } else { (LOGITS / vocabulary).clamp(1, rows) };
        let [tokens, targets, picked] = std::array::from_fn(|_| cut.take(rows));
        let [cosines, sines] = std::array::from_fn(|_| cut.take(context * sizes.size.div_ceil(2)));
        let frequencies = cut.take(sizes.size.div_ceil(2));
        let (moments, logits) = (cut.take(2 * rows), Rows::new(cut.take(logits_rows * vocabulary), vocabulary));
        let (spare, mut cutter) = (cut.take(scores), Cutter { cut, rows });
        let normal = cutter.rows(width);
        let blocks: Vec<BlockBuffers> = (0..if trains { sizes.layers } else { 1 }).map(|_| cutter.block(sizes)).collect();
        // Without gradients every block reads and writes the same rows.
        let last = if trains { cutter.rows(width) } else { blocks.first().map_or(normal, |block| block.x) };
        let back = trains.then(|| cutter.back(sizes, scores));
        Self {
            tokens,
            targets,
            picked,
            cosines,
            sines,
            frequencies,
            blocks,
            last,
            normal,
            moments,
            scores: spare,
            logits,
            logits_rows,
            back,
            examples,
        }
    }

    /// Memory for as many examples as there is room for, at most `most`, and the angles of all positions in it.
    pub(crate) fn new<'d>(queue: &Queue<'d>, model: &Transformer, most: u64, trains: bool) -> Result<(Memory<'d>, Self), Error> {
        let needed = |examples: u64| {
            let mut cut = Cut::default();
            Self::cut(&mut cut, model.sizes, examples, trains);
            cut.used()
        };
        let (one, room) = (needed(1), queue.free()? / 8 * SHARE);
        let each = needed(2).saturating_sub(one).max(1);
        let fits = 1 + room.saturating_sub(one) / each;
        let mut examples = most.min(fits).min(BATCHES_MAX / model.sizes.heads.max(1)).max(1);
        while examples > 1 && needed(examples) > room {
            examples -= 1;
        }
        let memory = queue.allocate(needed(examples))?;
        let buffers = Self::cut(&mut Cut::of(&memory), model.sizes, examples, trains);
        buffers.turn(queue, model)?;
        Ok((memory, buffers))
    }

    /// Computes the angles of all positions.
    fn turn(&self, queue: &Queue<'_>, model: &Transformer) -> Result<(), Error> {
        if model.frequencies.is_empty() {
            return Ok(());
        }
        queue.upload_values(self.frequencies, &model.frequencies)?;
        let (frequencies, pairs) = (self.frequencies, model.frequencies.len() as u64);
        let positions = model.sizes.context;
        queue.turns(crate::arguments::Turns { frequencies, cosines: self.cosines, sines: self.sines, positions, pairs })
    }

    /// Those of block `index`.
    pub(crate) fn block(&self, index: usize) -> Option<BlockBuffers> {
        self.blocks.get(index).or(self.blocks.first()).copied()
    }

    /// Where block `index` writes what it made.
    pub(crate) fn after(&self, index: usize) -> Rows {
        self.blocks.get(index + 1).map_or(self.last, |block| block.x)
    }
}
