//! A fingerprint of having run the model, another one for every validator (PROTOCOL 12, Loss).
//!
//! Contracts do not check it; other validators do, after the round. So whoever copies a verdict must copy it with a probe that is
//! wrong for his own account.

use sha3::{Digest, Keccak256};

use crate::checkpoint::Checkpoint;
use crate::examples::{Examples, MeasureError};
use crate::isa::Compute;
use crate::measure::Target;
use crate::stream::Stream;

/// Log-probabilities in a probe: sixteen places and classes of thousands, so that a guess is worth nothing.
pub const PROBE_VALUES: usize = 16;
/// Stands for every NaN, of which processors write different ones.
const NAN_BITS: u32 = 0x7fc0_0000;

/// keccak256 over the binary32 bits, big-endian, of sixteen log-probabilities: for each the stream of (`seed`, `signer`) gives a place
/// in `drawn`, then a class; of an example with several targets the last one counts. `signer` is the account that signs the verdict,
/// `seed` that of the draw. Costs a pass over sixteen examples.
///
/// ```
/// use evaluator::{Checkpoint, Examples, Manifest, probe};
///
/// let manifest = Manifest::from_bytes(
///     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
/// )?;
/// let examples = Examples::parse(&manifest, [("a.csv", "4,0,1\n0,4,2\n")])?;
/// let (model, other) = (Checkpoint::initial(&manifest, [1; 32]), Checkpoint::initial(&manifest, [2; 32]));
/// let of = |model, signer| probe(model, &examples, &[0, 1], [3; 32], [signer; 20]);
/// assert_eq!(of(&model, 1)?, of(&model, 1)?);
/// assert!(of(&model, 1)? != of(&model, 2)? && of(&model, 1)? != of(&other, 1)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When checkpoint, examples and indices do not belong together.
pub fn probe(
    checkpoint: &Checkpoint,
    examples: &Examples,
    drawn: &[u32],
    seed: [u8; 32],
    signer: [u8; 20],
) -> Result<[u8; 32], MeasureError> {
    Compute::detect().probe(checkpoint, examples, drawn, seed, signer)
}

impl Compute {
    /// As the function `probe`.
    ///
    /// # Errors
    /// When checkpoint, examples and indices do not belong together.
    pub fn probe(
        self,
        checkpoint: &Checkpoint,
        examples: &Examples,
        drawn: &[u32],
        seed: [u8; 32],
        signer: [u8; 20],
    ) -> Result<[u8; 32], MeasureError> {
        let places = probe_places(drawn.len(), examples.outputs(), seed, signer);
        let chosen: Vec<u32> = places.iter().filter_map(|(place, _)| drawn.get(*place as usize).copied()).collect();
        let rows = self.each(checkpoint, examples, &chosen, |row: &mut Vec<f32>, target: Target<'_>| {
            if target.last {
                row.extend_from_slice(target.log_probabilities);
            }
        })?;
        Ok(probe_digest(rows.iter().zip(places).map(|(row, (_, class))| row[class as usize])))
    }
}

/// The place in the `drawn` examples and the class of each value of a probe, drawn for `seed` and `signer`: for whoever computes the
/// log-probabilities elsewhere.
pub fn probe_places(drawn: usize, outputs: u32, seed: [u8; 32], signer: [u8; 20]) -> [(u32, u32); PROBE_VALUES] {
    let mut stream = Stream::new("neuron/probe/1", &[&seed, &signer]);
    let count = u32::try_from(drawn).unwrap_or(u32::MAX).max(1);
    std::array::from_fn(|_| (stream.below(count), stream.below(outputs)))
}

/// The probe of these log-probabilities, one for each of [`probe_places`].
pub fn probe_digest(log_probabilities: impl IntoIterator<Item = f32>) -> [u8; 32] {
    let mut hash = Keccak256::new();
    log_probabilities.into_iter().for_each(|value| hash.update(bits(value).to_be_bytes()));
    hash.finalize().into()
}

fn bits(value: f32) -> u32 {
    if value.is_nan() { NAN_BITS } else { value.to_bits() }
}
