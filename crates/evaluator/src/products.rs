//! The matrix products of a model alone, beside as many that touch no memory: how near the kernels come to what the processor can do.

use crate::arena::Aligned;
use crate::data::Data;
use crate::isa::Compute;
use crate::kernels::{Linear, Matrix, MatrixMut, Then, packing_len, stride_of};
use crate::manifest::Manifest;
use crate::values::Values;

/// What every input and weight is: its products neither grow nor become subnormal.
const VALUE: f32 = 0.01;

/// Linear layers of a model on the rows of one pass, on one thread. What they are computed of means nothing; time is its caller's.
///
/// ```
/// use evaluator::{Compute, Manifest, Products};
///
/// let manifest = Manifest::from_bytes(
///     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[5],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
/// )?;
/// let mut products = Products::new(Compute::detect(), &manifest, 4);
/// products.run();
/// assert_eq!(products.count(), 4 * (2 * 5 + 5 * 3));
/// # Ok::<(), evaluator::ManifestError>(())
/// ```
pub struct Products {
    compute: Compute,
    /// Outputs and inputs of each layer.
    shapes: Vec<[usize; 2]>,
    rows: usize,
    /// As many as the largest layer has.
    weights: Vec<Vec<f32>>,
    input: Aligned,
    output: Aligned,
    packing: Aligned,
}

impl Products {
    /// Of so many examples, or of as many as one pass takes.
    pub fn new(compute: Compute, manifest: &Manifest, examples: usize) -> Self {
        let shapes = shapes(manifest);
        let targets = if matches!(manifest.data(), Data::Csv { .. }) { 1 } else { manifest.inputs() as usize };
        let rows = examples.clamp(1, manifest.family().examples_per_pass()) * targets;
        let most = |side: usize| shapes.iter().map(|shape| shape[side]).max().unwrap_or(1);
        let (outputs, inputs) = (most(0), most(1));
        let mut input = Aligned::zeros(rows * stride_of(inputs));
        input.fill(VALUE);
        let weights = shapes.iter().map(|[outputs, inputs]| vec![VALUE; outputs * inputs]).collect();
        let (output, packing) = (Aligned::zeros(rows * stride_of(outputs)), Aligned::zeros(packing_len(inputs)));
        Self { compute, shapes, rows, weights, input, output, packing }
    }

    /// Fused multiply-adds of a run: rows · inputs · outputs of each layer.
    pub fn count(&self) -> u64 {
        self.shapes.iter().map(|[outputs, inputs]| (self.rows * outputs * inputs) as u64).sum()
    }

    /// Every layer once, each with weights of its own.
    pub fn run(&mut self) {
        for ([outputs, inputs], weight) in self.shapes.iter().zip(&self.weights) {
            let layer = Linear { weight: Values::from(weight), bias: None, inputs: *inputs, outputs: *outputs, packed: None };
            let input = Matrix::new(&self.input, self.rows, *inputs, stride_of(*inputs));
            let output = MatrixMut::new(&mut self.output, self.rows, *outputs, stride_of(*outputs));
            self.compute.kernels().linear(input, layer, output, Then::Store, &mut self.packing);
        }
    }

    /// As many fused multiply-adds, rounded up to whole tiles, between registers: the peak of this processor at this moment. Their sum.
    pub fn peak(&self) -> f32 {
        let mut value = VALUE;
        self.compute.kernels().busy(self.count() as usize, &mut value);
        value
    }
}

/// Outputs and inputs of every weight that rows are multiplied by: of matrices all but positions, and tokens where the head has its own.
fn shapes(manifest: &Manifest) -> Vec<[usize; 2]> {
    let tensors = manifest.tensors();
    let has_head = tensors.iter().any(|tensor| tensor.name == "lm_head.weight");
    let is_table =
        |name: &str| name.ends_with("wpe.weight") || has_head && (name.ends_with("wte.weight") || name.ends_with("embed_tokens.weight"));
    let matrices = tensors.iter().filter(|tensor| !is_table(&tensor.name));
    matrices.filter_map(|tensor| <[u32; 2]>::try_from(&tensor.shape[..]).ok()).map(|shape| shape.map(|side| side as usize)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_no_products_and_a_tied_head_is_one() {
        let manifest = |tied: bool| {
            let text = format!(
                r#"{{"version":1,"model":{{"family":"gpt","layers":1,"heads":2,"width":8,"context":4,"vocabulary":256,"bias":true,"tied":{tied}}},"data":{{"format":"text","tokenizer":"bytes","stride":4}},"loss":"cross_entropy","eval_max":8,"weight_max":4}}"#
            );
            Manifest::from_bytes(text.as_bytes()).unwrap()
        };
        let expected = [[24, 8], [8, 8], [32, 8], [8, 32], [256, 8]];
        for tied in [true, false] {
            let mut found = shapes(&manifest(tied));
            found.sort_unstable();
            let mut expected = expected;
            expected.sort_unstable();
            assert_eq!(found, expected, "tied: {tied}");
        }
        let mut products = Products::new(Compute::detect(), &manifest(true), 3);
        products.run();
        assert_eq!(products.count(), 12 * 8 * (24 + 8 + 32 + 32 + 256));
        // Σ of 8 products in each value of the head, whatever stands behind them.
        assert!(products.output.iter().any(|value| *value != 0.0) && products.peak() != 0.0);
    }
}
