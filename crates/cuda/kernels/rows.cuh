// What is done to one row after another, in sixteen lanes: a row belongs to half a warp.

static const int LANES = 16;
static const int BLOCK_ROWS = 16;

// The row of a thread's half warp, and its lane. Where there is none, the threads do the work of row 0 and keep nothing: all of a warp
// take part in its exchanges.
struct Row {
    Count index;
    int lane;
    bool is_there;
};

DEVICE Row row_of(Count rows) {
    Count index = block_column() * BLOCK_ROWS + thread_place() / LANES;
    bool is_there = index < rows;
    return Row{is_there ? index : 0, thread_place() % LANES, is_there};
}

DEVICE Count whole_lanes(Count count) { return (count + LANES - 1) / LANES * LANES; }

// Sum of the lanes, joined 8-4-2-1.
DEVICE float joined_sum(float lane) {
    UNROLL
    for (int distance = 8; distance > 0; distance /= 2) lane = plus(lane, from_above(lane, distance));
    return from_first(lane);
}

// Greatest of them, joined likewise.
DEVICE float joined_greatest(float lane) {
    UNROLL
    for (int distance = 8; distance > 0; distance /= 2) lane = larger(lane, from_above(lane, distance));
    return from_first(lane);
}

// What a norm takes off a row, and the reciprocal of what it divides by.
struct Moments {
    float mean, scale;
};

DEVICE Moments moments_of(const float* row, Count columns, int lane, bool is_deviation, float epsilon) {
    float count = (float)columns, mean = 0.0f, squares = 0.0f;
    if (is_deviation) {
        float sum = 0.0f;
        for (Count at = lane; at < whole_lanes(columns); at += LANES) sum = plus(sum, at < columns ? row[at] : 0.0f);
        mean = over(joined_sum(sum), count);
    }
    for (Count at = lane; at < whole_lanes(columns); at += LANES) {
        float difference = minus(at < columns ? row[at] : mean, mean);
        squares = fused(difference, difference, squares);
    }
    return Moments{mean, over(1.0f, root(plus(over(joined_sum(squares), count), epsilon)))};
}

// Layer norm, or RMS norm, of rows of which each has so many parts, one behind the other.
struct Norm {
    const float* input;
    Count input_row;
    const float* weight;
    const float* bias;
    float* out;
    Count out_row;
    // [rows, parts, 2], or 0: mean and scale, for gradients.
    float* moments;
    Count rows, parts, columns, is_deviation;
    Number epsilon;
};

KERNEL(norm, Norm) {
    Row row = row_of(arguments.rows * arguments.parts);
    Count line = row.index / arguments.parts, start = row.index % arguments.parts * arguments.columns;
    const float* input = arguments.input + line * arguments.input_row + start;
    Moments moments = moments_of(input, arguments.columns, row.lane, arguments.is_deviation, arguments.epsilon.value);
    if (!row.is_there) return;
    float* out = arguments.out + line * arguments.out_row + start;
    for (Count at = row.lane; at < arguments.columns; at += LANES) {
        float normal = times(minus(input[at], moments.mean), moments.scale);
        out[at] = arguments.bias ? fused(normal, arguments.weight[at], arguments.bias[at]) : times(normal, arguments.weight[at]);
    }
    if (arguments.moments && row.lane == 0) {
        arguments.moments[2 * row.index] = moments.mean;
        arguments.moments[2 * row.index + 1] = moments.scale;
    }
}

// The gradient of a norm's inputs, on from `before` (or 0).
struct NormBack {
    const float* gradient;
    Count gradient_row;
    const float* input;
    Count input_row;
    const float* weight;
    const float* before;
    Count before_row;
    float* out;
    Count out_row;
    const float* moments;
    Count rows, parts, columns, is_deviation;
};

KERNEL(norm_back, NormBack) {
    Row row = row_of(arguments.rows * arguments.parts);
    Count line = row.index / arguments.parts, start = row.index % arguments.parts * arguments.columns, columns = arguments.columns;
    const float* input = arguments.input + line * arguments.input_row + start;
    const float* gradient = arguments.gradient + line * arguments.gradient_row + start;
    float mean = arguments.moments[2 * row.index], scale = arguments.moments[2 * row.index + 1], sums = 0.0f, products = 0.0f;
    for (Count at = row.lane; at < whole_lanes(columns); at += LANES) {
        float pull = at < columns ? times(gradient[at], arguments.weight[at]) : 0.0f;
        float normal = times(minus(at < columns ? input[at] : 0.0f, mean), scale);
        sums = plus(sums, pull);
        products = fused(pull, normal, products);
    }
    float count = (float)columns, product = over(joined_sum(products), count), sum = over(joined_sum(sums), count);
    if (!arguments.is_deviation) sum = 0.0f;
    if (!row.is_there) return;
    for (Count at = row.lane; at < columns; at += LANES) {
        float pull = times(gradient[at], arguments.weight[at]), normal = times(minus(input[at], mean), scale);
        float inner = minus(minus(pull, sum), times(normal, product));
        float from = arguments.before ? arguments.before[line * arguments.before_row + start + at] : 0.0f;
        arguments.out[line * arguments.out_row + start + at] = fused(inner, scale, from);
    }
}

// Softmax of scale * score, for each row over the places that it looks at: [batches, rows, rows].
struct Softmax {
    float* scores;
    Count batches, rows, window;
    Number scale;
};

// Places that a row looks at, from the first lane of theirs on.
struct Seen {
    Count start, first, end;
};

DEVICE Seen seen_of(Count row, Count window) {
    Count first = row + 1 > window ? row + 1 - window : 0;
    return Seen{first / LANES * LANES, first, row + 1};
}

KERNEL(softmax, Softmax) {
    Row row = row_of(arguments.batches * arguments.rows);
    Seen seen = seen_of(row.index % arguments.rows, arguments.window);
    float* scores = arguments.scores + row.index * arguments.rows;
    float lowest = number(0xff800000u), greatest = lowest, sum = 0.0f, scale = arguments.scale.value;
    Count end = whole_lanes(seen.end);
    for (Count at = seen.start + row.lane; at < end; at += LANES) {
        bool is_seen = at >= seen.first && at < seen.end;
        greatest = larger(greatest, is_seen ? times(scores[at], scale) : lowest);
    }
    greatest = joined_greatest(greatest);
    for (Count at = seen.start + row.lane; at < end; at += LANES) {
        bool is_seen = at >= seen.first && at < seen.end;
        float power = exponential(minus(is_seen ? times(scores[at], scale) : lowest, greatest));
        sum = plus(sum, power);
        if (is_seen && row.is_there) scores[at] = power;
    }
    sum = joined_sum(sum);
    for (Count at = seen.start + row.lane; at < end; at += LANES) {
        if (at >= seen.first && at < seen.end && row.is_there) scores[at] = over(scores[at], sum);
    }
}

// Turns pulls at shares into slopes: share * (pull - sum of share * pull) * scale.
struct Slopes {
    const float* shares;
    float* pulls;
    Count batches, rows, window;
    Number scale;
};

KERNEL(slopes, Slopes) {
    Row row = row_of(arguments.batches * arguments.rows);
    Seen seen = seen_of(row.index % arguments.rows, arguments.window);
    const float* shares = arguments.shares + row.index * arguments.rows;
    float* pulls = arguments.pulls + row.index * arguments.rows;
    float sum = 0.0f;
    for (Count at = seen.start + row.lane; at < whole_lanes(seen.end); at += LANES) {
        bool is_seen = at >= seen.first && at < seen.end;
        sum = fused(is_seen ? shares[at] : 0.0f, is_seen ? pulls[at] : 0.0f, sum);
    }
    sum = joined_sum(sum);
    if (!row.is_there) return;
    for (Count at = seen.start + row.lane; at < seen.end; at += LANES) {
        if (at >= seen.first) pulls[at] = times(times(shares[at], minus(pulls[at], sum)), arguments.scale.value);
    }
}

// Log-probabilities of each row of logits.
struct LogSoftmax {
    float* logits;
    Count rows, columns;
};

KERNEL(log_softmax, LogSoftmax) {
    Row row = row_of(arguments.rows);
    float* logits = arguments.logits + row.index * arguments.columns;
    float lowest = number(0xff800000u), greatest = lowest, sum = 0.0f;
    Count columns = arguments.columns, end = whole_lanes(columns);
    for (Count at = row.lane; at < end; at += LANES) greatest = larger(greatest, at < columns ? logits[at] : lowest);
    greatest = joined_greatest(greatest);
    for (Count at = row.lane; at < end; at += LANES) {
        sum = plus(sum, exponential(minus(at < columns ? logits[at] : lowest, greatest)));
    }
    float log_sum = logarithm(joined_sum(sum));
    if (!row.is_there) return;
    for (Count at = row.lane; at < columns; at += LANES) logits[at] = minus(minus(logits[at], greatest), log_sum);
}
