"""A second implementation of the family gpt with the tanh form of GELU, written from docs/PROTOCOL.md.

Plain Python, no packages: `python3 second.py` writes the same files as that of gpt, from which it takes all but sizes and GELU.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "gpt"))
import second as gpt
from second import bits, exp, fma, single

SIZES = {"layers": 1, "heads": 3, "width": 15}


def gelu(x):
    t = max(-16.0, min(16.0, x))
    w = single(t * fma(single(t * t), bits(0x3D922279), bits(0x3FCC422A)))
    return single(x / single(1.0 + exp(single(0.0 - w))))


def main():
    gpt.gelu = gelu
    gpt.LAYERS, gpt.HEADS, gpt.WIDTH = SIZES.values()
    rest = {"context": gpt.CONTEXT, "vocabulary": len(gpt.CHARACTERS), "bias": True, "tied": False, "activation": "gelu_tanh"}
    gpt.write_all(HERE, {"family": "gpt", **SIZES, **rest}, gpt.tensor_list(), gpt.log_probabilities)


if __name__ == "__main__":
    main()
