//! The canonical evaluator on a GPU: losses, probes and exact training with the bits of [`evaluator`].
//!
//! The kernels are one source of CUDA C++ (`kernels/`), compiled when a program runs; nothing of CUDA is needed to build. Every sum has
//! the one order that PROTOCOL 12 gives it: an accumulator for each output of a product, half a warp for a row of sixteen lanes. Tests
//! compile the same source as plain C++ and compare it with the evaluator bit by bit (`tests/shim`).
//!
//! | file | what |
//! |---|---|
//! | `device`, `nvidia` | what a machine that runs kernels can do, and NVIDIA's GPUs |
//! | `memory`, `arguments`, `kernels` | pieces of its memory, arguments, launches that keep within them |
//! | `parameters`, `layers`, `mlp`, `transformer`, `network` | models of such launches, forward and back |
//! | `evaluate`, `training`, `functions` | what a caller asks for |
//! | `trial`, `machine` | whether a device gives the processor's bits, and a choice of both |
//!
//! Whoever gets an [`Error`] goes on with the processor and says so; the bits are the same.

mod arguments;
mod device;
mod error;
mod evaluate;
mod functions;
mod kernels;
mod layers;
mod machine;
mod memory;
mod mlp;
mod network;
mod nvidia;
mod parameters;
mod source;
mod training;
mod transformer;
mod trial;

pub use device::{Device, Launch};
pub use error::Error;
pub use evaluate::{Evaluator, Settings};
pub use functions::{Of, map, powers};
pub use machine::Machine;
pub use memory::Tiles;
pub use nvidia::Gpu;
pub use source::{KERNELS, OPTIONS, PLATFORM, names, source};
pub use training::Training;
pub use trial::trial;
