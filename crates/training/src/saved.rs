//! A run as a file: what it is, how far it is, weights and means, and a sum over everything.

use evaluator::{Checkpoint, Data, Examples, Manifest, Snapshot, split_values};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::TrainError;
use crate::plan::Plan;

/// First line of every saved run.
const MAGIC: &[u8] = b"neuron run 1\n";
/// Bytes of the sum at the end.
const SUM_BYTES: usize = 32;

/// What two runs that take the same way have in common, as JSON.
pub(crate) struct Header(Vec<u8>);

#[derive(Serialize)]
struct Run<'a> {
    exact: bool,
    plan: &'a Plan,
    manifest: [u8; 32],
    start: [u8; 32],
    examples: [u8; 32],
}

impl Header {
    pub(crate) fn new(start: &Checkpoint, examples: &Examples, plan: &Plan, exact: bool) -> Self {
        let manifest = start.manifest();
        let run = Run {
            exact,
            plan,
            manifest: Sha256::digest(manifest.to_bytes()).into(),
            start: Sha256::digest(start.to_bytes()).into(),
            examples: sum(examples, manifest),
        };
        // Numbers and lists only: serde_json has nothing to refuse.
        Self(serde_json::to_vec(&run).unwrap_or_default())
    }

    /// First line, header and a zero, steps done, values, powers, SHA-256; numbers are little-endian.
    pub(crate) fn write(&self, done: u32, snapshot: &Snapshot) -> Vec<u8> {
        let mut bytes = [MAGIC, &self.0, &[0], &done.to_le_bytes()].concat();
        for values in [&snapshot.tensors, &snapshot.first, &snapshot.second] {
            bytes.extend(values.iter().flatten().flat_map(|value| value.to_le_bytes()));
        }
        bytes.extend(snapshot.powers.0.to_le_bytes());
        bytes.extend(snapshot.powers.1.to_le_bytes());
        let sum = Sha256::digest(&bytes);
        bytes.extend(sum);
        bytes
    }

    /// Steps done and values of a run that has this header, a start of this manifest, and `steps` steps at most.
    pub(crate) fn read(&self, bytes: &[u8], manifest: &Manifest, steps: u32) -> Result<(u32, Snapshot), TrainError> {
        let (bytes, sum) = bytes.split_last_chunk::<SUM_BYTES>().ok_or(TrainError::Damaged)?;
        if Sha256::digest(bytes).as_slice() != sum || !bytes.starts_with(MAGIC) {
            return Err(TrainError::Damaged);
        }
        let rest = bytes[MAGIC.len()..].strip_prefix(self.0.as_slice()).ok_or(TrainError::OtherRun)?;
        let mut rest = rest.strip_prefix(&[0]).ok_or(TrainError::OtherRun)?;
        let values = manifest.parameters() as usize * size_of::<f32>();
        if rest.len() != 4 + 3 * values + 16 {
            return Err(TrainError::Damaged);
        }
        let mut take = |count| rest.split_off(..count).unwrap_or_default();
        let done = take(4).as_chunks().0.first().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let [tensors, first, second] = [(); 3].map(|()| split_values(manifest, take(values)));
        let mut power = || take(8).as_chunks().0.first().map_or(1.0, |bytes| f64::from_le_bytes(*bytes));
        let powers = (power(), power());
        if done > steps { Err(TrainError::Damaged) } else { Ok((done, Snapshot { tensors, first, second, powers })) }
    }
}

/// SHA-256 of all that a run reads of its examples; of shards that of their lines.
fn sum(examples: &Examples, manifest: &Manifest) -> [u8; 32] {
    let mut sum = Sha256::new();
    if matches!(manifest.data(), Data::Tokens { .. }) {
        examples.shards().iter().for_each(|shard| sum.update(format!("{shard}\n")));
        // The price of the weights is shared by the whole set, which these may be a part of.
        sum.update((examples.whole_len() as u64).to_le_bytes());
        return sum.finalize().into();
    }
    // Windows overlap: of each but the last, what the next one does not hold.
    let fresh = if let Data::Text { stride, .. } = manifest.data() { *stride as usize } else { 0 };
    for index in 0..examples.len() {
        let tokens = examples.window(index).unwrap_or_default();
        let count = if index + 1 < examples.len() { fresh } else { tokens.len() };
        // No tokenizer of text has more than 65,535.
        tokens.iter().take(count).for_each(|token| sum.update((*token as u16).to_le_bytes()));
        examples.features(index).unwrap_or_default().iter().for_each(|value| sum.update(value.to_le_bytes()));
        sum.update(examples.label(index).unwrap_or_default().to_le_bytes());
    }
    sum.finalize().into()
}
