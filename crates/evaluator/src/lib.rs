//! The canonical evaluator: model manifests, checkpoints, training examples, and losses that are equal to the last bit on every machine.
//!
//! Pure: bytes, seeds and indices come in, bytes and integers go out. The order of every operation is fixed in docs/PROTOCOL.md.

mod checkpoint;
mod draw;
mod examples;
mod functions;
mod kernel;
mod loss;
mod manifest;
mod mlp;
mod probe;
mod stream;

pub use checkpoint::{Checkpoint, CheckpointError, checkpoint_len};
pub use draw::draw;
pub use examples::{DataError, EXAMPLES_MAX, Examples, FEATURE_MAX, FEATURES_MAX, LINE_BYTES_MAX, LineFault, parse_features};
pub use functions::{exp, log};
pub use loss::{Accuracy, MeasureError, Measurement, accuracy, evaluate, loss_root, mean, micronats, predict};
pub use manifest::{Activation, MANIFEST_BYTES_MAX, MANIFEST_VERSION, Manifest, ManifestError, Mlp, Model, TensorSpec};
pub use probe::{PROBE_VALUES, probe};
