#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a user of examples/draw meets: python3 draw.py PROGRAM."""
import base64
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

PROGRAM = os.path.abspath(sys.argv[1])
CAPTION = "a red circle above a blue square"
COLOURS = {"red": (205, 43, 49), "blue": (38, 86, 186)}


def draw(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=120)


def png_of(data):
    """Width, height and rows of colours of a PNG file with a palette, as its standard has it."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        held = data[at + 8:at + 8 + size]
        assert zlib.crc32(name + held) == struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0], name
        chunks[name] = chunks.get(name, b"") + held
        at += 12 + size
    width, height, bits, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (bits, kind) == (4, 3) and b"IEND" in chunks
    rows = zlib.decompress(chunks[b"IDAT"])
    line = 1 + (width + 1) // 2
    assert len(rows) == line * height
    palette = [tuple(chunks[b"PLTE"][i:i + 3]) for i in range(0, len(chunks[b"PLTE"]), 3)]
    picture = []
    for y in range(height):
        row = rows[y * line:(y + 1) * line]
        assert row[0] == 0
        picture.append([palette[row[1 + x // 2] >> (4 if x % 2 == 0 else 0) & 15] for x in range(width)])
    return width, height, picture


class Draw(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.png = str(self.folder / "a.png")

    def test_the_png_is_what_is_printed(self):
        told = draw(CAPTION, "--out", self.png, "--scale", "3")
        self.assertEqual(told.returncode, 0, told.stderr)
        lines = told.stdout.splitlines()
        self.assertEqual(lines[0], CAPTION)
        self.assertEqual(lines[25], f"It shows {CAPTION}.")
        width, height, picture = png_of(pathlib.Path(self.png).read_bytes())
        self.assertEqual((width, height), (72, 72))
        known = {"r": COLOURS["red"], "b": COLOURS["blue"], ".": (250, 248, 242)}
        for y in range(72):
            for x in range(72):
                self.assertEqual(picture[y][x], known[lines[1 + y // 3][x // 3]], (x, y))

    def test_several_pictures_stand_side_by_side(self):
        told = draw(CAPTION, "a yellow cross", "--out", self.png, "--scale", "5")
        self.assertEqual(told.returncode, 0, told.stderr)
        width, height, picture = png_of(pathlib.Path(self.png).read_bytes())
        self.assertEqual((width, height), (5 * (24 + 1 + 24), 5 * 24))
        between = {colour for row in picture for colour in row[5 * 24:5 * 25]}
        self.assertEqual(between, {(190, 186, 176)})
        yellow = [x // 5 for row in picture for x, colour in enumerate(row) if colour == (244, 200, 46)]
        self.assertGreater(min(yellow), 24)

    def test_by_chance_the_same_seed_is_the_same_picture(self):
        first, again, other = (draw(CAPTION, "--out", "", "--temperature", "1", "--seed", seed).stdout
                               for seed in ("5", "5", "6"))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_errors_are_sentences(self):
        for arguments, sentence in (
                (["a pink circle"], '"pink" is not among the words that are known here: colours are red, '),
                ([], 'say what to draw, like "a red circle above a blue square"; colours are '),
                ([CAPTION, "--weights", str(self.folder / "none")], "none"),
                ([CAPTION, "--out", str(self.folder / "no" / "a.png")], "a.png")):
            told = draw(*arguments)
            self.assertEqual(told.returncode, 1, arguments)
            self.assertTrue(told.stderr.startswith("draw: ") or "\ndraw: " in told.stderr, told.stderr)
            self.assertIn(sentence, told.stderr)
        self.assertIn("--attention", draw("--help").stdout)

    def test_the_page_holds_the_weights_that_masks_let_through(self):
        page = str(self.folder / "a.html")
        told = draw(CAPTION, "--out", "", "--attention", page)
        self.assertEqual(told.returncode, 0, told.stderr)
        text = pathlib.Path(page).read_text()
        self.assertNotRegex(text, r"(src|href)\s*=|https?:")  # it needs no other file
        about = json.loads(re.search(r'<script type="application/json" id="about">(.*?)</script>', text, re.S)[1])
        self.assertEqual(about["words"], CAPTION.split() + [""] * 2)
        self.assertEqual(about["names"], ["column", "row", "local", "row"])
        sees = {"column": lambda down, across: across == 0,
                "row": lambda down, across: down <= 1,
                "local": lambda down, across: down <= 2 and abs(across) <= 2}
        for name, coded in zip(about["names"], about["layers"]):
            weights, at = base64.b64decode(coded), 0
            for patch in range(144):
                row = weights[at:at + 9 + patch]
                at += len(row)
                self.assertAlmostEqual(sum(row), 255, delta=12)  # each is rounded
                for key, weight in enumerate(row[9:]):
                    if not sees[name](patch // 12 - key // 12, patch % 12 - key % 12):
                        self.assertEqual(weight, 0, (name, patch, key))
            self.assertEqual(at, len(weights))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
