//! Why a GPU does not compute: one sentence each, after which the processor goes on.

use evaluator::{MeasureError, SnapshotError};

/// What kept a GPU from computing. Nothing here is about the bits: whoever falls back to the processor gets the same ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No library of a driver.
    #[error("no NVIDIA driver was found: install it, or compute on the processor")]
    NoDriver,
    /// A program that cannot load libraries.
    #[error("this program is linked statically and can load no driver: take the one for glibc (gnu), or compute on the processor")]
    Static,
    /// A driver of a CUDA that is too old for these kernels; holds the versions it has and needs, thousands before and tens behind the point.
    #[error("the NVIDIA driver knows CUDA {}.{}, {}.{} is needed: update the driver, or compute on the processor", .found / 1000, .found % 1000 / 10, .needed / 1000, .needed % 1000 / 10)]
    OldDriver {
        /// Of the driver.
        found: u32,
        /// Least that serves.
        needed: u32,
    },
    /// No NVRTC.
    #[error("CUDA's runtime compiler NVRTC was not found: install it, or compute on the processor")]
    NoCompiler,
    /// A driver, but no GPU of that number; holds how many there are.
    #[error("no GPU of the number {number} was found, {count} are here: choose another, or compute on the processor")]
    NoDevice {
        /// Number asked for, counted from 0.
        number: u32,
        /// GPUs that the driver has.
        count: u32,
    },
    /// NVRTC refused the kernels; holds what it says.
    #[error("the kernels could not be compiled ({0}): update CUDA, or compute on the processor")]
    Compiler(String),
    /// Not enough memory; holds the bytes asked for and those free.
    #[error("the GPU has {free} bytes free, {needed} are needed: free some, or compute on the processor")]
    Memory {
        /// Bytes asked for.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// A device that was tried and gave other bits than the processor; holds where.
    #[error("the GPU gives other bits than the processor ({0}): a verdict by it could cost stake, compute on the processor")]
    Bits(&'static str),
    /// Anything else that the driver says.
    #[error("the GPU failed ({0}): try again, or compute on the processor")]
    Device(String),
    /// A model with tensors that this driver of kernels does not know.
    #[error("this model has no tensor {0} that the GPU needs: compute on the processor")]
    Model(String),
    /// Checkpoint, examples and indices do not belong together.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// No snapshot of the manifest.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}
