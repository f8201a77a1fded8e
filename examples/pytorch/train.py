"""Trains a group's model in PyTorch, as a trainer with `engine = "command"` asks for it: alone, or by several processes under torchrun.

What to do stands in the variables NEURON_BASE, NEURON_MANIFEST, NEURON_SET, NEURON_OUTPUT, NEURON_SECONDS, NEURON_DEVICE and NEURON_SEED;
progress goes to standard output as lines of JSON. It ends by itself shortly before the time is over, or at SIGTERM, and then writes what it has.
"""

import argparse
import ctypes
import hashlib
import json
import math
import os
import signal
import sys
import time
from contextlib import nullcontext

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

from checkpoint import Checkpoint, frozen_names
from models import model_of
from sets import set_of

# Of the time that is left, what is kept for writing, and seconds that are always enough for it.
RESERVE, RESERVE_S = 0.1, 60.0
# Seconds between two lines of progress.
TELL_S = 1.0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=16, help="examples of a step in each process")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="the greatest one")
    parser.add_argument("--floor", type=float, default=0.1, help="of the learning rate, at the end")
    parser.add_argument("--warmup", type=int, default=20, help="steps until the greatest learning rate")
    parser.add_argument("--weight-decay", type=float, default=0.01, help="of matrices")
    parser.add_argument("--clip", type=float, default=1.0, help="greatest length of a step's gradient")
    parser.add_argument("--steps", type=int, help="left out: as many as there is time for")
    parser.add_argument("--bf16", action="store_true", help="compute in bfloat16, weights stay in float32")
    parser.add_argument("--fsdp", action="store_true", help="share the weights out among the processes, where one cannot hold them")
    return parser.parse_args()


class Group:
    """The processes that train together; one alone is a group as well."""

    def __init__(self, device):
        self.rank, self.size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        if device == "cuda" and "LOCAL_RANK" in os.environ:
            device = f"cuda:{os.environ['LOCAL_RANK']}"
        self.device = torch.device(device)
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
        # One process under torchrun is a group too: FSDP asks for one.
        self.joined = "RANK" in os.environ
        if self.joined:
            end_with_parent()
            dist.init_process_group("nccl" if self.device.type == "cuda" else "gloo")

    def wrap(self, model, fsdp):
        """The model as this group computes it."""
        if fsdp and self.joined:
            for block in model.blocks():
                fully_shard(block)
            return fully_shard(model)
        return DistributedDataParallel(model) if self.size > 1 else model

    def agree(self, loss, stop):
        """The mean loss, and whether anybody wants to stop: all processes must stop after the same step."""
        told = torch.stack([loss.detach().float(), torch.tensor(float(stop), device=loss.device)])
        if self.size > 1:
            dist.all_reduce(told)
        mean, stops = (told / self.size).tolist()
        return mean, stops > 0


def end_with_parent():
    """Processes of torchrun are in sessions of their own, where a signal to its group does not reach them: if it dies, so do they."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def command_began():
    """When the command was started, which may be long before PyTorch was loaded: this process, or torchrun above it."""
    process = os.getppid() if "TORCHELASTIC_RUN_ID" in os.environ else os.getpid()
    try:
        with open(f"/proc/{process}/stat") as stat, open("/proc/uptime") as uptime:
            ticks = int(stat.read().rsplit(")", 1)[1].split()[19])
            return time.monotonic() - float(uptime.read().split()[0]) + ticks / os.sysconf("SC_CLK_TCK")
    except OSError:  # not Linux
        return time.monotonic()


class Clock:
    """When to stop, and how far it is to there."""

    def __init__(self, seconds, steps):
        self.end = command_began() + seconds - min(RESERVE * seconds, RESERVE_S)
        self.steps, self.begin, self.told_to_stop = steps, time.monotonic(), False
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "told_to_stop", True))

    def is_over(self, step):
        return self.told_to_stop or time.monotonic() >= self.end or (self.steps is not None and step >= self.steps)

    def share(self, step):
        """Of the way, 0 to 1."""
        now = (time.monotonic() - self.begin) / max(self.end - self.begin, 1e-9)
        return min(1.0, max(now, step / self.steps if self.steps else 0.0))


def optimizer_of(model, options):
    """AdamW; only matrices decay, and what is frozen takes no part."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    decayed = [weight for weight in weights if weight.dim() > 1]
    others = [weight for weight in weights if weight.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": options.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=options.learning_rate, betas=(0.9, 0.99))


def learning_rate(options, clock, step):
    """Rises over the warmup, then falls as half a cosine with the time that has gone."""
    low = options.learning_rate * options.floor
    fallen = low + (options.learning_rate - low) * 0.5 * (1 + math.cos(math.pi * clock.share(step)))
    return fallen * min(1.0, (step + 1) / max(options.warmup, 1))


@torch.no_grad()
def clamp(model, most):
    for weight in model.parameters():
        if weight.requires_grad:
            weight.clamp_(-most, most)


def train(model, examples, group, clock, options, generator, most):
    """Steps until the time is over, weights always within ± `most`."""
    optimizer, told, step = optimizer_of(model, options), 0.0, 0
    precision = torch.autocast(group.device.type, torch.bfloat16) if options.bf16 else nullcontext()
    while True:
        for settings in optimizer.param_groups:
            settings["lr"] = learning_rate(options, clock, step)
        inputs, targets = (part.to(group.device) for part in examples.batch(options.batch, generator))
        with precision:
            logits = model(inputs)
        loss = F.cross_entropy(logits.float().flatten(0, -2), targets.flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), options.clip)
        optimizer.step()
        clamp(model, most)
        step += 1
        mean, stop = group.agree(loss, clock.is_over(step))
        if not math.isfinite(mean):
            raise SystemExit(f"the loss of step {step} is not finite: lower --learning-rate")
        if group.rank == 0 and (stop or step == 1 or time.monotonic() - told >= TELL_S):
            told = time.monotonic()
            print(json.dumps({"step": step, "steps": options.steps, "loss": mean}), flush=True)
        if stop:
            return


def main():
    options, told = arguments(), os.environ
    group = Group(told.get("NEURON_DEVICE", "cpu"))
    clock = Clock(float(told["NEURON_SECONDS"]), options.steps)
    with open(told["NEURON_MANIFEST"], encoding="utf-8") as file:
        manifest = json.load(file)
    base = Checkpoint(told["NEURON_BASE"])
    frozen = frozen_names(manifest, base.entries)
    model = model_of(manifest)
    model.load_state_dict(base.tensors())
    for name, weight in model.named_parameters():
        weight.requires_grad_(name not in frozen)
    model.to(group.device)
    examples = set_of(manifest, told["NEURON_SET"], told.get("NEURON_SHARDS", told["NEURON_SET"]))
    # Each process draws examples of its own.
    seed = hashlib.sha256(f"{told['NEURON_SEED']} {group.rank}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(seed[:8], "big") >> 1)
    train(group.wrap(model, options.fsdp), examples, group, clock, options, generator, float(manifest["weight_max"]))
    # All processes take part in gathering, one of them writes.
    tensors = get_model_state_dict(model, options=StateDictOptions(full_state_dict=True, cpu_offload=True))
    if group.rank == 0:
        base.write(told["NEURON_OUTPUT"], tensors, frozen, manifest["weight_max"])
    if group.joined:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
