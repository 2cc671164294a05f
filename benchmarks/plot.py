#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws share of peak against sequence length, from benchmark_forward's JSON, as SVG.

    benchmark_forward --benchmark_repetitions=3 --benchmark_out=forward.json
    benchmarks/plot.py forward.json docs/performance.svg
"""

import json
import math
import re
import statistics
import sys
from collections import defaultdict
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 56, 230, 24, 48
COLOURS = ["#0b6e99", "#c4532d", "#4a8f3c", "#7b5ea7", "#8a6d1f", "#555555"]


def read(path):
    """{(library, case): {rows: share of peak in percent}}, medians over repetitions."""
    samples = defaultdict(lambda: defaultdict(list))
    with open(path, encoding="utf-8") as file:
        runs = json.load(file)["benchmarks"]
    has_medians = any(run.get("aggregate_name") == "median" for run in runs)
    for run in runs:
        if has_medians and run.get("aggregate_name") != "median":
            continue
        found = re.match(r"(\w+)/(\w+)/(\d+)over(\d+)x(\d+)/n(\d+)", run["name"])
        if found and int(found[5]) >= 64:
            library, mask, query, kv, width, rows = found.groups()
            heads = query if query == kv else f"{query}/{kv}"
            samples[library, f"{mask} {heads}x{width}"][int(rows)].append(run["peak%"])
    return {
        key: {rows: statistics.median(values) for rows, values in sorted(line.items())}
        for key, line in samples.items()
    }


def draw(lines):
    every_n = sorted({n for line in lines.values() for n in line})
    low, high = math.log2(every_n[0]), math.log2(every_n[-1])

    def x(n):
        return LEFT + (math.log2(n) - low) / max(high - low, 1) * (WIDTH - LEFT - RIGHT)

    def y(percent):
        return HEIGHT - BOTTOM - percent / 100 * (HEIGHT - TOP - BOTTOM)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for percent in range(0, 101, 20):
        out.append(
            f'<path d="M{LEFT} {y(percent):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y(percent) + 4:.1f}" text-anchor="end">{percent} %</text>'
        )
    for n in every_n:
        out.append(f'<text x="{x(n):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{n}</text>')
    out.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">rows of q, k '
        "and v</text>"
        f'<text x="{LEFT}" y="14">share of the multiply-add peak, one thread</text>'
    )
    cases = sorted({case for _, case in lines})
    ordered = sorted(lines, key=lambda key: -list(lines[key].values())[-1])
    for place, key in enumerate(ordered):
        library, case = key
        colour = COLOURS[cases.index(case) % len(COLOURS)]
        dash = "" if library == "heed" else ' stroke-dasharray="5 4"'
        points = " ".join(f"{x(n):.1f},{y(share):.1f}" for n, share in lines[key].items())
        label_y = TOP + 12 + 18 * place
        out.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
            f'<path d="M{WIDTH - RIGHT + 16} {label_y - 4}h28" stroke="{colour}" stroke-width="2"{dash}/>'
            f'<text x="{WIDTH - RIGHT + 52}" y="{label_y}">{escape(library)}, {escape(case)}</text>'
        )
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    lines = read(sys.argv[1])
    if not lines:
        sys.exit(f"{sys.argv[1]}: no benchmark of attention over rows in it")
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(draw(lines))


if __name__ == "__main__":
    main()
