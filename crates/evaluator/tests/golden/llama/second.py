"""A second implementation of the family llama, written from docs/PROTOCOL.md: makes the golden files of this folder.

Plain Python, no packages: `python3 second.py` writes the same files as that of gpt, from which it takes what both families share, and
turns.json: digests of the tables of cosines and sines. Python's floats are binary64, and none of its operations is fused.
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


def rms_norm(row, weight):
    mean = single(lanes(row, 0.0, lambda total, value: fma(value, value, total), add) / len(row))
    scale = single(1.0 / single(math.sqrt(single(mean + single(EPSILON / 10**9)))))
    return [single(single(value * scale) * w) for value, w in zip(row, weight)]


def turned(head, t):
    first, second = head[: SIZE // 2], head[SIZE // 2 :]
    pairs = list(zip(first, second, TURNS[t]))
    left = [single(single(a * cosine) - single(b * sine)) for a, b, (sine, cosine) in pairs]
    return left + [single(single(b * cosine) + single(a * sine)) for a, b, (sine, cosine) in pairs]


def heads(rows, norm):
    """For each position its heads, with norm and turned; values have neither."""
    cut = [[row[at : at + SIZE] for at in range(0, len(row), SIZE)] for row in rows]
    return [[turned(rms_norm(head, norm), t) for head in row] for t, row in enumerate(cut)] if norm else cut


def attention(q, k, v):
    scale = single(1.0 / single(math.sqrt(SIZE)))
    result = [[] for _ in q]
    for head in range(HEADS):
        shared = head // (HEADS // SHARED)
        for t, row in enumerate(q):
            first, scores = max(0, t - WINDOW + 1), []
            for j in range(t + 1):
                total = 0.0
                for a, b in zip(row[head], k[j][shared]):
                    total = fma(a, b, total)
                scores.append(single(total * scale) if j >= first else -math.inf)
            most = lanes(scores, -math.inf, max, max)
            powers = [exp(single(score - most)) for score in scores]
            total = lanes(powers, 0.0, add, add)
            for c in range(SIZE):
                gathered = 0.0
                for j in range(first, t + 1):
                    gathered = fma(single(powers[j] / total), v[j][shared][c], gathered)
                result[t].append(gathered)
    return result


def swiglu(gate, up):
    return single(single(gate / single(1.0 + exp(-gate))) * up)


def log_probabilities(tensors, tokens):
    left = iter(tensors)
    embedding = next(left)
    x = [embedding[token * WIDTH : (token + 1) * WIDTH] for token in tokens]
    for _ in range(LAYERS):
        q, k, v = [(next(left), next(left)) for _ in range(3)]
        out, q_norm, k_norm, gate, up, down, norm_1, norm_2 = [next(left) for _ in range(8)]
        normal = [rms_norm(row, norm_1) for row in x]
        project = lambda layer: [linear(row, *layer) for row in normal]
        y = attention(heads(project(q), q_norm), heads(project(k), k_norm), heads(project(v), None))
        x = [[add(a, b) for a, b in zip(row, linear(gathered, out, None))] for row, gathered in zip(x, y)]
        normal = [rms_norm(row, norm_2) for row in x]
        inner = [[swiglu(a, b) for a, b in zip(linear(row, gate, None), linear(row, up, None))] for row in normal]
        x = [[add(a, b) for a, b in zip(row, linear(passed, down, None))] for row, passed in zip(x, inner)]
    norm, head = next(left), next(left)
    return [log_softmax(linear(rms_norm(row, norm), head, None)) for row in x]


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


def main():
    model = {
        "family": "llama", "layers": LAYERS, "heads": HEADS, "key_value_heads": SHARED, "head_size": SIZE, "width": WIDTH, "inner": INNER,
        "context": CONTEXT, "vocabulary": len(CHARACTERS), "epsilon": EPSILON, "rotary_base": BASE, "rotary_scaling": SCALING,
        "window": WINDOW, "bias": True, "head_norms": True, "tied": False,
    }
    write_all(HERE, model, tensor_list(), log_probabilities)
    three = {"factor": 8, "low": 1, "high": 4, "original": 8192}
    tables = [table(10_000, 64, None, 2048), table(500_000, 128, three, 8192), table(1_000_000, 80, None, 2048), table(2**32 - 1, 6, None, 65_536)]
    with open(os.path.join(HERE, "turns.json"), "w", encoding="utf-8") as file:
        file.write(json.dumps(tables, indent=1) + "\n")


main()
