"""Runs the example in examples/pytorch as a trainer would: alone, by two processes, with shared weights, and until it is told to stop.

    check_example.py FOLDER

In FOLDER it lays out a base, a manifest and a set for each family. Every file that is written must have the header of its base, keep what
is frozen, stay within weight_max, and lose less than the base on text that training has seen; the models must compute what transformers
computes on the golden folders.
"""

import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE, GOLDEN, DATA = ROOT / "examples/pytorch", ROOT / "crates/models/tests/golden", ROOT / "data"
sys.path.insert(0, str(EXAMPLE))
from checkpoint import Checkpoint, frozen_names  # noqa: E402
from models import model_of  # noqa: E402
from sets import set_of  # noqa: E402

PLAY = DATA / "shakespeare/genesis/romeo-and-juliet.txt"
TRANSPOSED = re.compile(r"c_(attn|proj|fc)\.weight$")
# Seconds that a trainer gives, and how long it waits for the end after them.
SECONDS, GRACE = 45, 30
TOLERANCE = 1e-4


def sizes_of(config):
    """The model of a manifest, from a config.json of a golden folder."""
    if config["model_type"] == "gpt2":
        activation = {"activation": "gelu_tanh"} if config["activation_function"] == "gelu_new" else {}
        return {"family": "gpt", "layers": config["n_layer"], "heads": config["n_head"], "width": config["n_embd"], "context": config["n_positions"],
                "vocabulary": config["vocab_size"], "bias": True, "tied": config["tie_word_embeddings"], **activation}
    rope = config.get("rope_scaling") or config.get("rope_parameters") or {}
    names = {"factor": "factor", "low": "low_freq_factor", "high": "high_freq_factor", "original": "original_max_position_embeddings"}
    scaling = {"rotary_scaling": {ours: int(rope[theirs]) for ours, theirs in names.items()}} if rope.get("rope_type") == "llama3" else {}
    window = {"window": config["sliding_window"]} if config.get("sliding_window") else {}
    return {"family": "llama", "layers": config["num_hidden_layers"], "heads": config["num_attention_heads"], "key_value_heads": config["num_key_value_heads"],
            "head_size": config["head_dim"], "width": config["hidden_size"], "inner": config["intermediate_size"], "context": config["max_position_embeddings"],
            "vocabulary": config["vocab_size"], "epsilon": round(config["rms_norm_eps"] * 1e9), "rotary_base": int(rope.get("rope_theta", config.get("rope_theta"))),
            **scaling, **window, "bias": config["model_type"] == "qwen2", "head_norms": config["model_type"] == "qwen3", "tied": config["tie_word_embeddings"]}


def manifest_of(model, data, **more):
    return {"version": 1, "model": model, "data": data, "loss": "cross_entropy", "eval_max": 256, "weight_max": 16, **more}


def golden_weights(folder):
    tensors = {name: value for path in sorted(folder.glob("*.safetensors")) for name, value in load_file(path).items()}
    if (folder / "config.json").read_text().find('"gpt2"') > 0:
        return {name: value.T.contiguous() if TRANSPOSED.search(name) else value for name, value in tensors.items()}
    return tensors


def write_base(path, model, tensors):
    """A canonical checkpoint: tensors in the order of the model, of one type."""
    entries, values, start = {}, [], 0
    for name in model.state_dict():
        tensor = tensors[name].contiguous()
        word = torch.int32 if tensor.dtype == torch.float32 else torch.int16
        values.append(tensor.view(word).numpy().tobytes())
        entries[name] = {"dtype": "F32" if word == torch.int32 else "BF16", "shape": list(tensor.shape), "data_offsets": [start, start + len(values[-1])]}
        start += len(values[-1])
    header = json.dumps(entries, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"".join(values))


@torch.no_grad()
def compare_with_golden():
    """The example's models and the folders of transformers say the same."""
    for folder in sorted(path for path in GOLDEN.iterdir() if path.is_dir()):
        config, answer = (json.loads((folder / name).read_text()) for name in ("config.json", "logits.json"))
        model = model_of(manifest_of(sizes_of(config), {}))
        model.load_state_dict({name: value.float() for name, value in golden_weights(folder).items()})
        far = (model(torch.tensor([answer["tokens"]]))[0] - torch.tensor(answer["logits"])).abs().max().item()
        print(f"{folder.name}: logits differ by {far:.1e} at most")
        assert far < TOLERANCE, folder


class Case:
    """A folder with all that a trainer hands over."""

    def __init__(self, folder, manifest, tensors):
        folder.mkdir(parents=True)
        self.folder, self.manifest = folder, manifest
        (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, separators=(",", ":")))
        write_base(folder / "base.safetensors", model_of(manifest), tensors)
        self.set = folder / "set"
        self.set.mkdir()

    def environment(self, output, seconds):
        given = {"BASE": self.folder / "base.safetensors", "MANIFEST": self.folder / "manifest.json", "SET": self.set, "OUTPUT": output,
                 "SECONDS": seconds, "DEVICE": "cpu", "SEED": "7"}
        return {**os.environ, "OMP_NUM_THREADS": "1", **{f"NEURON_{name}": str(value) for name, value in given.items()}}

    def run(self, name, launcher, options, seconds=SECONDS, stop_after=None, code=0):
        """Runs the example to this exit code; tells it to stop after some lines of progress, if asked to; checks what it wrote."""
        output, start = self.folder / f"{name}.safetensors", time.monotonic()
        command = [*launcher, str(EXAMPLE / "train.py"), *options]
        with subprocess.Popen(command, env=self.environment(output, seconds), stdout=subprocess.PIPE, text=True) as process:
            lines = []
            for line in process.stdout:
                lines.append(json.loads(line))
                if len(lines) == stop_after:
                    process.send_signal(signal.SIGTERM)
        assert process.returncode == code, (name, process.returncode)
        assert all(set(line) == {"step", "steps", "loss"} for line in lines), lines
        took, losses = time.monotonic() - start, [self.loss(self.folder / "base.safetensors"), self.loss(output)]
        print(f"{self.folder.name}, {name}: {lines[-1]['step']} steps in {took:.1f} s, loss {losses[0]:.3f} before and {losses[1]:.3f} after")
        assert took < seconds + GRACE and losses[1] < losses[0], (took, losses)
        self.check(output)
        return output

    def check(self, output):
        base, new = Checkpoint(self.folder / "base.safetensors"), Checkpoint(output)
        assert base.header == new.header and len(base.values) == len(new.values), output
        for name in frozen_names(self.manifest, base.entries):
            assert bytes(base.raw(name)) == bytes(new.raw(name)), name
        matrices = {name for name, entry in base.entries.items() if len(entry["shape"]) > 1} - frozen_names(self.manifest, base.entries)
        assert all(bytes(base.raw(name)) != bytes(new.raw(name)) for name in matrices), output
        assert all(new.tensor(name).abs().max() <= self.manifest["weight_max"] for name in new.entries), output

    @torch.no_grad()
    def loss(self, path):
        model = model_of(self.manifest)
        model.load_state_dict(Checkpoint(path).tensors())
        inputs, targets = set_of(self.manifest, self.set, self.set).batch(256, torch.Generator().manual_seed(1))
        return F.cross_entropy(model(inputs).flatten(0, -2), targets.flatten()).item()


def drawn(manifest, dtype=torch.float32):
    torch.manual_seed(1)
    return {name: value.to(dtype) for name, value in model_of(manifest).state_dict().items()}


def digits(folder):
    manifest = manifest_of({"family": "mlp", "inputs": 64, "hidden": [16], "outputs": 10, "activation": "relu"}, {"format": "csv", "divisor": 16})
    case = Case(folder / "mlp", manifest, drawn(manifest))
    (case.set / "digits.csv").write_bytes((DATA / "digits/genesis.csv").read_bytes())
    return case


def letters(folder):
    text = PLAY.read_text(encoding="utf-8")
    characters = "".join(sorted(set(text)))
    model = {"family": "gpt", "layers": 2, "heads": 2, "width": 32, "context": 32, "vocabulary": len(characters), "bias": False, "tied": False}
    manifest = manifest_of(model, {"format": "text", "tokenizer": {"characters": characters}, "stride": 32}, weight_max=1)
    case = Case(folder / "gpt", manifest, drawn(manifest))
    (case.set / "play.txt").write_text(text, encoding="utf-8")
    return case


def shards(folder):
    """The golden Qwen2 in bfloat16, its embedding frozen, on two shards of tokens, of which one is not there."""
    import hashlib

    from tokenizers import Tokenizer

    golden = GOLDEN / "qwen2"
    sizes = sizes_of(json.loads((golden / "config.json").read_text())) | {"context": 32}
    digest = hashlib.sha256((golden / "tokenizer.json").read_bytes()).hexdigest()
    manifest = manifest_of(sizes, {"format": "tokens", "tokenizer": digest, "stride": 32}, dtype="bf16", frozen=["model.embed_tokens.weight", "model.layers.0.*"])
    case = Case(folder / "llama", manifest, golden_weights(golden))
    tokens = numpy.array(Tokenizer.from_file(str(golden / "tokenizer.json")).encode(PLAY.read_text(encoding="utf-8")).ids, "<u2")
    (case.set / "here").write_bytes(tokens.tobytes())
    digest = hashlib.sha256(tokens).hexdigest()
    (case.set / "play.tokens").write_text(f"here {len(tokens)} {digest}\nelsewhere {len(tokens)} {digest}\n")
    return case


def main():
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    compare_with_golden()
    alone = [sys.executable]
    two = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    rate = ["--learning-rate", "0.01"]
    digits(folder).run("alone", alone, [*rate, "--steps", "400"], seconds=300)
    case = letters(folder)
    case.run("alone, by the clock", alone, rate)
    case.run("told to stop", alone, rate, seconds=600, stop_after=3)
    case.run("two processes", two, [*rate, "--steps", "60"], seconds=300)
    # torchrun hands the signal on, waits for the file, and ends with 1 in any case.
    case.run("two processes, told to stop", two, rate, seconds=600, stop_after=3, code=1)
    case.run("two processes, by the clock", two, [*rate, "--fsdp"], seconds=100)
    case = shards(folder)
    case.run("alone", alone, [*rate, "--steps", "60", "--bf16"], seconds=300)
    case.run("shared weights", two, [*rate, "--steps", "60", "--fsdp"], seconds=300)


main()
