//! The canonical evaluator: model manifests, checkpoints, training examples, and losses that are equal to the last bit on every machine.
//!
//! Pure: bytes, seeds and indices come in, bytes and integers go out. PROTOCOL 12 fixes the order of every operation: what a second
//! implementation has to repeat is there, not here; `tests/golden` holds files that others made.
//! [`Compute`] chooses instruction set and threads; it changes how long a measurement takes and nothing else.
//!
//! The way from bytes to a verdict, each step a value that only its checks make:
//!
//! 1. [`Manifest::from_bytes`]: what a group trains, in canonical JSON;
//! 2. [`Examples::parse`]: its training set as numbers; of a set of shards their list, and [`Examples::hold`] takes those that are needed;
//! 3. [`Checkpoint::from_bytes`]: a base, and a file that claims to be better;
//! 4. [`draw`]: which examples the round measures;
//! 5. [`evaluate`]: the loss of each of them in micronats, and their mean;
//! 6. [`loss_root`] and [`is_certain`]: what a claim binds, and whether luck explains it;
//! 7. [`probe`]: that this signer has run the model.
//!
//! ```
//! use evaluator::{Checkpoint, Examples, Manifest, draw, evaluate, loss_root, probe};
//!
//! let manifest = Manifest::from_bytes(
//!     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
//! )?;
//! let examples = Examples::parse(&manifest, [("digits.csv", "4,0,1\n0,4,2\n-4,8,0\n")])?;
//! let base = Checkpoint::initial(&manifest, [7; 32]);
//! let better = Checkpoint::from_bytes(&manifest, &base.to_bytes())?;
//!
//! let drawn = draw([9; 32], 1, 42, examples.len() as u32, manifest.eval_max());
//! let (old, new) = (evaluate(&base, &examples, &drawn)?, evaluate(&better, &examples, &drawn)?);
//! assert_eq!((old.losses.len(), old.mean), (3, new.mean));
//! let _bound_by_a_claim: [u8; 32] = loss_root(&old.losses, &new.losses);
//! let _bound_by_a_verdict: [u8; 32] = probe(&better, &examples, &drawn, [9; 32], [0xaa; 20])?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Beside measuring: [`Exact`] trains with the same kernels, so that a run can be repeated to the bit; [`Hidden`], [`judge`] and
//! [`draw_winners`] are for bounties (PROTOCOL 18); [`Compute::generate`] and [`predict`] are for people.

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
mod frozen;
mod generate;
mod hidden;
mod isa;
mod kept;
mod kernels;
mod limits;
mod loss;
mod manifest;
mod measure;
mod price;
mod probe;
mod products;
mod steps;
mod stream;
mod tally;
mod tensor;
mod values;

pub use average::{AverageError, average};
pub use certainty::{Differences, Terms, is_certain};
pub use checkpoint::{Checkpoint, CheckpointError, SharedBytes, checkpoint_len, split_values};
pub use data::{Data, Tokenizer, VOCABULARY_MAX, token_bytes};
pub use draw::{WINNERS_MAX, draw, draw_winners};
pub use exact::{AdamW, Exact, Rule, Sgd, Snapshot, SnapshotError};
pub use examples::{
    Cid, DataError, EXAMPLES_MAX, Examples, FEATURE_MAX, FEATURES_MAX, LINE_BYTES_MAX, LineFault, MeasureError, SHARD_TOKENS_MAX,
    SHARDS_MAX, Shard, ShardBytes, ShardError, ShardFault, TOKENS_MAX, check_shard, shard_bytes, shard_tokens,
};
pub use families::{Activation, Gelu, Gpt, Llama, Mlp, Model, Scaling};
pub use generate::Generator;
pub use hidden::{HIDDEN_BYTES_MAX, HIDDEN_MIN, Hidden, HiddenError};
pub use isa::{Compute, Isa, IsaError, THREADS_MAX};
pub use kernels::{erf, exp, log, power, sine_and_cosine};
pub use limits::{MANIFEST_BYTES_MAX, ManifestError};
pub use loss::{loss_root, mean, micronats};
pub use manifest::{MANIFEST_VERSION, Manifest};
pub use measure::{Accuracy, Measurement, accuracy, evaluate, predict};
pub use price::{price_slope, weight_price};
pub use probe::{PROBE_VALUES, probe, probe_digest, probe_places};
pub use products::Products;
pub use steps::{Hurdle, Judged, is_garbage, judge, uniform_loss};
pub use tally::Tally;
pub use tensor::TensorSpec;
pub use values::Dtype;
