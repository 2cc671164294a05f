#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws benchmark_forward's share of peak against rows, or benchmark_decode's share of the speed of
reading against keys, from their JSON, as SVG.

    benchmark_forward --benchmark_repetitions=3 --benchmark_out=forward.json
    benchmarks/plot.py forward.json docs/measurements/forward.svg
    benchmark_decode --benchmark_repetitions=3 --benchmark_out=decode.json
    benchmarks/plot.py decode.json docs/measurements/decoding.svg
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


HEADS = r"(?P<query>\d+)over(?P<kv>\d+)x(?P<width>\d+)"


class Forward:
    pattern = re.compile(rf"(?P<library>\w+)/(?P<mask>\w+)/{HEADS}/n(?P<x>\d+)")
    counter = "peak%"
    solid = "heed"
    least = 64
    below = "rows of q, k and v"
    above = "share of the multiply-add peak, one thread"

    @staticmethod
    def line(found, heads):
        return found["library"], f"{found['mask']} {heads}"


class Decode:
    pattern = re.compile(rf"(?P<type>\w+)/{HEADS}/keys(?P<x>\d+)/threads(?P<threads>\d+)")
    counter = "read%"
    solid = "1 thread"
    least = 256
    below = "keys, one query"
    above = "keys and values read, as a share of the speed of reading memory"

    @staticmethod
    def line(found, heads):
        threads = int(found["threads"])
        return f"{threads} thread" + "s" * (threads > 1), f"{found['type']} {heads}"


def read(path):
    """What was measured, and {(library, case): {rows or keys: percent}}, medians over repetitions."""
    with open(path, encoding="utf-8") as file:
        runs = json.load(file)["benchmarks"]
    if any(run.get("aggregate_name") == "median" for run in runs):
        runs = [run for run in runs if run.get("aggregate_name") == "median"]
    for kind in (Forward, Decode):
        samples = defaultdict(lambda: defaultdict(list))
        for run in runs:
            found = kind.pattern.match(run["name"])
            if found and int(found["x"]) >= kind.least:
                heads = found["query"] + ("" if found["query"] == found["kv"] else "/" + found["kv"])
                line = kind.line(found, f"{heads}x{found['width']}")
                samples[line][int(found["x"])].append(run[kind.counter])
        if samples:
            return kind, {
                key: {x: statistics.median(values) for x, values in sorted(line.items())}
                for key, line in samples.items()
            }
    sys.exit(f"{path}: no benchmark of attention over rows or keys in it")


def draw(kind, lines):
    every_n = sorted({n for line in lines.values() for n in line})
    low, high = math.log2(every_n[0]), math.log2(every_n[-1])

    def x(n):
        return LEFT + (math.log2(n) - low) / max(high - low, 1) * (WIDTH - LEFT - RIGHT)

    most = max(100, *(share for line in lines.values() for share in line.values()))

    def y(percent):
        return HEIGHT - BOTTOM - percent / most * (HEIGHT - TOP - BOTTOM)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for percent in range(0, int(most) + 1, 20):
        out.append(
            f'<path d="M{LEFT} {y(percent):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y(percent) + 4:.1f}" text-anchor="end">{percent} %</text>'
        )
    for n in every_n:
        out.append(f'<text x="{x(n):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{n}</text>')
    out.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
        f"{kind.below}</text>"
        f'<text x="{LEFT}" y="14">{kind.above}</text>'
    )
    cases = sorted({case for _, case in lines})
    ordered = sorted(lines, key=lambda key: -list(lines[key].values())[-1])
    for place, key in enumerate(ordered):
        library, case = key
        colour = COLOURS[cases.index(case) % len(COLOURS)]
        dash = "" if library == kind.solid else ' stroke-dasharray="5 4"'
        shares = list(lines[key].items())
        points = " ".join(f"{x(n):.1f},{y(share):.1f}" for n, share in shares)
        label_y = TOP + 12 + 18 * place
        out.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
            + "".join(
                f'<circle cx="{x(n):.1f}" cy="{y(share):.1f}" r="3" fill="{colour}"/>'
                for n, share in shares
            )
            + f'<path d="M{WIDTH - RIGHT + 16} {label_y - 4}h28" stroke="{colour}" stroke-width="2"{dash}/>'
            f'<text x="{WIDTH - RIGHT + 52}" y="{label_y}">{escape(library)}, {escape(case)}</text>'
        )
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    drawing = draw(*read(sys.argv[1]))
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(drawing)


if __name__ == "__main__":
    main()
