//! Launches of kernels: blocks for their sizes, and that every span holds what a kernel reads and writes.

use crate::arguments::{
    ALL, ASKED, Adam, Clear, ColumnSums, Descent, Embed, Function, LogSoftmax, Norm, NormBack, NormSums, Pick, Pointwise, Powers, Price,
    Probabilities, Product, Rotate, ScatterPositions, ScatterTokens, Slopes, Softmax, Squares, Turns,
};
use crate::error::Error;
use crate::memory::{Queue, Span, Tiles};

/// Threads of a block, but for those of `squares`.
const THREADS: u32 = 256;
/// Rows of a block where each has half a warp.
const BLOCK_ROWS: u64 = 16;
/// Outputs along a side of a small tile, and of a large one.
const SMALL: u64 = 32;
const LARGE: u64 = 128;
/// Blocks of large tiles from which on they keep a GPU busy.
const LARGE_BLOCKS: u64 = 128;
/// Rows of blocks among which tokens are shared.
const TOKEN_SHARES: u64 = 64;

/// Whether a span has the places up to the last row's end.
fn holds(span: Span, rows: u64, row: u64, columns: u64) -> bool {
    rows == 0 || span.len() >= (rows - 1) * row + columns
}

/// Blocks of one thread for each of `count` values.
fn each(count: u64) -> [u64; 3] {
    [count.div_ceil(THREADS.into()), 1, 1]
}

impl Queue<'_> {
    /// A product in `batches`, which are examples times heads.
    pub(crate) fn product(&self, product: Product, batches: u64) -> Result<(), Error> {
        let product = Product { heads: product.heads.max(1), group: product.group.max(1), ..product };
        let Product { rows, columns, depth, heads, group, .. } = product;
        if rows == 0 || columns == 0 || batches == 0 {
            return Ok(());
        }
        let (example, head) = ((batches - 1) / heads, heads - 1);
        let place = |first: u64, [of_example, of_head]: [u64; 2], head: u64| first + example * of_example + head * of_head;
        let steps = depth.saturating_sub(1);
        let left = place((rows - 1) * product.left_row + steps * product.left_step, [product.left_example, product.left_head], head);
        let columns_end = (columns - 1) * product.right_column + steps * product.right_step;
        let right = place(columns_end, [product.right_example, product.right_head], head / group);
        let out = place((rows - 1) * product.out_row + columns - 1, [product.out_example, product.out_head], head);
        let are_whole = [(product.left, left), (product.right, right), (product.out, out)].iter().all(|(span, last)| *last < span.len());
        let has_before = product.before.is_none_or(|span| holds(span, rows, product.before_row, columns));
        assert!(are_whole && has_before && product.bias.is_none_or(|bias| bias.len() >= columns), "a product within its spans");
        let (side, kernel) = self.tile(product, batches);
        self.launch(kernel, [columns.div_ceil(side), rows.div_ceil(side), batches], THREADS, &product.words())
    }

    /// Side of a tile and name of the kernel.
    fn tile(&self, product: Product, batches: u64) -> (u64, &'static str) {
        let blocks = product.rows.div_ceil(LARGE) * product.columns.div_ceil(LARGE) * batches;
        let fills = product.rows >= LARGE && product.columns >= LARGE / 2 && blocks >= LARGE_BLOCKS;
        let is_large = self.tiles == Tiles::Large || (self.tiles == Tiles::Chosen && fills);
        match (is_large, product.range == ALL || product.range == ASKED) {
            (false, true) => (SMALL, "neuron_product_small"),
            (false, false) => (SMALL, "neuron_product_small_bounded"),
            (true, true) => (LARGE, "neuron_product_large"),
            (true, false) => (LARGE, "neuron_product_large_bounded"),
        }
    }

    /// Half a warp for each of `rows`.
    fn by_rows(&self, kernel: &'static str, rows: u64, words: &[u64]) -> Result<(), Error> {
        self.launch(kernel, [rows.div_ceil(BLOCK_ROWS), 1, 1], THREADS, words)
    }

    pub(crate) fn norm(&self, norm: Norm) -> Result<(), Error> {
        let Norm { rows, parts, columns, .. } = norm;
        let lines = [(norm.input, norm.input_row), (norm.out, norm.out_row)];
        let are_whole = lines.iter().all(|(span, row)| holds(*span, rows, *row, parts * columns)) && norm.weight.len() >= columns;
        let has_moments = norm.moments.is_none_or(|moments| moments.len() >= 2 * rows * parts);
        assert!(are_whole && has_moments && norm.bias.is_none_or(|bias| bias.len() >= columns), "a norm within its spans");
        self.by_rows("neuron_norm", rows * parts, &norm.words())
    }

    pub(crate) fn norm_back(&self, norm: NormBack) -> Result<(), Error> {
        let NormBack { rows, parts, columns, .. } = norm;
        let lines = [(norm.gradient, norm.gradient_row), (norm.input, norm.input_row), (norm.out, norm.out_row)];
        let before = norm.before.map(|before| (before, norm.before_row));
        let are_whole = lines.into_iter().chain(before).all(|(span, row)| holds(span, rows, row, parts * columns));
        assert!(are_whole && norm.weight.len() >= columns && norm.moments.len() >= 2 * rows * parts, "a norm within its spans");
        self.by_rows("neuron_norm_back", rows * parts, &norm.words())
    }

    pub(crate) fn norm_sums(&self, sums: NormSums) -> Result<(), Error> {
        let NormSums { rows, parts, columns, .. } = sums;
        let all = sums.examples * rows;
        let are_whole = [(sums.gradient, sums.gradient_row), (sums.input, sums.input_row)];
        let are_whole = are_whole.iter().all(|(span, row)| holds(*span, all, *row, parts * columns));
        assert!(are_whole && sums.into.len() >= columns && sums.moments.len() >= 2 * all * parts, "sums within their spans");
        self.launch("neuron_norm_sums", each(columns), THREADS, &sums.words())
    }

    pub(crate) fn softmax(&self, softmax: Softmax) -> Result<(), Error> {
        assert!(softmax.scores.len() >= softmax.batches * softmax.rows * softmax.rows, "scores within their span");
        self.by_rows("neuron_softmax", softmax.batches * softmax.rows, &softmax.words())
    }

    pub(crate) fn slopes(&self, slopes: Slopes) -> Result<(), Error> {
        let values = slopes.batches * slopes.rows * slopes.rows;
        assert!(slopes.shares.len() >= values && slopes.pulls.len() >= values, "slopes within their spans");
        self.by_rows("neuron_slopes", slopes.batches * slopes.rows, &slopes.words())
    }

    pub(crate) fn log_softmax(&self, softmax: LogSoftmax) -> Result<(), Error> {
        assert!(softmax.logits.len() >= softmax.rows * softmax.columns, "logits within their span");
        self.by_rows("neuron_log_softmax", softmax.rows, &softmax.words())
    }

    /// Tokens must be below the rows of their weights: whoever uploads them has seen to it.
    pub(crate) fn embed(&self, embed: Embed) -> Result<(), Error> {
        let Embed { rows, width, .. } = embed;
        let has_positions = embed.position_weights.is_none_or(|weights| weights.len() >= embed.context * width);
        assert!(embed.out.len() >= rows * width && embed.tokens.len() >= rows && has_positions, "rows within their spans");
        self.launch("neuron_embed", each(rows * width), THREADS, &embed.words())
    }

    pub(crate) fn turns(&self, turns: Turns) -> Result<(), Error> {
        let count = turns.positions * turns.pairs;
        let are_whole = turns.cosines.len() >= count && turns.sines.len() >= count;
        assert!(are_whole && turns.frequencies.len() >= turns.pairs, "angles within their spans");
        self.launch("neuron_turns", each(count), THREADS, &turns.words())
    }

    pub(crate) fn rotate(&self, rotate: Rotate) -> Result<(), Error> {
        let Rotate { rows, heads, pairs, .. } = rotate;
        let angles = rotate.context * pairs;
        let has_angles = rotate.cosines.len() >= angles && rotate.sines.len() >= angles;
        assert!(has_angles && holds(rotate.values, rows, rotate.row, 2 * heads * pairs), "heads within their spans");
        self.launch("neuron_rotate", each(rows * heads * pairs), THREADS, &rotate.words())
    }

    /// One of the functions of neighbouring values.
    pub(crate) fn pointwise(&self, kernel: &'static str, [first, second, third]: [Option<Span>; 3], count: u64) -> Result<(), Error> {
        let spans = [first, second, third];
        assert!(spans.iter().flatten().all(|span| span.len() >= count), "values within their spans");
        let first = first.unwrap_or_default();
        self.launch(kernel, each(count), THREADS, &Pointwise { first, second, third, count }.words())
    }

    /// Targets must be below `columns`: whoever uploads them has seen to it.
    pub(crate) fn pick(&self, pick: Pick) -> Result<(), Error> {
        let Pick { rows, columns, .. } = pick;
        assert!(pick.logits.len() >= rows * columns && pick.targets.len() >= rows && pick.out.len() >= rows, "targets within their spans");
        self.launch("neuron_pick", each(rows), THREADS, &pick.words())
    }

    pub(crate) fn probabilities(&self, of: Probabilities) -> Result<(), Error> {
        assert!(of.logits.len() >= of.rows * of.columns && of.targets.len() >= of.rows, "logits within their spans");
        self.launch("neuron_probabilities", each(of.rows * of.columns), THREADS, &of.words())
    }

    pub(crate) fn column_sums(&self, sums: ColumnSums) -> Result<(), Error> {
        let is_whole = holds(sums.gradient, sums.rows, sums.gradient_row, sums.columns);
        assert!(is_whole && sums.into.len() >= sums.columns, "sums within their spans");
        self.launch("neuron_column_sums", each(sums.columns), THREADS, &sums.words())
    }

    /// Tokens must be below the rows of `into`: whoever uploads them has seen to it.
    pub(crate) fn scatter_tokens(&self, scatter: ScatterTokens) -> Result<(), Error> {
        let scatter = ScatterTokens { shares: TOKEN_SHARES, ..scatter };
        assert!(scatter.gradient.len() >= scatter.rows * scatter.width && scatter.tokens.len() >= scatter.rows, "rows within their spans");
        let [columns, ..] = each(scatter.width);
        self.launch("neuron_scatter_tokens", [columns, TOKEN_SHARES, 1], THREADS, &scatter.words())
    }

    pub(crate) fn scatter_positions(&self, scatter: ScatterPositions) -> Result<(), Error> {
        let values = scatter.context * scatter.width;
        assert!(scatter.gradient.len() >= scatter.examples * values && scatter.into.len() >= values, "rows within their spans");
        self.launch("neuron_scatter_positions", each(values), THREADS, &scatter.words())
    }

    /// Each of `count` tensors lies within `values`: whoever uploads their places has seen to it.
    pub(crate) fn squares(&self, squares: Squares, count: u64) -> Result<(), Error> {
        assert!(squares.tensors.len() >= 4 * count && squares.out.len() >= count, "tensors within their spans");
        self.launch("neuron_squares", [count, 1, 1], 32, &squares.words())
    }

    pub(crate) fn price(&self, price: Price) -> Result<(), Error> {
        assert!(price.gradients.len() >= price.count && price.weights.len() >= price.count, "weights within their spans");
        self.launch("neuron_price", each(price.count), THREADS, &price.words())
    }

    pub(crate) fn adamw(&self, adam: Adam) -> Result<(), Error> {
        let spans = [adam.weights, adam.gradients, adam.first, adam.second];
        assert!(spans.iter().all(|span| span.len() >= adam.count), "weights within their spans");
        self.launch("neuron_adamw", each(adam.count), THREADS, &adam.words())
    }

    pub(crate) fn descend(&self, descent: Descent) -> Result<(), Error> {
        assert!(descent.weights.len() >= descent.count && descent.gradients.len() >= descent.count, "weights within their spans");
        self.launch("neuron_descend", each(descent.count), THREADS, &descent.words())
    }

    /// Zeros everywhere.
    pub(crate) fn clear(&self, values: Span) -> Result<(), Error> {
        self.launch("neuron_clear", each(values.len()), THREADS, &Clear { values, count: values.len() }.words())
    }

    pub(crate) fn function(&self, function: Function) -> Result<(), Error> {
        assert!(function.inputs.len() >= function.count && function.outputs.len() >= function.count, "values within their spans");
        self.launch("neuron_function_of_each", each(function.count), THREADS, &function.words())
    }

    pub(crate) fn powers(&self, powers: Powers) -> Result<(), Error> {
        let spans = [powers.bases, powers.exponents, powers.outputs];
        assert!(spans.iter().all(|span| span.len() >= powers.count), "values within their spans");
        self.launch("neuron_power_of_each", each(powers.count), THREADS, &powers.words())
    }
}
