//! Checkpoints: the weights of a model as a safetensors file of which every byte of the header is known beforehand.
//!
//! A manifest implies length and header, so a file is refused before its numbers are looked at, and one set of weights is one file
//! (PROTOCOL 12, Checkpoint).

use std::convert::Infallible;
use std::fmt;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::manifest::Manifest;
use crate::stream::Stream;
use crate::tensor::TensorSpec;
use crate::values::{NOT_FINITE, Values};

/// Bytes of one binary32 value.
const VALUE_BYTES: usize = 4;
/// Values that are written at a time.
const WRITTEN: usize = 1 << 16;
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
#[derive(Clone)]
pub struct Checkpoint {
    /// Whose weights they are; two checkpoints of other manifests have nothing in common.
    manifest: Manifest,
    /// In the order of the manifest.
    weights: Weights,
}

/// Bytes that several hold, a mapped file for one. They must stay as they are.
pub type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Where the weights are.
#[derive(Clone)]
enum Weights {
    /// In memory, as values that a file of the manifest can hold.
    Memory(Vec<Vec<f32>>),
    /// In the canonical file.
    File(File),
}

/// A canonical file that is widened where it is needed.
#[derive(Clone)]
struct File {
    bytes: SharedBytes,
    /// Where each tensor lies in it.
    places: Vec<Range<usize>>,
    /// Tensors of one row, biases and norms, which are small; of the others nothing.
    rows: Vec<Option<Vec<f32>>>,
    /// All of them, once somebody asked for values in memory.
    widened: OnceLock<Vec<Vec<f32>>>,
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
    /// A frozen tensor with other bits than the base has, in the tensor of this name.
    #[error("tensor {0} is frozen and differs from the base's: leave it as it is there")]
    Frozen(String),
}

/// Exact length in bytes of every checkpoint of this manifest: what is asked for when one is fetched.
pub fn checkpoint_len(manifest: &Manifest) -> u64 {
    header(manifest).len() as u64 + manifest.parameters() * manifest.dtype().bytes() as u64
}

impl Checkpoint {
    /// Reads a safetensors file: u64 little-endian length of the header, header, values as the manifest's dtype says, little-endian.
    ///
    /// # Errors
    /// [`CheckpointError`] unless length, every byte of the header, finiteness and `weight_max` all hold, looked at in this order.
    pub fn from_bytes(manifest: &Manifest, bytes: &[u8]) -> Result<Self, CheckpointError> {
        if !manifest.dtype().is_f32() {
            return Self::from_shared(manifest, Arc::new(bytes.to_vec()));
        }
        check_header(manifest, bytes)?;
        Self::from_tensors(manifest, split_values(manifest, &bytes[header(manifest).len()..]))
    }

    /// The same of bytes that are kept as they are, a mapped file for one: what computes widens some values at a time, so that weights
    /// need no memory but the file's. Whoever shares the bytes must not change them.
    ///
    /// # Errors
    /// As [`Checkpoint::from_bytes`].
    pub fn from_shared(manifest: &Manifest, bytes: SharedBytes) -> Result<Self, CheckpointError> {
        let file = File::new(manifest, bytes)?;
        Ok(Self { manifest: manifest.clone(), weights: Weights::File(file) })
    }

    /// Takes values in the order of [`Manifest::tensors`], each row-major. Of a manifest with `"dtype":"bf16"` each is rounded to the
    /// nearest that a file can hold, ties to even.
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
            check(spec, values.into(), manifest.weight_max())?;
        }
        Ok(Self::rounded(manifest, tensors))
    }

    /// Takes values that keep their limits.
    fn rounded(manifest: &Manifest, mut tensors: Vec<Vec<f32>>) -> Self {
        let dtype = manifest.dtype();
        if !dtype.is_f32() {
            tensors.iter_mut().flatten().for_each(|value| *value = dtype.rounded(*value));
        }
        Self { manifest: manifest.clone(), weights: Weights::Memory(tensors) }
    }

    /// The same for weights in training, each clamped to `weight_max` first: none is above it after rounding, since a manifest's
    /// `weight_max` is a value that its files can hold.
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
        Self::rounded(manifest, manifest.family().initial(&mut Stream::new("neuron/initial/1", &[&seed])))
    }

    /// The canonical file: header, then all values little-endian; [`checkpoint_len`] bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(checkpoint_len(&self.manifest) as usize);
        let Ok(()) = self.pieces(|piece| {
            bytes.extend_from_slice(piece);
            Ok::<(), Infallible>(())
        });
        bytes
    }

    /// The same, written piece by piece: no copy of all weights is made.
    ///
    /// ```
    /// # use evaluator::{Checkpoint, Manifest};
    /// # let manifest = Manifest::from_bytes(
    /// #     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
    /// # )?;
    /// let first = Checkpoint::initial(&manifest, [1; 32]);
    /// let mut file = Vec::new();
    /// first.write(&mut file)?;
    /// assert_eq!(file, first.to_bytes());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What `to` refuses.
    pub fn write(&self, mut to: impl Write) -> io::Result<()> {
        self.pieces(|piece| to.write_all(piece))
    }

    /// Calls `put` with the pieces of the canonical file in their order.
    fn pieces<E>(&self, mut put: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let tensors = match &self.weights {
            Weights::File(file) => return put(file.bytes()),
            Weights::Memory(tensors) => tensors,
        };
        put(&header(&self.manifest))?;
        let mut bytes = Vec::new();
        for values in tensors.iter().flat_map(|tensor| tensor.chunks(WRITTEN)) {
            bytes.clear();
            self.manifest.dtype().encode(values, &mut bytes);
            put(&bytes)?;
        }
        Ok(())
    }

    /// The manifest that the weights belong to.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Values in the order of [`Manifest::tensors`], each row-major. Of a checkpoint that lies in a file the first call makes a copy of
    /// all, four bytes for each, and keeps it: what only looks at them once takes [`Checkpoint::to_tensors`].
    pub fn tensors(&self) -> &[Vec<f32>] {
        match &self.weights {
            Weights::Memory(tensors) => tensors,
            Weights::File(file) => file.widened.get_or_init(|| self.to_tensors()),
        }
    }

    /// A copy of all values, in the same order: where training begins.
    pub fn to_tensors(&self) -> Vec<Vec<f32>> {
        self.values().into_iter().map(Values::to_vec).collect()
    }

    /// Calls `read` with all values in the same order, at most so many at a time: what goes elsewhere is widened piece by piece, and no
    /// copy of a file is kept.
    ///
    /// # Errors
    /// The first of `read`.
    pub fn in_parts<E>(&self, most: usize, mut read: impl FnMut(&[f32]) -> Result<(), E>) -> Result<(), E> {
        let (most, mut part) = (most.max(1), Vec::new());
        for values in self.values() {
            if let Some(wide) = values.wide() {
                wide.chunks(most).try_for_each(&mut read)?;
                continue;
            }
            for first in (0..values.len()).step_by(most) {
                part.resize(most.min(values.len() - first), 0.0);
                values.widen(first, &mut part);
                read(&part)?;
            }
        }
        Ok(())
    }

    /// The tensors where they lie, in the same order.
    pub(crate) fn values(&self) -> Vec<Values<'_>> {
        match &self.weights {
            Weights::Memory(tensors) => tensors.iter().map(Values::from).collect(),
            Weights::File(file) => file.values(&self.manifest),
        }
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Checkpoint").field("manifest", &self.manifest).finish_non_exhaustive()
    }
}

impl PartialEq for Checkpoint {
    /// Whether manifest and all values are the same, wherever they lie.
    fn eq(&self, other: &Self) -> bool {
        let same = |(left, right): (Values<'_>, Values<'_>)| left.equal(right);
        self.manifest == other.manifest && self.values().into_iter().zip(other.values()).all(same)
    }
}

impl File {
    /// Keeps bytes that passed every check of the manifest, and widens what is small.
    fn new(manifest: &Manifest, bytes: SharedBytes) -> Result<Self, CheckpointError> {
        let file: &[u8] = bytes.as_ref().as_ref();
        check_header(manifest, file)?;
        let (dtype, mut start) = (manifest.dtype(), header(manifest).len());
        let (mut places, mut rows) = (Vec::new(), Vec::new());
        for spec in manifest.tensors() {
            let place = start..start + spec.elements() as usize * dtype.bytes();
            start = place.end;
            let values = Values::of_bytes(dtype, file.get(place.clone()).unwrap_or_default());
            check(&spec, values, manifest.weight_max())?;
            places.push(place);
            rows.push((spec.shape.len() == 1).then(|| values.to_vec()));
        }
        Ok(Self { bytes, places, rows, widened: OnceLock::new() })
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.as_ref().as_ref()
    }

    /// Each where it lies: in memory if it is small.
    fn values(&self, manifest: &Manifest) -> Vec<Values<'_>> {
        let bytes = self.bytes();
        let in_file = |place: &Range<usize>| Values::of_bytes(manifest.dtype(), bytes.get(place.clone()).unwrap_or_default());
        let each = self.places.iter().zip(&self.rows);
        each.map(|(place, row)| row.as_ref().map_or_else(|| in_file(place), Values::from)).collect()
    }
}

/// Length, and every byte before the values.
fn check_header(manifest: &Manifest, bytes: &[u8]) -> Result<(), CheckpointError> {
    let (found, expected) = (bytes.len() as u64, checkpoint_len(manifest));
    if found != expected {
        return Err(CheckpointError::Length { found, expected });
    }
    if bytes.starts_with(&header(manifest)) { Ok(()) } else { Err(CheckpointError::Header) }
}

/// The first bytes of every checkpoint of a manifest: length and JSON header, padded with spaces.
fn header(manifest: &Manifest) -> Vec<u8> {
    let (mut start, mut entries, dtype) = (0, Vec::new(), manifest.dtype());
    for spec in manifest.tensors() {
        let end = start + spec.elements() * dtype.bytes() as u64;
        let shape: Vec<String> = spec.shape.iter().map(u32::to_string).collect();
        let (name, dtype, shape) = (&spec.name, dtype.name(), shape.join(","));
        entries.push(format!(r#""{name}":{{"dtype":"{dtype}","shape":[{shape}],"data_offsets":[{start},{end}]}}"#));
        start = end;
    }
    let mut json = format!("{{{}}}", entries.join(",")).into_bytes();
    json.resize(json.len().next_multiple_of(HEADER_ALIGN), b' ');
    let mut bytes = Vec::with_capacity(LENGTH_BYTES + json.len());
    bytes.extend_from_slice(&(json.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&json);
    bytes
}

/// Cuts binary32 little-endian values, whose total length was checked, into the tensors of a manifest: those of a saved run, which are
/// wide whatever its files hold. What is missing at the end is missing in the result.
pub fn split_values(manifest: &Manifest, bytes: &[u8]) -> Vec<Vec<f32>> {
    let mut values = bytes.as_chunks::<VALUE_BYTES>().0.iter().map(|value| f32::from_le_bytes(*value));
    let specs = manifest.tensors();
    specs.iter().map(|spec| values.by_ref().take(spec.elements() as usize).collect()).collect()
}

/// Number, finiteness and magnitude of one tensor's values, in one pass.
fn check(spec: &TensorSpec, values: Values<'_>, weight_max: f32) -> Result<(), CheckpointError> {
    if values.len() as u64 != spec.elements() {
        return Err(CheckpointError::Shape(spec.name.clone()));
    }
    match values.magnitude() {
        NOT_FINITE.. => Err(CheckpointError::NotFinite(spec.name.clone())),
        magnitude if magnitude > weight_max.to_bits() => Err(CheckpointError::TooLarge(spec.name.clone())),
        _ => Ok(()),
    }
}
