"""Measures a model in PyTorch on a GPU: milliseconds of a forward pass with loss and of a step for one example, in binary32 without TF32 and
in bfloat16. Reads manifest.json, weights.safetensors and windows.json of its folder, writes one object of JSON."""

import json
import struct
import time

import torch
import torch.nn.functional as F

from models import model_of

TURNS = 5

torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.set_float32_matmul_precision("highest")
torch.set_default_device("cuda")


def weights(path):
    data = bytearray(open(path, "rb").read())
    start = 8 + struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        first, end = entry["data_offsets"]
        values = torch.frombuffer(data[start + first : start + end], dtype=torch.float32)
        tensors[name] = values.view(entry["shape"]).to("cuda")
    return tensors


def median(work):
    """Milliseconds of the middle one of some turns, after one to warm up."""
    times = []
    for _ in range(TURNS + 1):
        torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(1e3 * (time.perf_counter() - start))
    return sorted(times[1:])[TURNS // 2]


def measure(manifest, windows, dtype):
    model = model_of(manifest)
    model.load_state_dict(weights("weights.safetensors"), strict=False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    inputs, targets = windows[:, :-1], windows[:, 1:]

    def loss():
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=dtype == "bf16"):
            return F.cross_entropy(model(inputs).flatten(0, -2).float(), targets.flatten())

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss().backward()
        optimizer.step()

    with torch.inference_mode():
        found, forward = loss().item(), median(loss)
    return {"loss": found, "forward": forward / len(windows), "step": median(step) / len(windows)}


def main():
    manifest, windows = json.load(open("manifest.json")), torch.tensor(json.load(open("windows.json")))
    about = f"{torch.__version__} on {torch.cuda.get_device_name()}"
    print(json.dumps({"about": about, **{dtype: measure(manifest, windows, dtype) for dtype in ["f32", "bf16"]}}))


main()
