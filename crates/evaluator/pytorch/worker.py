"""Measures a model in PyTorch on command: the same commands and answers as the example `measure` of the evaluator.

    worker.py MANIFEST CHECKPOINT DATA BATCH THREADS eager|compiled

The models are those of examples/pytorch, so that what people train with is what is compared. Commands: `losses`, `rows`, `evaluate`, `train STEPS`, `memory`, `about`, each answered with one line.
"""

import json
import sys
import time
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "examples/pytorch"))
from models import model_of  # noqa: E402


def examples_of(manifest, path):
    data = manifest["data"]
    if data["format"] == "csv":
        rows = torch.tensor([[int(value) for value in line.split(",")] for line in open(path)])
        return rows[:, :-1] / data["divisor"], rows[:, -1].clone()
    context = manifest["model"]["context"]
    assert data["stride"] == context
    tokens = tokens_of(manifest, path)
    count = (len(tokens) - 1) // context
    return tokens[: count * context].view(count, context), tokens[1 : count * context + 1].view(count, context)


def tokens_of(manifest, path):
    data = manifest["data"]
    if data["format"] == "tokens":
        return torch.from_numpy(numpy.fromfile(path, "<u2" if manifest["model"]["vocabulary"] <= 65536 else "<u4").astype(numpy.int64))
    places = range(256) if data["tokenizer"] == "bytes" else {ord(character): place for place, character in enumerate(data["tokenizer"]["characters"])}
    return torch.tensor([places[byte] for byte in open(path, "rb").read()])


class Worker:
    def __init__(self, manifest, checkpoint, data, batch, threads, mode):
        torch.set_num_threads(int(threads))
        manifest = json.load(open(manifest))
        self.model = model_of(manifest)
        self.model.load_state_dict(load_file(checkpoint))
        inputs, targets = examples_of(manifest, data)
        size = int(batch)
        order = [torch.arange(step * size, (step + 1) * size) for step in range(len(inputs) // size)]
        self.batches = [(inputs[places], targets[places]) for places in order]
        self.steps = 0
        matrices = [value for value in self.model.parameters() if value.dim() > 1]
        others = [value for value in self.model.parameters() if value.dim() <= 1]
        groups = [{"params": matrices, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW([group for group in groups if group["params"]], lr=1e-3, fused=True)
        self.loss = torch.compile(self.mean_loss) if mode == "compiled" else self.mean_loss

    def mean_loss(self, inputs, targets):
        return F.cross_entropy(self.model(inputs).flatten(0, -2), targets.flatten())

    @torch.inference_mode()
    def losses(self):
        """Micronats of each example of the first batch."""
        inputs, targets = self.batches[0]
        each = F.cross_entropy(self.model(inputs).flatten(0, -2), targets.flatten(), reduction="none")
        return (each.double().view(len(inputs), -1).mean(1) * 1e6).tolist()

    @torch.inference_mode()
    def rows(self):
        """Log-probabilities after each example of the first batch."""
        logits = self.model(self.batches[0][0])
        return logits.view(len(logits), -1, logits.size(-1))[:, -1].log_softmax(-1).tolist()

    @torch.inference_mode()
    def evaluate(self):
        """Seconds of a forward pass with loss over the first batch, and the loss."""
        start = time.perf_counter()
        loss = self.loss(*self.batches[0]).item()
        return [time.perf_counter() - start, loss]

    def train(self, steps):
        """Seconds of some steps, each on the next batch, and the last loss."""
        start = time.perf_counter()
        for _ in range(int(steps)):
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.loss(*self.batches[self.steps % len(self.batches)])
            loss.backward()
            self.optimizer.step()
            last = loss.item()
            self.steps += 1
        return [time.perf_counter() - start, last]

    def about(self):
        return f"PyTorch {torch.__version__} from PyPI on {torch.backends.cpu.get_cpu_capability()}"

    def memory(self):
        """Most KiB of memory so far."""
        return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))


def main():
    worker = Worker(*sys.argv[1:])
    for line in sys.stdin:
        name, *arguments = line.split()
        print(json.dumps(getattr(worker, name)(*arguments)), flush=True)


main()
