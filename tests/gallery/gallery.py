#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a user sees of the real chat model: python3 gallery.py CHAT GENERATE. The environment variable
HEED_SMOLLM2 names the file that `sh examples/get smollm2` brings; without it, nothing is run."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SMOLLM2 = os.environ.get("HEED_SMOLLM2")


def said(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300, **more).stdout


class Gallery(unittest.TestCase):
    def test_the_conversation_of_the_readme(self):
        blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
        shown = next(block for block in blocks if block.startswith("> "))
        questions = re.findall(r"^> (.*)\n", shown, re.M)
        answers = re.findall(r"^(?!> )(.*)\n", shown, re.M)
        self.assertEqual(len(questions), 3)
        told = said(CHAT, SMOLLM2, input="\n".join(questions) + "\n")
        place = 0
        for answer in answers:
            self.assertIn(answer, told[place:])
            place = told.index(answer, place) + len(answer)

    def test_a_text_goes_on_and_stops(self):
        told = said(GENERATE, SMOLLM2, "--prompt", "What is the capital of France?", "--tokens", "40")
        self.assertEqual(told.strip(), "The capital of France is Paris.")
        told = said(GENERATE, SMOLLM2, "--prompt", "What is the capital of France?", "--stop", "Paris")
        self.assertEqual(told, "The capital of France is \n")

    def test_weights_of_eight_bits_say_the_same(self):
        told = said(GENERATE, SMOLLM2, "--prompt", "What is the capital of France?", "--weights", "q8_0")
        self.assertEqual(told.strip(), "The capital of France is Paris.")


if __name__ == "__main__":
    CHAT, GENERATE = sys.argv[1:]
    if SMOLLM2 is None:
        print("NOT RUN: HEED_SMOLLM2 does not name the model's file; sh examples/get smollm2 brings it")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
