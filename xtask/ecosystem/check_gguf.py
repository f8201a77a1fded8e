"""Opens a GGUF file with the package `gguf` and with llama.cpp, and compares what llama.cpp answers with what is expected.

    check_gguf.py FILE --expect LOGITS.JSON [--tolerance 1e-4] [--bf16]

LOGITS.JSON is as crates/models/tests/golden/recipe.py writes it, or has log-probabilities in the place of logits, as the example `again` of
crates/models writes them: llama.cpp must cut its text into the same tokens, give the same logits
and continue with the same greedy tokens and text. Keys and values are kept in float32. Prints a line of JSON.
A gpt2 needs a tolerance of 5e-3, for llama.cpp takes GELU from a table in float16; a llama is nearer than 1e-5. With --bf16 the weights are
bfloat16, and so are, in llama.cpp, the values that they are multiplied with: the logits may differ by 0.2, greedy tokens are not compared.
"""

import argparse
import json
import sys
from pathlib import Path

import gguf
import llama_cpp
import numpy

ALIGNMENT = 32
BF16_TOLERANCE = 0.2


def read(path):
    """What the package sees: every tensor within the file, aligned, sizes in numbers."""
    reader = gguf.GGUFReader(path)
    assert reader.alignment == ALIGNMENT and reader.tensors, (reader.alignment, len(reader.tensors))
    for tensor in reader.tensors:
        assert tensor.data_offset % ALIGNMENT == 0 and tensor.data_offset + tensor.n_bytes <= path.stat().st_size, tensor.name
    kinds = sorted({tensor.tensor_type.name for tensor in reader.tensors})
    return {"architecture": reader.get_field("general.architecture").contents(), "tensors": len(reader.tensors), "kinds": kinds}


def distance(logits, expected):
    """Logits are known but for a number that all of a row have in common."""
    if "logits" in expected:
        return float(numpy.abs(logits - numpy.array(expected["logits"], numpy.float32)).max())
    wide = logits.astype(numpy.float64)
    return float(numpy.abs(wide - numpy.logaddexp.reduce(wide, axis=1, keepdims=True) - expected["log_probabilities"]).max())


def greedy(model, tokens, count):
    made = []
    model.reset()
    model.eval(tokens)
    for _ in range(count):
        made.append(int(numpy.argmax(model.scores[model.n_tokens - 1])))
        model.eval(made[-1:])
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--expect", type=Path, required=True)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--bf16", action="store_true")
    given = parser.parse_args()
    expected = json.loads(given.expect.read_text(encoding="utf-8"))
    seen = read(given.file)
    whole = {"type_k": llama_cpp.GGML_TYPE_F32, "type_v": llama_cpp.GGML_TYPE_F32, "flash_attn": False, "swa_full": True}
    model = llama_cpp.Llama(str(given.file), n_ctx=64, n_batch=64, n_threads=1, n_threads_batch=1, logits_all=True, verbose=False, **whole)
    tokens = expected["tokens"]
    text = expected["text"].encode()
    cut = model.tokenize(text, add_bos=model.metadata.get("tokenizer.ggml.add_bos_token") == "true", special=True)[: len(tokens)]
    assert cut == tokens, f"llama.cpp cuts the text into {cut}, not {tokens}"
    model.eval(tokens)
    tolerance = BF16_TOLERANCE if given.bf16 else given.tolerance
    far = distance(model.scores[: len(tokens), : model.n_vocab()], expected)
    assert far <= tolerance, f"logits differ by {far:.1e}, more than {tolerance:.0e}"
    made = greedy(model, tokens[: expected["prompt"]], len(expected["greedy"]))
    assert given.bf16 or made == expected["greedy"], f"the greedy tokens are {made}, not {expected['greedy']}"
    told = model.detokenize(made, special=True).decode(errors="replace")
    assert given.bf16 or told.strip() == expected["greedy_text"].strip(), f"the greedy text is {told!r}, not {expected['greedy_text']!r}"
    json.dump({**seen, "logits_differ": far, "greedy_text": told}, sys.stdout)
    print()


main()
