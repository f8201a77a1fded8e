"""A second implementation of the price of weights, written from docs/PROTOCOL.md: makes price.json from the other golden files.

Plain Python, no packages: `python3 price.py`. Its integers have no limit, and its fractions lose nothing but what the text says is rounded.
"""

import json
import os
import struct
from fractions import Fraction

HERE = os.path.dirname(os.path.abspath(__file__))
MOST = 2**32 - 1
GAINS = ("ln_1.weight", "ln_2.weight", "ln_f.weight", "norm.weight")


def read(*path):
    with open(os.path.join(HERE, *path), "rb") as file:
        return file.read()


def parts(file):
    """The sum of all squares in multiples of 2^-32, each rounded down, of a safetensors file."""
    length = struct.unpack_from("<Q", file)[0]
    total = 0
    for name, tensor in json.loads(file[8 : 8 + length]).items():
        first, end = tensor["data_offsets"]
        rest = 1.0 if name.endswith(GAINS) else 0.0
        for (value,) in struct.iter_unpack("<f", file[8 + length + first : 8 + length + end]):
            # Python's floats are binary64.
            total += int(Fraction((value - rest) * (value - rest)) * 2**32)
    return total


def case(family, count, price, certainty):
    """Manifest, prices and means of both files with a price for weights."""
    keys = {"weight_price": price} | ({"certainty": certainty} if certainty else {})
    manifest = json.loads(read(*family, "manifest.json")) | keys
    golden = json.loads(read(*family, "measurement.json"))
    result = {"manifest": json.dumps(manifest, separators=(",", ":"), ensure_ascii=False)}
    for name in ("base", "new"):
        found = min(price * parts(read(*family, name + ".safetensors")) // (2**32 * count), MOST)
        result |= {name + "_price": found, name + "_mean": min(golden[name + "_mean"] + found, MOST)}
    return result


def main():
    # Examples of the whole set: lines of both files; windows of twelve characters, seven apart, of the same texts for both transformers.
    lines = sum(read(name).count(b"\n") + (not read(name).endswith(b"\n")) for name in ("a.csv", "b.csv"))
    windows = (len((read("gpt", "a.txt") + read("gpt", "b.txt")).decode()) - 12) // 7 + 1
    prices = [(1, None), (500_000, 200), (2_000_000_000, None), (MOST, 1)]
    families = [("mlp", (), lines), ("gpt", ("gpt",), windows), ("llama", ("llama",), windows)]
    cases = {name: [case(family, count, *price) for price in prices] for name, family, count in families}
    with open(os.path.join(HERE, "price.json"), "w", encoding="utf-8") as file:
        file.write(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")


main()
