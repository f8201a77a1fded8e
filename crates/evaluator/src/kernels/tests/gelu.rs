//! The tanh form of GELU: one value against plain operations and the truth, every instruction set against one value.

use super::functions::{gelu_tanh, gelu_tanh_and_slope};
use super::*;

/// Of the function and of its slope: sha256 over the sha256 of each run of 2¹⁶ outputs, as of exp, log and erf, NaN as the one NaN.
const ALL: [&str; 2] = [
    "f2d24aae8683ada15ba20e96402097309625824123dd4886e790b1dd27e70177",
    "4f8ab9c532148333052a20855a18b3067648f65dbc1048509bcd8c2b0251e0e5",
];
/// The same over every 4,099th input alone.
const SAMPLED: [&str; 2] = [
    "3b7e2f17ae122c695598ef7e7a6efc26d6b69f9c3269e86d618f3da972760bd4",
    "939a4226ae9fc24d97dda6cdf0d0bfc8a8e22cb79b4bcabddab34741a03253ab",
];

/// Only what the slope writes in place of its inputs.
fn slopes(kernels: Kernels, values: &mut [f32]) {
    kernels.gelu_tanh_and_slopes(values, &mut vec![0.0; values.len()]);
}

fn sampled() -> Vec<f32> {
    (0..=u32::MAX).step_by(4099).map(f32::from_bits).collect()
}

/// Operation by operation.
fn plain(x: f32) -> [f32; 2] {
    let (cube, line, slope) = (f32::from_bits(0x3d92_2279), f32::from_bits(0x3fcc_422a), f32::from_bits(0x3e5b_33b6));
    let t = if x.is_nan() { x } else { x.clamp(-16.0, 16.0) };
    let d = 1.0 + exp(0.0 - t * (t * t).mul_add(cube, line));
    let s = 1.0 / d;
    [x / d, (t * (1.0 - s)).mul_add((t * t).mul_add(slope, line), 1.0) * s]
}

#[test]
fn the_tanh_form_and_its_slope_are_the_plain_operations_on_every_instruction_set() {
    let inputs = sampled();
    let [outputs, growths] = [0, 1].map(|which| bits(&inputs.iter().map(|x| plain(*x)[which]).collect::<Vec<f32>>()));
    for (isa, kernels) in every() {
        // Another number than whole lanes.
        for inputs in [&inputs[..], &inputs[..37]] {
            let mut values = inputs.to_vec();
            kernels.gelu_tanh(&mut values);
            assert!(bits(&values) == outputs[..inputs.len()], "{isa}");
            let (mut values, mut written) = (inputs.to_vec(), vec![0.0; inputs.len()]);
            kernels.gelu_tanh_and_slopes(&mut values, &mut written);
            assert!(bits(&written) == outputs[..inputs.len()] && bits(&values) == growths[..inputs.len()], "{isa}");
        }
    }
}

#[test]
fn the_tanh_form_is_near_the_truth_in_proportion_to_its_input_and_so_is_its_slope() {
    let line = (8.0 / std::f64::consts::PI).sqrt();
    let mut worst = [0.0_f64; 2];
    for x in (0..1_300_000).map(|index| (f64::from(index) / 50_000.0 - 13.0) as f32).chain([1e-3, -1e-20, 1e-38, 15.9, 17.0, 1e30]) {
        let wide = f64::from(x);
        let tangent = (line / 2.0 * (wide + 0.044715 * wide.powi(3))).tanh();
        let growth = line / 2.0 * (1.0 + 3.0 * 0.044715 * wide * wide);
        let slope = 0.5 * (1.0 + tangent) + if wide.abs() < 20.0 { 0.5 * wide * (1.0 - tangent * tangent) * growth } else { 0.0 };
        let (found, found_slope) = gelu_tanh_and_slope(x);
        worst[0] = worst[0].max((f64::from(found) - 0.5 * wide * (1.0 + tangent)).abs() / wide.abs());
        worst[1] = worst[1].max((f64::from(found_slope) - slope).abs());
    }
    assert!(worst[0] < 1.2e-7 && worst[1] < 2e-6, "{worst:?}");
}

#[test]
fn the_tanh_form_is_half_of_tiny_inputs_and_x_or_0_of_great_ones() {
    let cases: [(u32, u32, u32); 14] = [
        (0x0000_0000, 0x0000_0000, 0x3f00_0000),
        (0x8000_0000, 0x8000_0000, 0x3f00_0000),
        (0x0000_0001, 0x0000_0000, 0x3f00_0000),
        (0x8000_0003, 0x8000_0002, 0x3f00_0000),
        (0x0080_0000, 0x0040_0000, 0x3f00_0000),
        (0x4180_0000, 0x4180_0000, 0x3f80_0000),
        (0x4180_0001, 0x4180_0001, 0x3f80_0000),
        (0xc180_0000, 0x8000_0000, 0x8000_0000),
        (0xc180_0001, 0x8000_0000, 0x8000_0000),
        (0x7f7f_ffff, 0x7f7f_ffff, 0x3f80_0000),
        (0xff7f_ffff, 0x8000_0000, 0x8000_0000),
        (0x7f80_0000, 0x7f80_0000, 0x3f80_0000),
        (0xff80_0000, 0x7fc0_0000, 0x8000_0000),
        (0xffc0_0001, 0x7fc0_0000, 0x7fc0_0000),
    ];
    for (input, output, slope) in cases {
        let (found, found_slope) = gelu_tanh_and_slope(f32::from_bits(input));
        assert_eq!(bits(&[found, found_slope, gelu_tanh(f32::from_bits(input))]), [output, slope, output], "of {input:08x}");
    }
}

#[test]
fn sampled_outputs_of_the_tanh_form_have_the_committed_digests() {
    let digest = |kernel: fn(Kernels, &mut [f32])| {
        let mut values = sampled();
        kernel(Compute::detect().kernels(), &mut values);
        hex::encode(Sha256::digest(bits(&values).into_iter().flat_map(u32::to_be_bytes).collect::<Vec<u8>>()))
    };
    assert_eq!([digest(Kernels::gelu_tanh), digest(slopes)], SAMPLED);
}

#[test]
#[ignore = "all 2^32 inputs of two functions on every instruction set: half an hour on two cores"]
fn all_outputs_of_the_tanh_form_have_the_committed_digests() {
    for (isa, kernels) in every().collect::<Vec<_>>().into_iter().rev() {
        let found = [digest_of_all(Kernels::gelu_tanh, kernels), digest_of_all(slopes, kernels)];
        assert_eq!(found, ALL, "{isa}");
        println!("{isa}: the tanh form of GELU has the committed digests");
    }
}
