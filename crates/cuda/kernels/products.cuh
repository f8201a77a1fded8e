// Products of matrices: each output is one accumulator to which its products are added in ascending steps, each fused.
//
// A tile of outputs belongs to a block of sixteen by sixteen threads, EACH by EACH outputs to a thread. Steps pass through shared
// memory, sixteen at a time, while the next ones are fetched.

static const int SIDE = 16;
static const int DEPTH = 16;
static const int THREADS = SIDE * SIDE;

// What happens to a finished sum.
enum Then { STORE = 0, ADD = 1, TIMES = 2 };

// Which steps a row takes part in: all; those it looks at, itself and up to `window` - 1 before; those that look at it. Or which
// outputs are asked for at all: those of steps that a row looks at.
enum Range { ALL = 0, LOOKS_AT = 1, IS_LOOKED_AT = 2, ASKED = 3 };

// out[i][j] = sum over k of left[i][k] * right[k][j], and what follows. Distances are in values.
struct Product {
    const float* left;
    Count left_row, left_step, left_example, left_head;
    const float* right;
    Count right_column, right_step, right_example, right_head;
    float* out;
    Count out_row, out_example, out_head;
    // What is added to each sum first, by column; none if 0.
    const float* bias;
    // What Then takes beside the sum.
    const float* before;
    Count before_row;
    Count rows, columns, depth;
    // Batches are examples times heads; so many neighbouring heads share the right side.
    Count heads, group;
    Count then;
    // Whether sums go on from what `out` holds.
    Count goes_on;
    Count range, window;
};

DEVICE Count least(Count left, Count right) { return left < right ? left : right; }
DEVICE Count most(Count left, Count right) { return left > right ? left : right; }

// The first step of a row.
DEVICE Count first_step(const Product& p, Count row) {
    if (p.range == LOOKS_AT) return most(0, row - p.window + 1);
    return p.range == IS_LOOKED_AT ? row : 0;
}

// The step after its last one.
DEVICE Count end_step(const Product& p, Count row) {
    if (p.range == LOOKS_AT) return least(p.depth, row + 1);
    return p.range == IS_LOOKED_AT ? least(p.depth, row + p.window) : p.depth;
}

// Four neighbouring values.
struct ALIGNED(16) Four {
    float values[4];
};

// Which row or column of a tile is a thread's output `index`: in fours, if it has so many.
template <int EACH> DEVICE int place_of(int index, int thread) {
    const int GROUP = EACH < 4 ? EACH : 4;
    return index / GROUP * SIDE * GROUP + thread * GROUP + index % GROUP;
}

// A thread's values of one line in shared memory.
template <int EACH> DEVICE void read_line(const float* line, int thread, float (&values)[EACH]) {
    if (EACH < 4) {
        UNROLL
        for (int index = 0; index < EACH; index++) values[index] = line[place_of<EACH>(index, thread)];
    } else {
        UNROLL
        for (int index = 0; index < EACH; index += 4) {
            Four four = *(const Four*)(line + place_of<EACH>(index, thread));
            UNROLL
            for (int part = 0; part < 4 && index + part < EACH; part++) values[index + part] = four.values[part];
        }
    }
}

// One side of a tile: lines of the matrix by steps, and which of them a thread brings. Neighbouring threads read neighbouring values, so
// its parts follow one another by lines where steps lie side by side, and by steps where lines do.
template <int EACH> struct Side {
    static const int TILE = SIDE * EACH;
    static const int PARTS = TILE * DEPTH / THREADS;
    const float* values;
    Count step, lines, distance;
    int line, first, more_lines, more_steps;

    // From `top` on, of the matrix whose lines lie so far apart.
    DEVICE_MEMBER Side(const float* matrix, Count line_distance, Count step_distance, Count top, Count all) {
        bool by_steps = step_distance == 1;
        line = by_steps ? thread_place() / DEPTH : thread_place() % TILE;
        first = by_steps ? thread_place() % DEPTH : thread_place() / TILE;
        more_lines = by_steps ? THREADS / DEPTH : 0;
        more_steps = by_steps ? 0 : THREADS / TILE;
        step = step_distance;
        lines = all - top;
        distance = more_lines * line_distance + more_steps * step_distance;
        values = matrix + (top + line) * line_distance + first * step_distance;
    }

    // Fetches the steps from `start` on into registers; 0 where there is none.
    DEVICE_MEMBER void fetch(Count start, Count end, float (&parts)[PARTS]) const {
        const float* from = values + start * step;
        UNROLL
        for (int part = 0; part < PARTS; part++) {
            bool is_there = line + part * more_lines < lines && start + first + part * more_steps < end;
            parts[part] = is_there ? *from : 0.0f;
            from += distance;
        }
    }

    // From registers to shared memory.
    DEVICE_MEMBER void put(const float (&parts)[PARTS], float (&shared)[DEPTH][TILE + 4]) const {
        UNROLL
        for (int part = 0; part < PARTS; part++) shared[first + part * more_steps][line + part * more_lines] = parts[part];
    }
};

// The sums of a thread.
template <int EACH> struct Sums {
    float of[EACH][EACH];
};

// Adds the products of one step.
template <int EACH> DEVICE void add_step(Sums<EACH>& sums, const float (&left)[EACH], const float (&right)[EACH]) {
    UNROLL
    for (int i = 0; i < EACH; i++) {
        UNROLL
        for (int j = 0; j < EACH; j++) sums.of[i][j] = fused(left[i], right[j], sums.of[i][j]);
    }
}

// Adds those of the rows that take part in it.
template <int EACH>
DEVICE void add_bounded(const Product& p, Count row, Count k, Sums<EACH>& sums, const float (&left)[EACH], const float (&right)[EACH]) {
    UNROLL
    for (int i = 0; i < EACH; i++) {
        Count at = row + place_of<EACH>(i, thread_place() / SIDE);
        bool takes_part = k >= first_step(p, at) && k < end_step(p, at);
        UNROLL
        for (int j = 0; j < EACH; j++) sums.of[i][j] = takes_part ? fused(left[i], right[j], sums.of[i][j]) : sums.of[i][j];
    }
}

// Bias, and what is to happen to the sums.
template <int EACH> DEVICE void finish(const Product& p, float* out, Count row, Count column, Sums<EACH>& sums) {
    UNROLL
    for (int i = 0; i < EACH; i++) {
        Count at_row = row + place_of<EACH>(i, thread_place() / SIDE);
        UNROLL
        for (int j = 0; j < EACH; j++) {
            Count at_column = column + place_of<EACH>(j, thread_place() % SIDE);
            if (at_row >= p.rows || at_column >= p.columns) continue;
            float sum = sums.of[i][j];
            if (p.bias) sum = plus(sum, p.bias[at_column]);
            if (p.then == ADD) sum = plus(p.before[at_row * p.before_row + at_column], sum);
            if (p.then == TIMES) sum = times(p.before[at_row * p.before_row + at_column], sum);
            out[at_row * p.out_row + at_column] = sum;
        }
    }
}

// What the sums begin with.
template <int EACH> DEVICE void begin(const Product& p, const float* out, Count row, Count column, Sums<EACH>& sums) {
    UNROLL
    for (int i = 0; i < EACH; i++) {
        Count at_row = row + place_of<EACH>(i, thread_place() / SIDE);
        UNROLL
        for (int j = 0; j < EACH; j++) {
            Count at_column = column + place_of<EACH>(j, thread_place() % SIDE);
            bool is_there = p.goes_on && at_row < p.rows && at_column < p.columns;
            sums.of[i][j] = is_there ? out[at_row * p.out_row + at_column] : 0.0f;
        }
    }
}

// One tile of one batch.
template <int EACH, bool BOUNDED> DEVICE void product(const Product& p) {
    const int TILE = SIDE * EACH;
    SHARED ALIGNED(16) float left_lines[2][DEPTH][TILE + 4];
    SHARED ALIGNED(16) float right_lines[2][DEPTH][TILE + 4];
    Count row = block_row() * TILE, column = block_column() * TILE, last = least(row + TILE, p.rows) - 1;
    if (p.range == ASKED && (column > last || column + TILE <= row - p.window + 1)) return;
    Count example = block_batch() / p.heads, head = block_batch() % p.heads;
    float* out = p.out + example * p.out_example + head * p.out_head;
    const float* left_values = p.left + example * p.left_example + head * p.left_head;
    const float* right_values = p.right + example * p.right_example + head / p.group * p.right_head;
    Side<EACH> left(left_values, p.left_row, p.left_step, row, p.rows);
    Side<EACH> right(right_values, p.right_column, p.right_step, column, p.columns);
    Count start = BOUNDED ? first_step(p, row) : 0, end = BOUNDED ? end_step(p, last) : p.depth;
    Sums<EACH> sums;
    begin<EACH>(p, out, row, column, sums);
    float left_parts[Side<EACH>::PARTS], right_parts[Side<EACH>::PARTS];
    left.fetch(start, end, left_parts);
    right.fetch(start, end, right_parts);
    left.put(left_parts, left_lines[0]);
    right.put(right_parts, right_lines[0]);
    barrier();
    int stage = 0;
    for (Count from = start; from < end; from += DEPTH) {
        bool goes_on = from + DEPTH < end;
        if (goes_on) {
            left.fetch(from + DEPTH, end, left_parts);
            right.fetch(from + DEPTH, end, right_parts);
        }
        int count = (int)least(DEPTH, end - from);
        bool is_whole = !BOUNDED || (from >= first_step(p, last) && from + count <= end_step(p, row));
        UNROLL
        for (int k = 0; k < DEPTH; k++) {
            if (k >= count) break;
            float left_line[EACH], right_line[EACH];
            read_line<EACH>(left_lines[stage][k], thread_place() / SIDE, left_line);
            read_line<EACH>(right_lines[stage][k], thread_place() % SIDE, right_line);
            if (is_whole) add_step<EACH>(sums, left_line, right_line);
            else add_bounded<EACH>(p, row, from + k, sums, left_line, right_line);
        }
        if (goes_on) {
            left.put(left_parts, left_lines[1 - stage]);
            right.put(right_parts, right_lines[1 - stage]);
        }
        barrier();
        stage = 1 - stage;
    }
    finish<EACH>(p, out, row, column, sums);
}

KERNEL(product_small, Product) { product<2, false>(arguments); }
KERNEL(product_large, Product) { product<8, false>(arguments); }
KERNEL(product_small_bounded, Product) { product<2, true>(arguments); }
KERNEL(product_large_bounded, Product) { product<8, true>(arguments); }
