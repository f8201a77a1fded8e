"""Opens a folder with transformers' own loaders, as whoever gets a model does, and says what it computes.

    check_export.py FOLDER --expect LOGITS.JSON … [--tolerance 1e-4]

Nothing may be missing, unexpected, of another shape or left over. Each LOGITS.JSON is as crates/models/tests/golden/recipe.py writes it, or
has log-probabilities in the place of logits, as the example `again` of crates/models writes them: AutoTokenizer must cut its text into the
same tokens, the model give the same rows, in float32 with the plain attention, and go on with the same greedy tokens and text. Prints a
line of JSON: by how much the rows of each file differ, and the text.
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


def distance(logits, expected):
    """Logits are known but for a number that all of a row have in common."""
    if "logits" in expected:
        return (logits - torch.tensor(expected["logits"])).abs().max().item()
    return (logits.log_softmax(-1) - torch.tensor(expected["log_probabilities"])).abs().max().item()


def compare(model, tokenizer, expected, tolerance):
    tokens = tokenizer(expected["text"]).input_ids[: len(expected["tokens"])]
    assert tokens == expected["tokens"], f"the tokenizer says {tokens}, not {expected['tokens']}"
    far = distance(logits_of(model, tokens), expected)
    assert far <= tolerance, f"logits differ by {far:.1e}, more than {tolerance:.0e}"
    made = greedy(model, tokens[: expected["prompt"]])
    assert made == expected["greedy"], f"the greedy tokens are {made}, not {expected['greedy']}"
    text = tokenizer.decode(made, skip_special_tokens=False)
    assert text == expected["greedy_text"], f"the greedy text is {text!r}, not {expected['greedy_text']!r}"
    return far, text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--expect", type=Path, nargs="+", required=True)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    given = parser.parse_args()
    torch.set_num_threads(1)
    model, tokenizer, dtype = opened(given.folder)
    expected = [json.loads(path.read_text(encoding="utf-8")) for path in given.expect]
    answers = [compare(model, tokenizer, each, given.tolerance) for each in expected]
    json.dump({"dtype": dtype, "differ": [far for far, _ in answers], "greedy_text": answers[0][1]}, sys.stdout)
    print()


main()
