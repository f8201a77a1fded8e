"""A second implementation of the rules of bounties, written from docs/PROTOCOL.md: makes bounty.json, measured.json, term.json and undecided.json.

Plain Python, no packages: `python3 bounty.py`.
"""

import hashlib
import hmac
import json
import os
import random

HERE = os.path.dirname(os.path.abspath(__file__))
NRN = 10**18


# Hashes and signatures.

def keccak256(data):
    """Keccak with the padding of the EVM."""
    mask, rate, state = 2**64 - 1, 136, [0] * 25
    rotate = lambda value, by: (value << by | value >> (64 - by)) & mask
    data = bytearray(data + b"\1" + b"\0" * (rate - 1 - len(data) % rate))
    data[-1] |= 0x80
    for block in range(0, len(data), rate):
        for i in range(rate // 8):
            state[i] ^= int.from_bytes(data[block + 8 * i : block + 8 * i + 8], "little")
        register = 1
        for _ in range(24):
            parity = [state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] for x in range(5)]
            state = [value ^ parity[(i + 4) % 5] ^ rotate(parity[(i + 1) % 5], 1) for i, value in enumerate(state)]
            x, y, current = 1, 0, state[1]
            for t in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                current, state[x + 5 * y] = state[x + 5 * y], rotate(current, (t + 1) * (t + 2) // 2 % 64)
            state = [state[i] ^ (~state[i // 5 * 5 + (i + 1) % 5] & state[i // 5 * 5 + (i + 2) % 5]) & mask for i in range(25)]
            for j in range(7):
                register = (register << 1 ^ (register >> 7) * 0x71) % 256
                state[0] ^= (register >> 1 & 1) << ((1 << j) - 1)
    return b"".join(value.to_bytes(8, "little") for value in state[:4])


P, N = 2**256 - 2**32 - 977, 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798, 0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)


def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0] and (p[1] + q[1]) % P == 0:
        return None
    slope = 3 * p[0] ** 2 * pow(2 * p[1], -1, P) if p == q else (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def times(k, point):
    total = None
    while k:
        if k & 1:
            total = add(total, point)
        k, point = k >> 1, add(point, point)
    return total


def nonce(key, digest):
    """RFC 6979, section 3.2."""
    v, k, seed = b"\1" * 32, b"\0" * 32, key.to_bytes(32, "big") + (int.from_bytes(digest, "big") % N).to_bytes(32, "big")
    mac = lambda k, data: hmac.digest(k, data, hashlib.sha256)
    for step in (b"\0", b"\1"):
        k = mac(k, v + step + seed)
        v = mac(k, v)
    while True:
        v = mac(k, v)
        if 0 < int.from_bytes(v, "big") < N:
            return int.from_bytes(v, "big")
        k = mac(k, v + b"\0")
        v = mac(k, v)


def sign(key, digest):
    """r, and s with the parity of the point in its highest bit (ERC-2098)."""
    k = nonce(key, digest)
    point = times(k, G)
    r, odd = point[0] % N, point[1] & 1
    s = pow(k, -1, N) * (int.from_bytes(digest, "big") + r * key) % N
    if s > N // 2:
        s, odd = N - s, odd ^ 1
    return r, s | odd << 255


def checksummed(address):
    digits = address.hex()
    mask = keccak256(digits.encode()).hex()
    return "0x" + "".join(letter.upper() if int(by, 16) >= 8 else letter for letter, by in zip(digits, mask))


def account(key):
    x, y = times(key, G)
    return checksummed(keccak256(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[12:])


def words(*values):
    return b"".join(value if isinstance(value, bytes) else int(value).to_bytes(32, "big") for value in values)


# Amounts.

def result_of(failed, base, steps):
    flat = [value for step in steps for value in step]
    return keccak256(words(32, failed, base, 96, len(steps), *flat))


def payments(amount, bond, target, failed, base, steps):
    q, won, total = amount // 8, sum(step[1] for step in steps), amount + bond
    if failed:
        each = (total - q) // won if won else 0
        return q, [each] * len(steps), 0
    best, left, pays = base, target, []
    for _, rounds, loss, better in steps:
        gain = min(best - loss, left) if better else 0
        if better:
            best, left = loss, left - gain
        pays.append(q // won + (amount - 2 * q) * gain // target // rounds)
    paid = sum(pay * step[1] for pay, step in zip(pays, steps))
    return q, pays, total - q - paid - (0 if won else q)


def bounty(amount, bond, target, failed, base, steps):
    finders, pays, returned = payments(amount, bond, target, failed, base, steps)
    burned = amount + bond - finders - returned - sum(pay * step[1] for pay, step in zip(pays, steps))
    return {
        "amount": amount, "bond": bond, "target": target, "failed": failed, "base": base,
        "rounds": [step[0] for step in steps], "won": [step[1] for step in steps], "losses": [step[2] for step in steps], "better": [step[3] for step in steps],
        "result": result_of(failed, base, steps), "finders": finders, "pays": pays, "returned": returned, "burned": burned,
    }


def bounties(source):
    plain = (800 * NRN, 100 * NRN, 100_000)
    yield bounty(*plain, False, 700_000, [])
    yield bounty(*plain, False, 0, [])
    yield bounty(*plain, True, 0, [])
    yield bounty(*plain, True, 0, [(12, 7, 0, False)])
    yield bounty(*plain, False, 700_000, [(3, 1, 600_000, True)])
    yield bounty(*plain, False, 700_000, [(3, 1, 599_999, True)])
    yield bounty(*plain, False, 700_000, [(3, 1, 600_001, True)])
    yield bounty(*plain, False, 700_000, [(3, 1, 710_000, False)])
    # A worse winner moves nothing: what is better is better than the best.
    yield bounty(*plain, False, 700_000, [(3, 1, 680_000, True), (4, 1, 690_000, False), (5, 1, 670_000, True)])
    # The target is reached in the middle; the rest of the steps is worth no more.
    yield bounty(*plain, False, 700_000, [(3, 2, 620_000, True), (7, 3, 550_000, True), (8, 1, 500_000, True)])
    yield bounty(7, 0, 1, False, 2, [(1, 1, 1, True)])
    yield bounty(8, 1, 1, False, 2, [(1, 3, 1, True)])
    yield bounty(15, 1, 3, False, 10, [(1, 2, 9, True), (4, 2, 8, True)])
    yield bounty(0, 0, 1, True, 0, [(1, 1, 0, False)])
    yield bounty(17, 5, 9, True, 0, [(5, 4, 0, False)])
    top = 2**96 - 1
    yield bounty(top, top, 2**32 - 1, False, 2**32 - 1, [(2**40 - 1, 2**32 - 1, 0, True)])
    yield bounty(top, top, 1, False, 2**32 - 1, [(2**40 - 1, 1, 0, True)])
    yield bounty(top, top, 2**32 - 1, True, 0, [(2**40 - 1, 2**32 - 1, 0, False)])
    for _ in range(20):
        best, number, steps = source.randint(1, 3_000_000), source.randint(0, 1000), []
        base = best
        for _ in range(source.choice([1, 2, 5, 31])):
            rounds, better = source.choice([1, 1, 2, 9]), source.random() < 0.5
            loss = source.randint(best * 3 // 4, best - 1) if better and best else best + source.randint(0, 9)
            better = loss < best
            number, best = number + rounds + source.randint(0, 3), min(best, loss)
            steps.append((number, rounds, loss, better))
        amount = source.randint(1, 10 ** source.choice([3, 12, 24]))
        yield bounty(amount, amount // 8 + source.randint(0, 5), source.randint(1, 2 * base), False, base, steps)


def undecided(amount, bond, opened):
    returned = amount * 15 // 16 + bond if opened else 0
    return {"amount": amount, "bond": bond, "opened": opened, "returned": returned, "burned": amount + bond - returned}


# Times.

def term(genesis, length, epoch, round, seconds):
    first = round + 1
    last = first + -(-seconds // length) - 1
    end = genesis + (last + 1) * length
    windows = next(e for e in range((end - genesis) // epoch, 2**64) if genesis + e * epoch >= end)
    return {"genesis": genesis, "length": length, "epoch": epoch, "round": round, "term": seconds, "first": first, "last": last, "windows": windows}


def opened(case, at):
    """Window in which a set is measured first that was opened at a second; 3 if it was too late."""
    middle = lambda window: case["genesis"] + (case["windows"] + window) * case["epoch"] + case["epoch"] // 2
    return case | {"opened": at, "window": next((window for window in range(3) if at < middle(window)), 3)}


def terms(source):
    for case in (
        term(1000, 40, 600, 0, 40), term(1000, 40, 600, 0, 41), term(1000, 40, 600, 0, 80), term(1000, 40, 600, 13, 40), term(1000, 40, 600, 14, 40),
        term(1000, 60, 600, 0, 600), term(1000, 60, 600, 8, 60), term(1000, 60, 600, 9, 60), term(0, 1, 7, 0, 1), term(1, 7, 7, 3, 50),
        term(1_700_000_000, 3600, 86_400, 12_345, 2_419_200), term(2**40 - 1, 2**32 - 1, 2**32 - 1, 2**20, 2**32 - 1),
    ):
        start = case["genesis"] + case["windows"] * case["epoch"]
        for at in sorted({start - 1, *(start + window * case["epoch"] + case["epoch"] // 2 + more for window in range(3) for more in (-1, 0)), start + 3 * case["epoch"]}):
            yield opened(case, at)


# Signed findings.

def measured(chain, network, key, bounty, window, result, probe):
    domain = keccak256(words(
        keccak256(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
        keccak256(b"Neuron Network"), keccak256(b"1"), chain, int(network, 16),
    ))
    kind = keccak256(b"Measured(uint256 bounty,uint256 window,bytes32 result,bytes32 probe)")
    digest = keccak256(b"\x19\x01" + domain + keccak256(words(kind, bounty, window, result, probe)))
    r, vs = sign(key, digest)
    return {
        "bounty": bounty, "chainId": chain, "digest": digest, "domain": domain, "key": words(key), "network": network, "probe": probe,
        "r": words(r), "result": result, "signer": account(key), "vs": words(vs), "window": window,
    }


def signed(source):
    network, result, probe = "0x1346fE801433C0F3c90C50Be6FaF646676A4222B", keccak256(b"result"), keccak256(b"probe")
    key = 0xAC0974BEC39A17E36BA4A6B4D238FF944BACB478CBED5EFCAE784D7BF4F2FF80
    yield measured(31337, network, key, 1, 0, result, probe)
    yield measured(1, network, 1, 1, 0, result, probe)
    yield measured(31337, network, key, 2, 0, result, probe)
    yield measured(31337, network, key, 1, 2, result, probe)
    yield measured(31337, network, key, 1, 0, probe, result)
    yield measured(31337, network, key, 2**64 - 1, 1, result_of(True, 0, []), bytes(32))
    for _ in range(4):
        yield measured(31337, checksummed(source.randbytes(20)), source.randrange(1, N), source.randrange(1, 99), source.randrange(3), source.randbytes(32), source.randbytes(32))


def written(value):
    if isinstance(value, list):
        return [written(item) for item in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value if isinstance(value, (bool, str)) else str(value)


def main():
    source = random.Random(1)
    files = {
        "bounty": bounties(source), "measured": signed(source), "term": terms(source),
        "undecided": [undecided(amount, bond, way) for amount, bond in ((0, 0), (16, 2), (17, 3), (31, 4), (800 * NRN, 100 * NRN), (2**96 - 1, 2**96 - 1)) for way in (True, False)],
    }
    for name, cases in files.items():
        lines = ",\n".join("    " + json.dumps({key: written(value) for key, value in case.items()}, sort_keys=True) for case in cases)
        with open(os.path.join(HERE, name + ".json"), "w") as file:
            file.write('{\n  "cases": [\n' + lines + "\n  ]\n}\n")


assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
main()
