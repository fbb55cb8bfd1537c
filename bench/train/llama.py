"""A llama-family model in PyTorch, with the names and layouts of GGUF: what the trainer is compared with."""
import math

import torch
import torch.nn.functional as F


def tensor_shapes(shape):
    """Rows first, as PyTorch has them."""
    width, head = shape["width"], shape["width"] // shape["heads"]
    kv = head * shape["kvHeads"]
    shapes = {"token_embd.weight": (shape["vocabulary"], width)}
    for layer in range(shape["layers"]):
        name = f"blk.{layer}."
        shapes[name + "attn_norm.weight"] = (width,)
        shapes[name + "ffn_norm.weight"] = (width,)
        shapes[name + "attn_q.weight"] = (width, width)
        shapes[name + "attn_k.weight"] = (kv, width)
        shapes[name + "attn_v.weight"] = (kv, width)
        shapes[name + "attn_output.weight"] = (width, width)
        shapes[name + "ffn_gate.weight"] = (shape["feedForward"], width)
        shapes[name + "ffn_up.weight"] = (shape["feedForward"], width)
        shapes[name + "ffn_down.weight"] = (width, shape["feedForward"])
    shapes["output_norm.weight"] = (width,)
    if not shape["tied"]:
        shapes["output.weight"] = (shape["vocabulary"], width)
    return shapes


def rotate(x, cos, sin):
    """x [sequences, heads, length, head]: adjacent pairs are turned."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2)


def logits_of(params, shape, tokens, cos, sin, mask):
    """tokens [sequences, length]; mask None is causal, else True where a position may be seen."""
    sequences, length = tokens.shape
    heads, kv_heads, head = shape["heads"], shape["kvHeads"], shape["width"] // shape["heads"]
    epsilon = shape["normEpsilon"]
    by_head = lambda y, count: y.view(sequences, length, count, head).transpose(1, 2)
    x = F.embedding(tokens, params["token_embd.weight"])
    for layer in range(shape["layers"]):
        w = lambda name: params[f"blk.{layer}.{name}.weight"]
        h = F.rms_norm(x, (shape["width"],), w("attn_norm"), epsilon)
        q = rotate(by_head(F.linear(h, w("attn_q")), heads), cos, sin)
        k = rotate(by_head(F.linear(h, w("attn_k")), kv_heads), cos, sin)
        v = by_head(F.linear(h, w("attn_v")), kv_heads)
        mixed = F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=mask is None, enable_gqa=heads != kv_heads
        )
        x = x + F.linear(mixed.transpose(1, 2).reshape(sequences, length, -1), w("attn_output"))
        h = F.rms_norm(x, (shape["width"],), w("ffn_norm"), epsilon)
        x = x + F.linear(F.silu(F.linear(h, w("ffn_gate"))) * F.linear(h, w("ffn_up")), w("ffn_down"))
    x = F.rms_norm(x, (shape["width"],), params["output_norm.weight"], epsilon)
    return F.linear(x, params["token_embd.weight" if shape["tied"] else "output.weight"])


def turns(shape, positions):
    """Cosines and sines [..., length, head / 2] of positions [..., length]."""
    head = shape["width"] // shape["heads"]
    frequencies = shape["ropeBase"] ** (-torch.arange(0, head, 2, dtype=torch.float64) / head)
    angles = positions.double()[..., None] * frequencies
    return angles.cos().float(), angles.sin().float()


def document_mask(documents):
    """[sequences, 1, length, length]: earlier places of the same document."""
    length = documents.shape[1]
    same = documents[:, :, None] == documents[:, None, :]
    return (same & torch.ones(length, length, dtype=torch.bool).tril())[:, None]


def loss_of(params, shape, batch):
    """Mean over the targets that are not -1, of a batch with packed documents."""
    cos, sin = (t[:, None] for t in turns(shape, batch["positions"]))
    logits = logits_of(params, shape, batch["tokens"], cos, sin, document_mask(batch["documents"]))
    return F.cross_entropy(logits.float().flatten(0, 1), batch["targets"].flatten().long(), ignore_index=-1)


def fresh(shape, generator):
    """Normal weights; those that write to the residual stream are smaller, gains are 1."""
    params = {}
    for name, size in tensor_shapes(shape).items():
        deviation = 0.02 / math.sqrt(2 * shape["layers"]) if ("attn_output" in name or "ffn_down" in name) else 0.02
        numbers = torch.ones(size) if "norm" in name else torch.randn(size, generator=generator) * deviation
        params[name] = numbers.requires_grad_()
    return params
