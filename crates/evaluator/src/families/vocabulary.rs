//! From the last norm of a transformer to log-probabilities of tokens, or to the loss and its gradients.

use crate::kernels::{Kernels, Linear, Matrix, MatrixMut, Then, stride_of};

/// Values of logits held at once (16 MiB, as of an inner layer), but at least one row: the head is packed anew for each such part.
const LOGITS: usize = 1 << 22;

/// Rows of logits at a time: at most so many.
fn rows_at_once(vocabulary: usize, most: usize) -> usize {
    (LOGITS / stride_of(vocabulary)).clamp(1, most)
}

/// Values that `predict` needs for logits.
pub(super) fn logits_len(vocabulary: usize, most: usize) -> usize {
    rows_at_once(vocabulary, most) * stride_of(vocabulary)
}

/// Log-probabilities of the next token after each row of `normal`, at most `most` rows at a time; `wide` has `logits_len` values.
pub(super) fn predict(
    kernels: Kernels,
    (normal, head): (Matrix<'_>, Linear<'_>),
    most: usize,
    [wide, packing]: [&mut [f32]; 2],
    read: &mut dyn FnMut(usize, &[f32]),
) {
    let (vocabulary, stride) = (head.outputs, stride_of(head.outputs));
    let at_once = rows_at_once(vocabulary, most);
    for first in (0..normal.rows).step_by(at_once) {
        let count = at_once.min(normal.rows - first);
        let logits = &mut wide[..count * stride];
        let output = MatrixMut::new(logits, count, vocabulary, stride);
        kernels.linear(normal.part(first, count), head, output, Then::Store, packing);
        kernels.log_softmax(MatrixMut::new(logits, count, vocabulary, stride));
        logits.chunks_exact(stride).enumerate().for_each(|(row, values)| read(first + row, &values[..vocabulary]));
    }
}

/// Turns logits into their gradients, each target's counting `share`; returns the sum of the losses in nats.
pub(super) fn lose(kernels: Kernels, mut logits: MatrixMut<'_>, targets: &[u32], share: f32) -> f64 {
    let rows = logits.rows;
    kernels.log_softmax(logits.part(0, rows));
    let mut loss = 0.0;
    for (row, target) in targets.iter().enumerate() {
        let row = logits.row(row);
        loss -= f64::from(row[*target as usize]);
        kernels.probabilities(row, share);
        row[*target as usize] -= share;
    }
    loss
}
