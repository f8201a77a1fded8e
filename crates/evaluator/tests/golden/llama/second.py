"""A second implementation of the family llama, written from docs/PROTOCOL.md: makes the golden files of this folder.

Plain Python, no packages: `python3 second.py` writes the same files as that of gpt, from which it takes what both families share,
turns.json: digests of tables of cosines and sines, and gradients.json: those of each tensor's gradient on some examples. Python's floats are binary64, and none of its operations is fused.
"""

import hashlib
import json
import math
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "gpt"))
from second import CHARACTERS, CONTEXT, add, bits, exp, fma, lanes, linear, log_softmax, single, write_all

LAYERS, HEADS, SHARED, SIZE, WIDTH, INNER = 2, 4, 2, 6, 10, 19
EPSILON, BASE, WINDOW = 10_000, 10_000, 5
BATCH = [1, 3, 0]
SCALING = {"factor": 8, "low": 1, "high": 4, "original": 64}
QUERIES, KEYS = HEADS * SIZE, SHARED * SIZE
ROUND = 1.5 * 2.0**52


def double(word):
    return struct.unpack(">d", struct.pack(">Q", word))[0]


def horner(coefficients, x):
    """Highest power first."""
    total = 0.0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total


def sine_and_cosine(x):
    rounded = x * double(0x3FE45F306DC9C883) + ROUND
    n = rounded - ROUND
    r = (x - n * double(0x3FF921FB54400000)) - n * double(0x3DD0B4611A626331)
    z = r * r
    sine = r + r * z * horner([(-1) ** (k // 2) / math.factorial(k) for k in range(15, 2, -2)], z)
    cosine = 1.0 + z * horner([(-1) ** (k // 2) / math.factorial(k) for k in range(16, 1, -2)], z)
    quarter = int(n) % 4
    sine, cosine = [(sine, cosine), (cosine, -sine), (-sine, -cosine), (-cosine, sine)][quarter]
    return single(sine), single(cosine)


def power(base, exponent):
    e = base.bit_length() - 1
    g = base / 2**e
    s = (g - 1.0) / (g + 1.0)
    log = e * double(0x3FE62E42FEFA39EF) + 2.0 * s * horner([1.0 / (2 * k + 1) for k in range(17, -1, -1)], s * s)
    x = exponent * log
    n = (x * double(0x3FF71547652B82FE) + ROUND) - ROUND
    r = (x - n * double(0x3FE62E42FEE00000)) - n * double(0x3DEA39EF35793C76)
    p = 1.0
    for k in range(13, 0, -1):
        p = p * r / k + 1.0
    return single(p * 2.0 ** int(n))


def frequencies(base, size, scaling):
    result = []
    for i in range(size // 2):
        f = single(1.0 / power(base, single(2 * i / size)))
        if scaling:
            factor, low, high, original = (float(scaling[key]) for key in ("factor", "low", "high", "original"))
            turns, slow = original * f / double(0x401921FB54442D18), f / factor
            share = (turns - low) / (high - low)
            f = f if turns > high else single(slow if turns < low else (1.0 - share) * slow + share * f)
        result.append(f)
    return result


def turns(base, size, scaling, positions):
    """Sine and cosine of each pair at each position."""
    f = frequencies(base, size, scaling)
    return [[sine_and_cosine(single(t * value)) for value in f] for t in range(positions)]


TURNS = turns(BASE, SIZE, SCALING, CONTEXT)


def scale_of(row):
    """What an RMS norm multiplies a row by."""
    mean = single(lanes(row, 0.0, lambda total, value: fma(value, value, total), add) / len(row))
    return single(1.0 / single(math.sqrt(single(mean + single(EPSILON / 10**9)))))


def rms_norm(row, weight):
    scale = scale_of(row)
    return [single(single(value * scale) * w) for value, w in zip(row, weight)]


def turned(head, t, sign=1.0):
    first, second = head[: SIZE // 2], head[SIZE // 2 :]
    pairs = list(zip(first, second, TURNS[t]))
    left = [single(single(a * cosine) - single(b * (sign * sine))) for a, b, (sine, cosine) in pairs]
    return left + [single(single(b * cosine) + single(a * (sign * sine))) for a, b, (sine, cosine) in pairs]


def cut(row):
    return [row[at : at + SIZE] for at in range(0, len(row), SIZE)]


def heads(rows, norm):
    """For each position its heads, with norm and turned."""
    return [[turned(rms_norm(head, norm), t) for head in cut(row)] for t, row in enumerate(rows)]


def dot(left, right):
    total = 0.0
    for a, b in zip(left, right):
        total = fma(a, b, total)
    return total


FIRST = lambda t: max(0, t - WINDOW + 1)
SCALE = single(1.0 / single(math.sqrt(SIZE)))
GROUP = HEADS // SHARED


def shares_of(q, k, head, t):
    """What position t takes from each position up to it."""
    scores = [single(dot(q[t][head], k[j][head // GROUP]) * SCALE) if j >= FIRST(t) else -math.inf for j in range(t + 1)]
    most = lanes(scores, -math.inf, max, max)
    powers = [exp(single(score - most)) for score in scores]
    total = lanes(powers, 0.0, add, add)
    return [single(power / total) for power in powers]


def attention(q, k, v):
    result = [[] for _ in q]
    for head in range(HEADS):
        for t in range(len(q)):
            shares = shares_of(q, k, head, t)
            for c in range(SIZE):
                column = [v[j][head // GROUP][c] for j in range(FIRST(t), t + 1)]
                result[t].append(dot(shares[FIRST(t) :], column))
    return result


def silu(gate):
    return single(gate / single(1.0 + exp(-gate)))


def layers(tensors):
    """Embedding, the blocks by names, the last norm, the head."""
    left = iter(tensors)
    names = "q q_bias k k_bias v v_bias out q_norm k_norm gate up down norm_1 norm_2".split()
    embedding = next(left)
    blocks = [{name: next(left) for name in names} for _ in range(LAYERS)]
    return embedding, blocks, next(left), next(left)


def residual(x, rows, weight):
    return [[add(a, b) for a, b in zip(row, linear(other, weight, None))] for row, other in zip(x, rows)]


def forward(tensors, tokens):
    """Log-probabilities, and what each block had on the way."""
    embedding, blocks, norm, head = layers(tensors)
    x, tape = [embedding[token * WIDTH : (token + 1) * WIDTH] for token in tokens], []
    for block in blocks:
        kept = {"x": x, "normal_1": [rms_norm(row, block["norm_1"]) for row in x]}
        for name in "qkv":
            kept["raw_" + name] = [linear(row, block[name], block[name + "_bias"]) for row in kept["normal_1"]]
        kept["q"], kept["k"] = heads(kept["raw_q"], block["q_norm"]), heads(kept["raw_k"], block["k_norm"])
        kept["v"] = [cut(row) for row in kept["raw_v"]]
        kept["gathered"] = attention(kept["q"], kept["k"], kept["v"])
        x = kept["middle"] = residual(x, kept["gathered"], block["out"])
        kept["normal_2"] = [rms_norm(row, block["norm_2"]) for row in x]
        kept["gate"], kept["up"] = ([linear(row, block[name], None) for row in kept["normal_2"]] for name in ("gate", "up"))
        kept["passed"] = [[single(silu(a) * b) for a, b in zip(*rows)] for rows in zip(kept["gate"], kept["up"])]
        x = residual(x, kept["passed"], block["down"])
        tape.append(kept)
    normal = [rms_norm(row, norm) for row in x]
    return [log_softmax(linear(row, head, None)) for row in normal], tape, x, normal


def log_probabilities(tensors, tokens):
    return forward(tensors, tokens)[0]


def back(rows, weight):
    """What the outputs of a layer pull at its inputs."""
    count = len(rows[0])
    inputs = len(weight) // count
    return [[dot(row, weight[k::inputs]) for k in range(inputs)] for row in rows]


def norm_back(rows, inputs, weight, before):
    """The same of a norm, added to what was there."""
    result = []
    for row, values, start in zip(rows, inputs, before or [[0.0] * len(weight)] * len(rows)):
        scale = scale_of(values)
        pulls, normal = [single(g * w) for g, w in zip(row, weight)], [single(value * scale) for value in values]
        total = lanes(list(zip(pulls, normal)), (0.0, 0.0), lambda total, pair: (fma(*pair, total[0]), 0.0), lambda a, b: (add(a[0], b[0]), 0.0))[0]
        mean = single(total / len(values))
        result.append([fma(single(pull - single(n * mean)), scale, s) for pull, n, s in zip(pulls, normal, start)])
    return result


def plus(left, right):
    return [[add(a, b) for a, b in zip(*rows)] for rows in zip(left, right)]


def attention_back(kept, pulls):
    """Gradients of queries, keys and values as they are turned: a row of heads for each position."""
    q, k, v, count = kept["q"], kept["k"], kept["v"], len(pulls)
    d_q = [[None] * HEADS for _ in range(count)]
    d_k, d_v = ([[[0.0] * SIZE for _ in range(SHARED)] for _ in range(count)] for _ in range(2))
    for head in range(HEADS):
        shares, slopes, shared = [shares_of(q, k, head, t) for t in range(count)], [], head // GROUP
        for t in range(count):
            found = [dot(cut(pulls[t])[head], v[j][shared]) if j >= FIRST(t) else 0.0 for j in range(t + 1)]
            pairs = list(zip(shares[t], found))
            total = lanes(pairs, (0.0, 0.0), lambda total, pair: (fma(*pair, total[0]), 0.0), lambda a, b: (add(a[0], b[0]), 0.0))[0]
            slopes.append([single(single(share * single(pull - total)) * SCALE) for share, pull in pairs])
            seen = range(FIRST(t), t + 1)
            d_q[t][head] = [dot(slopes[t][FIRST(t) :], [k[j][shared][c] for j in seen]) for c in range(SIZE)]
        for j in range(count):
            for t in range(j, min(count, j + WINDOW)):
                for c in range(SIZE):
                    d_k[j][shared][c] = fma(slopes[t][j], q[t][head][c], d_k[j][shared][c])
                    d_v[j][shared][c] = fma(shares[t][j], cut(pulls[t])[head][c], d_v[j][shared][c])
    return d_q, d_k, d_v


def slope(x):
    sigmoid = single(1.0 / single(1.0 + exp(-x)))
    return single(fma(x, single(1.0 - sigmoid), 1.0) * sigmoid)


class Gradients:
    """Sums of every tensor, which go on from example to example."""

    def __init__(self, tensors):
        self.embedding, self.blocks, self.norm, self.head = layers([[0.0] * len(values) for values in tensors])

    def outer(self, sums, rows, inputs):
        for row, values in zip(rows, inputs):
            for j, gradient in enumerate(row):
                for k, value in enumerate(values):
                    sums[j * len(values) + k] = fma(gradient, value, sums[j * len(values) + k])

    def each(self, sums, rows):
        for row in rows:
            for j, gradient in enumerate(row):
                sums[j] = add(sums[j], gradient)

    def normal(self, sums, rows, inputs):
        for row, values in zip(rows, inputs):
            scale = scale_of(values)
            for j, (gradient, value) in enumerate(zip(row, values)):
                sums[j] = fma(gradient, single(value * scale), sums[j])

    def add(self, tensors, window, share):
        """One example: its rows, in their order."""
        _, blocks, norm, head = layers(tensors)
        rows, tape, x, normal = forward(tensors, window[:-1])
        logits = [[single(exp(value) * share) for value in row] for row in rows]
        for row, target in zip(logits, window[1:]):
            row[target] = single(row[target] - share)
        self.outer(self.head, logits, normal)
        d_normal = back(logits, head)
        self.normal(self.norm, d_normal, x)
        d_x = norm_back(d_normal, x, norm, None)
        for block, kept, sums in reversed(list(zip(blocks, tape, self.blocks))):
            d_x = self.block(block, kept, sums, d_x)
        for token, row in zip(window, d_x):
            for c, value in enumerate(row):
                self.embedding[token * WIDTH + c] = add(self.embedding[token * WIDTH + c], value)

    def block(self, block, kept, sums, d_out):
        pulls = back(d_out, block["down"])
        d_gate = [[single(single(slope(g) * u) * p) for g, u, p in zip(*three)] for three in zip(kept["gate"], kept["up"], pulls)]
        d_up = [[single(silu(g) * p) for g, p in zip(*two)] for two in zip(kept["gate"], pulls)]
        d_normal = plus(back(d_gate, block["gate"]), back(d_up, block["up"]))
        d_middle = norm_back(d_normal, kept["middle"], block["norm_2"], d_out)
        self.outer(sums["down"], d_out, kept["passed"])
        self.outer(sums["gate"], d_gate, kept["normal_2"])
        self.outer(sums["up"], d_up, kept["normal_2"])
        self.normal(sums["norm_2"], d_normal, kept["middle"])
        self.outer(sums["out"], d_middle, kept["gathered"])
        d_q, d_k, d_v = attention_back(kept, back(d_middle, block["out"]))
        flat = {"v": [sum(row, []) for row in d_v]}
        for name, rows in (("q", d_q), ("k", d_k)):
            rows = [[turned(head, t, -1.0) for head in row] for t, row in enumerate(rows)]
            raw, weight, parts = [cut(row) for row in kept["raw_" + name]], block[name + "_norm"], []
            for head in range(len(rows[0])):
                gradients, inputs = [row[head] for row in rows], [row[head] for row in raw]
                self.normal(sums[name + "_norm"], gradients, inputs)
                parts.append(norm_back(gradients, inputs, weight, None))
            flat[name] = [sum(row, []) for row in zip(*parts)]
        for name in "qkv":
            self.outer(sums[name], flat[name], kept["normal_1"])
            self.each(sums[name + "_bias"], flat[name])
        d_normal = plus(plus(back(flat["q"], block["q"]), back(flat["k"], block["k"])), back(flat["v"], block["v"]))
        self.normal(sums["norm_1"], d_normal, kept["x"])
        return norm_back(d_normal, kept["x"], block["norm_1"], d_middle)


def gradients(tensors, windows):
    """Of all tensors, in their order."""
    sums, share = Gradients(tensors), single(1.0 / (len(windows) * CONTEXT))
    for window in windows:
        sums.add(tensors, window, share)
    return [sums.embedding, *(values for block in sums.blocks for values in block.values()), sums.norm, sums.head]


def tensor_list():
    result = [("model.embed_tokens.weight", [len(CHARACTERS), WIDTH], "drawn")]
    for layer in range(LAYERS):
        for name, shape, first in [
            ("self_attn.q_proj.weight", [QUERIES, WIDTH], "drawn"), ("self_attn.q_proj.bias", [QUERIES], 0.0),
            ("self_attn.k_proj.weight", [KEYS, WIDTH], "drawn"), ("self_attn.k_proj.bias", [KEYS], 0.0),
            ("self_attn.v_proj.weight", [KEYS, WIDTH], "drawn"), ("self_attn.v_proj.bias", [KEYS], 0.0),
            ("self_attn.o_proj.weight", [WIDTH, QUERIES], "residual"),
            ("self_attn.q_norm.weight", [SIZE], 1.0), ("self_attn.k_norm.weight", [SIZE], 1.0),
            ("mlp.gate_proj.weight", [INNER, WIDTH], "drawn"), ("mlp.up_proj.weight", [INNER, WIDTH], "drawn"),
            ("mlp.down_proj.weight", [WIDTH, INNER], "residual"),
            ("input_layernorm.weight", [WIDTH], 1.0), ("post_attention_layernorm.weight", [WIDTH], 1.0),
        ]:
            result.append((f"model.layers.{layer}.{name}", shape, first))
    return result + [("model.norm.weight", [WIDTH], 1.0), ("lm_head.weight", [len(CHARACTERS), WIDTH], "drawn")]


def table(base, size, scaling, positions):
    """A table's digest: cosine, then sine, of each pair at each position."""
    digest = hashlib.sha256()
    for row in turns(base, size, scaling, positions):
        digest.update(b"".join(struct.pack(">ff", cosine, sine) for sine, cosine in row))
    return {"rotary_base": base, "head_size": size, "rotary_scaling": scaling, "positions": positions, "digest": digest.hexdigest()}


def write(name, content):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
        file.write(json.dumps(content, indent=1) + "\n")


def main():
    model = {
        "family": "llama", "layers": LAYERS, "heads": HEADS, "key_value_heads": SHARED, "head_size": SIZE, "width": WIDTH, "inner": INNER,
        "context": CONTEXT, "vocabulary": len(CHARACTERS), "epsilon": EPSILON, "rotary_base": BASE, "rotary_scaling": SCALING,
        "window": WINDOW, "bias": True, "head_norms": True, "tied": False,
    }
    new, windows = write_all(HERE, model, tensor_list(), log_probabilities)
    write_all(os.path.join(HERE, "bf16"), model, tensor_list(), log_probabilities, narrowed=True)
    found = gradients(new, [windows[index] for index in BATCH])
    digests = {name: hashlib.sha256(struct.pack(f"<{len(values)}f", *values)).hexdigest() for (name, _, _), values in zip(tensor_list(), found)}
    write("gradients.json", {"batch": BATCH, "digests": digests})
    three = {"factor": 8, "low": 1, "high": 4, "original": 8192}
    tables = [table(10_000, 64, None, 2048), table(500_000, 128, three, 8192), table(1_000_000, 80, None, 2048), table(2**32 - 1, 6, None, 65_536)]
    write("turns.json", tables)


main()
