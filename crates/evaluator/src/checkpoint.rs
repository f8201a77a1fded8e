//! Checkpoints: the weights of a model as a safetensors file of which every byte of the header is known beforehand.
//!
//! A manifest implies length and header, so a file is refused before its numbers are looked at, and one set of weights is one file
//! (PROTOCOL 12, Checkpoint).

use crate::manifest::Manifest;
use crate::stream::Stream;
use crate::tensor::TensorSpec;

/// Bytes of one binary32 value.
const VALUE_BYTES: u64 = 4;
/// Bytes before the header: its length, u64 little-endian.
const LENGTH_BYTES: usize = 8;
/// The header is padded with spaces to a multiple of this.
const HEADER_ALIGN: usize = 8;

/// Weights that passed every check of their manifest: as many as it says, all finite, none above `weight_max`.
///
/// ```
/// use evaluator::{Checkpoint, CheckpointError, Manifest, checkpoint_len};
///
/// let manifest = Manifest::from_bytes(
///     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
/// )?;
/// let first = Checkpoint::initial(&manifest, [1; 32]);
/// let bytes = first.to_bytes();
/// assert_eq!(bytes.len() as u64, checkpoint_len(&manifest));
/// assert_eq!(Checkpoint::from_bytes(&manifest, &bytes)?, first);
/// // Each of these a client refuses in the same way, whoever made the file.
/// let mut header = bytes.clone();
/// header[20] ^= 1;
/// assert_eq!(Checkpoint::from_bytes(&manifest, &header), Err(CheckpointError::Header));
/// let mut value = bytes.clone();
/// let end = value.len();
/// value[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
/// assert_eq!(Checkpoint::from_bytes(&manifest, &value), Err(CheckpointError::NotFinite("layers.0.bias".into())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Whose weights they are; two checkpoints of other manifests have nothing in common.
    manifest: Manifest,
    /// In the order of the manifest.
    tensors: Vec<Vec<f32>>,
}

/// Why bytes or values are no checkpoint of a manifest. A claim about such a file is false.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Another length than the manifest implies.
    #[error("this checkpoint has {found} bytes, the manifest implies exactly {expected}: fetch it again")]
    Length {
        /// Bytes given.
        found: u64,
        /// Bytes implied.
        expected: u64,
    },
    /// Another header than the manifest implies.
    #[error("the header differs from the canonical one: write the tensors as the manifest orders them")]
    Header,
    /// Another number or length of tensors; holds the name of the tensor, or its number if there should be none.
    #[error("tensor {0} is missing or has another number of values than the manifest says")]
    Shape(String),
    /// NaN or infinite, in the tensor of this name.
    #[error("tensor {0} holds a value that is not finite: train again from the base")]
    NotFinite(String),
    /// A magnitude above `weight_max`, in the tensor of this name.
    #[error("tensor {0} holds a value above weight_max: clamp the weights before writing them")]
    TooLarge(String),
}

/// Exact length in bytes of every checkpoint of this manifest: what is asked for when one is fetched.
pub fn checkpoint_len(manifest: &Manifest) -> u64 {
    header(manifest).len() as u64 + manifest.parameters() * VALUE_BYTES
}

impl Checkpoint {
    /// Reads a safetensors file: u64 little-endian length of the header, header, values as binary32 little-endian.
    ///
    /// # Errors
    /// [`CheckpointError`] unless length, every byte of the header, finiteness and `weight_max` all hold, looked at in this order.
    pub fn from_bytes(manifest: &Manifest, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let (found, expected) = (bytes.len() as u64, checkpoint_len(manifest));
        if found != expected {
            return Err(CheckpointError::Length { found, expected });
        }
        let values = bytes.strip_prefix(header(manifest).as_slice()).ok_or(CheckpointError::Header)?;
        Self::from_tensors(manifest, split_values(manifest, values))
    }

    /// Takes values in the order of [`Manifest::tensors`], each row-major.
    ///
    /// # Errors
    /// As [`Checkpoint::from_bytes`], but for length and header.
    pub fn from_tensors(manifest: &Manifest, tensors: Vec<Vec<f32>>) -> Result<Self, CheckpointError> {
        let specs = manifest.tensors();
        if let Some(extra) = tensors.len().checked_sub(specs.len() + 1) {
            return Err(CheckpointError::Shape(format!("{}", specs.len() + extra)));
        }
        for (index, spec) in specs.iter().enumerate() {
            let values = tensors.get(index).map_or(&[][..], Vec::as_slice);
            check(spec, values, manifest.weight_max())?;
        }
        Ok(Self { manifest: manifest.clone(), tensors })
    }

    /// The same for weights in training, each clamped to `weight_max` first.
    ///
    /// # Errors
    /// When a weight is not finite (training diverged), or shapes are others.
    pub fn clamped(manifest: &Manifest, mut tensors: Vec<Vec<f32>>) -> Result<Self, CheckpointError> {
        let most = manifest.weight_max();
        // What is not finite stays so and is refused: clamped, a diverged run would look like a result.
        let finite = tensors.iter_mut().flatten().filter(|value| value.is_finite());
        finite.for_each(|value| *value = value.clamp(-most, most));
        Self::from_tensors(manifest, tensors)
    }

    /// First weights of a group, drawn from `seed` as the family says: uniform, in bounds that keep activations of layers alike. The same
    /// seed gives the same bits everywhere.
    pub fn initial(manifest: &Manifest, seed: [u8; 32]) -> Self {
        // Every family draws within ±1, and weight_max is at least 1: nothing to clamp.
        let tensors = manifest.family().initial(&mut Stream::new("neuron/initial/1", &[&seed]));
        Self { manifest: manifest.clone(), tensors }
    }

    /// The canonical file: header, then all values as binary32 little-endian; [`checkpoint_len`] bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let values = self.tensors.iter().flatten().flat_map(|value| value.to_le_bytes());
        header(&self.manifest).into_iter().chain(values).collect()
    }

    /// The manifest that the weights belong to.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Values in the order of [`Manifest::tensors`], each row-major.
    pub fn tensors(&self) -> &[Vec<f32>] {
        &self.tensors
    }
}

/// The first bytes of every checkpoint of a manifest: length and JSON header, padded with spaces.
fn header(manifest: &Manifest) -> Vec<u8> {
    let mut start = 0;
    let mut entries = Vec::new();
    for spec in manifest.tensors() {
        let end = start + spec.elements() * VALUE_BYTES;
        let shape: Vec<String> = spec.shape.iter().map(u32::to_string).collect();
        let (name, shape) = (&spec.name, shape.join(","));
        entries.push(format!(r#""{name}":{{"dtype":"F32","shape":[{shape}],"data_offsets":[{start},{end}]}}"#));
        start = end;
    }
    let mut json = format!("{{{}}}", entries.join(",")).into_bytes();
    json.resize(json.len().next_multiple_of(HEADER_ALIGN), b' ');
    let mut bytes = Vec::with_capacity(LENGTH_BYTES + json.len());
    bytes.extend_from_slice(&(json.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&json);
    bytes
}

/// Cuts binary32 little-endian values, whose total length was checked, into the tensors of a manifest. What is missing at the end is
/// missing in the result.
pub fn split_values(manifest: &Manifest, bytes: &[u8]) -> Vec<Vec<f32>> {
    let mut values = bytes.as_chunks::<{ VALUE_BYTES as usize }>().0.iter().map(|value| f32::from_le_bytes(*value));
    let specs = manifest.tensors();
    specs.iter().map(|spec| values.by_ref().take(spec.elements() as usize).collect()).collect()
}

/// Number, finiteness and magnitude of one tensor's values.
fn check(spec: &TensorSpec, values: &[f32], weight_max: f32) -> Result<(), CheckpointError> {
    if values.len() as u64 != spec.elements() {
        return Err(CheckpointError::Shape(spec.name.clone()));
    }
    if values.iter().any(|value| !value.is_finite()) {
        return Err(CheckpointError::NotFinite(spec.name.clone()));
    }
    if values.iter().any(|value| value.abs() > weight_max) {
        return Err(CheckpointError::TooLarge(spec.name.clone()));
    }
    Ok(())
}
