"""Opens a folder with transformers' own loaders, as whoever gets a model does, and says what it computes.

    check_export.py FOLDER (--prompt TEXT | --expect LOGITS.JSON [--tolerance 1e-4])

Nothing may be missing, unexpected, of another shape or left over. Prints a line of JSON: {"dtype", "tokens", "logits", "greedy",
"greedy_text"}, tokens by AutoTokenizer, logits in float32 with the plain attention, a row a token, and 16 greedy tokens after all of them.
With --expect it compares with a file as crates/models/tests/golden/recipe.py writes, and prints by how much the logits differ.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

GREEDY = 16


def opened(folder):
    kept = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    model, report = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True, local_files_only=True)
    assert not any(report.values()), f"{folder} is not loaded whole: {report}"
    return model.eval(), AutoTokenizer.from_pretrained(folder, local_files_only=True), str(kept.dtype).removeprefix("torch.")


@torch.no_grad()
def logits_of(model, tokens):
    return model(torch.tensor([tokens])).logits[0]


def greedy(model, tokens):
    """By transformers' own generation, whatever generation_config.json says beside it, without an end."""
    row = torch.tensor([tokens])
    model.generation_config.eos_token_id = None
    made = model.generate(row, attention_mask=torch.ones_like(row), do_sample=False, max_new_tokens=GREEDY, pad_token_id=0)
    return made[0, len(tokens) :].tolist()


def compare(model, tokenizer, expected, tolerance):
    tokens = tokenizer(expected["text"]).input_ids[: len(expected["tokens"])]
    assert tokens == expected["tokens"], f"the tokenizer says {tokens}, not {expected['tokens']}"
    far = (logits_of(model, tokens) - torch.tensor(expected["logits"])).abs().max().item()
    assert far <= tolerance, f"logits differ by {far:.1e}, more than {tolerance:.0e}"
    made = greedy(model, tokens[: expected["prompt"]])
    assert made == expected["greedy"], f"the greedy tokens are {made}, not {expected['greedy']}"
    text = tokenizer.decode(made, skip_special_tokens=False)
    assert text == expected["greedy_text"], f"the greedy text is {text!r}, not {expected['greedy_text']!r}"
    return {"logits_differ": far, "greedy_text": text}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--prompt")
    asked.add_argument("--expect", type=Path)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    given = parser.parse_args()
    torch.set_num_threads(1)
    model, tokenizer, dtype = opened(given.folder)
    if given.expect:
        expected = json.loads(given.expect.read_text(encoding="utf-8"))
        answer = compare(model, tokenizer, expected, given.tolerance)
    else:
        tokens = tokenizer(given.prompt).input_ids
        made = greedy(model, tokens)
        answer = {"tokens": tokens, "logits": logits_of(model, tokens).tolist(), "greedy": made, "greedy_text": tokenizer.decode(made, skip_special_tokens=False)}
    json.dump({"dtype": dtype, **answer}, sys.stdout)
    print()


main()
