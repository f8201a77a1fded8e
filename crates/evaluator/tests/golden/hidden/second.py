"""A second implementation of hidden sets, written from docs/PROTOCOL.md: makes cases.json and tokens.json of this folder.

Plain Python, no packages: `python3 second.py`. Losses stand as runs [how many examples, base, each winner]. A case that notices a bug
is one that the rule with that bug would judge otherwise.
"""

import ctypes
import decimal
import hashlib
import json
import os
import random
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
FMAF = ctypes.CDLL("libm.so.6").fmaf
FMAF.restype, FMAF.argtypes = ctypes.c_float, [ctypes.c_float] * 3
decimal.getcontext().prec = 60
ROWS = '{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":3},"loss":"cross_entropy","eval_max":64,"weight_max":16}'
TEXT = '{"version":1,"model":{"family":"gpt","layers":1,"heads":1,"width":4,"context":4,"vocabulary":256,"bias":true,"tied":true},"data":{"format":"text","tokenizer":"bytes","stride":3},"loss":"cross_entropy","eval_max":64,"weight_max":16}'
TOKENS = '{"version":1,"model":{"family":"gpt","layers":1,"heads":1,"width":4,"context":4,"vocabulary":%d,"bias":true,"tied":true},"data":{"format":"tokens","tokenizer":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","stride":%d},"loss":"cross_entropy","eval_max":64,"weight_max":16}'

# What may go wrong with steps, each as one line of the rule in other words.
BUGS = {
    "the number of measured winners left out": {"many": lambda m: 1},
    "winners so far in place of all": {"so_far": True},
    "the best is always the one before": {"moves": lambda better: True},
    "the best is always the base": {"moves": lambda better: False},
    "greater than the least improvement in place of at least": {"enough": lambda gain, least: gain > max(1, least)},
    "the least improvement left out": {"enough": lambda gain, least: gain >= 1},
    "no gain is enough": {"enough": lambda gain, least: gain >= least},
    "luck left out": {"sure": lambda *_: True},
    "all examples of a finite set": {"sure": lambda t, n, spread, z: t > 0},
    "n in place of n - 1": {"sure": lambda t, n, spread, z: 10**6 * t * t * n >= z * spread},
    "clipping left out": {"most": 1 << 40},
}


# Hidden sets.

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def single(x):
    return struct.unpack(">f", struct.pack(">f", x))[0]


def examples_of(manifest, body):
    data, model = manifest["data"], manifest["model"]
    if data["format"] == "csv":
        rows = [list(map(int, line.split(","))) for line in body.rstrip("\n").split("\n")]
        return [([single(value / data["divisor"]) for value in row[:-1]], row[-1]) for row in rows]
    numbers = data["format"] == "tokens"
    tokens, size = list(map(int, body.split())) if numbers else list(body.encode()), model["context"] + 1
    return [tokens[start : start + size] for start in range(0, len(tokens) - size + 1, data["stride"])]


def leaf(seed, index, example):
    salt = sha256(b"neuron/hidden/1", seed, index.to_bytes(8, "big"))
    if isinstance(example, tuple):
        return salt + b"".join(struct.pack(">f", value) for value in example[0]) + struct.pack(">I", example[1])
    return salt + b"".join(struct.pack(">I", token) for token in example)


def root(leaves):
    if len(leaves) == 1:
        return sha256(b"\0", leaves[0])
    half = 1
    while 2 * half < len(leaves):
        half *= 2
    return sha256(b"\1", root(leaves[:half]), root(leaves[half:]))


def is_known(manifest, example, body):
    if isinstance(example, tuple):
        return any(example[0] == other[0] for other in examples_of(manifest, body))
    half = (manifest["model"]["context"] + 1) // 2
    if manifest["data"]["format"] == "tokens":
        runs = lambda tokens: {tuple(tokens[at : at + half]) for at in range(len(tokens) - half + 1)}
        return any(runs(example) & runs(other) for other in examples_of(manifest, body))
    return any(bytes(example[at : at + half]) in body.encode() for at in range(len(example) - half + 1))


def hidden_set(text, seed, body, known):
    manifest = json.loads(text)
    examples = examples_of(manifest, body)
    file = f"neuron hidden 1 {seed.hex()}\n{body}".encode()
    kept = [index for index, example in enumerate(examples) if not any(is_known(manifest, example, other) for other in known)]
    return {
        "manifest": text, "seed": seed.hex(), "body": body, "known": known, "file": hashlib.sha256(file).hexdigest(),
        "root": root([leaf(seed, index, example) for index, example in enumerate(examples)]).hex(),
        "count": len(examples), "kept": kept, "enough": len(kept) >= 30 and 16 * (len(examples) - len(kept)) <= len(examples),
    }


def sets(source):
    row = lambda: f"{source.randint(-99, 99)},{source.randint(-99, 99)},{source.randint(0, 2)}"
    for count, dropped in ((30, 0), (30, 1), (32, 2), (32, 3), (64, 4), (47, 3), (33, 1)):
        rows = []
        while len(rows) < count:
            new = row()
            if new.rsplit(",", 1)[0] not in [other.rsplit(",", 1)[0] for other in rows]:
                rows.append(new)
        copies = [line.rsplit(",", 1)[0] + ",0" for line in source.sample(rows, dropped)]
        known = [copies[: dropped // 2] + ["500,500,1"], copies[dropped // 2 :] + ["501,500,1"]]
        yield hidden_set(ROWS, source.randbytes(32), "\n".join(rows) + "\n", ["\n".join(lines) + "\n" for lines in known])
    # Half a context is two tokens: pairs of characters must differ.
    body = "".join(chr(33 + first) + chr(33 + first * 7 % 90) for first in range(50))
    yield hidden_set(TEXT, source.randbytes(32), body, ["....."])
    yield hidden_set(TEXT, source.randbytes(32), body, [".....", ".." + body[10:12] + ".."])
    yield hidden_set(TEXT, source.randbytes(32), body + "é", [body[20:30]])


def token_sets(source):
    """Sets of a group of tokens beside sets that were hidden before."""
    for vocabulary, stride, dropped in ((300, 3, 0), (300, 4, 2), (70_000, 4, 3), (70_000, 6, 1)):
        manifest = TOKENS % (vocabulary, stride)
        tokens = source.sample(range(vocabulary), 34 * stride + 5)
        other = lambda: [source.randrange(vocabulary) for _ in range(34 * stride + 5)] if vocabulary > 300 else [299] * (34 * stride + 5)
        known = [other() for _ in range(2)]
        for number in range(dropped):
            at, into = source.randrange(len(tokens) - 3), known[number % 2]
            into[7 + 5 * number : 9 + 5 * number] = tokens[at : at + 2]
        body = lambda tokens: " ".join(map(str, tokens))
        yield hidden_set(manifest, source.randbytes(32), body(tokens), [body(set) for set in known])


# Draws.

def stream(label, *parts):
    key, counter = sha256(label.encode(), *parts), 0
    while True:
        block = sha256(key, counter.to_bytes(8, "big"))
        yield from struct.unpack(">8I", block)
        counter += 1


def below(words, bound):
    while True:
        word = next(words)
        if word < 2**32 - 2**32 % bound:
            return word % bound


def drawn(seed, bounty, won):
    if won <= 31:
        return list(range(won))
    places, words = list(range(won - 1)), stream("neuron/bounty/1", seed, bounty.to_bytes(8, "big"))
    for i in range(30):
        j = i + below(words, won - 1 - i)
        places[i], places[j] = places[j], places[i]
    return sorted(places[:30]) + [won - 1]


# Steps.

def logarithm(m):
    steps = 0
    while m > 32:
        m, steps = (m + 1) // 2, steps + 1
    exact = lambda m: int((2_000_000 * decimal.Decimal(m).ln()).to_integral_value(decimal.ROUND_CEILING))
    return exact(m) + steps * exact(2)


def judged(case, **bug):
    columns = [[run[1 + column] for run in case["losses"] for _ in range(run[0])] for column in range(len(case["losses"][0]) - 1)]
    best, steps, most = columns[0], [], bug.get("most", 1 << 24)
    for number, new in enumerate(columns[1:], 1):
        n, loss = len(new), sum(new) // len(new)
        differences = [max(-most, min(most, old - now)) for old, now in zip(best, new)]
        t, squares = sum(differences), sum(d * d for d in differences)
        m = number if bug.get("so_far") else bug.get("many", lambda m: m)(len(columns) - 1)
        better = bug.get("enough", lambda gain, least: gain >= max(1, least))(sum(best) // n - loss, case["least"]) and n >= 30
        if better and case["certainty"] is not None:
            z = 100 * case["certainty"] ** 2 + logarithm(m)
            sure = bug.get("sure", lambda t, n, spread, z: 10**6 * t * t * (n - 1) >= z * spread)
            better = t > 0 and sure(t, n, n * squares - t * t, z)
        if bug.get("moves", lambda better: better)(better):
            best = new
        steps.append([loss, better])
    return steps


def some(source):
    """Winners that are a little better each, and sometimes not."""
    many, noise = source.choice([1, 2, 3, 5, 9]), int(10 ** source.uniform(1, 7.5))
    runs, level = [], source.randint(2 * noise, 6 * noise)
    gains = [source.choice([0, 1, noise // source.choice([2, 5, 20]) + 1]) for _ in range(many)]
    for _ in range(source.choice([12, 30, 40])):
        run, now = [source.choice([1, 1, 2, 3]), level + source.randint(-noise, noise)], level
        for gain in gains:
            now = max(0, now - gain)
            run.append(max(0, now + source.randint(-noise, noise)))
        runs.append(run)
    return {"losses": runs, "least": source.choice([0, 0, 1, noise // 20]), "certainty": source.choice([None, 1, 100, 200])}


def steps(source):
    plain = {"losses": [[30, 2, 1]], "least": 0, "certainty": None}
    chosen = [
        plain, plain | {"losses": [[29, 2, 1]]}, plain | {"losses": [[30, 1, 1]]}, plain | {"losses": [[30, 2, 2**32 - 1, 1]]},
        plain | {"least": 1}, plain | {"least": 2}, plain | {"certainty": 1000}, plain | {"losses": [[30, 9, 5, 4, 1]], "least": 3},
        plain | {"losses": [[29, 2**32 - 1, 0], [1, 0, 2**32 - 1]], "certainty": 100},
    ]
    cases = chosen + [some(source) for _ in range(16)]
    for name, bug in BUGS.items():
        notices = lambda case: judged(case) != judged(case, **bug)
        case = next(filter(notices, cases), None) or next(filter(notices, (some(source) for _ in range(20_000))), None)
        if case is None:
            raise SystemExit(f"no case found for {name}: search longer")
        if case not in cases:
            cases.append(case)
        case.setdefault("notices", []).append(name)
    return [case | {"judged": judged(case)} for case in cases]


# A guess.

def bits(word):
    return struct.unpack(">f", struct.pack(">I", word))[0]


def log(x):
    e, g = 0, x
    while g >= 2 * bits(0x3F3504F3):
        e, g = e + 1, g / 2
    f, p = g - 1.0, 0.0
    for word in (0x3D8A2BE2, 0xBDEF1E0E, 0x3DF37831, 0xBDFE1103, 0x3E119BB4, 0xBE2AAE27, 0x3E4CD25B, 0xBE800003, 0x3EAAAAA4):
        p = FMAF(p, f, bits(word))
    t = single(FMAF(single(f * f), FMAF(p, f, -0.5), single(e * bits(0x35BFBE8E))) + f)
    return FMAF(e, bits(0x3F317200), t)


def uniform(outputs):
    return int((decimal.Decimal(log(float(outputs))) * 10**6).to_integral_value(decimal.ROUND_HALF_EVEN))


def main():
    source = random.Random(1)
    seeds = [source.randbytes(32) for _ in range(3)]
    winners = [(seed, bounty, won) for seed in seeds for bounty, won in ((1, 0), (1, 31), (1, 32), (2, 32), (7, 1000))]
    golden = {
        "sets": list(sets(source)),
        "winners": [{"seed": seed.hex(), "bounty": bounty, "won": won, "drawn": drawn(seed, bounty, won)} for seed, bounty, won in winners],
        "steps": steps(source),
        "uniform": [[outputs, uniform(outputs)] for outputs in (2, 3, 7, 10, 16, 65, 100, 256, 1000, 50_257, 65_536)],
    }
    lists = (f'  "{name}": [\n' + ",\n".join("    " + json.dumps(case) for case in cases) + "\n  ]" for name, cases in golden.items())
    with open(os.path.join(HERE, "cases.json"), "w") as file:
        file.write("{\n" + ",\n".join(lists) + "\n}\n")
    with open(os.path.join(HERE, "tokens.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in token_sets(random.Random(2))) + "\n]\n")


main()
