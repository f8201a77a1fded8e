//! Working memory: of one thread, allocated once and used again by every pass, and values that begin at a line of the cache.
//!
//! Alignment is for speed only: kernels compute the same bits at any address.

use std::ops::{Deref, DerefMut};

/// Bytes to which every slice is aligned: a line of the cache, and the widest register.
const ALIGN_BYTES: usize = 64;
/// The same in values.
const ALIGN: usize = ALIGN_BYTES / size_of::<f32>();

/// Grows to the greatest demand; what it hands out holds old values.
#[derive(Default)]
pub(crate) struct Arena {
    /// With room for alignment before the first slice.
    values: Vec<f32>,
}

impl Arena {
    /// Slices of the lengths asked for, none of which overlap, each from a line of the cache on. They hold what was there before: whoever
    /// reads before writing reads old values.
    pub(crate) fn slices<const N: usize>(&mut self, lengths: [usize; N]) -> [&mut [f32]; N] {
        let padded = lengths.map(|length| length.next_multiple_of(ALIGN));
        let needed = padded.iter().sum::<usize>() + ALIGN;
        if self.values.len() < needed {
            self.values = vec![0.0; needed];
        }
        // Where the address cannot be told, unaligned values serve as well.
        let skip = self.values.as_ptr().align_offset(ALIGN_BYTES).min(ALIGN);
        let mut rest = &mut self.values[skip..];
        std::array::from_fn(|index| {
            let (slice, after) = std::mem::take(&mut rest).split_at_mut(padded[index]);
            rest = after;
            &mut slice[..lengths[index]]
        })
    }
}

/// Values that begin where a line of the cache does.
pub(crate) struct Aligned {
    values: Vec<f32>,
    skip: usize,
    len: usize,
}

impl Aligned {
    /// So many, all +0.
    pub(crate) fn zeros(len: usize) -> Self {
        let values = vec![0.0; len + ALIGN];
        let skip = values.as_ptr().align_offset(ALIGN_BYTES).min(ALIGN);
        Self { values, skip, len }
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[self.skip..][..self.len]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.skip..][..self.len]
    }
}
