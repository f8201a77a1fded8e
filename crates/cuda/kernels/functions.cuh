// exp, log, erf in binary32, sine, cosine and powers in binary64: fixed polynomials, the same bits on every machine (PROTOCOL 12).

// One argument of a kernel: eight bytes, as every argument has.
struct Number {
    float value;
    unsigned rest;
};

// The one NaN that functions return.
DEVICE float no_number() { return number(0x7fc00000u); }

// left > right ? left : right: of two zeros, and beside NaN, the second.
DEVICE float larger(float left, float right) { return left > right ? left : right; }

// The polynomial by Horner's rule, highest power first.
template <int TERMS> DEVICE float horner(const unsigned (&coefficients)[TERMS], float x) {
    float sum = number(coefficients[0]);
    UNROLL
    for (int term = 1; term < TERMS; term++) sum = fused(sum, x, number(coefficients[term]));
    return sum;
}

// 2 to the power n, -126 <= n <= 127.
DEVICE float two_to(int n) { return number((unsigned)(n + 127) << 23); }

// e to the power x.
DEVICE float exponential(float x) {
    const unsigned POLYNOMIAL[5] = {0x3ab563a6u, 0x3c091ef0u, 0x3d2aac2cu, 0x3e2aaa46u, 0x3efffffeu};
    const float ROUND = number(0x4b400000u);
    if (x != x) return no_number();
    if (x > number(0x42b17217u)) return number(0x7f800000u);
    if (number(0xc2cff1b4u) > x) return 0.0f;
    float rounded = fused(x, number(0x3fb8aa3bu), ROUND);
    float exponent = minus(rounded, ROUND);
    float rest = fused(exponent, -number(0x3f317200u), x);
    rest = fused(exponent, -number(0x35bfbe8eu), rest);
    float power = plus(fused(horner(POLYNOMIAL, rest), times(rest, rest), rest), 1.0f);
    int whole = (int)(bits_of(rounded) - 0x4b400000u);
    int half = whole >> 1;
    // In two halves: only the second product can round, and only where the result is subnormal.
    return times(times(power, two_to(half)), two_to(whole - half));
}

// Natural logarithm; of 0 minus infinity, of less NaN.
DEVICE float logarithm(float x) {
    const unsigned POLYNOMIAL[9] = {0x3d8a2be2u, 0xbdef1e0eu, 0x3df37831u, 0xbdfe1103u, 0x3e119bb4u,
                                    0xbe2aae27u, 0x3e4cd25bu, 0xbe800003u, 0x3eaaaaa4u};
    const unsigned ROOT_HALF = 0x3f3504f3u;
    if (x != x || x < 0.0f) return no_number();
    if (x == 0.0f) return number(0xff800000u);
    if (x > number(0x7f7fffffu)) return x;
    bool is_small = number(0x00800000u) > x;
    unsigned offset = bits_of(is_small ? times(x, 8388608.0f) : x) - ROOT_HALF;
    float exponent = minus((float)((int)offset >> 23), is_small ? 23.0f : 0.0f);
    float f = minus(number((offset & 0x007fffffu) + ROOT_HALF), 1.0f);
    float factor = fused(horner(POLYNOMIAL, f), f, -0.5f);
    float tail = plus(fused(times(f, f), factor, times(exponent, number(0x35bfbe8eu))), f);
    return fused(exponent, number(0x3f317200u), tail);
}

// Error function.
DEVICE float error_function(float x) {
    const unsigned SMALL[7] = {0x38a79effu, 0xba530118u, 0x3baa24d1u, 0xbcdc008bu, 0x3de716b2u, 0xbec093a0u, 0x3e0375d4u};
    const unsigned LARGE[7] = {0xb73d98d6u, 0x39a99c4du, 0xbb6ee69fu, 0x3cc2b582u, 0xbdd99678u, 0xbf2298feu, 0xbe03bcb6u};
    if (x != x) return no_number();
    unsigned sign = bits_of(x) & 0x80000000u;
    float magnitude = number(bits_of(x) ^ sign);
    float t = magnitude < 4.0f ? magnitude : 4.0f;
    float result;
    if (t > number(0x3f6c0000u)) {
        result = minus(1.0f, exponential(fused(horner(LARGE, t), t, -t)));
    } else {
        result = fused(horner(SMALL, times(t, t)), t, t);
    }
    return number((bits_of(result) & 0x7fffffffu) | sign);
}

// 1 + erf(x * root of a half): twice the normal distribution.
DEVICE float twice_normal(float x) { return plus(1.0f, error_function(times(x, number(0x3f3504f3u)))); }

// x times the normal distribution.
DEVICE float gelu_of(float x) { return times(times(x, 0.5f), twice_normal(x)); }

// Its slope: the normal distribution, and x times the normal density.
DEVICE float gelu_slope(float x) {
    float density = times(exponential(times(times(x, x), -0.5f)), number(0x3ecc422au));
    return fused(x, density, times(0.5f, twice_normal(x)));
}

// What the tanh form of GELU is made of: x held within 16, its square, and 1 + exp(-w) with w twice what tanh is taken of.
struct Curve {
    float held, square, below;
};

DEVICE Curve curve_of(float x) {
    float held = larger(-16.0f, x > 16.0f ? 16.0f : x), square = times(held, held);
    float w = times(held, fused(square, number(0x3d922279u), number(0x3fcc422au)));
    return Curve{held, square, plus(1.0f, exponential(minus(0.0f, w)))};
}

// x * (1 + tanh(root of 2 / pi * (x + 0.044715 * x^3))) / 2.
DEVICE float gelu_tanh_of(float x) { return over(x, curve_of(x).below); }

// Its slope.
DEVICE float gelu_tanh_slope(float x) {
    Curve curve = curve_of(x);
    float sigmoid = over(1.0f, curve.below), growth = fused(curve.square, number(0x3e5b33b6u), number(0x3fcc422au));
    return times(fused(times(curve.held, minus(1.0f, sigmoid)), growth, 1.0f), sigmoid);
}

// x / (1 + exp(-x)).
DEVICE float silu_of(float x) { return over(x, plus(1.0f, exponential(minus(0.0f, x)))); }

// Its slope.
DEVICE float silu_slope(float x) {
    float sigmoid = over(1.0f, plus(1.0f, exponential(minus(0.0f, x))));
    return times(fused(x, minus(1.0f, sigmoid), 1.0f), sigmoid);
}

// k! for k up to 16, exact.
DEVICE double factorial(int k) {
    double product = 1.0;
    for (int factor = 2; factor <= k; factor++) product = times(product, (double)factor);
    return product;
}

// The series of sine or cosine over every second k from `least` to `most`, highest first.
DEVICE double series(double x, int most, int least) {
    double sum = 0.0;
    for (int k = most; k >= least; k -= 2) {
        double term = over(1.0, factorial(k));
        sum = plus(times(sum, x), k % 4 < 2 ? term : -term);
    }
    return sum;
}

// Sine and cosine of an angle of at most 65,536 radians; of anything else NaN.
DEVICE void sine_and_cosine(float angle, float& sine, float& cosine) {
    const double ROUND = wide_number(0x4338000000000000ull);
    sine = no_number();
    cosine = no_number();
    if (!(angle <= 65536.0f && angle >= -65536.0f)) return;
    double x = (double)angle;
    double rounded = plus(times(x, wide_number(0x3fe45f306dc9c883ull)), ROUND);
    double quarters = minus(rounded, ROUND);
    double rest = minus(x, times(quarters, wide_number(0x3ff921fb54400000ull)));
    rest = minus(rest, times(quarters, wide_number(0x3dd0b4611a626331ull)));
    double square = times(rest, rest);
    double s = plus(rest, times(times(rest, square), series(square, 15, 3)));
    double c = plus(1.0, times(square, series(square, 16, 2)));
    int quarter = (int)(bits_of(rounded) & 3ull);
    double of_sine = quarter == 0 ? s : quarter == 1 ? c : quarter == 2 ? -s : -c;
    double of_cosine = quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s;
    sine = (float)of_sine;
    cosine = (float)of_cosine;
}

// An integer from 2 on to a power from 0 to 1.
DEVICE float power_of(unsigned base, float exponent) {
    const double ROUND = wide_number(0x4338000000000000ull);
    int twos = 0;
    while (twos < 31 && (base >> (twos + 1)) != 0) twos++;
    double significand = over((double)base, (double)(1u << twos));
    double ratio = over(minus(significand, 1.0), plus(significand, 1.0));
    double square = times(ratio, ratio), sum = 0.0;
    for (int k = 17; k >= 0; k--) sum = plus(times(sum, square), over(1.0, (double)(2 * k + 1)));
    double natural = plus(times((double)twos, wide_number(0x3fe62e42fefa39efull)), times(times(2.0, ratio), sum));
    double x = times((double)exponent, natural);
    double whole = minus(plus(times(x, wide_number(0x3ff71547652b82feull)), ROUND), ROUND);
    double rest = minus(x, times(whole, wide_number(0x3fe62e42fee00000ull)));
    rest = minus(rest, times(whole, wide_number(0x3dea39ef35793c76ull)));
    double power = 1.0;
    for (int k = 13; k >= 1; k--) power = plus(over(times(power, rest), (double)k), 1.0);
    return (float)times(power, wide_number((unsigned long long)((long long)whole + 1023) << 52));
}

// A function of many values: 0 exp, 1 log, 2 erf, 3 sine, 4 cosine.
struct Function {
    const float* inputs;
    float* outputs;
    Count count;
    Count which;
};

ALONE(function_of_each, Function) {
    Count at = block_column() * 256 + thread_place();
    if (at >= arguments.count) return;
    float x = arguments.inputs[at], sine, cosine;
    switch (arguments.which) {
        case 0: arguments.outputs[at] = exponential(x); break;
        case 1: arguments.outputs[at] = logarithm(x); break;
        case 2: arguments.outputs[at] = error_function(x); break;
        default:
            sine_and_cosine(x, sine, cosine);
            arguments.outputs[at] = arguments.which == 3 ? sine : cosine;
    }
}

// Powers of many bases.
struct Powers {
    const unsigned* bases;
    const float* exponents;
    float* outputs;
    Count count;
};

ALONE(power_of_each, Powers) {
    Count at = block_column() * 256 + thread_place();
    if (at < arguments.count) arguments.outputs[at] = power_of(arguments.bases[at], arguments.exponents[at]);
}
