//! Exact matrix products and row reductions: one accumulator per output, ascending index, fused multiply-add, sixteen lanes.

/// Lanes of a row reduction, and outputs of one panel.
pub(crate) const LANES: usize = 16;
/// Examples that share one pass over a panel: enough independent chains to hide the latency of an addition.
const TILE_ROWS: usize = 6;

/// Sixteen neighbouring values.
pub(crate) type Lanes = [f32; LANES];

/// Where the fused multiply-add comes from; every choice gives the same bits.
pub(crate) trait Arithmetic {
    /// x · y + z, rounded once, ties to even.
    fn fma(x: f32, y: f32, z: f32) -> f32;

    /// For each row Σ row[k] · panel[k] in ascending k, from +0; rows are as long as the panel.
    #[inline(always)]
    fn products<const ROWS: usize>(panel: &[Lanes], rows: &[&[f32]; ROWS]) -> [Lanes; ROWS] {
        let mut sums = [[0.0; LANES]; ROWS];
        for (k, weights) in panel.iter().enumerate() {
            for (sum, row) in sums.iter_mut().zip(rows) {
                let value = row[k];
                *sum = std::array::from_fn(|lane| Self::fma(value, weights[lane], sum[lane]));
            }
        }
        sums
    }
}

/// The processor's own instruction.
pub(crate) struct Native;

/// Exact product in binary64, sum rounded to odd: the last rounding to binary32 is then the only one.
pub(crate) struct Portable;

impl Arithmetic for Native {
    #[inline(always)]
    fn fma(x: f32, y: f32, z: f32) -> f32 {
        x.mul_add(y, z)
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn products<const ROWS: usize>(panel: &[Lanes], rows: &[&[f32]; ROWS]) -> [Lanes; ROWS] {
        // SAFETY: `Native` is chosen only on processors that have AVX2 and FMA.
        unsafe { products_avx2(panel, rows) }
    }
}

impl Arithmetic for Portable {
    #[inline(always)]
    fn fma(x: f32, y: f32, z: f32) -> f32 {
        let (product, addend) = (f64::from(x) * f64::from(y), f64::from(z));
        let sum = product + addend;
        // Knuth's two-sum: what the addition lost, exactly.
        let part = sum - product;
        let lost = (product - (sum - part)) + (addend - part);
        let bits = sum.to_bits();
        if lost == 0.0 || !lost.is_finite() || bits & 1 == 1 {
            return sum as f32;
        }
        let outward = (lost > 0.0) == (sum > 0.0);
        f64::from_bits(if outward { bits + 1 } else { bits - 1 }) as f32
    }
}

/// `a > b ? a : b`: of two zeros, and beside NaN, the second.
#[inline(always)]
pub(crate) fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// Joins lanes 8-4-2-1.
#[inline(always)]
pub(crate) fn join(mut lanes: Lanes, combine: impl Fn(f32, f32) -> f32) -> f32 {
    for width in [8, 4, 2, 1] {
        for lane in 0..width {
            lanes[lane] = combine(lanes[lane], lanes[lane + width]);
        }
    }
    lanes[0]
}

/// `products` with two registers of eight lanes per row.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn products_avx2<const ROWS: usize>(panel: &[Lanes], rows: &[&[f32]; ROWS]) -> [Lanes; ROWS] {
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps};
    let mut sums = [[_mm256_setzero_ps(); 2]; ROWS];
    for (k, weights) in panel.iter().enumerate() {
        let [low, high] = [&weights[..8], &weights[8..]];
        // SAFETY: both halves hold eight values.
        let [low, high] = unsafe { [_mm256_loadu_ps(low.as_ptr()), _mm256_loadu_ps(high.as_ptr())] };
        for row in 0..ROWS {
            let value = _mm256_set1_ps(rows[row][k]);
            sums[row][0] = _mm256_fmadd_ps(value, low, sums[row][0]);
            sums[row][1] = _mm256_fmadd_ps(value, high, sums[row][1]);
        }
    }
    let mut products = [[0.0; LANES]; ROWS];
    for (lanes, sum) in products.iter_mut().zip(sums) {
        let (low, high) = lanes.split_at_mut(8);
        // SAFETY: both halves hold eight values.
        unsafe {
            _mm256_storeu_ps(low.as_mut_ptr(), sum[0]);
            _mm256_storeu_ps(high.as_mut_ptr(), sum[1]);
        }
    }
    products
}

/// One fully connected layer, its weights transposed into panels of sixteen outputs.
pub(crate) struct Linear {
    /// Length of an input row that is read.
    pub(crate) inputs: usize,
    /// Number of outputs; a row of outputs is padded to whole panels.
    pub(crate) outputs: usize,
    panels: Vec<Lanes>, // [panel][input]
    bias: Vec<Lanes>,   // [panel]
}

impl Linear {
    /// `weight` is [outputs, inputs] row-major, `bias` is [outputs]; padding outputs have weight and bias 0.
    pub(crate) fn new(weight: &[f32], bias: &[f32], inputs: usize) -> Self {
        let outputs = bias.len();
        let panel_count = outputs.div_ceil(LANES);
        let mut panels = vec![[0.0; LANES]; panel_count * inputs];
        for (output, row) in weight.chunks_exact(inputs).enumerate() {
            for (input, value) in row.iter().enumerate() {
                panels[output / LANES * inputs + input][output % LANES] = *value;
            }
        }
        let mut padded = vec![[0.0; LANES]; panel_count];
        for (output, value) in bias.iter().enumerate() {
            padded[output / LANES][output % LANES] = *value;
        }
        Self { inputs, outputs, panels, bias: padded }
    }

    /// Values of one output row, padding included.
    pub(crate) fn stride(&self) -> usize {
        self.bias.len() * LANES
    }

    /// `output` [rows, stride] = `input` [rows, input_stride] · weightᵀ + bias.
    #[inline(always)]
    pub(crate) fn apply<A: Arithmetic>(&self, input: &[f32], input_stride: usize, output: &mut [f32]) {
        let stride = self.stride();
        let blocks = input.chunks(TILE_ROWS * input_stride).zip(output.chunks_mut(TILE_ROWS * stride));
        for (input, output) in blocks {
            if input.len() == TILE_ROWS * input_stride {
                self.tile::<A, TILE_ROWS>(input, input_stride, output);
                continue;
            }
            let rows = input.chunks(input_stride).zip(output.chunks_mut(stride));
            rows.for_each(|(input, output)| self.tile::<A, 1>(input, input_stride, output));
        }
    }

    #[inline(always)]
    fn tile<A: Arithmetic, const ROWS: usize>(&self, input: &[f32], input_stride: usize, output: &mut [f32]) {
        let stride = self.stride();
        let rows: [&[f32]; ROWS] = std::array::from_fn(|row| &input[row * input_stride..][..self.inputs]);
        for (index, (panel, bias)) in self.panels.chunks_exact(self.inputs).zip(&self.bias).enumerate() {
            let sums = A::products(panel, &rows);
            for (row, sum) in sums.iter().enumerate() {
                let target = &mut output[row * stride + index * LANES..][..LANES];
                for ((target, sum), bias) in target.iter_mut().zip(sum).zip(bias) {
                    *target = sum + bias;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values at every edge of binary32, and bits from a linear congruence.
    fn values(count: usize) -> Vec<f32> {
        let edges = [0, 1, 2, 0x007f_ffff, 0x0080_0000, 0x0080_0001, 0x3f7f_ffff, 0x3f80_0000, 0x3f80_0001, 0x4b80_0000];
        let more = [0x7f7f_ffff, 0x7f80_0000, 0x7fc0_0000, 0x3400_0000, 0x33ff_ffff, 0x1a00_0000, 0x5f00_0000];
        let mut bits: Vec<u32> = edges.into_iter().chain(more).flat_map(|bits| [bits, bits | 1 << 31]).collect();
        let mut state = 1_u32;
        while bits.len() < count {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            bits.push(state.rotate_left(11));
        }
        bits.into_iter().map(f32::from_bits).collect()
    }

    fn check(x: f32, y: f32, z: f32) {
        let (ours, exact) = (Portable::fma(x, y, z), x.mul_add(y, z));
        let same = ours.to_bits() == exact.to_bits() || ours.is_nan() && exact.is_nan();
        assert!(same, "{x:e} · {y:e} + {z:e} = {exact:e}, not {ours:e}");
    }

    #[test]
    fn the_portable_fma_rounds_once() {
        let edges = values(34);
        for x in &edges {
            for y in &edges {
                edges.iter().for_each(|z| check(*x, *y, *z));
            }
        }
        let values = values(300_000);
        for triple in values.windows(3) {
            check(triple[0], triple[1], triple[2]);
            // An addend near the product, half a unit off: where rounding twice would show.
            let product = triple[0] * triple[1];
            check(triple[0], triple[1], f32::from_bits(product.to_bits() ^ 1 << 31));
            check(triple[0], triple[1], product * f32::from_bits(0x3380_0000));
            check(triple[0], triple[1], product * f32::from_bits(0x4b80_0000));
        }
    }

    #[test]
    fn panels_give_the_same_bits_with_and_without_instructions_for_it() {
        let inputs = 37;
        let weights: Vec<f32> = values(34 + 20 * inputs)[34..].iter().map(|value| value.abs().fract().clamp(-1.0, 1.0)).collect();
        let weights: Vec<f32> = weights.iter().map(|value| if value.is_nan() { 0.5 } else { *value }).collect();
        let layer = Linear::new(&weights, &weights[..20], inputs);
        let input: Vec<f32> = (0..13 * inputs).map(|index| (index % 29) as f32 / 7.0 - 2.0).collect();
        let mut native = vec![0.0; 13 * layer.stride()];
        let mut portable = native.clone();
        native_apply(&layer, &input, inputs, &mut native);
        layer.apply::<Portable>(&input, inputs, &mut portable);
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&native), bits(&portable));
        assert!(native.iter().any(|value| *value != 0.0));
    }

    fn native_apply(layer: &Linear, input: &[f32], stride: usize, output: &mut [f32]) {
        #[cfg(target_arch = "x86_64")]
        if !(is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")) {
            return layer.apply::<Portable>(input, stride, output);
        }
        layer.apply::<Native>(input, stride, output);
    }
}
