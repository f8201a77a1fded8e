//! Rows that are more than the second cache holds: their panels go in groups, and every sum is what it was.

use super::*;

/// Rows, inputs, outputs: groups of eight, of four and of two panels, each with whole tiles, rows that are left, and a last panel in part.
const SHAPES: [(usize, usize, usize); 3] = [(1013, 130, 150), (151, 900, 85), (80, 1700, 37)];

#[test]
fn rows_that_do_not_stay_near_give_the_bits_of_the_triple_loop() {
    for (rows, inputs, outputs) in SHAPES {
        let (input, weight) = (values(rows * inputs, 5, false), values(inputs * outputs, 6, false));
        let (biases, before) = (values(outputs, 7, false), values(rows * outputs, 8, false));
        let layer = Linear { weight: Values::from(&weight), bias: Some(&biases), inputs, outputs, packed: None };
        let expected = bits(&plain_linear(&input, rows, layer, &before, true));
        let (matrix, stride) = (Matrix::new(&input, rows, inputs, inputs), stride_of(outputs));
        let mut packed = Packed::new(outputs, inputs);
        for (isa, kernels) in every() {
            kernels.pack_weight(Values::from(&weight), &mut packed);
            for panels in [None, Some(&packed)] {
                let mut output = spread(&before, rows, outputs, stride);
                let target = MatrixMut::new(&mut output, rows, outputs, stride);
                let layer = Linear { packed: panels, ..layer };
                kernels.linear(matrix, layer, target, Then::Add, &mut vec![f32::NAN; packing_len(inputs)]);
                assert_eq!(bits(&gathered(&output, outputs, stride)), expected, "{isa}, {rows} rows");
            }
        }
    }
}

#[test]
fn gradients_of_rows_that_do_not_stay_near_give_the_bits_of_the_triple_loop() {
    for (rows, outputs, inputs) in SHAPES {
        let (gradient, weight) = (values(rows * outputs, 5, false), values(inputs * outputs, 6, false));
        let turned: Vec<f32> = (0..inputs).flat_map(|input| weight.iter().skip(input).step_by(inputs).copied()).collect();
        let forward = Linear { weight: Values::from(&turned), bias: None, inputs: outputs, outputs: inputs, packed: None };
        let expected = bits(&plain_linear(&gradient, rows, forward, &[], false));
        let layer = Linear { weight: Values::from(&weight), bias: None, inputs, outputs, packed: None };
        let stride = stride_of(inputs);
        for (isa, kernels) in every() {
            let mut output = vec![f32::NAN; rows * stride];
            let target = MatrixMut::new(&mut output, rows, inputs, stride);
            let matrix = Matrix::new(&gradient, rows, outputs, outputs);
            kernels.linear_back(matrix, layer, target, Then::Store, &mut vec![f32::NAN; packing_len(outputs)]);
            assert_eq!(bits(&gathered(&output, inputs, stride)), expected, "{isa}, {rows} rows");
        }
    }
}

#[test]
fn packing_space_for_deep_rows_serves_shallower_ones() {
    let mut most = 0;
    for inputs in 1..5000 {
        assert!(packing_len(inputs) >= most, "{inputs} inputs need less than fewer");
        most = packing_len(inputs);
    }
}
