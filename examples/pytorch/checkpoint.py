"""Checkpoints as the network takes them: the header of the base byte for byte, the values of the tensors in its order."""

import json
import os
import struct

import numpy
import torch

STORED = {"F32": (torch.float32, numpy.uint32), "BF16": (torch.bfloat16, numpy.uint16)}


class Checkpoint:
    """A safetensors file whose tensors stand one after the other. Values are read where they lie, a tensor at a time."""

    def __init__(self, path):
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            self.header = struct.pack("<Q", length) + file.read(length)
        self.entries = json.loads(self.header[8:])
        self.values = numpy.memmap(path, numpy.uint8, "r", offset=len(self.header))

    def raw(self, name):
        """The bytes of a tensor."""
        start, end = self.entries[name]["data_offsets"]
        return self.values[start:end]

    def tensor(self, name):
        """A tensor in float32."""
        stored, word = STORED[self.entries[name]["dtype"]]
        words = self.raw(name).view(word).copy()
        return torch.from_numpy(words).view(stored).view(self.entries[name]["shape"]).float()

    def tensors(self):
        """All of them by name."""
        return {name: self.tensor(name) for name in self.entries}

    def write(self, path, tensors, frozen, weight_max):
        """Writes a file like this one, whole or not at all: values of `tensors` within ± `weight_max`, those of `frozen` as they are here."""
        temporary = f"{path}.part"
        with open(temporary, "wb") as file:
            file.write(self.header)
            for name, entry in self.entries.items():
                file.write(self.raw(name) if name in frozen else stored_bytes(tensors[name], entry["dtype"], weight_max))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)


def stored_bytes(tensor, dtype, weight_max):
    stored, word = STORED[dtype]
    most = torch.tensor(float(weight_max)).to(stored)
    if float(most) > weight_max:  # rounded up, which only bfloat16 does
        most = torch.nextafter(most, torch.zeros_like(most))
    values = tensor.detach().float().cpu().clamp(-float(most), float(most)).to(stored).contiguous()
    if not values.isfinite().all():
        raise SystemExit("a weight is not finite: the training diverged; lower --learning-rate")
    return values.view(torch.int32 if word is numpy.uint32 else torch.int16).numpy().tobytes()


def frozen_names(manifest, names):
    """Tensors that the group keeps as they are: whole names, or what names begin with before a `*`."""
    patterns = manifest.get("frozen", [])
    fits = lambda name, pattern: name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
    return {name for name in names if any(fits(name, pattern) for pattern in patterns)}
