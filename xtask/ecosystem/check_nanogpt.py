"""Turns checkpoints as nanoGPT saves them by examples/nanogpt/convert.py, and opens the folders in transformers: the same logits.

    check_nanogpt.py FOLDER
"""

import pickle
import subprocess
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = Path(__file__).resolve().parents[2]
CONVERT = ROOT / "examples/nanogpt/convert.py"
sys.path.insert(0, str(ROOT / "examples/pytorch"))
from models import Gpt  # noqa: E402

CHARACTERS = "\n abcdefgh"
TEXT = "a bad cage\nfed a head"
# Adding zero biases and turned weights change no sum but its order.
TOLERANCE = 1e-5


def saved(path, bias, prefix):
    """A checkpoint with random weights, with all that nanoGPT's train.py puts into it, and the model."""
    sizes = {"n_layer": 2, "n_head": 2, "n_embd": 16, "block_size": 32, "bias": bias, "vocab_size": len(CHARACTERS), "dropout": 0.0}
    torch.manual_seed(3)
    model = Gpt({"layers": 2, "heads": 2, "width": 16, "context": 32, "vocabulary": len(CHARACTERS), "bias": bias, "tied": True})
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.4)
    state = {prefix + name: value for name, value in model.state_dict().items()}
    state[f"{prefix}lm_head.weight"] = state[f"{prefix}transformer.wte.weight"]
    config = {"out_dir": "out", "learning_rate": 1e-3, "decay_lr": True}
    optimizer = torch.optim.AdamW(model.parameters()).state_dict()
    torch.save({"model": state, "optimizer": optimizer, "model_args": sizes, "iter_num": 5, "best_val_loss": torch.tensor(2.5), "config": config}, path)
    return model


def convert(*arguments):
    return subprocess.run([sys.executable, CONVERT, *arguments], capture_output=True, text=True)


@torch.no_grad()
def compare(folder, bias, prefix):
    folder.mkdir(parents=True)
    model = saved(folder / "ckpt.pt", bias, prefix)
    stoi = {character: place for place, character in enumerate(CHARACTERS)}
    (folder / "meta.pkl").write_bytes(pickle.dumps({"vocab_size": len(stoi), "stoi": stoi, "itos": dict(enumerate(CHARACTERS))}))
    done = convert(folder / "ckpt.pt", folder / "model", "--characters", folder / "meta.pkl")
    assert done.returncode == 0, done.stderr
    theirs, report = AutoModelForCausalLM.from_pretrained(folder / "model", output_loading_info=True)
    assert not any(report.values()), report
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    tokens = tokenizer(TEXT).input_ids
    assert tokens == [stoi[character] for character in TEXT] and tokenizer.decode(tokens) == TEXT, tokens
    far = (theirs(torch.tensor([tokens])).logits - model(torch.tensor([tokens]))).abs().max().item()
    print(f"{folder.name}: logits differ by {far:.1e} at most")
    assert far < TOLERANCE


def refuses(folder):
    """Untied heads, missing tensors and pickles that would run code are refused in one line."""
    folder.mkdir(parents=True)
    saved(folder / "good.pt", True, "")
    good = torch.load(folder / "good.pt", weights_only=True)
    untied = good["model"] | {"lm_head.weight": good["model"]["lm_head.weight"] + 1}
    missing = {name: value for name, value in good["model"].items() if name != "transformer.h.1.mlp.c_fc.bias"}
    for name, model, told in [("untied", untied, "lm_head.weight"), ("missing", missing, "transformer.h.1.mlp.c_fc.bias: missing")]:
        torch.save(good | {"model": model}, folder / f"{name}.pt")
        done = convert(folder / f"{name}.pt", folder / name)
        assert done.returncode == 1 and told in done.stderr and done.stderr.count("\n") == 1, (name, done.stderr)
    (folder / "meta.pkl").write_bytes(pickle.dumps({"stoi": subprocess.run}))
    done = convert(folder / "good.pt", folder / "code", "--characters", folder / "meta.pkl")
    assert done.returncode == 1 and "subprocess.run" in done.stderr, done.stderr
    print("what is no checkpoint of nanoGPT is refused")


torch.set_num_threads(1)
folder = Path(sys.argv[1])
compare(folder / "with biases", True, "")
compare(folder / "compiled, without biases", False, "_orig_mod.")
refuses(folder / "refused")
