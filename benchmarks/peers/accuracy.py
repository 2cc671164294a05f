#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The errors of heed, PyTorch and the textbook in float, beside the textbook in double.

    benchmarks/peers/accuracy.py build/native/benchmarks/benchmark_attend

One head of width 64, not causal, normally distributed q, k and v, the scores times 1, 10 and 100. For
long sequences 256 rows are looked at. Printed is the largest error of a number, and the mean.
"""

import argparse
import tempfile

import compare
import numpy as np

WIDTH = 64


def textbook(q, k, v, scalar):
    """softmax(q kT / sqrt(width)) v in plain loops, every step rounded to the scalar."""
    q, k, v = (m.astype(scalar) for m in (q, k, v))
    scores = np.zeros((len(q), len(k)), scalar)
    for feature in range(WIDTH):
        scores += np.outer(q[:, feature], k[:, feature])
    scores *= scalar(1 / np.sqrt(WIDTH))
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    out = np.zeros_like(q)
    total = np.zeros((len(q), 1), scalar)
    for key in range(len(k)):
        out += np.outer(weights[:, key], v[key])
        total += weights[:, key:key + 1]
    return out / total


def torch_rows(case):
    call, unpack = compare.torch_sdpa(case, 1)
    return unpack(call())


def heed_rows(case, binary):
    with tempfile.TemporaryDirectory() as folder:
        heed = compare.Heed(binary, case, 1, folder)
        heed.close()
        return heed.result


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", help="benchmark_attend")
    parser.add_argument("--rows", type=int, nargs="*", default=[16, 256, 4096, 65536])
    options = parser.parse_args()

    print("| rows | scores | heed, largest | mean | PyTorch | mean | plain loops | mean |")
    print("|---" * 8 + "|")
    for rows in options.rows:
        for factor in (1, 10, 100):
            case = compare.Case("full", 1, 1, WIDTH, rows)
            case.q *= np.float32(factor)
            some = np.linspace(0, rows - 1, min(rows, 256)).astype(int)
            truth = textbook(case.q[some], case.k, case.v, np.float64)
            found = [heed_rows(case, options.binary)[some], torch_rows(case)[some],
                     textbook(case.q[some], case.k, case.v, np.float32)]
            errors = [np.abs(f - truth) for f in found]
            cells = " | ".join(f"{e.max():.2e} | {e.mean():.2e}" for e in errors)
            print(f"| {rows} | x{factor} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
