//! The kernels as one text.

/// What kernels are written with on NVIDIA's GPUs; another text in its place makes another machine of them.
pub const PLATFORM: &str = include_str!("../kernels/platform.cuh");

/// The kernels, in the order in which they use one another.
pub const KERNELS: [&str; 5] = [
    include_str!("../kernels/functions.cuh"),
    include_str!("../kernels/products.cuh"),
    include_str!("../kernels/rows.cuh"),
    include_str!("../kernels/pointwise.cuh"),
    include_str!("../kernels/training.cuh"),
];

/// All of them behind a platform: one file of C++.
pub fn source(platform: &str) -> String {
    std::iter::once(platform).chain(KERNELS).collect()
}

/// What the compiler is told: no operation is joined with another, no subnormal is flushed, quotients and roots are rounded rightly.
pub const OPTIONS: [&str; 5] = ["--fmad=false", "--ftz=false", "--prec-div=true", "--prec-sqrt=true", "--std=c++17"];

/// Names of all kernels: each is written in the source behind `KERNEL(` or `ALONE(`.
pub fn names() -> &'static [&'static str] {
    &NAMES
}

const NAMES: [&str; 34] = [
    "neuron_function_of_each",
    "neuron_power_of_each",
    "neuron_product_small",
    "neuron_product_large",
    "neuron_product_small_bounded",
    "neuron_product_large_bounded",
    "neuron_norm",
    "neuron_norm_back",
    "neuron_softmax",
    "neuron_slopes",
    "neuron_log_softmax",
    "neuron_embed",
    "neuron_turns",
    "neuron_rotate",
    "neuron_relu",
    "neuron_relu_back",
    "neuron_gelu",
    "neuron_gelu_and_slopes",
    "neuron_gelu_tanh",
    "neuron_gelu_tanh_and_slopes",
    "neuron_swiglu",
    "neuron_swiglu_and_slopes",
    "neuron_multiply",
    "neuron_pick",
    "neuron_probabilities",
    "neuron_column_sums",
    "neuron_norm_sums",
    "neuron_scatter_tokens",
    "neuron_scatter_positions",
    "neuron_squares",
    "neuron_price",
    "neuron_adamw",
    "neuron_descend",
    "neuron_clear",
];
