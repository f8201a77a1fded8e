"""The families of models in PyTorch. Parameters have the names and shapes of the checkpoint, so that nothing is translated."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Tanh(nn.Module):
    """GELU by its approximation."""

    def forward(self, x):
        return F.gelu(x, approximate="tanh")


class Norm(nn.Module):
    """A layer norm, with or without bias."""

    def __init__(self, width, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width)) if bias else None

    def forward(self, x):
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, 1e-5)


class GptAttention(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        width, bias = sizes["width"], sizes["bias"]
        self.heads = sizes["heads"]
        self.c_attn = nn.Linear(width, 3 * width, bias=bias)
        self.c_proj = nn.Linear(width, width, bias=bias)

    def forward(self, x):
        batch, context, width = x.shape
        rows = self.c_attn(x).view(batch, context, 3, self.heads, -1)
        queries, keys, values = rows.permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(batch, context, width))


class GptInner(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        width, bias = sizes["width"], sizes["bias"]
        self.c_fc = nn.Linear(width, 4 * width, bias=bias)
        self.gelu = {"gelu_tanh": Tanh, None: nn.GELU}[sizes.get("activation")]()
        self.c_proj = nn.Linear(4 * width, width, bias=bias)

    def forward(self, x):
        return self.c_proj(self.gelu(self.c_fc(x)))


class GptBlock(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        width, bias = sizes["width"], sizes["bias"]
        self.ln_1, self.attn = Norm(width, bias), GptAttention(sizes)
        self.ln_2, self.mlp = Norm(width, bias), GptInner(sizes)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):
    """Learned positions, layer norms, one GELU layer a block."""

    def __init__(self, sizes):
        super().__init__()
        width, vocabulary = sizes["width"], sizes["vocabulary"]
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(vocabulary, width),
            "wpe": nn.Embedding(sizes["context"], width),
            "h": nn.ModuleList([GptBlock(sizes) for _ in range(sizes["layers"])]),
            "ln_f": Norm(width, sizes["bias"]),
        })
        self.lm_head = None if sizes["tied"] else nn.Linear(width, vocabulary, bias=False)

    def blocks(self):
        return self.transformer.h

    def forward(self, tokens):
        places = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.transformer.wte(tokens) + self.transformer.wpe(places)
        for block in self.transformer.h:
            x = block(x)
        x = self.transformer.ln_f(x)
        return F.linear(x, self.transformer.wte.weight) if self.lm_head is None else self.lm_head(x)


class RootNorm(nn.Module):
    """A norm by the root of the mean square."""

    def __init__(self, width, sizes):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = sizes["epsilon"] / 1e9

    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight, self.epsilon)


def turns(sizes):
    """Cosines and sines of the angles at all positions, [2, context, head_size / 2]."""
    size, scaling = sizes["head_size"], sizes.get("rotary_scaling")
    frequencies = sizes["rotary_base"] ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    if scaling:
        rounds = scaling["original"] * frequencies / (2 * math.pi)
        kept = ((rounds - scaling["low"]) / (scaling["high"] - scaling["low"])).clamp(0, 1)
        frequencies = kept * frequencies + (1 - kept) * frequencies / scaling["factor"]
    angles = torch.outer(torch.arange(sizes["context"], dtype=torch.float32), frequencies.float())
    return torch.stack([angles.cos(), angles.sin()])


def turned(x, turns):
    """Each pair of halves of a head, turned by its position's angle."""
    cosines, sines = turns.to(x.dtype)
    left, right = x.chunk(2, dim=-1)
    return torch.cat([left * cosines - right * sines, right * cosines + left * sines], dim=-1)


class LlamaAttention(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        width, size, bias = sizes["width"], sizes["head_size"], sizes["bias"]
        self.heads, self.shared, self.window = sizes["heads"], sizes["key_value_heads"], sizes.get("window")
        self.q_proj = nn.Linear(width, self.heads * size, bias=bias)
        self.k_proj = nn.Linear(width, self.shared * size, bias=bias)
        self.v_proj = nn.Linear(width, self.shared * size, bias=bias)
        self.o_proj = nn.Linear(self.heads * size, width, bias=False)
        self.q_norm, self.k_norm = (RootNorm(size, sizes) if sizes["head_norms"] else None for _ in range(2))

    def heads_of(self, rows, heads, norm):
        rows = rows.unflatten(-1, (heads, -1))
        return (norm(rows) if norm else rows).transpose(1, 2)

    def forward(self, x, turns):
        context = x.shape[1]
        queries = turned(self.heads_of(self.q_proj(x), self.heads, self.q_norm), turns)
        keys = turned(self.heads_of(self.k_proj(x), self.shared, self.k_norm), turns)
        values = self.heads_of(self.v_proj(x), self.shared, None)
        seen = None
        if self.window and self.window < context:
            seen = torch.ones(context, context, dtype=torch.bool, device=x.device).tril().triu(1 - self.window)
        y = F.scaled_dot_product_attention(queries, keys, values, seen, is_causal=seen is None, enable_gqa=self.heads != self.shared)
        return self.o_proj(y.transpose(1, 2).flatten(2))


class LlamaInner(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.gate_proj = nn.Linear(sizes["width"], sizes["inner"], bias=False)
        self.up_proj = nn.Linear(sizes["width"], sizes["inner"], bias=False)
        self.down_proj = nn.Linear(sizes["inner"], sizes["width"], bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class LlamaBlock(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.self_attn, self.mlp = LlamaAttention(sizes), LlamaInner(sizes)
        self.input_layernorm = RootNorm(sizes["width"], sizes)
        self.post_attention_layernorm = RootNorm(sizes["width"], sizes)

    def forward(self, x, turns):
        x = x + self.self_attn(self.input_layernorm(x), turns)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    """Rotary positions, norms by the root, a gated layer a block: Llama, Mistral, Qwen2 and Qwen3 by their sizes."""

    def __init__(self, sizes):
        super().__init__()
        width, vocabulary = sizes["width"], sizes["vocabulary"]
        self.model = nn.ModuleDict({
            "embed_tokens": nn.Embedding(vocabulary, width),
            "layers": nn.ModuleList([LlamaBlock(sizes) for _ in range(sizes["layers"])]),
            "norm": RootNorm(width, sizes),
        })
        self.lm_head = None if sizes["tied"] else nn.Linear(width, vocabulary, bias=False)
        self.register_buffer("turns", turns(sizes), persistent=False)

    def blocks(self):
        return self.model.layers

    def forward(self, tokens):
        x = self.model.embed_tokens(tokens)
        for block in self.model.layers:
            x = block(x, self.turns[:, : tokens.shape[1]])
        x = self.model.norm(x)
        return F.linear(x, self.model.embed_tokens.weight) if self.lm_head is None else self.lm_head(x)


class Mlp(nn.Module):
    """Linear layers with ReLU between them."""

    def __init__(self, sizes):
        super().__init__()
        widths = [sizes["inputs"], *sizes["hidden"], sizes["outputs"]]
        self.layers = nn.ModuleList([nn.Linear(*pair) for pair in zip(widths, widths[1:])])

    def blocks(self):
        return self.layers

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


def model_of(manifest):
    """A model as the manifest describes it, its weights yet to be loaded."""
    sizes = manifest["model"]
    return {"gpt": Gpt, "llama": Llama, "mlp": Mlp}[sizes["family"]](sizes)
