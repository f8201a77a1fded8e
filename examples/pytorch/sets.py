"""The training set as batches: rows of features, text by bytes or characters, or shards of tokens, drawn at random."""

import hashlib
from pathlib import Path

import numpy
import torch


class Rows:
    """Lines of integers and a label."""

    def __init__(self, manifest, files):
        lines = [line.split(",") for file in files for line in file.read_text().splitlines()]
        rows = torch.tensor([[int(value) for value in line] for line in lines])
        self.features, self.labels = rows[:, :-1] / manifest["data"]["divisor"], rows[:, -1]

    def batch(self, size, generator):
        places = torch.randint(len(self.labels), (size,), generator=generator)
        return self.features[places], self.labels[places]


class Windows:
    """Streams of tokens, of which windows are cut at any place; none reaches over two streams."""

    def __init__(self, manifest, streams):
        self.context, self.greatest = manifest["model"]["context"], manifest["model"]["vocabulary"] - 1
        self.streams = [stream for stream in streams if len(stream) > self.context]
        starts = [len(stream) - self.context for stream in self.streams]
        self.ends = torch.tensor(starts, dtype=torch.int64).cumsum(0)
        if not self.streams:
            raise SystemExit(f"the training set has no {self.context + 1} tokens in a row: nothing to train on")

    def window(self, place):
        stream = int(torch.searchsorted(self.ends, place, right=True))
        start = place - (int(self.ends[stream - 1]) if stream else 0)
        return torch.from_numpy(self.streams[stream][start : start + self.context + 1].astype(numpy.int64))

    def batch(self, size, generator):
        places = torch.randint(int(self.ends[-1]), (size,), generator=generator)
        tokens = torch.stack([self.window(int(place)) for place in places]).clamp(max=self.greatest)
        return tokens[:, :-1], tokens[:, 1:]


def text_stream(manifest, files):
    """The tokens of all files one after the other."""
    raw, tokenizer = b"".join(file.read_bytes() for file in files), manifest["data"]["tokenizer"]
    if tokenizer == "bytes":
        return numpy.frombuffer(raw, numpy.uint8)
    places = {character: place for place, character in enumerate(tokenizer["characters"])}
    return numpy.array([places[character] for character in raw.decode()], numpy.uint16)


def shard(folder, line, word):
    """A shard where it lies, of the length and the digest that its line promises."""
    cid, tokens, digest = line.split(" ")
    stream = numpy.memmap(folder / cid, word, "r")
    if len(stream) != int(tokens) or hashlib.sha256(stream).hexdigest() != digest:
        raise SystemExit(f"the shard {cid} is another file than the training set names: fetch it again")
    return stream


def set_of(manifest, folder, shards):
    """The set in `folder`; shards that it names lie in the folder `shards`, each under its CID, and those that do not are left out."""
    form = manifest["data"]["format"]
    suffix = {"csv": ".csv", "text": ".txt", "tokens": ".tokens"}[form]
    files = [path for path in Path(folder).rglob(f"*{suffix}") if path.is_file()]
    files.sort(key=lambda path: path.relative_to(folder).as_posix().encode())
    if form == "csv":
        return Rows(manifest, files)
    if form == "text":
        return Windows(manifest, [text_stream(manifest, files)])
    word = numpy.dtype("<u2" if manifest["model"]["vocabulary"] <= 65536 else "<u4")
    lines = [line for file in files for line in file.read_text().splitlines()]
    return Windows(manifest, [shard(Path(shards), line, word) for line in lines if (Path(shards) / line.split(" ")[0]).is_file()])
