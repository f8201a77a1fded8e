//! Forward pass of the family `mlp`: linear layers, relu between them, log-softmax at the end.

use crate::checkpoint::Checkpoint;
use crate::functions::{exp_lanes, log_with};
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use crate::kernel::Native;
#[cfg(not(target_arch = "aarch64"))]
use crate::kernel::Portable;
use crate::kernel::{Arithmetic, LANES, Lanes, Linear, join, larger};

/// Examples of one pass, sixteen tiles: their activations stay in the cache.
pub(crate) const BATCH_ROWS: usize = 96;

/// Weights laid out for the kernels.
pub(crate) struct Network {
    layers: Vec<Linear>,
}

impl Network {
    /// Packs the weights once; the passes then only read.
    pub(crate) fn new(checkpoint: &Checkpoint) -> Self {
        let sizes = checkpoint.manifest().layers();
        let pairs = checkpoint.tensors().as_chunks::<2>().0;
        let layers = sizes.iter().zip(pairs);
        let layers = layers.map(|((inputs, _), [weight, bias])| Linear::new(weight, bias, *inputs as usize));
        Self { layers: layers.collect() }
    }

    /// Values of one row of `log_probabilities`: the outputs padded to a multiple of sixteen.
    pub(crate) fn stride(&self) -> usize {
        self.layers.last().map_or(0, Linear::stride)
    }

    /// Log-probabilities [rows, stride] of `features` [rows, inputs]; what stands after the outputs of a row means nothing.
    pub(crate) fn log_probabilities(&self, features: &[f32]) -> Vec<f32> {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: this processor has both features, as was just asked.
                return unsafe { self.pass_avx2(features) };
            }
            self.pass::<Portable>(features)
        }
        #[cfg(target_arch = "aarch64")]
        {
            self.pass::<Native>(features)
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            self.pass::<Portable>(features)
        }
    }

    /// # Safety
    /// The processor must have AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn pass_avx2(&self, features: &[f32]) -> Vec<f32> {
        self.pass::<Native>(features)
    }

    #[inline(always)]
    fn pass<A: Arithmetic>(&self, features: &[f32]) -> Vec<f32> {
        let mut stride = self.layers.first().map_or(1, |layer| layer.inputs);
        let rows = features.len() / stride;
        let mut values = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let mut next = vec![0.0; rows * layer.stride()];
            layer.apply::<A>(if index == 0 { features } else { &values }, stride, &mut next);
            (values, stride) = (next, layer.stride());
            if index + 1 < self.layers.len() {
                values.iter_mut().for_each(|value| *value = larger(*value, 0.0));
            }
        }
        let outputs = self.layers.last().map_or(0, |layer| layer.outputs);
        values.chunks_exact_mut(stride).for_each(|row| log_softmax::<A>(row, outputs));
        values
    }
}

/// (x − m) − log Σ exp(x − m), m = the maximum; `row` is a whole number of lanes of which `outputs` values count.
#[inline(always)]
fn log_softmax<A: Arithmetic>(row: &mut [f32], outputs: usize) {
    row[outputs..].fill(f32::NEG_INFINITY);
    let lanes: &mut [Lanes] = row.as_chunks_mut::<LANES>().0;
    let mut maxima = [f32::NEG_INFINITY; LANES];
    for values in lanes.iter() {
        for (maximum, value) in maxima.iter_mut().zip(values) {
            *maximum = larger(*maximum, *value);
        }
    }
    let maximum = join(maxima, larger);
    let mut sums = [0.0; LANES];
    for values in lanes.iter_mut() {
        values.iter_mut().for_each(|value| *value -= maximum);
        for (sum, value) in sums.iter_mut().zip(exp_lanes::<A>(values)) {
            *sum += value;
        }
    }
    let logarithm = log_with::<A>(join(sums, |a, b| a + b));
    lanes.as_flattened_mut().iter_mut().for_each(|value| *value -= logarithm);
}
