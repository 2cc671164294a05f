#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times heed's gradients and steps of learning beside PyTorch's.

    cmake --preset native && cmake --build build/native --target benchmark_learn
    pip install numpy torch
    benchmarks/peers/learning.py build/native/benchmarks/benchmark_learn

    cmake --preset release && cmake --build build/release --target benchmark_learn    # heed for AVX2, and so are all
    benchmarks/peers/learning.py build/release/benchmarks/benchmark_learn --isa avx2

Every library is a process of its own and all take turns, round after round. A gradient is that of
scaled_dot_product_attention, its backward alone, and must agree with heed's; a step is forward, backward, clipping
and AdamW, in PyTorch eager and after torch.compile, which is warm when time is taken. Printed is, for each case:
heed's time, its share of what multiply-adds of registers alone do on as many threads in the same seconds, how many
times as fast heed is as on one thread "of" how many times as much multiply-adds of registers are (two threads may
share a core), how many times as long each peer takes (its median over heed's; above 1 heed is faster), and the most
memory that each process had, libraries and matrices and all.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

from compare import AVX2

# query heads, kv heads, width, rows, keys before a causal query or -1
GRADIENTS = [
    (12, 12, 64, 1024, -1),
    (12, 12, 64, 4096, -1),
    (16, 4, 128, 1024, -1),
    (16, 4, 128, 4096, -1),
    (1, 1, 64, 1024, -1),
    (1, 1, 64, 4096, -1),
    (12, 12, 64, 8192, 256),
]
# vocabulary, model, layers, heads, context, sequences
STEPS = {"10M_weights": (256, 384, 6, 6, 256, 16), "gpt2_small": (50257, 768, 12, 12, 1024, 1)}


class Side:
    """A process that has made its case ready, and times it for as long as it is told to."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(
            [str(word) for word in command], env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = self.process.stdout.readline().split()
        if self.ready[:1] != ["ready"]:
            raise RuntimeError(f"{command} is not ready")
        self.turns = []

    def turn(self, run_for):
        print(run_for, file=self.process.stdin, flush=True)
        self.turns.append([float(word) for word in self.process.stdout.readline().split()])

    def median(self, i=0):
        return statistics.median(turn[i] for turn in self.turns)

    def close(self):
        """Ends it, and gives its most memory in MiB, as Linux tells it."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            most = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
        self.process.stdin.close()
        self.process.wait()
        return most / 1024


def numbers(heads, kv_heads, width, rows):
    """q, k, v, d_out; d_q, d_k, d_v have the sizes of the first three."""
    random = np.random.default_rng(0)
    return [random.standard_normal((rows, h * width), dtype=np.float32) for h in (heads, kv_heads, kv_heads, heads)]


def run(case, threads, peers, options, before):
    """Prints a row; case is (name, words). Gives heed's seconds; before is those on one thread, if known."""
    environment = dict(os.environ, **(AVX2 if options.isa == "avx2" else {}))
    name, words = case
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, f) for f in ("input", "output", "peer")]
        if words[0] == "backward":
            with open(paths[0], "wb") as file:
                for m in numbers(*words[1:5]):
                    m.tofile(file)
        files = paths[:2] if words[0] == "backward" else []
        sides = {"heed": Side([options.binary, threads, *words, *files], environment)}
        if options.isa and options.isa not in sides["heed"].ready[1]:
            sys.exit(f"{options.binary} is built for {sides['heed'].ready[1]}, not for {options.isa}")
        for peer in peers:
            command = [sys.executable, __file__, "--serve", peer, threads, *words, paths[2]]
            sides[peer] = Side(command, environment)
            if words[0] == "backward":
                found = np.abs(np.fromfile(paths[1], np.float32) - np.fromfile(paths[2], np.float32)).max()
                if found > 1e-3:
                    sys.exit(f"{peer}, {name}: differs from heed by {found:.1e}")
        for _ in range(options.rounds):
            for side in sides.values():
                side.turn(options.seconds)
        memory = {peer: side.close() for peer, side in sides.items()}
    heed = sides["heed"]
    share = float(heed.ready[2]) / heed.median() / heed.median(2)
    gain = statistics.median(turn[2] / turn[1] for turn in heed.turns)
    gains = f"{before / heed.median():.2f} of {gain:.2f}" if before else ""
    ratios = [f"{sides[p].median() / heed.median():.2f}" for p in peers]
    print(f"| {name} | {threads} | {heed.ready[1]} | {heed.median() * 1e3:.4g} | {100 * share:.0f} % | {gains} | "
          + " | ".join(ratios) + " | " + " | ".join(f"{m:.0f}" for m in memory.values()) + " |", flush=True)
    return heed.median()


def heading(peers):
    cells = ["case", "threads", "heed for", "heed, ms", "of peak", "gain", *peers]
    cells += [f"{name}, MiB" for name in ("heed", *peers)]
    print("\n| " + " | ".join(cells) + " |\n" + "|---" * len(cells) + "|")


# What follows runs in a process of PyTorch's own.


def serve(peer, threads, kind, *words):
    import torch
    torch.set_num_threads(int(threads))
    if os.environ.get("ATEN_CPU_CAPABILITY") == "avx2":
        from torch._inductor import config
        config.cpp.simdlen = 256
    if kind == "backward":
        *sizes, path = words
        seconds_of_call = torch_gradient(*map(int, sizes), path)
    else:
        seconds_of_call = torch_step(words[0], peer == "torch.compile")
    for _ in range(2):
        seconds_of_call()
    print("ready", torch.backends.cpu.get_cpu_capability().lower(), flush=True)
    for line in sys.stdin:
        end, seconds = time.perf_counter() + float(line), []
        while not seconds or time.perf_counter() < end:
            seconds.append(seconds_of_call())
        print(statistics.median(seconds), flush=True)


def torch_gradient(heads, kv_heads, width, rows, window, path):
    """Its backward alone is timed; the gradients are written to the file."""
    import torch
    by_head = [torch.from_numpy(m.reshape(1, rows, -1, width).transpose(0, 2, 1, 3).copy())
               for m in numbers(heads, kv_heads, width, rows)]
    *inputs, d_out = by_head
    for m in inputs:
        m.requires_grad_()
    how = {"is_causal": True} if window < 0 else {"attn_mask": mask_of(window, rows)}

    def gradients():
        out = torch.nn.functional.scaled_dot_product_attention(*inputs, enable_gqa=heads != kv_heads, **how)
        start = time.perf_counter()
        found = torch.autograd.grad(out, inputs, d_out)
        return found, time.perf_counter() - start

    with open(path, "wb") as file:
        for m in gradients()[0]:
            m.numpy().transpose(0, 2, 1, 3).copy().tofile(file)
    return lambda: gradients()[1]


def mask_of(window, rows):
    """It has no windows: a matrix of 0 and −∞, which is what it makes of one of booleans in each call."""
    import torch
    row = torch.arange(rows)
    distance = row[:, None] - row[None, :]
    return torch.zeros(rows, rows).masked_fill_((distance < 0) | (distance > window), float("-inf"))


def torch_step(name, is_compiled):
    import torch
    from torch import nn
    from torch.nn import functional as f

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

    vocabulary, model, layers, heads, context, sequences = STEPS[name]
    gpt = Gpt(vocabulary, model, layers, heads, context)
    loss_of = torch.compile(gpt) if is_compiled else gpt
    adam = torch.optim.AdamW(gpt.parameters(), lr=1e-4)
    ids = torch.arange(sequences * context).view(sequences, context) * 7919 % vocabulary
    targets = (ids + 7919) % vocabulary

    def seconds_of_step():
        start = time.perf_counter()
        adam.zero_grad()
        loss_of(ids, targets).backward()
        nn.utils.clip_grad_norm_(gpt.parameters(), 1)
        adam.step()
        return time.perf_counter() - start

    return seconds_of_step


def main():
    if sys.argv[1:2] == ["--serve"]:
        return serve(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", help="benchmark_learn")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--isa", choices=["avx2"], help="hold every library to this instruction set")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each turn, which is at least one call")
    parser.add_argument("--cases", default="", help="only those whose name holds this")
    options = parser.parse_args()

    gradients = []
    for case in GRADIENTS:
        heads, kv_heads, width, rows, window = case
        shape = f"{heads} x {width}" if heads == kv_heads else f"{heads}/{kv_heads} x {width}"
        limit = f" window {window}" if window >= 0 else ""
        gradients.append((f"gradients {shape} n{rows}{limit}", ("backward", *case)))
    steps = [(f"step {name}", ("step", name)) for name in STEPS]
    for cases, peers in ((gradients, ["PyTorch"]), (steps, ["PyTorch", "torch.compile"])):
        wanted = [case for case in cases if options.cases in case[0]]
        if wanted:
            heading(peers)
        for case in wanted:
            alone = None
            for threads in options.threads:
                seconds = run(case, threads, peers, options, alone)
                alone = seconds if threads == 1 else alone


if __name__ == "__main__":
    main()
