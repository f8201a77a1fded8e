// What is done to single values: embeddings, rotations, functions between layers, what is picked out of log-probabilities.

// x = the row of each token, and that of its position if positions have weights.
struct Embed {
    const unsigned* tokens;
    const float* token_weights;
    const float* position_weights;
    float* out;
    Count rows, context, width;
};

ALONE(embed, Embed) {
    Count at = block_column() * 256 + thread_place();
    if (at >= arguments.rows * arguments.width) return;
    Count row = at / arguments.width, column = at % arguments.width;
    float token = arguments.token_weights[(Count)arguments.tokens[row] * arguments.width + column];
    const float* positions = arguments.position_weights;
    arguments.out[at] = positions ? plus(token, positions[row % arguments.context * arguments.width + column]) : token;
}

// Cosines and sines of the angle of each pair at each position, [positions, pairs].
struct Turns {
    const float* frequencies;
    float* cosines;
    float* sines;
    Count positions, pairs;
};

ALONE(turns, Turns) {
    Count at = block_column() * 256 + thread_place();
    if (at >= arguments.positions * arguments.pairs) return;
    float angle = times((float)(at / arguments.pairs), arguments.frequencies[at % arguments.pairs]);
    sine_and_cosine(angle, arguments.sines[at], arguments.cosines[at]);
}

// Turns the pairs of the first heads of each row, or back.
struct Rotate {
    float* values;
    Count row, rows, context, heads, pairs;
    const float* cosines;
    const float* sines;
    Count back;
};

ALONE(rotate, Rotate) {
    Count at = block_column() * 256 + thread_place(), pairs = arguments.pairs;
    if (at >= arguments.rows * arguments.heads * pairs) return;
    Count pair = at % pairs, head = at / pairs % arguments.heads, row = at / pairs / arguments.heads;
    float* first = arguments.values + row * arguments.row + head * 2 * pairs + pair;
    float* second = first + pairs;
    Count turn = row % arguments.context * pairs + pair;
    float a = *first, b = *second, cosine = arguments.cosines[turn];
    float sine = times(arguments.sines[turn], arguments.back ? -1.0f : 1.0f);
    *first = minus(times(a, cosine), times(b, sine));
    *second = plus(times(b, cosine), times(a, sine));
}

// Functions of neighbouring values; which of the three are read and written stands beside each.
struct Pointwise {
    float* first;
    float* second;
    float* third;
    Count count;
};

// The value of a thread, if there is one.
#define EACH_VALUE                                    \
    Count at = block_column() * 256 + thread_place(); \
    if (at >= arguments.count) return

// first > 0 ? first : 0, in place.
ALONE(relu, Pointwise) {
    EACH_VALUE;
    arguments.first[at] = larger(arguments.first[at], 0.0f);
}

// Gradients in second are kept where outputs in first are above 0.
ALONE(relu_back, Pointwise) {
    EACH_VALUE;
    arguments.second[at] = arguments.first[at] > 0.0f ? arguments.second[at] : 0.0f;
}

// second = GELU of first.
ALONE(gelu, Pointwise) {
    EACH_VALUE;
    arguments.second[at] = gelu_of(arguments.first[at]);
}

// The same; first becomes its slope.
ALONE(gelu_and_slopes, Pointwise) {
    EACH_VALUE;
    float x = arguments.first[at];
    arguments.second[at] = gelu_of(x);
    arguments.first[at] = gelu_slope(x);
}

// second = GELU of first in its tanh form.
ALONE(gelu_tanh, Pointwise) {
    EACH_VALUE;
    arguments.second[at] = gelu_tanh_of(arguments.first[at]);
}

// The same; first becomes its slope.
ALONE(gelu_tanh_and_slopes, Pointwise) {
    EACH_VALUE;
    float x = arguments.first[at];
    arguments.second[at] = gelu_tanh_of(x);
    arguments.first[at] = gelu_tanh_slope(x);
}

// third = sigmoid linear unit of the gate in first, times the value in second.
ALONE(swiglu, Pointwise) {
    EACH_VALUE;
    arguments.third[at] = times(silu_of(arguments.first[at]), arguments.second[at]);
}

// The same; gate and value become what it grows by with each.
ALONE(swiglu_and_slopes, Pointwise) {
    EACH_VALUE;
    float gate = arguments.first[at], value = arguments.second[at], open = silu_of(gate);
    arguments.third[at] = times(open, value);
    arguments.first[at] = times(silu_slope(gate), value);
    arguments.second[at] = open;
}

// first = first * second.
ALONE(multiply, Pointwise) {
    EACH_VALUE;
    arguments.first[at] = times(arguments.first[at], arguments.second[at]);
}

// The log-probability of each row's target.
struct Pick {
    const float* logits;
    const unsigned* targets;
    float* out;
    Count rows, columns;
};

ALONE(pick, Pick) {
    Count row = block_column() * 256 + thread_place();
    if (row < arguments.rows) arguments.out[row] = arguments.logits[row * arguments.columns + arguments.targets[row]];
}

// Log-probabilities become the gradients of logits: probability * share, of the target that - share.
struct Probabilities {
    float* logits;
    const unsigned* targets;
    Count rows, columns;
    Number share;
};

ALONE(probabilities, Probabilities) {
    Count at = block_column() * 256 + thread_place();
    if (at >= arguments.rows * arguments.columns) return;
    float share = arguments.share.value, value = times(exponential(arguments.logits[at]), share);
    bool is_target = at % arguments.columns == (Count)arguments.targets[at / arguments.columns];
    arguments.logits[at] = is_target ? minus(value, share) : value;
}
