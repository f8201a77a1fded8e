//! The canonical evaluator: model manifests, checkpoints, training examples, and losses that are equal to the last bit on every machine.
//!
//! Pure: bytes, seeds and indices come in, bytes and integers go out. The order of every operation is fixed in docs/PROTOCOL.md.
//! `Compute` chooses instruction set and threads; it changes how long a measurement takes and nothing else.

mod arena;
mod average;
mod certainty;
mod checkpoint;
mod data;
mod draw;
mod exact;
mod examples;
mod families;
mod fresh;
mod generate;
mod hidden;
mod isa;
mod kernels;
mod limits;
mod loss;
mod manifest;
mod measure;
mod price;
mod probe;
mod steps;
mod stream;
mod tensor;

pub use average::{AverageError, average};
pub use certainty::{Differences, Terms, is_certain};
pub use checkpoint::{Checkpoint, CheckpointError, checkpoint_len, split_values};
pub use data::{Data, Tokenizer};
pub use draw::{WINNERS_MAX, draw, draw_winners};
pub use exact::{AdamW, Exact, Rule, Sgd, Snapshot, SnapshotError};
pub use examples::{DataError, EXAMPLES_MAX, Examples, FEATURE_MAX, FEATURES_MAX, LINE_BYTES_MAX, LineFault, TOKENS_MAX};
pub use families::{Activation, Gpt, Mlp, Model};
pub use generate::Generator;
pub use hidden::{HIDDEN_BYTES_MAX, HIDDEN_MIN, Hidden, HiddenError};
pub use isa::{Compute, Isa, IsaError, THREADS_MAX};
pub use kernels::{erf, exp, log};
pub use limits::{MANIFEST_BYTES_MAX, ManifestError};
pub use loss::{loss_root, mean, micronats};
pub use manifest::{MANIFEST_VERSION, Manifest};
pub use measure::{Accuracy, MeasureError, Measurement, accuracy, evaluate, predict};
pub use price::{price_slope, weight_price};
pub use probe::{PROBE_VALUES, probe};
pub use steps::{Hurdle, Judged, is_garbage, judge, uniform_loss};
pub use tensor::TensorSpec;
