"""Opens a checkpoint in PyTorch and compares: log-probabilities within 1e-5, losses, and the time of a forward pass with loss.

    python3 -m venv ~/torch && ~/torch/bin/pip install torch safetensors
    cargo build -p evaluator --example measure
    ~/torch/bin/python crates/evaluator/pytorch/check.py target/debug/examples/measure crates/evaluator/pytorch/tiny-gpt.json TEXT

TEXT is a file of ASCII; it is cut to the examples that are measured. `--threads 1,2`, `--examples 16`, `--repeat 15`, `--compile`.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file

TOLERANCE = 1e-5


class LayerNorm(nn.Module):
    def __init__(self, width, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width)) if bias else None

    def forward(self, x):
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, 1e-5)


class Attention(nn.Module):
    def __init__(self, width, heads, bias):
        super().__init__()
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width, bias=bias), nn.Linear(width, width, bias=bias)
        self.width, self.heads = width, heads

    def forward(self, x):
        batch, time_, width = x.size()
        heads = [part.view(batch, time_, self.heads, -1).transpose(1, 2) for part in self.c_attn(x).split(self.width, dim=2)]
        y = F.scaled_dot_product_attention(*heads, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(batch, time_, width))


class Mlp(nn.Module):
    def __init__(self, width, bias):
        super().__init__()
        self.c_fc, self.c_proj = nn.Linear(width, 4 * width, bias=bias), nn.Linear(4 * width, width, bias=bias)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self, width, heads, bias):
        super().__init__()
        self.ln_1, self.attn = LayerNorm(width, bias), Attention(width, heads, bias)
        self.ln_2, self.mlp = LayerNorm(width, bias), Mlp(width, bias)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):
    """nanoGPT's model: its module names are those of the checkpoint."""

    def __init__(self, layers, heads, width, context, vocabulary, bias, tied, **_):
        super().__init__()
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(vocabulary, width),
            "wpe": nn.Embedding(context, width),
            "h": nn.ModuleList([Block(width, heads, bias) for _ in range(layers)]),
            "ln_f": LayerNorm(width, bias),
        })
        self.lm_head = nn.Linear(width, vocabulary, bias=False)
        if tied:
            self.transformer.wte.weight = self.lm_head.weight

    def forward(self, tokens, targets):
        x = self.transformer.wte(tokens) + self.transformer.wpe(torch.arange(tokens.size(1)))
        for block in self.transformer.h:
            x = block(x)
        logits = self.lm_head(self.transformer.ln_f(x))
        return logits, F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none").view(targets.shape)


class Ours:
    """The evaluator as a program that answers commands."""

    def __init__(self, arguments):
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def rows(self):
        rows = [json.loads(self.ask("rows"))]
        while rows[-1]:
            rows.append(json.loads(self.process.stdout.readline()))
        return torch.tensor(rows[:-1])


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure")
    parser.add_argument("manifest")
    parser.add_argument("text")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--examples", type=int, default=16)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--compile", action="store_true")
    return parser.parse_args()


def main():
    chosen = options()
    manifest = json.load(open(chosen.manifest))
    context, name = manifest["model"]["context"], os.path.splitext(os.path.basename(chosen.manifest))[0]
    text = open(chosen.text, "rb").read()[: chosen.examples * context + 1]
    assert len(text) == chosen.examples * context + 1 and max(text) < 128, "give a longer file of ASCII"
    tokens = torch.tensor(list(text))
    inputs, targets = tokens[:-1].view(-1, context), tokens[1:].view(-1, context)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        cut, checkpoint = os.path.join(folder, "cut.txt"), os.path.join(folder, "checkpoint.safetensors")
        open(cut, "wb").write(text)
        for threads in map(int, chosen.threads.split(",")):
            ours = Ours([chosen.measure, chosen.manifest, checkpoint, cut, os.environ.get("NEURON_ISA", "best"), str(threads)])
            losses = torch.tensor(json.loads(ours.ask("losses")))
            torch.set_num_threads(threads)
            model = Gpt(**manifest["model"]).eval()
            missing, unexpected = model.load_state_dict(load_file(checkpoint), strict=False)
            tied = ["lm_head.weight"] if manifest["model"]["tied"] else []
            assert missing in ([], tied) and not unexpected, (missing, unexpected)
            logits, nats = model(inputs, targets)
            distance = (ours.rows() - logits[:, -1].log_softmax(-1)).abs().max().item()
            micronats = (losses - nats.mean(1) * 1e6).abs().max().item()
            assert distance <= TOLERANCE and micronats <= 20, (distance, micronats)
            run = torch.compile(model) if chosen.compile else model
            for _ in range(3):
                run(inputs, targets)
            pairs = []
            for _ in range(chosen.repeat):
                start = time.perf_counter()
                run(inputs, targets)
                theirs = time.perf_counter() - start
                pairs.append((float(ours.ask("time")), theirs))
            row = {
                "name": f"evaluate/{name}/threads={threads}" + ("/compiled" if chosen.compile else ""),
                "ours": statistics.median(pair[0] for pair in pairs) * 1e3,
                "theirs": statistics.median(pair[1] for pair in pairs) * 1e3,
                "ratio": statistics.median(pair[1] / pair[0] for pair in pairs),
                "unit": "ms",
                "largest difference of a log-probability": distance,
                "memory": ours.ask("memory"),
            }
            print(json.dumps(row))


main()
