//! What a machine that runs kernels can do: memory, copies, launches. A GPU is one, the shim of the tests another.

use crate::error::Error;

/// One run of a kernel.
#[derive(Debug, Clone, Copy)]
pub struct Launch<'a> {
    /// Its name in the source.
    pub kernel: &'static str,
    /// Blocks: columns, rows, batches; none is 0.
    pub grid: [u32; 3],
    /// Threads of a block, whole warps.
    pub threads: u32,
    /// The one argument, a structure of eight-byte fields.
    pub words: &'a [u64],
}

/// A machine that runs kernels one after the other, of whichever thread. Memory is counted in words of four bytes; an address is that of a byte.
pub trait Device: Send + Sync {
    /// For people.
    fn name(&self) -> String;

    /// Bytes that can still be allocated.
    ///
    /// # Errors
    /// When the device does not say.
    fn free_bytes(&self) -> Result<u64, Error>;

    /// So many words of memory, whatever they hold; the address of the first, a multiple of 256.
    ///
    /// # Errors
    /// [`Error::Memory`] when there are not so many.
    fn allocate(&self, words: u64) -> Result<u64, Error>;

    /// Gives memory back.
    ///
    /// # Safety
    /// `address` came from `allocate` and is used no more.
    unsafe fn release(&self, address: u64);

    /// Copies words to the device, after all launches before.
    ///
    /// # Errors
    /// When the device fails, perhaps in an earlier launch.
    ///
    /// # Safety
    /// So many words from `address` on lie within one piece of allocated memory.
    unsafe fn upload(&self, address: u64, words: &[u32]) -> Result<(), Error>;

    /// Copies words from the device, after all launches before.
    ///
    /// # Errors
    /// When the device fails, perhaps in an earlier launch.
    ///
    /// # Safety
    /// So many words from `address` on lie within one piece of allocated memory.
    unsafe fn download(&self, address: u64, words: &mut [u32]) -> Result<(), Error>;

    /// Runs a kernel of [`crate::source`]; it may still run when this returns.
    ///
    /// # Errors
    /// When there is no such kernel, its arguments have another length, or the device fails.
    ///
    /// # Safety
    /// Whatever the kernel reads or writes with these arguments lies within allocated memory.
    unsafe fn launch(&self, launch: Launch<'_>) -> Result<(), Error>;
}
