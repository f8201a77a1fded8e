// Gradients of weights that are no products, and the steps of training. Sums go on from what is there, row after row.

// Adds every row: the gradient of a bias.
struct ColumnSums {
    const float* gradient;
    Count gradient_row;
    float* into;
    Count rows, columns;
};

ALONE(column_sums, ColumnSums) {
    Count column = block_column() * 256 + thread_place();
    if (column >= arguments.columns) return;
    float sum = arguments.into[column];
    for (Count row = 0; row < arguments.rows; row++) sum = plus(sum, arguments.gradient[row * arguments.gradient_row + column]);
    arguments.into[column] = sum;
}

// Adds gradient * normalised input: the gradient of a norm's weight. Of each example the parts of its rows follow one another, each
// over all of its rows.
struct NormSums {
    const float* gradient;
    Count gradient_row;
    const float* input;
    Count input_row;
    const float* moments;
    float* into;
    Count examples, rows, parts, columns;
};

ALONE(norm_sums, NormSums) {
    Count column = block_column() * 256 + thread_place();
    if (column >= arguments.columns) return;
    float sum = arguments.into[column];
    for (Count example = 0; example < arguments.examples; example++) {
        for (Count part = 0; part < arguments.parts; part++) {
            for (Count at = 0; at < arguments.rows; at++) {
                Count row = example * arguments.rows + at, place = part * arguments.columns + column;
                const float* moments = arguments.moments + 2 * (row * arguments.parts + part);
                float normal = times(minus(arguments.input[row * arguments.input_row + place], moments[0]), moments[1]);
                sum = fused(arguments.gradient[row * arguments.gradient_row + place], normal, sum);
            }
        }
    }
    arguments.into[column] = sum;
}

// Adds each row to that of its token. Each row of blocks takes the tokens of its own among so many.
struct ScatterTokens {
    const float* gradient;
    const unsigned* tokens;
    float* into;
    Count rows, width, shares;
};

ALONE(scatter_tokens, ScatterTokens) {
    Count column = block_column() * 256 + thread_place();
    if (column >= arguments.width) return;
    for (Count row = 0; row < arguments.rows; row++) {
        Count token = arguments.tokens[row];
        if (token % arguments.shares != block_row()) continue;
        float* sum = arguments.into + token * arguments.width + column;
        *sum = plus(*sum, arguments.gradient[row * arguments.width + column]);
    }
}

// Adds each row to that of its position.
struct ScatterPositions {
    const float* gradient;
    float* into;
    Count examples, context, width;
};

ALONE(scatter_positions, ScatterPositions) {
    Count at = block_column() * 256 + thread_place(), values = arguments.context * arguments.width;
    if (at >= values) return;
    float sum = arguments.into[at];
    for (Count example = 0; example < arguments.examples; example++) sum = plus(sum, arguments.gradient[example * values + at]);
    arguments.into[at] = sum;
}

// Sum of squares of each tensor, in sixteen lanes over all of it: a warp for each, whose second half does the same and keeps nothing.
struct Squares {
    const float* values;
    // [tensors, 2]: first value and number of values.
    const Count* tensors;
    float* out;
};

KERNEL(squares, Squares) {
    const Count* tensor = arguments.tensors + 2 * block_column();
    const float* values = arguments.values + tensor[0];
    Count count = tensor[1], lane = thread_place() % LANES;
    float sum = 0.0f;
    for (Count at = lane; at < whole_lanes(count); at += LANES) {
        float value = at < count ? values[at] : 0.0f;
        sum = fused(value, value, sum);
    }
    sum = joined_sum(sum);
    if (thread_place() == 0) arguments.out[block_column()] = sum;
}

// Adds the slope of a price: slope * (weight - rest).
struct Price {
    float* gradients;
    const float* weights;
    Count count;
    Number slope, rest;
};

ALONE(price, Price) {
    Count at = block_column() * 256 + thread_place();
    if (at >= arguments.count) return;
    float distance = minus(arguments.weights[at], arguments.rest.value);
    arguments.gradients[at] = plus(arguments.gradients[at], times(arguments.slope.value, distance));
}

// One step of AdamW.
struct Adam {
    float* weights;
    const float* gradients;
    float* first;
    float* second;
    Count count;
    Number learning_rate, beta_1, beta_2, epsilon, decay, correction_1, correction_2, scale;
};

ALONE(adamw, Adam) {
    Count at = block_column() * 256 + thread_place();
    if (at >= arguments.count) return;
    float beta_1 = arguments.beta_1.value, beta_2 = arguments.beta_2.value;
    float gradient = times(arguments.gradients[at], arguments.scale.value);
    float mean = plus(times(beta_1, arguments.first[at]), times(minus(1.0f, beta_1), gradient));
    float square = plus(times(beta_2, arguments.second[at]), times(times(minus(1.0f, beta_2), gradient), gradient));
    arguments.first[at] = mean;
    arguments.second[at] = square;
    float divisor = plus(root(over(square, arguments.correction_2.value)), arguments.epsilon.value);
    float step = times(over(over(mean, arguments.correction_1.value), divisor), arguments.learning_rate.value);
    float weight = arguments.weights[at];
    arguments.weights[at] = minus(minus(weight, times(weight, arguments.decay.value)), step);
}

// One step of plain descent.
struct Descent {
    float* weights;
    const float* gradients;
    Count count;
    Number learning_rate, decay, scale;
};

ALONE(descend, Descent) {
    Count at = block_column() * 256 + thread_place();
    if (at >= arguments.count) return;
    float gradient = times(arguments.gradients[at], arguments.scale.value), weight = arguments.weights[at];
    float decayed = minus(weight, times(weight, arguments.decay.value));
    arguments.weights[at] = minus(decayed, times(gradient, arguments.learning_rate.value));
}

// Zeros.
struct Clear {
    float* values;
    Count count;
};

ALONE(clear, Clear) {
    Count at = block_column() * 256 + thread_place();
    if (at < arguments.count) arguments.values[at] = 0.0f;
}
