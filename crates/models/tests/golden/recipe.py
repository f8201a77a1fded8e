"""Makes the golden folders beside this file: small random models, one an architecture, as other people's tools write them.

Two generations of transformers make them, each in a virtual environment of its own under Python 3.11 or newer:

    pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0 transformers==5.24.0 tokenizers==0.23.3
    python recipe.py        # all folders but llama-4
    pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0 transformers==4.57.6 tokenizers==0.22.2
    python recipe.py        # llama-4, and llama/config-4.json: the dialect of that generation

Every folder holds what `save_pretrained` wrote for a model and its tokenizer, and `logits.json`:

    text         what was encoded
    tokens       its token numbers, by tokenizer.json alone
    logits       a row a position and a number a token of the vocabulary, in float32, to six decimals
    prompt       how many of `tokens` come before `greedy`
    greedy       the 16 tokens that follow them, always the likeliest
    greedy_text  those in letters

Logits are those of the folder, loaded again into float32 on a processor with the plain attention: a bf16 folder is widened first.
The likeliest token leads by at least 1e-3 wherever `greedy` depends on it, so that a tolerance of 1e-4 cannot change it.
"""

import json
import shutil
from pathlib import Path

import tokenizers
import torch
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = Path(__file__).resolve().parent
PLAY = HERE.parents[3] / "data/shakespeare/genesis/romeo-and-juliet.txt"
TEXT = "It is the east, and Juliet is the sun. 1597 — O!"
TOKENS, PROMPT, GREEDY, MARGIN = 16, 4, 16, 1e-3
DIGITS = {"gpt2": None, "llama": r"\p{N}{1,3}", "qwen2": r"\p{N}"}
STEPS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
END, BEGIN = "<|endoftext|>", "<|begin_of_text|>"


def tokenizer_of(style, begin):
    """Byte-level pairs learned from a play: 288 tokens, the special ones last; `style` is how text is cut before pairs are merged."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.decoder = decoders.ByteLevel()
    if DIGITS[style] is None:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        cut = pre_tokenizers.Split(Regex(STEPS.replace("DIGITS", DIGITS[style])), "isolated")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    if style == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    special = [BEGIN, END] if begin else [END]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=288 - len(special), initial_alphabet=alphabet, show_progress=False)
    tokenizer.train([str(PLAY)], trainer)
    tokenizer.add_special_tokens(special)
    if begin:
        first = processors.TemplateProcessing(single=f"{BEGIN} $A", pair=f"{BEGIN} $A {BEGIN} $B", special_tokens=[(BEGIN, tokenizer.token_to_id(BEGIN))])
        tokenizer.post_processor = first
    return tokenizer


def gpt2(activation):
    return transformers.GPT2LMHeadModel, transformers.GPT2Config(
        vocab_size=288, n_positions=64, n_embd=16, n_layer=2, n_head=2, activation_function=activation, layer_norm_epsilon=1e-5,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=287, eos_token_id=287, tie_word_embeddings=True,
    )


def llama_like(family, **more):
    sizes = {
        "vocab_size": 288, "hidden_size": 16, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "head_dim": 4, "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "bos_token_id": None, "eos_token_id": 287, "pad_token_id": None,
    }
    return getattr(transformers, f"{family}ForCausalLM"), getattr(transformers, f"{family}Config")(**{**sizes, **more})


def turned(base, **scaling):
    return {"rope_type": "default", "rope_theta": base, **scaling}


WIDE = {"hidden_size": 32, "intermediate_size": 48, "head_dim": 8, "bos_token_id": 286, "tie_word_embeddings": True}
STRETCH = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}


# Folder, style of the tokenizer, whether text begins with a token of its own, the model, how it is saved.
def five():
    yield "gpt2", "gpt2", False, gpt2("gelu_new"), {}
    yield "nanogpt", "gpt2", False, gpt2("gelu"), {"biases": False}
    yield "llama", "llama", True, llama_like("Llama", **WIDE, rope_parameters=turned(100.0, **STRETCH)), {}
    mistral = llama_like("Mistral", sliding_window=6, rope_parameters=turned(10000.0), tie_word_embeddings=False)
    yield "mistral", "llama", False, mistral, {"shard": "36KB"}
    qwen2 = llama_like("Qwen2", rms_norm_eps=1e-6, rope_parameters=turned(1000000.0), tie_word_embeddings=True, use_sliding_window=False)
    yield "qwen2", "qwen2", False, qwen2, {"dtype": torch.bfloat16}
    qwen3 = llama_like("Qwen3", vocab_size=296, head_dim=8, rms_norm_eps=1e-6, rope_parameters=turned(1000000.0), tie_word_embeddings=True, use_sliding_window=False)
    yield "qwen3", "qwen2", False, qwen3, {}


def four():
    yield "llama-4", "llama", False, llama_like("Llama", rope_theta=1000.0, tie_word_embeddings=False), {}


@torch.no_grad()
def drawn(architecture, config, seed, biases=True):
    """Weights that all matter: matrices wide enough for logits of some units, norms around 1, biases that are not 0."""
    config._attn_implementation = "eager"
    model = architecture(config)
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        noise = torch.rand(weight.shape, generator=generator) * 2 - 1
        if name.endswith("bias"):
            weight.copy_(noise * 0.5 if biases else torch.zeros_like(noise))
        elif weight.dim() == 1:
            weight.copy_(1 + noise * 0.5)
        else:
            weight.copy_(noise * (0.35 if "embed" in name or "wte" in name or "wpe" in name else 0.6))
    return model


def save(model, folder, dtype=torch.float32, shard="5GB", **_):
    shutil.rmtree(folder, ignore_errors=True)
    model.to(dtype).save_pretrained(folder, max_shard_size=shard)


@torch.no_grad()
def measured(architecture, folder, tokenizer):
    """What the folder says about the text, or nothing where the likeliest token leads by too little."""
    model, report = architecture.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    assert not any(report.values()), report
    tokens = tokenizer.encode(TEXT).ids[:TOKENS]
    logits = model(torch.tensor([tokens])).logits[0]
    row = list(tokens[:PROMPT])
    for _ in range(GREEDY):
        best = model(torch.tensor([row])).logits[0, -1].topk(2)
        if best.values[0] - best.values[1] < MARGIN or int(best.indices[0]) >= tokenizer.get_vocab_size():
            return None
        row.append(int(best.indices[0]))
    return {
        "text": TEXT, "tokens": tokens, "logits": [[round(value, 6) for value in logit] for logit in logits.tolist()],
        "prompt": PROMPT, "greedy": row[PROMPT:], "greedy_text": tokenizer.decode(row[PROMPT:], skip_special_tokens=False),
    }


def write(name, style, begin, made, saved):
    (architecture, config), folder = made, HERE / name
    tokenizer = tokenizer_of(style, begin)
    for seed in range(100):
        save(drawn(architecture, config, seed, saved.get("biases", True)), folder, **saved)
        if (answer := measured(architecture, folder, tokenizer)) and len(set(answer["greedy"])) > 3:
            break
    else:
        raise SystemExit(f"{name}: no seed of 100 gives a clear greedy text")
    names = {"eos_token": END, **({"bos_token": BEGIN} if begin else {})}
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    assert Tokenizer.from_file(str(folder / "tokenizer.json")).encode(TEXT).ids[:TOKENS] == answer["tokens"]
    rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in answer.pop("logits"))
    text = json.dumps(answer, ensure_ascii=False, indent=1)
    (folder / "logits.json").write_text(text.removesuffix("\n}") + ',\n "logits": [\n' + rows + "\n]}\n", encoding="utf-8")
    print(f"{name}: seed {seed}, {answer['greedy_text']!r}, {sum(file.stat().st_size for file in folder.iterdir()):,} bytes")


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    generation = transformers.__version__
    assert torch.__version__.split("+")[0] == "2.15.0", torch.__version__
    assert (generation, tokenizers.__version__) in {("5.24.0", "0.23.3"), ("4.57.6", "0.22.2")}, (generation, tokenizers.__version__)
    for folder in five() if generation[0] == "5" else four():
        write(*folder)
    if generation[0] == "4":
        _, config = llama_like("Llama", **WIDE, rope_theta=100.0, rope_scaling=STRETCH)
        config.architectures, config.dtype = ["LlamaForCausalLM"], "float32"
        config.to_json_file(HERE / "llama/config-4.json")


main()
