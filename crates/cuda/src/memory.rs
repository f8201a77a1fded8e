//! Memory of a device as pieces that know their length. The only file that calls what is unsafe of a device.

use crate::device::{Device, Launch};
use crate::error::Error;

/// Words that go to a device at a time (4 MiB).
pub(crate) const STAGE: usize = 1 << 20;
/// Words to which pieces are rounded up: 256 bytes.
const ALIGN: u64 = 64;

/// A device, and how its kernels are chosen.
pub(crate) struct Queue<'d> {
    device: &'d dyn Device,
    pub(crate) tiles: Tiles,
}

/// Which tiles products are computed in; bits are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tiles {
    /// Large ones where they are enough to fill a GPU.
    #[default]
    Chosen,
    /// 32 by 32 outputs.
    Small,
    /// 128 by 128 outputs.
    Large,
}

/// Words on a device: where they begin and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    address: u64,
    len: u64,
}

impl Span {
    /// Address of the first, 0 of nothing.
    pub(crate) fn address(self) -> u64 {
        self.address
    }

    /// How many.
    pub(crate) fn len(self) -> u64 {
        self.len
    }

    /// Those from `first` on.
    pub(crate) fn from(self, first: u64) -> Self {
        assert!(first <= self.len, "a part within its span");
        Self { address: self.address + 4 * first, len: self.len - first }
    }

    /// So many from `first` on.
    pub(crate) fn part(self, first: u64, len: u64) -> Self {
        assert!(len <= self.from(first).len, "a part within its span");
        Self { len, ..self.from(first) }
    }
}

/// Memory of one's own; given back when dropped.
pub(crate) struct Memory<'d> {
    device: &'d dyn Device,
    span: Span,
}

impl Memory<'_> {
    /// All of it.
    pub(crate) fn span(&self) -> Span {
        self.span
    }
}

impl Drop for Memory<'_> {
    fn drop(&mut self) {
        // SAFETY: it was allocated for this value, whose owner outlives every launch that uses it: copies wait for launches.
        unsafe { self.device.release(self.span.address) }
    }
}

/// Cuts memory into pieces; without memory it only counts.
#[derive(Default)]
pub(crate) struct Cut {
    rest: Option<Span>,
    used: u64,
}

impl Cut {
    /// Of this memory.
    pub(crate) fn of(memory: &Memory<'_>) -> Self {
        Self { rest: Some(memory.span), used: 0 }
    }

    /// So many words.
    pub(crate) fn take(&mut self, len: u64) -> Span {
        let whole = len.next_multiple_of(ALIGN);
        self.used += whole;
        let Some(rest) = &mut self.rest else { return Span { address: 0, len } };
        let taken = rest.part(0, len);
        *rest = rest.from(whole);
        taken
    }

    /// Words taken.
    pub(crate) fn used(&self) -> u64 {
        self.used
    }
}

impl<'d> Queue<'d> {
    /// Of a device.
    pub(crate) fn new(device: &'d dyn Device, tiles: Tiles) -> Self {
        Self { device, tiles }
    }

    /// Words that can still be allocated.
    pub(crate) fn free(&self) -> Result<u64, Error> {
        Ok(self.device.free_bytes()? / 4)
    }

    /// So many words.
    pub(crate) fn allocate(&self, words: u64) -> Result<Memory<'d>, Error> {
        let len = words.max(1);
        Ok(Memory { device: self.device, span: Span { address: self.device.allocate(len)?, len } })
    }

    /// Copies numbers to the beginning of a span.
    pub(crate) fn upload(&self, to: Span, numbers: impl IntoIterator<Item = u32>) -> Result<(), Error> {
        let (mut numbers, mut first, mut stage) = (numbers.into_iter(), 0, Vec::new());
        loop {
            stage.clear();
            stage.extend(numbers.by_ref().take(STAGE));
            if stage.is_empty() {
                return Ok(());
            }
            let part = to.part(first, stage.len() as u64);
            // SAFETY: a span lies within allocated memory.
            unsafe { self.device.upload(part.address, &stage)? };
            first += stage.len() as u64;
        }
    }

    /// Copies values to the beginning of a span.
    pub(crate) fn upload_values<'v>(&self, to: Span, values: impl IntoIterator<Item = &'v f32>) -> Result<(), Error> {
        self.upload(to, values.into_iter().map(|value| value.to_bits()))
    }

    /// The values of a span.
    pub(crate) fn download(&self, from: Span) -> Result<Vec<f32>, Error> {
        let mut words = vec![0; from.len as usize];
        // SAFETY: a span lies within allocated memory.
        unsafe { self.device.download(from.address, &mut words)? };
        Ok(words.into_iter().map(f32::from_bits).collect())
    }

    /// Runs a kernel. Whoever calls it has asserted that its spans hold what it reads and writes.
    pub(crate) fn launch(&self, kernel: &'static str, grid: [u64; 3], threads: u32, words: &[u64]) -> Result<(), Error> {
        if grid.contains(&0) {
            return Ok(());
        }
        let limits = [u64::from(u32::MAX >> 1), 65_535, 65_535];
        if grid.iter().zip(limits).any(|(blocks, limit)| *blocks > limit) {
            return Err(Error::Device(format!("a grid of {grid:?} blocks is too large for {kernel}")));
        }
        let grid = grid.map(|blocks| blocks as u32);
        // SAFETY: as said above; `kernels.rs` is the only caller and asserts it.
        unsafe { self.device.launch(Launch { kernel, grid, threads, words }) }
    }
}
