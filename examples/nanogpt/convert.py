"""Turns a checkpoint of nanoGPT into a folder that `neuron model import` takes, as transformers' `save_pretrained` would write it.

    python convert.py CKPT.PT FOLDER [--tokenizer tokenizer.json | --characters meta.pkl]

It needs torch and safetensors. The tokenizer is that of the text that the model was trained on: a file `tokenizer.json` (of GPT-2, say),
or nanoGPT's `meta.pkl` for sets of characters. Only weights are taken, the state of the optimizer is not.
"""

import argparse
import json
import pickle
import re
from pathlib import Path

import torch
from safetensors.torch import save_file

# transformers keeps these as [inputs, outputs]; nanoGPT, as everybody else, the other way round.
TURNED = re.compile(r"(attn\.c_attn|attn\.c_proj|mlp\.c_fc|mlp\.c_proj)\.weight$")
# Layers of a block, and how many times the width their outputs are.
BLOCK = {"ln_1": 1, "attn.c_attn": 3, "attn.c_proj": 1, "ln_2": 1, "mlp.c_fc": 4, "mlp.c_proj": 1}
# What torch.compile puts before each name.
COMPILED = "_orig_mod."


class NoCode(pickle.Unpickler):
    """Reads a pickle of plain values: names of functions and classes in it are refused."""

    def find_class(self, module, name):
        raise SystemExit(f"the file of characters asks for {module}.{name}: it is no meta.pkl of nanoGPT")


def weights_of(state, sizes):
    """Tensors by their names in transformers, checked one by one; biases that the model goes without are 0."""
    state = {name.removeprefix(COMPILED): value for name, value in state.items()}
    state = {name: value for name, value in state.items() if not name.endswith((".attn.bias", ".attn.masked_bias"))}
    width, tensors = sizes["n_embd"], {}

    def take(name, *shape, default=None):
        value = state.pop(name, None)
        if value is None and default is not None and not sizes["bias"]:
            value = torch.full(shape, default)
        if value is None or tuple(value.shape) != shape:
            raise SystemExit(f"{name}: {'missing' if value is None else list(value.shape)} where {list(shape)} should be")
        tensors[name] = value.float()

    take("transformer.wte.weight", sizes["vocab_size"], width)
    take("transformer.wpe.weight", sizes["block_size"], width)
    for layer in range(sizes["n_layer"]):
        for name, times in BLOCK.items():
            name, outputs = f"transformer.h.{layer}.{name}", times * width
            inputs = [] if ".ln_" in name else [4 * width if name.endswith("mlp.c_proj") else width]
            take(f"{name}.weight", outputs, *inputs)
            take(f"{name}.bias", outputs, default=0.0)
    take("transformer.ln_f.weight", width)
    take("transformer.ln_f.bias", width, default=0.0)
    head = state.pop("lm_head.weight", None)
    if head is not None and not torch.equal(head, tensors["transformer.wte.weight"]):
        state["lm_head.weight"] = head
    if state:
        raise SystemExit(f"tensors that nanoGPT does not have: {', '.join(sorted(state))}")
    return {name: value.T.contiguous() if TURNED.search(name) else value.contiguous() for name, value in tensors.items()}


def config_of(sizes):
    return {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "dtype": "float32", "activation_function": "gelu",
        "vocab_size": sizes["vocab_size"], "n_positions": sizes["block_size"], "n_embd": sizes["n_embd"], "n_layer": sizes["n_layer"],
        "n_head": sizes["n_head"], "layer_norm_epsilon": 1e-5, "tie_word_embeddings": True, "bos_token_id": None, "eos_token_id": None,
    }


def characters_of(path):
    """A tokenizer.json whose tokens are the characters of a meta.pkl."""
    with open(path, "rb") as file:
        places = NoCode(file).load()["stoi"]
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
             "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": places, "merges": []}
    tokenizer = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
                 "post_processor": None, "decoder": {"type": "Fuse"}, "model": model}
    return json.dumps(tokenizer, ensure_ascii=False, indent=2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    tokenizer = parser.add_mutually_exclusive_group()
    tokenizer.add_argument("--tokenizer", type=Path, help="tokenizer.json of the model's tokens")
    tokenizer.add_argument("--characters", type=Path, help="meta.pkl of a set of characters")
    given = parser.parse_args()

    loaded = torch.load(given.checkpoint, map_location="cpu", weights_only=True)
    sizes = loaded["model_args"]
    tensors = weights_of(loaded["model"], sizes)
    given.folder.mkdir(parents=True)
    save_file(tensors, given.folder / "model.safetensors", {"format": "pt"})
    (given.folder / "config.json").write_text(json.dumps(config_of(sizes), indent=2) + "\n", encoding="utf-8")
    if given.characters or given.tokenizer:
        text = characters_of(given.characters) if given.characters else given.tokenizer.read_text(encoding="utf-8")
        (given.folder / "tokenizer.json").write_text(text, encoding="utf-8")
        names = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
        (given.folder / "tokenizer_config.json").write_text(json.dumps(names, indent=2) + "\n", encoding="utf-8")
    print(f"{given.folder}: {sum(value.numel() for value in tensors.values()):,} weights in {len(tensors)} tensors")


main()
