//! Every kernel of every instruction set against plain loops, bit for bit, at odd shapes and with values of every kind.

mod gates;
mod gelu;
mod groups;
mod heads;

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::real::{LANES, Real, Vector};
use super::rows::{EPSILON, Function, map};
use super::*;
use crate::values::Dtype;

/// sha256 over the sha256 of each run of 2¹⁶ outputs, u32 big-endian, inputs ascending by their bits.
const ALL: [(&str, &str); 3] = [
    ("exp", "a06ceec94e97a44d8115c20e087b68eb6ab21eafdadbfbb1db9b6e3eeb342fb7"),
    ("log", "56aa5773765919d1bdb6206c413edec9270500bdaf7e8d2e131867573f176270"),
    ("erf", "ed4f35c68645a3e3c839e037faa547ae4748332ef4b7c1dbfb99e9db009c371a"),
];
/// Inputs of one run.
const RUN: u64 = 1 << 16;

struct Exp;
struct ExpBelow;
struct Log;
struct Erf;

impl Function for Exp {
    #[inline(always)]
    fn of<R: Real>(value: R) -> R {
        functions::exp(value)
    }
}

impl Function for ExpBelow {
    #[inline(always)]
    fn of<R: Real>(value: R) -> R {
        functions::exp_below(value)
    }
}

impl Function for Log {
    #[inline(always)]
    fn of<R: Real>(value: R) -> R {
        functions::log(value)
    }
}

impl Function for Erf {
    #[inline(always)]
    fn of<R: Real>(value: R) -> R {
        functions::erf(value)
    }
}

#[inline(always)]
fn exp_values<V: Vector>(values: &mut [f32]) {
    map::<V, Exp>(values);
}

#[inline(always)]
fn exp_below_values<V: Vector>(values: &mut [f32]) {
    map::<V, ExpBelow>(values);
}

#[inline(always)]
fn log_values<V: Vector>(values: &mut [f32]) {
    map::<V, Log>(values);
}

#[inline(always)]
fn erf_values<V: Vector>(values: &mut [f32]) {
    map::<V, Erf>(values);
}

#[inline(always)]
fn joined<V: Vector>(values: &[f32; LANES], results: &mut [f32; 2]) {
    *results = [V::load(values).sum(), V::load(values).greatest()];
}

kernels! {
    exp_all = exp_values [], (values: &mut [f32]);
    exp_below_all = exp_below_values [], (values: &mut [f32]);
    log_all = log_values [], (values: &mut [f32]);
    erf_all = erf_values [], (values: &mut [f32]);
    join = joined [], (values: &[f32; LANES], results: &mut [f32; 2]);
}

/// Kernels of each instruction set that this processor has.
fn every() -> impl Iterator<Item = (Isa, Kernels)> {
    Isa::available().map(|isa| (isa, Compute::new(isa, 1).unwrap().kernels()))
}

/// Bits, one NaN for all.
fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| if value.is_nan() { 0x7fc0_0000 } else { value.to_bits() }).collect()
}

/// Ordinary values, now and then an extreme one.
fn values(count: usize, seed: u64, extremes: bool) -> Vec<f32> {
    let kinds = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX, -f32::MAX, 1e-40, -1e-45, 0.0, -0.0, 1e30, -1e-30];
    let mut state = seed | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    };
    let value = |_| {
        let word = next();
        if extremes && word.is_multiple_of(23) { kinds[next() as usize % kinds.len()] } else { (word % 20_011) as f32 / 5000.0 - 2.0 }
    };
    (0..count).map(value).collect()
}

fn plain_lanes(row: &[f32], start: f32, take: impl Fn(f32, f32) -> f32, combine: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [start; LANES];
    for index in 0..row.len().next_multiple_of(LANES) {
        lanes[index % LANES] = take(lanes[index % LANES], row.get(index).copied().unwrap_or(start));
    }
    for width in [8, 4, 2, 1] {
        for lane in 0..width {
            lanes[lane] = combine(lanes[lane], lanes[lane + width]);
        }
    }
    lanes[0]
}

fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The triple loop.
fn plain_linear(input: &[f32], rows: usize, layer: Linear<'_>, before: &[f32], add: bool) -> Vec<f32> {
    let (mut output, weight) = (Vec::new(), layer.weight.to_vec());
    for row in 0..rows {
        for column in 0..layer.outputs {
            let mut sum = 0.0_f32;
            for k in 0..layer.inputs {
                sum = input[row * layer.inputs + k].mul_add(weight[column * layer.inputs + k], sum);
            }
            if let Some(bias) = layer.bias {
                sum += bias[column];
            }
            output.push(if add { before[row * layer.outputs + column] + sum } else { sum });
        }
    }
    output
}

/// Rows with space behind them, which holds anything.
fn spread(values: &[f32], rows: usize, columns: usize, stride: usize) -> Vec<f32> {
    let mut spread = vec![f32::NAN; rows * stride];
    for row in 0..rows {
        spread[row * stride..][..columns].copy_from_slice(&values[row * columns..][..columns]);
    }
    spread
}

fn gathered(values: &[f32], columns: usize, stride: usize) -> Vec<f32> {
    values.chunks(stride).flat_map(|row| row[..columns].to_vec()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_linear_layer_equals_the_triple_loop(
        rows in 0_usize..40, inputs in 1_usize..70, outputs in 1_usize..70, gap in 0_usize..40, seed: u64, bias: bool, add: bool, extremes: bool,
    ) {
        let (input, weight) = (values(rows * inputs, seed, extremes), values(inputs * outputs, seed ^ 1, extremes));
        let (biases, before) = (values(outputs, seed ^ 2, extremes), values(rows * outputs, seed ^ 3, extremes));
        let layer = Linear { weight: Values::from(&weight), bias: bias.then_some(&biases), inputs, outputs, packed: None };
        let expected = plain_linear(&input, rows, layer, &before, add);
        let (input_stride, stride) = (inputs + gap, outputs.next_multiple_of(LANES) + gap);
        let input = spread(&input, rows, inputs, input_stride);
        for (isa, kernels) in every() {
            let mut output = spread(&before, rows, outputs, stride);
            let mut packing = vec![f32::NAN; packing_len(inputs)];
            let target = MatrixMut::new(&mut output, rows, outputs, stride);
            let input = Matrix::new(&input, rows, inputs, input_stride);
            kernels.linear(input, layer, target, if add { Then::Add } else { Then::Store }, &mut packing);
            prop_assert_eq!(bits(&gathered(&output, outputs, stride)), bits(&expected), "{}", isa);
            let mut packed = Packed::new(outputs, inputs);
            kernels.pack_weight(Values::from(&weight), &mut packed);
            let mut output = spread(&before, rows, outputs, stride);
            let layer = Linear { packed: Some(&packed), ..layer };
            kernels.linear(input, layer, MatrixMut::new(&mut output, rows, outputs, stride), if add { Then::Add } else { Then::Store }, &mut []);
            prop_assert_eq!(bits(&gathered(&output, outputs, stride)), bits(&expected), "{} in panels", isa);
            if add {
                let mut other = vec![f32::NAN; rows * stride];
                let target = MatrixMut::new(&mut other, rows, outputs, stride);
                kernels.linear(input, layer, target, Then::Plus(Matrix::new(&spread(&before, rows, outputs, stride), rows, outputs, stride)), &mut packing);
                prop_assert_eq!(bits(&gathered(&other, outputs, stride)), bits(&expected), "{}", isa);
            }
        }
    }

    #[test]
    fn a_weight_in_a_file_gives_the_bits_of_the_same_weight_in_memory(
        rows in 1_usize..8, inputs in 1_usize..300, outputs in 1_usize..40, skip in 0_usize..4, half: bool, seed: u64,
    ) {
        let dtype = if half { Dtype::Bf16 } else { Dtype::F32 };
        let (input, gradient) = (values(rows * inputs, seed, false), values(rows * outputs, seed ^ 1, false));
        let wide: Vec<f32> = values(inputs * outputs, seed ^ 2, false).into_iter().map(|value| dtype.rounded(value)).collect();
        let mut file = vec![0xff; skip];
        dtype.encode(&wide, &mut file);
        let weights = [Values::from(&wide), Values::of_bytes(dtype, &file[skip..])];
        let [stride, stride_back] = [outputs, inputs].map(|columns| columns.next_multiple_of(LANES));
        for (isa, kernels) in every() {
            let results = weights.map(|weight| {
                let mut packed = Packed::new(outputs, inputs);
                kernels.pack_weight(weight, &mut packed);
                let mut all = Vec::new();
                for packed in [None, Some(&packed)] {
                    let layer = Linear { weight, bias: None, inputs, outputs, packed };
                    let (mut forward, mut back) = (vec![0.0; rows * stride], vec![0.0; rows * stride_back]);
                    let mut packing = vec![f32::NAN; packing_len(inputs.max(outputs))];
                    let output = MatrixMut::new(&mut forward, rows, outputs, stride);
                    kernels.linear(Matrix::new(&input, rows, inputs, inputs), layer, output, Then::Store, &mut packing);
                    let output = MatrixMut::new(&mut back, rows, inputs, stride_back);
                    kernels.linear_back(Matrix::new(&gradient, rows, outputs, outputs), layer, output, Then::Store, &mut packing);
                    all.push([bits(&gathered(&forward, outputs, stride)), bits(&gathered(&back, inputs, stride_back))]);
                }
                all
            });
            prop_assert_eq!(&results[0], &results[1], "{}", isa);
            prop_assert_eq!(&results[0][0], &results[0][1], "{}", isa);
        }
    }

    #[test]
    fn gradients_of_a_linear_layer_equal_the_triple_loop(
        rows in 1_usize..40, inputs in 1_usize..70, outputs in 1_usize..70, first in 0_usize..50, seed: u64, extremes: bool,
    ) {
        let (input, weight) = (values(rows * inputs, seed, extremes), values(inputs * outputs, seed ^ 1, extremes));
        let (gradient, before) = (values(rows * outputs, seed ^ 2, extremes), values(inputs * outputs, seed ^ 3, extremes));
        let mut back = Vec::new();
        for row in gradient.chunks(outputs) {
            back.extend((0..inputs).map(|input| (0..outputs).fold(0.0_f32, |sum, k| row[k].mul_add(weight[k * inputs + input], sum))));
        }
        let mut sums = before.clone();
        for (gradient, input) in gradient.chunks(outputs).zip(input.chunks(inputs)) {
            for (sums, gradient) in sums.chunks_mut(inputs).zip(gradient) {
                sums.iter_mut().zip(input).for_each(|(sum, input)| *sum = gradient.mul_add(*input, *sum));
            }
        }
        let (stride, first) = (inputs.next_multiple_of(LANES), first % outputs);
        let input = spread(&input, rows, inputs, stride);
        let layer = Linear { weight: Values::from(&weight), bias: None, inputs, outputs, packed: None };
        for (isa, kernels) in every() {
            let gradient = Matrix::new(&gradient, rows, outputs, outputs);
            let mut output = vec![f32::NAN; rows * stride];
            kernels.linear_back(gradient, layer, MatrixMut::new(&mut output, rows, inputs, stride), Then::Store, &mut vec![f32::NAN; packing_len(outputs)]);
            prop_assert_eq!(bits(&gathered(&output, inputs, stride)), bits(&back), "{}", isa);
            let mut packed = Packed::new(outputs, inputs);
            kernels.pack_weight(Values::from(&weight), &mut packed);
            output.fill(f32::NAN);
            let layer = Linear { packed: Some(&packed), ..layer };
            kernels.linear_back(gradient, layer, MatrixMut::new(&mut output, rows, inputs, stride), Then::Store, &mut []);
            prop_assert_eq!(bits(&gathered(&output, inputs, stride)), bits(&back), "{} in panels", isa);
            kernels.linear_back(gradient, layer, MatrixMut::new(&mut output, rows, inputs, stride), Then::Times, &mut []);
            let squares: Vec<f32> = back.iter().map(|value| value * value).collect();
            prop_assert_eq!(bits(&gathered(&output, inputs, stride)), bits(&squares), "{} times itself", isa);
            let mut part = before[first * inputs..].to_vec();
            let input = Matrix::new(&input, rows, inputs, stride);
            let cut = rows / 2;
            let pairs = [(gradient.part(0, cut), input.part(0, cut)), (gradient.part(cut, rows - cut), input.part(cut, rows - cut))];
            kernels.outer(&pairs, Slice { values: &mut part, first, inputs });
            prop_assert_eq!(bits(&part), bits(&sums[first * inputs..]), "{}", isa);
        }
    }

    #[test]
    fn layer_norm_equals_the_plain_loops(rows in 0_usize..5, columns in 1_usize..100, gap in 0_usize..20, seed: u64, bias: bool, extremes: bool) {
        let (x, weight, biases) = (values(rows * columns, seed, extremes), values(columns, seed ^ 1, false), values(columns, seed ^ 2, false));
        let mut expected = Vec::new();
        for row in x.chunks(columns) {
            let mean = plain_lanes(row, 0.0, |a, b| a + b, |a, b| a + b) / columns as f32;
            let differences: Vec<f32> = row.iter().map(|value| value - mean).collect();
            let squares = plain_lanes(&differences, 0.0, |sum, value| value.mul_add(value, sum), |a, b| a + b);
            let scale = 1.0 / (squares / columns as f32 + EPSILON).sqrt();
            for (index, difference) in differences.iter().enumerate() {
                let normal = difference * scale;
                expected.push(if bias { normal.mul_add(weight[index], biases[index]) } else { normal * weight[index] });
            }
        }
        let stride = columns.next_multiple_of(LANES) + gap;
        let input = spread(&x, rows, columns, stride);
        for (isa, kernels) in every() {
            let mut output = vec![f32::NAN; rows * stride];
            let target = MatrixMut::new(&mut output, rows, columns, stride);
            kernels.layer_norm(Matrix::new(&input, rows, columns, stride), &weight, bias.then_some(&biases), target);
            prop_assert_eq!(bits(&gathered(&output, columns, stride)), bits(&expected), "{}", isa);
        }
    }

    #[test]
    fn log_softmax_equals_the_plain_loops(rows in 0_usize..5, columns in 1_usize..100, gap in 0_usize..20, seed: u64, extremes: bool) {
        let x = values(rows * columns, seed, extremes);
        let mut expected = Vec::new();
        for row in x.chunks(columns) {
            let most = plain_lanes(row, f32::NEG_INFINITY, larger, larger);
            let differences: Vec<f32> = row.iter().map(|value| value - most).collect();
            let powers: Vec<f32> = differences.iter().map(|value| exp(*value)).collect();
            let logarithm = log(plain_lanes(&powers, 0.0, |a, b| a + b, |a, b| a + b));
            expected.extend(differences.iter().map(|value| value - logarithm));
        }
        let stride = columns.next_multiple_of(LANES) + gap;
        for (isa, kernels) in every() {
            let mut logits = spread(&x, rows, columns, stride);
            kernels.log_softmax(MatrixMut::new(&mut logits, rows, columns, stride));
            prop_assert_eq!(bits(&gathered(&logits, columns, stride)), bits(&expected), "{}", isa);
        }
    }

    #[test]
    fn functions_of_values_and_joins_are_the_same_everywhere(words in proptest::collection::vec(any::<u32>(), 0..70), lanes: [u32; 16]) {
        let values: Vec<f32> = words.into_iter().map(f32::from_bits).collect();
        let lanes = lanes.map(f32::from_bits);
        let sum = plain_lanes(&lanes, 0.0, |_, value| value, |a, b| a + b);
        let greatest = plain_lanes(&lanes, 0.0, |_, value| value, larger);
        let gelu: Vec<f32> = values.iter().map(|value| (0.5 * value) * (1.0 + erf(value * f32::from_bits(0x3f35_04f3)))).collect();
        let relu: Vec<f32> = values.iter().map(|value| larger(*value, 0.0)).collect();
        for (isa, kernels) in every() {
            let mut results = [0.0; 2];
            kernels.join(&lanes, &mut results);
            prop_assert_eq!(bits(&results), bits(&[sum, greatest]), "{}", isa);
            let mut copy = values.clone();
            kernels.gelu(&mut copy);
            prop_assert_eq!(bits(&copy), bits(&gelu), "{}", isa);
            copy.clone_from(&values);
            kernels.relu(&mut copy);
            prop_assert_eq!(bits(&copy), bits(&relu), "{}", isa);
        }
    }
}

/// Bits of each output must be those of the single value, NaN included.
fn check_function(name: &str, kernel: impl Fn(Kernels, &mut [f32]), single: fn(f32) -> f32, inputs: &[f32]) {
    let expected: Vec<u32> = inputs.iter().map(|value| single(*value).to_bits()).collect();
    for (isa, kernels) in every() {
        let mut values = inputs.to_vec();
        kernel(kernels, &mut values);
        for ((value, expected), input) in values.iter().zip(&expected).zip(inputs) {
            assert_eq!(value.to_bits(), *expected, "{name} of {:08x} with {isa}", input.to_bits());
        }
    }
}

#[test]
fn vectors_of_exp_log_and_erf_equal_the_single_value() {
    let inputs: Vec<f32> = (0..=u32::MAX).step_by(4099).map(f32::from_bits).collect();
    check_function("exp", Kernels::exp_all, exp, &inputs);
    check_function("log", Kernels::log_all, log, &inputs);
    check_function("erf", Kernels::erf_all, erf, &inputs);
    let below: Vec<f32> = inputs.iter().copied().filter(|value| *value <= 0.0).collect();
    check_function("exp", Kernels::exp_below_all, exp, &below);
    // Where results are subnormal, every third input; where they become 0, every one.
    let subnormal: Vec<f32> = (0xc2ae_ac00_u32..0xc2cf_f000).step_by(3).chain(0xc2cf_f000..0xc2d0_1000).map(f32::from_bits).collect();
    check_function("exp", Kernels::exp_below_all, exp, &subnormal);
    for (isa, kernels) in every() {
        let mut values: Vec<f32> = inputs.iter().copied().filter(|value| value.is_nan()).collect();
        kernels.exp_below_all(&mut values);
        assert!(values.iter().all(|value| value.is_nan()), "{isa} makes a number of NaN");
    }
}

fn digest_of_all(kernel: impl Fn(Kernels, &mut [f32]) + Sync, kernels: Kernels) -> String {
    let runs = (1 << 32) / RUN;
    let run = |index: u64| -> [u8; 32] {
        let mut values: Vec<f32> = (index * RUN..(index + 1) * RUN).map(|bits| f32::from_bits(bits as u32)).collect();
        kernel(kernels, &mut values);
        let bytes: Vec<u8> = bits(&values).into_iter().flat_map(u32::to_be_bytes).collect();
        Sha256::digest(bytes).into()
    };
    let threads = Compute::detect().threads() as u64;
    let part = |thread: u64| (thread * runs / threads..(thread + 1) * runs / threads).flat_map(run).collect::<Vec<u8>>();
    let digests: Vec<u8> = std::thread::scope(|scope| {
        let part = &part;
        let started: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        started.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    hex::encode(Sha256::digest(digests))
}

#[test]
#[ignore = "all 2^32 inputs of three functions on every instruction set: half an hour on two cores"]
fn all_outputs_have_the_committed_digests() {
    for (isa, kernels) in every().collect::<Vec<_>>().into_iter().rev() {
        let found =
            [digest_of_all(Kernels::exp_all, kernels), digest_of_all(Kernels::log_all, kernels), digest_of_all(Kernels::erf_all, kernels)];
        for ((name, expected), found) in ALL.iter().zip(&found) {
            assert_eq!(found, expected, "{name} with {isa}");
        }
        println!("{isa}: exp, log and erf have the committed digests");
    }
}
