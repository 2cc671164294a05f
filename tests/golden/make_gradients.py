#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the folder gradients: attention and its gradients as PyTorch's autograd has them, in double.

    tests/golden/make_gradients.py     (needs torch)

A file a case: little-endian doubles, one matrix behind the other, each by rows: q, k, v, d_out, then what
the case has learned, then out, d_q, d_k, d_v and the gradients of what it has learned. Heads are column
blocks, as in heed; tests/heed/conformance/gradients.cpp says the sizes.
"""

import math
import pathlib

import torch

HERE = pathlib.Path(__file__).resolve().parent / "gradients"
INFINITY = float("inf")


def heads_of(x, heads):
    """(tokens, heads * width) as (heads, tokens, width)"""
    return x.reshape(x.shape[0], heads, -1).transpose(0, 1)


def rows_of(x):
    return x.transpose(0, 1).reshape(x.shape[1], -1)


def attend(q, k, v, sizes, seen, change=lambda s: s, sink=None, scale=None):
    """seen (heads, queries, keys) or broadcastable; change: what score rules do."""
    query_heads, kv_heads = sizes
    q, k, v = heads_of(q, query_heads), heads_of(k, kv_heads), heads_of(v, kv_heads)
    k = k.repeat_interleave(query_heads // kv_heads, 0)
    v = v.repeat_interleave(query_heads // kv_heads, 0)
    scores = change(q @ k.transpose(1, 2) * (scale or 1 / math.sqrt(q.shape[2])))
    scores = scores.masked_fill(~seen, -INFINITY)
    if sink is not None:
        column = sink[:, None, None].expand(-1, scores.shape[1], 1)
        return rows_of(torch.softmax(torch.cat([scores, column], 2), 2)[:, :, :-1] @ v)
    return rows_of(torch.softmax(scores, 2) @ v)


def causal(queries, keys):
    return torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)


def distances(queries, keys):
    positions = torch.arange(queries)[:, None] + keys - queries
    return (positions - torch.arange(keys)[None]).abs().double()


def case(name, queries, keys, sizes, run, learned=(), width=4, value_width=3):
    query_heads, kv_heads = sizes
    tensors = [torch.randn(rows, columns, dtype=torch.double) for rows, columns in (
        (queries, query_heads * width), (keys, kv_heads * width), (keys, kv_heads * value_width),
        (queries, query_heads * value_width))]
    inputs = [x.requires_grad_() for x in (*tensors[:3], *learned)]
    out = run(*inputs)
    gradients = torch.autograd.grad(out, inputs, tensors[3])
    written = [*tensors, *learned, out, *gradients]
    numbers = torch.cat([x.detach().reshape(-1) for x in written])
    (HERE / f"{name}.f64").write_bytes(numbers.numpy().astype("<f8").tobytes())


def main():
    torch.manual_seed(19)
    HERE.mkdir(exist_ok=True)
    rows, columns, heads = 6, 9, (4, 2)
    everything = torch.ones(rows, columns, dtype=torch.bool)
    learned = lambda *shape: torch.randn(*shape, dtype=torch.double)

    def sdpa(mask):
        def run(q, k, v):
            out = torch.nn.functional.scaled_dot_product_attention(
                heads_of(q, 4)[None], heads_of(k, 2)[None], heads_of(v, 2)[None],
                attn_mask=mask, enable_gqa=True)
            return rows_of(out[0])
        return run

    case("full", rows, columns, heads, sdpa(everything))
    case("causal", rows, columns, heads, sdpa(causal(rows, columns)))
    window = causal(70, 70) & (distances(70, 70) <= 20)
    case("window", 70, 70, (1, 1), lambda q, k, v: attend(q, k, v, (1, 1), window))
    case("scale_and_soft_cap", rows, columns, heads, lambda q, k, v: attend(
        q, k, v, heads, everything, lambda s: 1.5 * torch.tanh(s / 1.5), scale=0.9))
    case("bias", rows, columns, heads, lambda q, k, v, bias: attend(
        q, k, v, heads, causal(rows, columns), lambda s: s + bias.reshape(4, rows, columns)),
        [learned(4 * rows, columns)])
    case("shared_bias_then_soft_cap", rows, columns, heads, lambda q, k, v, bias: attend(
        q, k, v, heads, everything, lambda s: 2 * torch.tanh((s + bias) / 2)),
        [learned(rows, columns)])
    case("alibi", rows, columns, heads, lambda q, k, v, slopes: attend(
        q, k, v, heads, causal(rows, columns),
        lambda s: s - slopes[:, None, None] * distances(rows, columns)), [learned(4)])
    case("sink", rows, columns, heads, lambda q, k, v, sink: attend(
        q, k, v, heads, causal(rows, columns), sink=sink), [learned(4)])


if __name__ == "__main__":
    main()
