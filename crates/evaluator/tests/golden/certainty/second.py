"""A second implementation of the rule of certainty, written from docs/PROTOCOL.md: makes cases.json of this folder.

Plain Python, no packages: `python3 second.py`. Losses stand as runs [how many examples, base, new]. A case that notices a bug lies
between the rule and the same rule with that bug.
"""

import decimal
import functools
import json
import os
import random

HERE = os.path.dirname(os.path.abspath(__file__))
DIFFERENCE_MAX, PRICE_MAX = 1 << 24, (1 << 32) - 1
decimal.getcontext().prec = 60

# What may go wrong, each as one line of the rule in other words.
BUGS = {
    "n in place of n - 1": {"freedom": lambda n: n},
    "the correction of a finite set left out": {"left": lambda n, N: N},
    "N - 1 in place of N": {"whole": lambda N: N - 1},
    "logarithms rounded down": {"rounding": decimal.ROUND_FLOOR},
    "halved with rounding down": {"half": lambda m: m // 2},
    "commits left out": {"least": lambda m: 0},
    "a single logarithm in place of twice": {"least": lambda m: logarithm(m) // 2},
    "clipping left out": {"most": 1 << 40},
    "clipped one micronat lower": {"most": DIFFERENCE_MAX - 1},
    "prices left out": {"price": lambda old, new: 0},
    "prices exchanged": {"price": lambda old, new: new - old},
    "prices wrapped to 32 bits": {"price": lambda old, new: (old - new + (1 << 31)) % (1 << 32) - (1 << 31)},
    "squares around zero, not around the mean": {"around": lambda s1: 0},
    "greater in place of at least": {"passes": lambda gain, bar: gain > bar},
    "a loss as certain as a gain": {"gained": lambda t: True},
    "no gain as good as one": {"gained": lambda t: t >= 0},
    "29 examples are enough": {"drawn_min": 29},
    "31 examples are needed": {"drawn_min": 31},
    "products in 128 bits": {"kept": lambda x: x % (1 << 128)},
}


@functools.cache
def least_above(m, rounding):
    return int((2_000_000 * decimal.Decimal(m).ln()).to_integral_value(rounding))


def logarithm(m, rounding=decimal.ROUND_CEILING, half=lambda m: (m + 1) // 2):
    steps = 0
    while m > 32:
        m, steps = half(m), steps + 1
    return least_above(m, rounding) + steps * least_above(2, rounding)


def is_certain(case, **bug):
    most, same = bug.get("most", DIFFERENCE_MAX), lambda x: x
    runs = [(count, max(-most, min(most, base - new))) for count, base, new in case["losses"]]
    n, N, C = sum(count for count, _ in runs), case["examples"], case["certainty"]
    price = bug.get("price", lambda old, new: old - new)(case["basePrice"], case["newPrice"])
    s1, s2 = (sum(count * d**power for count, d in runs) for power in (1, 2))
    t = s1 + n * price
    if n < bug.get("drawn_min", 30) or not bug.get("gained", lambda t: t > 0)(t):
        return False
    table = {key: bug[key] for key in ("rounding", "half") if key in bug}
    z = 100 * C * C + bug.get("least", lambda m: logarithm(m, **table))(case["commits"])
    gain = 10**6 * t * t * bug.get("freedom", lambda n: n - 1)(n) * bug.get("whole", same)(N)
    bar = z * (n * s2 - bug.get("around", same)(s1) ** 2) * bug.get("left", lambda n, N: N - n)(n, N)
    return bug.get("passes", lambda gain, bar: gain >= bar)(bug.get("kept", same)(gain), bug.get("kept", same)(bar))


def some(source):
    """A case of few runs, near enough to the bar that a price decides."""
    def loss():
        return int(10 ** source.uniform(0, source.choice([7, 9.6])))

    runs = [[source.choice([1, 2, 5, 9, 40, 1 << 16]), loss(), loss()] for _ in range(source.randint(3, 12))]
    n = sum(count for count, _, _ in runs)
    return {
        "losses": runs,
        "basePrice": source.choice([0, 1, 1 << 20, 1 << 31]),
        "newPrice": 0,
        "examples": n + source.choice([0, 1, n // 8, n, (1 << 20) - n]),
        "commits": source.choice([1, 2, 3, 17, 32, 33, 64, 65, 200, 10**6]),
        "certainty": source.choice([1, 100, 200, 1000]),
    }


def highest_price(case, **bug):
    """The highest new price that is certain still, or none: only a step from certain to not is looked for."""
    low, high = 0, PRICE_MAX
    if not is_certain(case | {"newPrice": low}, **bug) or is_certain(case | {"newPrice": high}, **bug):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_certain(case | {"newPrice": middle}, **bug) else (low, middle)
    return low


def edges(source, count):
    """Cases at the bar, on both of its sides."""
    while count:
        case = some(source)
        price = highest_price(case)
        if price is not None:
            yield case | {"newPrice": price}
            yield case | {"newPrice": price + 1}
            count -= 1


def noticing(bug, source):
    """A case that tells the rule from the rule with this bug."""
    for case in chosen():
        if is_certain(case) != is_certain(case, **bug):
            return case
    for _ in range(10_000):
        case = some(source)
        for price in filter(None, (highest_price(case), highest_price(case, **bug))):
            for near in (price, price + 1):
                if is_certain(case | {"newPrice": near}) != is_certain(case | {"newPrice": near}, **bug):
                    return case | {"newPrice": near}
    raise SystemExit(f"no case found for {list(bug)}: search longer")


def chosen():
    """Cases at the limits of what may come."""
    plain = {"losses": [[29, 2, 1], [1, 1, 1]], "basePrice": 0, "newPrice": 0, "examples": 1000, "commits": 1, "certainty": 200}
    top = PRICE_MAX
    yield plain
    yield plain | {"losses": [[29, 2, 1]]}
    yield plain | {"losses": [[30, 2, 1]]}
    yield plain | {"losses": [[30, 1, 1]]}
    yield plain | {"losses": [[30, 1, 1]], "basePrice": 1}
    yield plain | {"losses": [[15, 2, 1], [14, 1, 2], [1, 1, 1]], "examples": 30}
    yield plain | {"losses": [[15, 2, 1], [15, 1, 2]], "examples": 30}
    # Exactly at the bar: (50 · 12)² · 49 · 338 = 50 · 50 · 91² · 288.
    yield plain | {"losses": [[25, 91, 0], [25, 0, 91]], "basePrice": 12, "examples": 338, "certainty": 100}
    half = 1 << 19
    for base, new in ((top, 0), (0, top)):
        for prices in ((0, 0), (top, 0), (0, top)):
            losses = [[half, base, new], [half - 1, new, base], [1, base, new]]
            yield plain | {"losses": losses, "basePrice": prices[0], "newPrice": prices[1], "examples": 2 * half + 1, "commits": 2**64 - 1, "certainty": 1000}


def main():
    source = random.Random(1)
    cases = [*chosen(), *edges(source, 20)]
    cases = [case | {"certain": is_certain(case)} for case in cases]
    for name, bug in BUGS.items():
        case = noticing(bug, source)
        cases.append(case | {"certain": is_certain(case), "notices": name})
    lines = ",\n".join("    " + json.dumps(case, sort_keys=True) for case in cases)
    with open(os.path.join(HERE, "cases.json"), "w") as file:
        file.write('{\n  "cases": [\n' + lines + "\n  ]\n}\n")


main()
