//! How to compute: which instruction set the kernels use and how many threads, none of which changes a bit.
//!
//! The choice is a value, made where a program starts; code below asks the processor for nothing by itself.

use std::fmt;
use std::num::NonZero;
use std::str::FromStr;
use std::thread;

/// Most threads of one measurement; memory is counted in them.
pub const THREADS_MAX: usize = 64;

/// Instruction set of the kernels; every one gives the same bits (PROTOCOL 12, Ways to the same bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// Plain code, the fused multiply-add in binary64: runs everywhere, slowly.
    Portable,
    /// x86-64 with AVX2 and FMA: sixteen lanes in two registers.
    Avx2,
    /// x86-64 with AVX-512F: sixteen lanes in one.
    Avx512,
    /// AArch64, every one of which has it: sixteen lanes in four.
    Neon,
    /// WebAssembly with SIMD: sixteen lanes in four registers, the fused multiply-add in binary64.
    Simd128,
}

/// Why an instruction set cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IsaError {
    /// No such name; holds what was given.
    #[error("{0:?} is no instruction set that this program knows: give portable, avx2, avx512, neon or simd128")]
    Unknown(String),
    /// The processor lacks it; holds the names of those that it has.
    #[error("this processor has no {0}: give one of {1}, or nothing for the best of them")]
    Unavailable(Isa, String),
}

impl Isa {
    /// From the plainest to the fastest.
    const ALL: [Self; 5] = [Self::Portable, Self::Simd128, Self::Neon, Self::Avx2, Self::Avx512];

    /// The fastest that this processor has.
    pub fn detect() -> Self {
        Self::available().last().unwrap_or(Self::Portable)
    }

    /// All that this processor has, the plainest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|isa| isa.is_available())
    }

    /// Whether this processor has it, asked anew each time.
    fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            // A program of WebAssembly is refused as a whole where one of its instructions is unknown.
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => true,
            _ => false,
        }
    }

    /// As people write it, in settings and in `NEURON_ISA`.
    fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
            Self::Simd128 => "simd128",
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Isa {
    type Err = IsaError;

    fn from_str(text: &str) -> Result<Self, IsaError> {
        Self::ALL.into_iter().find(|isa| isa.name() == text).ok_or_else(|| IsaError::Unknown(text.to_owned()))
    }
}

/// The right to use an instruction set, and a number of threads; whoever holds one may measure.
///
/// ```
/// use evaluator::{Compute, Isa};
///
/// let one = Compute::new(Isa::Portable, 0)?;
/// assert_eq!((one.isa(), one.threads()), (Isa::Portable, 1));
/// assert_eq!("avx2".parse::<Isa>()?.to_string(), "avx2");
/// # Ok::<(), evaluator::IsaError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compute {
    /// One that this processor has: `new` and `detect` see to that.
    isa: Isa,
    /// 1 to [`THREADS_MAX`].
    threads: usize,
}

impl Compute {
    /// `threads` is held between 1 and `THREADS_MAX`.
    ///
    /// # Errors
    /// When the processor lacks the instruction set.
    pub fn new(isa: Isa, threads: usize) -> Result<Self, IsaError> {
        if !isa.is_available() {
            let names: Vec<&str> = Isa::available().map(Isa::name).collect();
            return Err(IsaError::Unavailable(isa, names.join(", ")));
        }
        Ok(Self { isa, threads: threads.clamp(1, THREADS_MAX) })
    }

    /// The fastest instruction set, a thread for each processor.
    pub fn detect() -> Self {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        Self { isa: Isa::detect(), threads: threads.min(THREADS_MAX) }
    }

    /// An instruction set that this processor has.
    pub fn isa(self) -> Isa {
        self.isa
    }

    /// Most threads of one measurement.
    pub fn threads(self) -> usize {
        self.threads
    }
}
