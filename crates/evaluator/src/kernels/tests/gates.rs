//! RMS norms, rotary positions and gates against plain loops.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn rms_norm_equals_the_plain_loops(rows in 0_usize..5, columns in 1_usize..100, gap in 0_usize..20, seed: u64, extremes: bool) {
        let (x, weight) = (values(rows * columns, seed, extremes), values(columns, seed ^ 1, false));
        let mut expected = Vec::new();
        for row in x.chunks(columns) {
            let squares = plain_lanes(row, 0.0, |sum, value| value.mul_add(value, sum), |a, b| a + b);
            let scale = 1.0 / (squares / columns as f32 + 1e-6).sqrt();
            expected.extend(row.iter().zip(&weight).map(|(value, weight)| value * scale * weight));
        }
        let stride = columns.next_multiple_of(LANES) + gap;
        let input = spread(&x, rows, columns, stride);
        for (isa, kernels) in every() {
            let mut output = vec![f32::NAN; rows * stride];
            let target = MatrixMut::new(&mut output, rows, columns, stride);
            kernels.size_norm(Matrix::new(&input, rows, columns, stride), &weight, 1e-6, target);
            prop_assert_eq!(bits(&gathered(&output, columns, stride)), bits(&expected), "{}", isa);
        }
    }

    #[test]
    fn pairs_are_turned_in_their_place_and_back(rows in 1_usize..5, half in 1_usize..40, before in 0_usize..20, gap in 0_usize..20, seed: u64) {
        let (size, stride) = (2 * half, before + 2 * half + gap);
        let x = values(rows * stride, seed, false);
        let (sines, cosines): (Vec<f32>, Vec<f32>) = values(rows * half, seed ^ 1, false).into_iter().map(sine_and_cosine).unzip();
        let rotation = Rotation { rows, stride, start: before, size, cosines: &cosines, sines: &sines, back: false };
        for (isa, kernels) in every() {
            let mut turned = x.clone();
            kernels.rotate(&mut turned, rotation);
            for (at, value) in turned.iter().enumerate() {
                let (row, column) = (at / stride, (at % stride).wrapping_sub(before));
                let pair = row * half + column % half;
                let expected = match column {
                    column if column < half => x[at] * cosines[pair] - x[at + half] * sines[pair],
                    column if column < size => x[at] * cosines[pair] + x[at - half] * sines[pair],
                    _ => x[at],
                };
                prop_assert_eq!(value.to_bits(), expected.to_bits(), "{} at {}", isa, at);
            }
            kernels.rotate(&mut turned, Rotation { back: true, ..rotation });
            prop_assert!(turned.iter().zip(&x).all(|(back, x)| (back - x).abs() < 1e-5), "{}", isa);
        }
    }

    #[test]
    fn gates_let_pass_what_the_plain_loop_does(words in proptest::collection::vec(any::<[u32; 2]>(), 0..70)) {
        let (gates, inputs): (Vec<f32>, Vec<f32>) = words.iter().map(|[gate, value]| (f32::from_bits(*gate), f32::from_bits(*value))).unzip();
        let pairs = || gates.iter().copied().zip(inputs.iter().copied());
        let passed: Vec<f32> = pairs().map(|(gate, value)| gate / (1.0 + exp(0.0 - gate)) * value).collect();
        let product: Vec<f32> = pairs().map(|(gate, value)| gate * value).collect();
        for (isa, kernels) in every() {
            let mut copy = gates.clone();
            kernels.swiglu(&mut copy, &inputs);
            prop_assert_eq!(bits(&copy), bits(&passed), "{}", isa);
            let (mut slopes, mut open, mut output) = (gates.clone(), inputs.clone(), vec![0.0; gates.len()]);
            kernels.swiglu_and_slopes(&mut slopes, &mut open, &mut output);
            prop_assert_eq!(bits(&output), bits(&passed), "{}", isa);
            copy.clone_from(&gates);
            kernels.multiply(&mut copy, &inputs);
            prop_assert_eq!(bits(&copy), bits(&product), "{}", isa);
        }
    }
}
