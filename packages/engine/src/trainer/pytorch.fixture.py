"""
Makes pytorch.fixture.json and pytorch.fixture.bin once: losses and gradients of PyTorch on the weights and batches of
those files. Run with PyTorch 2.15.0: python packages/engine/src/trainer/pytorch.fixture.py
"""
import array
import json
import pathlib
import sys

import torch

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here / "../../../../bench/train"))
import llama  # noqa: E402

SHAPE = {
    "layers": 2, "width": 32, "heads": 4, "kvHeads": 2, "feedForward": 64, "vocabulary": 48,
    "context": 64, "ropeBase": 10000.0, "normEpsilon": 1e-5, "tied": False,
}
SEQUENCES, LENGTH, STEPS = 3, 16, 50
VALUES = {"learningRate": 3e-3, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8, "weightDecay": 0.1, "clipNorm": 1.0}


def batch_of(generator):
    """A language of its own: each token follows from the one before, so that there is something to learn."""
    count = SEQUENCES * LENGTH
    tokens = torch.zeros(count, dtype=torch.long)
    jumps = torch.randint(0, 3, (count,), generator=generator)
    for place in range(count):
        before = tokens[place - 1] if place % LENGTH else torch.randint(0, 48, (1,), generator=generator)[0]
        tokens[place] = (before * 5 + 7 + jumps[place]) % 48
    targets = tokens.roll(-1)
    place = torch.arange(count) % LENGTH
    targets[(place == LENGTH - 1) | (place == 5)] = -1
    documents = (place > 5).long()
    positions = torch.where(place > 5, place - 6, place)
    fields = {"tokens": tokens, "targets": targets, "positions": positions, "documents": documents}
    return {name: value.view(SEQUENCES, LENGTH) for name, value in fields.items()}


def train(params, batches, autocast):
    """AdamW without decay on gains, clipped by the norm of all gradients."""
    gains = [value for name, value in params.items() if "norm" in name]
    matrices = [value for name, value in params.items() if "norm" not in name]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": VALUES["weightDecay"]}, {"params": gains, "weight_decay": 0.0}],
        lr=VALUES["learningRate"], betas=(VALUES["beta1"], VALUES["beta2"]), eps=VALUES["epsilon"],
    )
    losses = []
    for batch in batches:
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss = llama.loss_of(params, SHAPE, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params.values(), VALUES["clipNorm"])
        optimizer.step()
        losses.append(loss.item())
    return losses


def copy(params):
    return {name: value.detach().clone().requires_grad_() for name, value in params.items()}


generator = torch.Generator().manual_seed(1)
weights = llama.fresh(SHAPE, generator)
strong = {
    name: ((value * 8) if "norm" not in name else value + 0.1 * torch.randn(value.shape, generator=generator))
    for name, value in copy(weights).items()
}
strong = copy(strong)
batches = [batch_of(generator) for _ in range(8)]
loss = llama.loss_of(strong, SHAPE, batches[0])
loss.backward()
steps = [batches[step % len(batches)] for step in range(STEPS)]
f32, bf16 = train(copy(weights), steps, False), train(copy(weights), steps, True)

numbers, places = array.array("f"), {}
for kind, params in (("weights", weights), ("strong", strong), ("gradients", {n: p.grad for n, p in strong.items()})):
    for name, value in params.items():
        places[f"{kind}/{name}"] = [len(numbers), value.numel()]
        numbers.extend(value.detach().flatten().tolist())
(here / "pytorch.fixture.bin").write_bytes(numbers.tobytes())
(here / "pytorch.fixture.json").write_text(json.dumps({
    "torch": torch.__version__, "shape": SHAPE, "sequences": SEQUENCES, "length": LENGTH, "values": VALUES,
    "batches": [{name: value.flatten().tolist() for name, value in batch.items()} for batch in batches],
    "strongLoss": loss.item(), "losses": {"f32": f32, "bf16": bf16}, "places": places,
}) + "\n")
print(loss.item(), f32[0], f32[-1], bf16[-1])
