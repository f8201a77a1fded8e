"""A second implementation of the family gpt, written from docs/PROTOCOL.md: makes the golden files of this folder.

Plain Python, no packages: `python3 second.py` writes manifest.json, base.safetensors, new.safetensors and measurement.json.
"""

import ctypes
import hashlib
import json
import math
import os
import struct

FMAF = ctypes.CDLL("libm.so.6").fmaf
FMAF.restype, FMAF.argtypes = ctypes.c_float, [ctypes.c_float] * 3
HERE = os.path.dirname(os.path.abspath(__file__))
TEXTS = {"b.txt": "the other file\nis much shorter é\n", "a.txt": "two roads diverged in a wood and i\ntook the one less travelled by\nand that has made all the difference\n"}
CHARACTERS = "".join(sorted(set("".join(TEXTS.values()))))
LAYERS, HEADS, WIDTH, CONTEXT, STRIDE, EVAL_MAX = 2, 2, 12, 11, 7, 9
SEED, SIGNER, GROUP, ROUND = bytes([9] * 32), bytes([0x5A] * 20), 3, 11


def single(x):
    """Rounds to binary32; one operation in binary64 before it is rounded once in effect."""
    return ctypes.c_float(x).value


def fma(x, y, z):
    return FMAF(x, y, z)


def bits(word):
    return struct.unpack(">f", struct.pack(">I", word))[0]


def lanes(row, start, take, combine):
    values = [start] * 16
    for index, value in enumerate(list(row) + [start] * (-len(row) % 16)):
        values[index % 16] = take(values[index % 16], value)
    for width in (8, 4, 2, 1):
        for lane in range(width):
            values[lane] = combine(values[lane], values[lane + width])
    return values[0]


def add(x, y):
    return single(x + y)


def horner(words, x):
    total = bits(words[0])
    for word in words[1:]:
        total = fma(total, x, bits(word))
    return total


def exp(x):
    if x > bits(0x42B17217):
        return math.inf
    if x < bits(0xC2CFF1B4):
        return 0.0
    n = single(fma(x, bits(0x3FB8AA3B), bits(0x4B400000)) - bits(0x4B400000))
    r = fma(n, -bits(0x35BFBE8E), fma(n, -bits(0x3F317200), x))
    p = horner([0x3AB563A6, 0x3C091EF0, 0x3D2AAC2C, 0x3E2AAA46, 0x3EFFFFFE], r)
    y = single(fma(p, single(r * r), r) + 1.0)
    return single(math.ldexp(y, int(n)))


def log(x):
    e, g = 0, x
    while g < bits(0x3F3504F3):
        e, g = e - 1, g * 2
    while g >= 2 * bits(0x3F3504F3):
        e, g = e + 1, g / 2
    f = g - 1.0
    words = [0x3D8A2BE2, 0xBDEF1E0E, 0x3DF37831, 0xBDFE1103, 0x3E119BB4, 0xBE2AAE27, 0x3E4CD25B, 0xBE800003, 0x3EAAAAA4]
    u = fma(horner(words, f), f, -0.5)
    t = single(fma(single(f * f), u, single(e * bits(0x35BFBE8E))) + f)
    return fma(e, bits(0x3F317200), t)


def erf(x):
    t = min(abs(x), 4.0)
    if t > 0.921875:
        q = horner([0xB73D98D6, 0x39A99C4D, 0xBB6EE69F, 0x3CC2B582, 0xBDD99678, 0xBF2298FE, 0xBE03BCB6], t)
        y = single(1.0 - exp(fma(q, t, -t)))
    else:
        q = horner([0x38A79EFF, 0xBA530118, 0x3BAA24D1, 0xBCDC008B, 0x3DE716B2, 0xBEC093A0, 0x3E0375D4], single(t * t))
        y = fma(q, t, t)
    return math.copysign(y, x)


def gelu(x):
    return single(single(0.5 * x) * single(1.0 + erf(single(x * bits(0x3F3504F3)))))


def linear(row, weight, bias):
    result = []
    for index in range(len(weight) // len(row)):
        total = 0.0
        for k, value in enumerate(row):
            total = fma(value, weight[index * len(row) + k], total)
        result.append(add(total, bias[index]) if bias else total)
    return result


def layer_norm(row, weight, bias):
    mean = single(lanes(row, 0.0, add, add) / len(row))
    d = [single(value - mean) for value in row]
    variance = single(lanes(d, 0.0, lambda total, value: fma(value, value, total), add) / len(row))
    scale = single(1.0 / single(math.sqrt(single(variance + bits(0x3727C5AC)))))
    return [fma(single(value * scale), w, b) for value, w, b in zip(d, weight, bias)]


def attention(qkv):
    size = WIDTH // HEADS
    scale = single(1.0 / single(math.sqrt(size)))
    result = [[] for _ in qkv]
    for start in range(0, WIDTH, size):
        for t, row in enumerate(qkv):
            scores = []
            for other in qkv[: t + 1]:
                total = 0.0
                for k in range(start, start + size):
                    total = fma(row[k], other[WIDTH + k], total)
                scores.append(single(total * scale))
            most = lanes(scores, -math.inf, max, max)
            powers = [exp(single(score - most)) for score in scores]
            total = lanes(powers, 0.0, add, add)
            shares = [single(power / total) for power in powers]
            for k in range(start, start + size):
                gathered = 0.0
                for share, other in zip(shares, qkv):
                    gathered = fma(share, other[2 * WIDTH + k], gathered)
                result[t].append(gathered)
    return result


def log_probabilities(tensors, tokens):
    left = iter(tensors)
    wte, wpe = next(left), next(left)
    part = lambda values, index: values[index * WIDTH : (index + 1) * WIDTH]
    x = [[add(a, b) for a, b in zip(part(wte, token), part(wpe, t))] for t, token in enumerate(tokens)]
    for _ in range(LAYERS):
        norm, c_attn, c_proj = [(next(left), next(left)) for _ in range(3)]
        y = attention([linear(layer_norm(row, *norm), *c_attn) for row in x])
        x = [[add(a, b) for a, b in zip(row, linear(out, *c_proj))] for row, out in zip(x, y)]
        norm, c_fc, c_proj = [(next(left), next(left)) for _ in range(3)]
        inner = [[gelu(value) for value in linear(layer_norm(row, *norm), *c_fc)] for row in x]
        x = [[add(a, b) for a, b in zip(row, linear(out, *c_proj))] for row, out in zip(x, inner)]
    norm, head = (next(left), next(left)), next(left)
    return [log_softmax(linear(layer_norm(row, *norm), head, None)) for row in x]


class Stream:
    def __init__(self, *parts):
        self.key, self.counter, self.words = hashlib.sha256(b"".join(parts)).digest(), 0, []

    def next(self):
        if not self.words:
            block = hashlib.sha256(self.key + struct.pack(">Q", self.counter)).digest()
            self.words, self.counter = list(struct.unpack(">8I", block)), self.counter + 1
        return self.words.pop(0)

    def below(self, n):
        while True:
            word = self.next()
            if word < 2**32 - 2**32 % n:
                return word % n


def tensor_list():
    w, v = WIDTH, len(CHARACTERS)
    result = [("transformer.wte.weight", [v, w], "drawn"), ("transformer.wpe.weight", [CONTEXT, w], "drawn")]
    for layer in range(LAYERS):
        for name, shape, first in [
            ("ln_1", [w], 1.0), ("attn.c_attn", [3 * w, w], "drawn"), ("attn.c_proj", [w, w], "residual"),
            ("ln_2", [w], 1.0), ("mlp.c_fc", [4 * w, w], "drawn"), ("mlp.c_proj", [w, 4 * w], "residual"),
        ]:
            result.append((f"transformer.h.{layer}.{name}.weight", shape, first))
            result.append((f"transformer.h.{layer}.{name}.bias", shape[:1], 0.0))
    result += [("transformer.ln_f.weight", [w], 1.0), ("transformer.ln_f.bias", [w], 0.0)]
    return result + [("lm_head.weight", [v, w], "drawn")]


def initial(seed, specs, layers):
    stream = Stream(b"neuron/initial/1", seed)
    bound = bits(0x3D0DE3BD)
    bounds = {"drawn": bound, "residual": single(bound / single(math.sqrt(2 * layers)))}
    draw = lambda first: single((stream.next() // 256 - 2**23) / 2**23 * bounds[first])
    return [[draw(first) if first in bounds else first for _ in range(math.prod(shape))] for _, shape, first in specs]


def narrow(value):
    """The nearest number of eight significant bits, of two the even one."""
    step = 2.0 ** (max(math.frexp(value)[1], -125) - 8)
    return round(value / step) * step


def checkpoint(tensors, specs, narrowed):
    entries, start = [], 0
    size, dtype = (2, "BF16") if narrowed else (4, "F32")
    for (name, shape, _), values in zip(specs, tensors):
        end = start + size * len(values)
        entries.append(f'"{name}":{{"dtype":"{dtype}","shape":{json.dumps(shape, separators=(",", ":"))},"data_offsets":[{start},{end}]}}')
        start = end
    header = ("{" + ",".join(entries) + "}").encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + b"".join(struct.pack("<f", value)[4 - size :] for values in tensors for value in values)


def root(leaves):
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + root(leaves[:half]) + root(leaves[half:])).digest()


def keccak256(data):
    """Keccak with the padding of the EVM."""
    state, rate = [[0] * 5 for _ in range(5)], 136
    data += b"\1" + b"\0" * (rate - 1 - len(data) % rate)
    data = data[:-1] + bytes([data[-1] | 0x80])
    rotate = lambda value, by: (value << by % 64 | value >> (64 - by % 64)) & (2**64 - 1) if by % 64 else value
    for block in range(0, len(data), rate):
        for i in range(rate // 8):
            state[i % 5][i // 5] ^= struct.unpack_from("<Q", data, block + 8 * i)[0]
        register = 1
        for _ in range(24):
            parity = [state[x][0] ^ state[x][1] ^ state[x][2] ^ state[x][3] ^ state[x][4] for x in range(5)]
            for x in range(5):
                for y in range(5):
                    state[x][y] ^= parity[(x + 4) % 5] ^ rotate(parity[(x + 1) % 5], 1)
            x, y, current = 1, 0, state[1][0]
            for t in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                current, state[x][y] = state[x][y], rotate(current, (t + 1) * (t + 2) // 2)
            for y in range(5):
                row = [state[x][y] for x in range(5)]
                for x in range(5):
                    state[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
            for j in range(7):
                register = (register << 1 ^ (register >> 7) * 0x71) % 256
                if register & 2:
                    state[0][0] ^= 1 << ((1 << j) - 1)
    return b"".join(struct.pack("<Q", state[i % 5][i // 5]) for i in range(4))


def micronats(nats):
    return min(max(round(nats * 1e6), 0), 2**32 - 1)


def log_softmax(logits):
    most = lanes(logits, -math.inf, max, max)
    d = [single(value - most) for value in logits]
    total = log(lanes([exp(value) for value in d], 0.0, add, add))
    return [single(value - total) for value in d]


def write_all(folder, model, specs, log_probabilities, narrowed=False):
    """Every file of a family that reads CONTEXT tokens at a time, perhaps with narrow weights; returns the new weights, and all examples."""
    data = {"format": "text", "tokenizer": {"characters": CHARACTERS}, "stride": STRIDE}
    manifest = {"version": 1, "model": model, "data": data, "loss": "cross_entropy", "eval_max": EVAL_MAX, "weight_max": 2}
    manifest.update({"dtype": "bf16"} if narrowed else {})
    base, other = (initial(seed, specs, model["layers"]) for seed in (bytes(range(32)), bytes([7] * 32)))
    new = [[single(value + single(index * 37 % 101 / 400 - 0.125)) for index, value in enumerate(values)] for values in other]
    if narrowed:
        base, new = ([[narrow(value) for value in values] for values in tensors] for tensors in (base, new))
    tokens = [CHARACTERS.index(character) for path in sorted(TEXTS) for character in TEXTS[path]]
    windows = [tokens[at : at + CONTEXT + 1] for at in range(0, len(tokens) - CONTEXT, STRIDE)]
    order, stream = list(range(len(windows))), Stream(b"neuron/draw/1", SEED, struct.pack(">QQ", GROUP, ROUND))
    for i in range(EVAL_MAX):
        j = i + stream.below(len(windows) - i)
        order[i], order[j] = order[j], order[i]
    drawn = order[:EVAL_MAX]
    rows = {name: [log_probabilities(tensors, windows[index][:-1]) for index in drawn] for name, tensors in (("base", base), ("new", new))}
    loss = lambda rows, index: sum(micronats(-row[target]) for row, target in zip(rows, windows[index][1:])) // CONTEXT
    losses = {name: [loss(example, index) for example, index in zip(rows[name], drawn)] for name in rows}
    stream, probe = Stream(b"neuron/probe/1", SEED, SIGNER), b""
    for place, token in [(stream.below(EVAL_MAX), stream.below(len(CHARACTERS))) for _ in range(16)]:
        probe += struct.pack(">f", rows["new"][place][-1][token])
    golden = {
        "version": 1, "seed": SEED.hex(), "group": GROUP, "round": ROUND, "signer": SIGNER.hex(), "drawn": drawn,
        "base": losses["base"], "new": losses["new"],
        "base_mean": sum(losses["base"]) // EVAL_MAX, "new_mean": sum(losses["new"]) // EVAL_MAX,
        "loss_root": root([struct.pack(">II", *pair) for pair in zip(losses["base"], losses["new"])]).hex(),
        "probe": keccak256(probe).hex(),
        "first_log_probabilities": [struct.pack(">f", value).hex() for value in rows["new"][0][-1]],
    }
    write = lambda name, content: open(os.path.join(folder, name), "wb").write(content)
    write("manifest.json", json.dumps(manifest, separators=(",", ":"), ensure_ascii=False).encode())
    write("measurement.json", json.dumps(golden, indent=1).encode() + b"\n")
    write("base.safetensors", checkpoint(base, specs, narrowed))
    write("new.safetensors", checkpoint(new, specs, narrowed))
    for path, text in TEXTS.items() if not narrowed else ():
        write(path, text.encode())
    return new, windows


def main():
    model = {"family": "gpt", "layers": LAYERS, "heads": HEADS, "width": WIDTH, "context": CONTEXT, "vocabulary": len(CHARACTERS), "bias": True, "tied": False}
    write_all(HERE, model, tensor_list(), log_probabilities)
    write_all(os.path.join(HERE, "bf16"), model, tensor_list(), log_probabilities, narrowed=True)


assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
if __name__ == "__main__":
    main()
