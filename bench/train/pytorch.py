"""
One training of bench/train.ts in PyTorch. Arguments: `whole` or `lora`, `f32`, `bf16` (autocast) or `compile`, threads.
Says {"ready": true} when warm; then each line on standard input is one step, answered by its seconds.
"""
import json
import pathlib
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent))
case, mode, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(1)
WARM_UP_STEPS = 2


def whole():
    import llama

    shape = {
        "layers": 4, "width": 192, "heads": 6, "kvHeads": 6, "feedForward": 512, "vocabulary": 256,
        "ropeBase": 10000.0, "normEpsilon": 1e-5, "tied": False,
    }
    sequences, length = 24, 96
    params = llama.fresh(shape, torch.Generator().manual_seed(1))
    cos, sin = llama.turns(shape, torch.arange(length))
    tokens = torch.randint(0, 256, (sequences, length))
    forward = lambda: llama.logits_of(params, shape, tokens, cos, sin, None)
    if mode == "compile":
        forward = torch.compile(forward)
    loss = lambda: torch.nn.functional.cross_entropy(
        forward().flatten(0, 1).float()[:-1], tokens.flatten()[1:]
    )
    return list(params.values()), loss


def lora():
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    # SmolLM2-135M's sizes; the weights do not matter for the speed.
    config = LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, max_position_embeddings=8192, rope_theta=100000.0, tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config)
    names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules=names))
    tokens = torch.randint(0, 49152, (8, 256))
    loss = lambda: model(input_ids=tokens, labels=tokens, use_cache=False).loss
    return [p for p in model.parameters() if p.requires_grad], loss


params, loss_of = whole() if case == "whole" else lora()
optimizer = torch.optim.AdamW(params, lr=1e-4)


def step():
    with torch.autocast("cpu", torch.bfloat16, enabled=mode == "bf16"):
        loss = loss_of()
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    optimizer.step()
    return loss.item()


for _ in range(WARM_UP_STEPS):
    step()
print(json.dumps({"ready": True}), flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    step()
    print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)
