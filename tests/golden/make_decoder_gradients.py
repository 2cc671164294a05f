#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Losses of tiny decoders and their gradients by PyTorch's autograd, in double: GPT-2's kind and Llama's.

    python3 make_decoder_gradients.py   # writes gradients/gpt2.safetensors and gradients/llama.safetensors

Needs torch and safetensors. Weights are (inputs, outputs) and have the names of heed::parameters_of; of each
there is weights.NAME and gradients.NAME.
"""
import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy, gelu, layer_norm, rms_norm, silu

VOCABULARY, POSITIONS, MODEL, HIDDEN, LAYERS, HEADS, WIDTH = 11, 6, 8, 12, 2, 4, 2
IDS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]
STARTS = [0, 4, 10]
TARGETS = [1, 4, 1, -1, 9, 2, 6, 5, 3, 7]


def weights_of(kind):
    """Every weight normal, larger than training begins with, so that nothing vanishes."""
    llama = kind == "llama"
    kv_heads = 2 if llama else HEADS
    shapes = {"words.weight": (VOCABULARY, MODEL)}
    if not llama:
        shapes["places.weight"] = (POSITIONS, MODEL)

    def norm(name):
        shapes[name + ".weight"] = (MODEL,)
        if not llama:
            shapes[name + ".bias"] = (MODEL,)

    def linear(name, inputs, outputs):
        shapes[name + ".weight"] = (inputs, outputs)
        if not llama:
            shapes[name + ".bias"] = (outputs,)

    for i in range(LAYERS):
        block = f"blocks.{i}."
        norm(block + "attention_norm")
        linear(block + "attention.query", MODEL, HEADS * WIDTH)
        linear(block + "attention.key", MODEL, kv_heads * WIDTH)
        linear(block + "attention.value", MODEL, kv_heads * WIDTH)
        linear(block + "attention.output", HEADS * WIDTH, MODEL)
        norm(block + "feed_norm")
        linear(block + "feed.up", MODEL, HIDDEN)
        if llama:
            linear(block + "feed.gate", MODEL, HIDDEN)
        linear(block + "feed.down", HIDDEN, MODEL)
    norm("final_norm")
    if llama:
        shapes["head.weight"] = (MODEL, VOCABULARY)
    random = torch.Generator().manual_seed(7)
    return {
        name: (0.5 * torch.randn(shape, dtype=torch.float64, generator=random)).requires_grad_()
        for name, shape in shapes.items()
    }


def rotated(x):
    """x: (heads, tokens, WIDTH), half-split; position t turns by t, since a width of 2 has one frequency, 1."""
    angle = torch.arange(x.shape[1], dtype=torch.float64)
    a, b = x[..., 0], x[..., 1]
    return torch.stack((a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()), -1)


def hidden(kind, w, ids):
    llama = kind == "llama"

    def norm(x, name):
        if llama:
            return rms_norm(x, (MODEL,), w[name + ".weight"], 1e-6)
        return layer_norm(x, (MODEL,), w[name + ".weight"], w[name + ".bias"], 1e-5)

    def linear(x, name):
        y = x @ w[name + ".weight"]
        return y if llama else y + w[name + ".bias"]

    x = w["words.weight"][ids]
    if not llama:
        x = x + w["places.weight"][: len(ids)]
    for i in range(LAYERS):
        block = f"blocks.{i}."
        n = norm(x, block + "attention_norm")
        q, k, v = (
            linear(n, block + f"attention.{part}").view(len(ids), -1, WIDTH).transpose(0, 1)
            for part in ("query", "key", "value")
        )
        if llama:
            q, k = rotated(q), rotated(k)
            k, v = (m.repeat_interleave(HEADS // 2, 0) for m in (k, v))
        scores = q @ k.transpose(1, 2) / math.sqrt(WIDTH)
        seen = torch.ones(len(ids), len(ids), dtype=torch.bool).tril()
        context = scores.masked_fill(~seen, -math.inf).softmax(-1) @ v
        x = x + linear(context.transpose(0, 1).reshape(len(ids), -1), block + "attention.output")
        n = norm(x, block + "feed_norm")
        if llama:
            inner = silu(linear(n, block + "feed.gate")) * linear(n, block + "feed.up")
        else:
            inner = gelu(linear(n, block + "feed.up"), approximate="tanh")
        x = x + linear(inner, block + "feed.down")
    return norm(x, "final_norm")


def main():
    here = Path(__file__).parent / "gradients"
    here.mkdir(exist_ok=True)
    for kind in ("gpt2", "llama"):
        w = weights_of(kind)
        x = torch.cat([hidden(kind, w, IDS[a:b]) for a, b in zip(STARTS, STARTS[1:])])
        logits = x @ (w["head.weight"] if kind == "llama" else w["words.weight"].T)
        loss = cross_entropy(logits, torch.tensor(TARGETS), ignore_index=-1)
        loss.backward()
        tensors = {"loss": loss.detach().reshape(1)}
        for name, weight in w.items():
            tensors["weights." + name] = weight.detach().contiguous()
            tensors["gradients." + name] = weight.grad.contiguous()
        save_file(tensors, here / f"{kind}.safetensors")


if __name__ == "__main__":
    main()
