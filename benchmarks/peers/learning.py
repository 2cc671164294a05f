#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The steps of benchmark_learning in PyTorch, eager or compiled:

    python3 benchmarks/peers/learning.py [--threads 2] [--compile] [--steps 5]
"""
import argparse
import resource
import time

import torch
from torch import nn
from torch.nn import functional as f

CASES = {"10M_weights": (256, 384, 6, 6, 256, 16), "gpt2_small": (50257, 768, 12, 12, 1024, 1)}


class Block(nn.Module):
    def __init__(self, model, heads):
        super().__init__()
        self.heads = heads
        self.attention_norm, self.feed_norm = nn.LayerNorm(model), nn.LayerNorm(model)
        self.qkv, self.output = nn.Linear(model, 3 * model), nn.Linear(model, model)
        self.up, self.down = nn.Linear(model, 4 * model), nn.Linear(4 * model, model)

    def forward(self, x):
        batch, tokens, model = x.shape
        shape = (batch, tokens, self.heads, model // self.heads)
        q, k, v = (y.view(shape).transpose(1, 2) for y in self.qkv(self.attention_norm(x)).chunk(3, -1))
        y = f.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.output(y.transpose(1, 2).reshape(batch, tokens, model))
        return x + self.down(f.gelu(self.up(self.feed_norm(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, vocabulary, model, layers, heads, context):
        super().__init__()
        self.words, self.places = nn.Embedding(vocabulary, model), nn.Embedding(context, model)
        self.blocks = nn.Sequential(*(Block(model, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(model)

    def forward(self, ids, targets):
        x = self.words(ids) + self.places.weight
        scores = self.norm(self.blocks(x)) @ self.words.weight.T
        return f.cross_entropy(scores.flatten(0, 1), targets.flatten())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name, (vocabulary, model, layers, heads, context, sequences) in CASES.items():
        gpt = Gpt(vocabulary, model, layers, heads, context)
        loss_of = torch.compile(gpt) if options.compile else gpt
        adam = torch.optim.AdamW(gpt.parameters(), lr=1e-4)
        ids = torch.arange(sequences * context).view(sequences, context) * 7919 % vocabulary
        times = []
        for _ in range(options.steps + 1):
            start, busy = time.perf_counter(), time.process_time()
            adam.zero_grad()
            loss_of(ids, ids.roll(-1, 1)).backward()
            nn.utils.clip_grad_norm_(gpt.parameters(), 1)
            adam.step()
            times.append((time.perf_counter() - start, time.process_time() - busy))
        real, processor = (sorted(t[i] for t in times[1:])[options.steps // 2] for i in (0, 1))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name}/{options.threads}_threads  {1000 * real:.0f} ms  processor {1000 * processor:.0f} ms  "
              f"{ids.numel() / real:.0f} tokens/s  {memory:.0f} MiB")


if __name__ == "__main__":
    main()
