#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws what compare.py measured, as SVG: for each shape, the time that each peer takes over heed's,
with the largest number of threads.

    benchmarks/peers/compare.py build/native/benchmarks/benchmark_attend --json peers.json
    benchmarks/peers/plot.py peers.json docs/peers.svg
"""

import json
import sys
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, TOP = 720, 190, 60, 46
BAR, GAP = 13, 10
MOST = 4  # times heed's time; longer bars are cut off and say how long they would be
COLOURS = {
    "PyTorch SDPA": "#c4532d",
    "PyTorch FlexAttention": "#8a6d1f",
    "ONNX MultiHeadAttention": "#4a8f3c",
    "ONNX GroupQueryAttention": "#7b5ea7",
    "OpenVINO SDPA": "#555555",
}


def x(ratio):
    return LEFT + min(ratio, MOST) / MOST * (WIDTH - LEFT - RIGHT)


def draw(about, seconds):
    cases = {case: {peer: s / of["heed"] for peer, s in of.items() if peer != "heed"}
             for case, of in seconds.items()}
    cases = {case: ratios for case, ratios in cases.items() if ratios}
    peers = [peer for peer in COLOURS if any(peer in ratios for ratios in cases.values())]
    height = TOP + sum(len(r) * BAR + GAP for r in cases.values()) + 24
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="8" y="14">{escape(about)}</text>',
    ]
    for place, peer in enumerate(peers):
        out.append(f'<rect x="{8 + 180 * place}" y="22" width="12" height="12" fill="{COLOURS[peer]}"/>'
                   f'<text x="{25 + 180 * place}" y="32">{escape(peer)}</text>')
    y = TOP
    for case, ratios in cases.items():
        out.append(f'<text x="{LEFT - 8}" y="{y + len(ratios) * BAR / 2 + 4:.1f}" '
                   f'text-anchor="end">{escape(case)}</text>')
        for peer in (p for p in peers if p in ratios):
            ratio = ratios[peer]
            out.append(
                f'<rect x="{LEFT}" y="{y}" width="{x(ratio) - LEFT:.1f}" height="{BAR - 2}" '
                f'fill="{COLOURS[peer]}"/><text x="{x(ratio) + 4:.1f}" y="{y + 10}" '
                f'font-weight="{"bold" if ratio < 1 else "normal"}">{ratio:.3g}</text>')
            y += BAR
        y += GAP
    for ratio in range(MOST + 1):
        out.append(f'<path d="M{x(ratio)} {TOP - 4}V{y}" stroke="{"#000" if ratio == 1 else "#ddd"}"/>'
                   f'<text x="{x(ratio)}" y="{y + 14}" text-anchor="middle">'
                   f'{"heed" if ratio == 1 else ratio or ""}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        measured = json.load(file)
    run = max(measured["runs"], key=lambda run: run["threads"])
    about = f"time over heed's, {run['threads']} threads"
    if "about" in measured:
        about += ", " + measured["about"]
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(draw(about, run["seconds"]))


if __name__ == "__main__":
    main()
