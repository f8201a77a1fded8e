"""A second implementation of sets of shards, written from docs/PROTOCOL.md: makes the golden files of this folder.

Plain Python, no packages: `python3 second.py` writes manifest.json and wide.json, whose tokens have two and four bytes, the shards, the
lists a.tokens and b.tokens that name them, and measurement.json. The model is that of the folder gpt, and so are base.safetensors and
new.safetensors.
"""

import base64
import hashlib
import json
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "gpt"))
from second import (
    CHARACTERS, CONTEXT, EVAL_MAX, GROUP, HEADS, LAYERS, ROUND, SEED, SIGNER, STRIDE, WIDTH,
    Stream, initial, keccak256, log_probabilities, micronats, root, single, tensor_list,
)

VOCABULARY, WIDE = len(CHARACTERS), 70_000
# Of the part: a seed, and how many shards.
PART_SEED, PART_SHARDS = bytes([5] * 32), 2


def draw(stream, count, most):
    order = list(range(count))
    for i in range(most):
        j = i + stream.below(count - i)
        order[i], order[j] = order[j], order[i]
    return order[:most]


def cid(codec, digest):
    return "b" + base64.b32encode(bytes([1, codec, 0x12, 32]) + digest).decode().lower().rstrip("=")


def line(shard, tree):
    """A shard in one block is named by its own digest, another one by that of its root, of which these tests have no bytes."""
    digest = hashlib.sha256(shard).digest()
    name = cid(0x70, hashlib.sha256(b"root" + digest).digest()) if tree else cid(0x55, digest)
    return f"{name} {len(shard) // 2} {digest.hex()}\n"


def windows(shards, width, vocabulary):
    found = []
    for shard in shards:
        tokens = [min(token, vocabulary - 1) for (token,) in struct.iter_unpack("<H" if width == 2 else "<I", shard)]
        found += [tokens[at : at + CONTEXT + 1] for at in range(0, len(tokens) - CONTEXT, STRIDE)]
    return found


def manifest(vocabulary):
    model = {"family": "gpt", "layers": LAYERS, "heads": HEADS, "width": WIDTH, "context": CONTEXT, "vocabulary": vocabulary, "bias": True, "tied": False}
    data = {"format": "tokens", "tokenizer": hashlib.sha256(b"a tokenizer.json").hexdigest(), "stride": STRIDE}
    result = {"version": 1, "model": model, "data": data, "loss": "cross_entropy", "eval_max": EVAL_MAX, "weight_max": 2}
    return json.dumps(result, separators=(",", ":")).encode()


def main():
    narrow = lambda tokens: struct.pack(f"<{len(tokens)}H", *tokens)
    one = narrow([(index * 7 + 3) % VOCABULARY for index in range(40)])
    # As long as one window.
    two = narrow([index * index % VOCABULARY for index in range(CONTEXT + 1)])
    # Beyond the vocabulary at three places.
    three = narrow([{4: VOCABULARY, 17: 65_535, 58: 9_999}.get(index, index * 11 % VOCABULARY) for index in range(61)])
    wide = struct.pack("<30I", *[{2: WIDE - 1, 3: WIDE, 20: 2**32 - 1}.get(index, index * 2_333) for index in range(30)])
    found = windows([three, one, two], 2, VOCABULARY)
    drawn = draw(Stream(b"neuron/draw/1", SEED, struct.pack(">QQ", GROUP, ROUND)), len(found), EVAL_MAX)
    # The weights of the folder gpt.
    base, other = (initial(seed, tensor_list(), LAYERS) for seed in (bytes(range(32)), bytes([7] * 32)))
    new = [[single(value + single(index * 37 % 101 / 400 - 0.125)) for index, value in enumerate(values)] for values in other]
    rows = {name: [log_probabilities(tensors, found[index][:-1]) for index in drawn] for name, tensors in (("base", base), ("new", new))}
    loss = lambda rows, index: sum(micronats(-row[target]) for row, target in zip(rows, found[index][1:])) // CONTEXT
    losses = {name: [loss(example, index) for example, index in zip(rows[name], drawn)] for name in rows}
    stream, probe = Stream(b"neuron/probe/1", SEED, SIGNER), b""
    for place, token in [(stream.below(EVAL_MAX), stream.below(VOCABULARY)) for _ in range(16)]:
        probe += struct.pack(">f", rows["new"][place][-1][token])
    golden = {
        "seed": SEED.hex(), "group": GROUP, "round": ROUND, "signer": SIGNER.hex(), "drawn": drawn,
        "base": losses["base"], "new": losses["new"],
        "base_mean": sum(losses["base"]) // EVAL_MAX, "new_mean": sum(losses["new"]) // EVAL_MAX,
        "loss_root": root([struct.pack(">II", *pair) for pair in zip(losses["base"], losses["new"])]).hex(),
        "probe": keccak256(probe).hex(),
        "windows": found, "wide_windows": windows([wide], 4, WIDE),
        "part_seed": PART_SEED.hex(), "part": sorted(draw(Stream(b"neuron/part/1", PART_SEED), 3, PART_SHARDS)),
    }
    write = lambda name, content: open(os.path.join(HERE, name), "wb").write(content)
    write("manifest.json", manifest(VOCABULARY))
    write("wide.json", manifest(WIDE))
    for name, shard in [("one.shard", one), ("two.shard", two), ("three.shard", three), ("wide.shard", wide)]:
        write(name, shard)
    write("a.tokens", (line(three, True) + line(one, False)).encode())
    write("b.tokens", line(two, False).encode())
    digest = hashlib.sha256(wide).digest()
    write("wide.tokens", f"{cid(0x55, digest)} {len(wide) // 4} {digest.hex()}\n".encode())
    lists = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in golden.items())
    write("measurement.json", ("{\n" + lists + "\n}\n").encode())


if __name__ == "__main__":
    main()
