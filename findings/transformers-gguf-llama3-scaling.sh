#!/usr/bin/env bash
# transformers reads every GGUF file of a Llama 3.1, 3.2 or 3.3 as another model: the stretched rotary frequencies in it, `rope_freqs.weight`, are
# dropped without a word, and the loading report is empty.
#
# llama.cpp writes "rope_type": "llama3" of a config.json as a tensor, plain frequency / stretched frequency of each pair of a head (its pull
# request 8676), and divides by it: there the files below give the folder's logits, within 2e-3 of 10. `from_pretrained(…, gguf_file=…)` makes a config of
# rope_type "default" from the file's keys, has no place for the tensor, and names it neither as missing nor as unexpected. Slow pairs turn
# 8 times too fast (32 times in Llama 3.2): short prompts look well, later positions answer otherwise. Without the stretching the file
# reads as the folder does, which the second half shows. The documentation of GGUF in transformers names Llama as supported, without a limit.
# No thread was found about it; other loaders had the same fault (felafax issue 59, mlxcel issue 1355).
#
# Installs: transformers 5.24.0, torch 2.15.0, gguf 0.19.0 and accelerate 1.15.0 from PyPI into a temporary folder (6 GB), unless PYTHON names an
# interpreter that has them. Ends with an error when the differences are otherwise than is written here.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
if [ -z "${PYTHON:-}" ]; then
    python3 -m venv venv
    venv/bin/pip install -q --disable-pip-version-check transformers==5.24.0 torch==2.15.0 gguf==0.19.0 accelerate==1.15.0
    PYTHON=venv/bin/python
fi
HF_HUB_OFFLINE=1 "$PYTHON" - <<'PY' 2>/dev/null
import sys
import gguf
import torch
import transformers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

LLAMA_32 = {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
HEADS, SHARED, SIZE, WIDTH, INNER, BASE = 2, 1, 64, 128, 256, 500000.0
NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
         "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}

def model_of(scaling):
    torch.manual_seed(0)
    config = LlamaConfig(vocab_size=64, hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=2, num_attention_heads=HEADS, num_key_value_heads=SHARED,
                         head_dim=SIZE, max_position_embeddings=131072, rms_norm_eps=1e-5, initializer_range=0.2, tie_word_embeddings=False,
                         rope_parameters={"rope_theta": BASE, "rope_type": "default", **scaling})
    return LlamaForCausalLM(config).eval()

def paired(weight, heads):  # llama.cpp turns neighbours, transformers halves
    return weight.reshape(heads, 2, SIZE // 2, WIDTH).transpose(1, 2).reshape(weight.shape)

def write(model, path):  # as llama.cpp's convert_hf_to_gguf.py does
    file = gguf.GGUFWriter(path, "llama")
    file.add_context_length(131072); file.add_embedding_length(WIDTH); file.add_block_count(2); file.add_feed_forward_length(INNER)
    file.add_head_count(HEADS); file.add_head_count_kv(SHARED); file.add_key_length(SIZE); file.add_value_length(SIZE)
    file.add_rope_dimension_count(SIZE); file.add_rope_freq_base(BASE); file.add_layer_norm_rms_eps(1e-5); file.add_vocab_size(64)
    file.add_tokenizer_model("no_vocab")
    plain = BASE ** (-torch.arange(0, SIZE, 2) / SIZE)
    factors = plain / model.model.rotary_emb.inv_freq
    if not torch.allclose(factors, torch.ones_like(factors), rtol=1e-4):
        file.add_tensor("rope_freqs.weight", factors.float().numpy())
    for name, value in model.state_dict().items():
        value = paired(value, HEADS) if "q_proj" in name else paired(value, SHARED) if "k_proj" in name else value
        outer = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
        if name not in outer:
            _, _, layer, tail = name.removesuffix(".weight").split(".", 3)
        file.add_tensor(outer.get(name) or f"blk.{layer}.{NAMES[tail]}.weight", value.detach().contiguous().numpy())
    file.write_header_to_file(); file.write_kv_data_to_file(); file.write_tensors_to_file(); file.close()

@torch.no_grad()
def compared(name, scaling):
    model = model_of(scaling)
    write(model, f"{name}.gguf")
    read, report = AutoModelForCausalLM.from_pretrained(".", gguf_file=f"{name}.gguf", output_loading_info=True, dtype=torch.float32)
    tokens = torch.randint(64, (1, 1024), generator=torch.Generator().manual_seed(1))
    far = (model(tokens).logits - read(tokens).logits).abs().amax(-1)[0]
    turns = (read.model.rotary_emb.inv_freq / model.model.rotary_emb.inv_freq).max().item()
    told = {key: len(value) for key, value in report.items() if value}
    print(f"{name}: rope_type {read.config.rope_parameters['rope_type']}, report {told}, slowest pairs turn {turns:.1f} times as fast, "
          f"logits differ by {far[:8].max():.1e} in the first 8 positions, by {far[512:].max():.1e} from position 512 on", flush=True)
    return not told and round(turns, 1), far[512:].max().item()

print("transformers", transformers.__version__, "torch", torch.__version__, flush=True)
stretched, plain = compared("llama-3.2", LLAMA_32), compared("plain", {})
as_found = stretched[0] == 32.0 and stretched[1] > 0.1 and plain[0] == 1.0 and plain[1] < 1e-3
print("as found: the stretched file is read as another model, and nothing is said" if as_found else "the file is read otherwise now")
sys.exit(0 if as_found else 1)
PY
