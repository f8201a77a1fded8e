//! Keys and values of a text that goes on: what earlier positions gave is kept, so that a further token costs one row.
//!
//! A row of a pass takes nothing from rows behind it, so rows that are computed one by one have the bits of those computed together.

use std::ops::Range;

/// Keys and values of each block, position after position.
#[derive(Default)]
pub(crate) struct Cache {
    /// Rows of one block, one after the other, without padding.
    blocks: Vec<Vec<f32>>,
    /// Positions whose keys and values are here.
    rows: usize,
}

/// Rows of queries, keys and values of one block, those that are kept before those that are new.
pub(super) struct Rows<'a> {
    pub(super) values: &'a mut [f32],
    /// From one row to the next.
    pub(super) stride: usize,
    /// Where keys and values are in a row.
    pub(super) columns: Range<usize>,
}

impl Cache {
    /// Positions that the next one follows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Forgets all, for a text that begins elsewhere.
    pub(crate) fn clear(&mut self) {
        self.blocks.iter_mut().for_each(Vec::clear);
        self.rows = 0;
    }

    /// Fills the first rows with what is kept of block `index`, and keeps the others.
    pub(super) fn exchange(&mut self, index: usize, rows: Rows<'_>) {
        let Rows { values, stride, columns } = rows;
        if self.blocks.len() <= index {
            self.blocks.resize_with(index + 1, Vec::new);
        }
        let kept = &mut self.blocks[index];
        let mut rows = values.chunks_mut(stride);
        for (row, kept) in rows.by_ref().take(self.rows).zip(kept.chunks_exact(columns.len())) {
            row[columns.clone()].copy_from_slice(kept);
        }
        rows.for_each(|row| kept.extend_from_slice(&row[columns.clone()]));
    }

    /// All blocks have kept so many further rows.
    pub(super) fn went_on(&mut self, rows: usize) {
        self.rows += rows;
    }
}
