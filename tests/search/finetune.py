# SPDX-License-Identifier: MIT
"""What a user of examples/finetune_embedder meets: python3 finetune.py FINETUNE_EMBEDDER EMBED, on a small model of
random weights."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import pairs
import small_model

PROGRAM, EMBED = map(os.path.abspath, sys.argv[1:3])
FOUND = r"(before|after): the right answer is the first of (\d+) for ([\d.]+) % of (\d+) questions held out; " \
        r"mean reciprocal rank (0\.\d+)"


class Finetune(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        self.made = pairs.make(8)
        self.model, self.out, self.pairs = self.root / "model", self.root / "taught", self.root / "pairs.tsv"
        small_model.make(self.model, [text for pair in self.made for text in pair])
        self.pairs.write_text("".join(f"{q}\t{a}\n" for q, a in self.made))

    def command(self, *more):
        return [PROGRAM, self.model, self.pairs, "--out", self.out, *map(str, more)]

    def teach(self, *more):
        return subprocess.run(self.command(*more), capture_output=True, text=True, timeout=300)

    def embed(self, model):
        done = subprocess.run([EMBED, model], input=self.made[0][0], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_finds_more_answers_and_saves_what_embed_opens(self):
        done = self.teach("--epochs", 10, "--rate", 3e-3, "--batch", 8, "--threads", 2)
        self.assertEqual(done.returncode, 0, done.stderr)
        before, after = re.findall(FOUND, done.stdout)
        self.assertEqual((before[0], before[1], before[3]), ("before", "80", "8"))
        self.assertGreater(float(after[4]), float(before[4]) + 0.2, done.stdout)
        taught = self.embed(self.out)
        self.assertEqual(len(taught.split(" ")), 32)
        self.assertNotEqual(taught, self.embed(self.model))
        self.assertRegex(done.stderr, r"step 90/90  loss \d")

    def test_has_the_same_weights_on_any_number_of_threads(self):
        weights = []
        for threads in (1, 3):
            self.assertEqual(self.teach("--epochs", 1, "--threads", threads).returncode, 0)
            weights.append((self.out / "model.safetensors").read_bytes())
        self.assertEqual(*weights)

    @unittest.skipUnless(os.name == "posix", "no SIGINT")
    def test_saves_at_an_interrupt(self):
        running = subprocess.Popen(self.command("--epochs", 100000), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        running.stdout.readline()  # before: ...
        time.sleep(1)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 130, said)
        self.assertIn("as far as it was taught", said)
        self.assertNotEqual(self.embed(self.out), self.embed(self.model))

    def test_says_errors_in_words(self):
        self.pairs.write_text("no tab\n")
        done = self.teach()
        self.assertEqual(done.returncode, 1)
        self.assertIn("line 1 is no question and answer with one tab between them", done.stderr)
        self.pairs.write_text("a question\tan answer\n")
        self.assertIn("has 1 pairs; at least two must be left to learn from", self.teach().stderr)
        self.pairs.unlink()
        self.assertIn("pairs.tsv cannot be read", self.teach().stderr)
        self.assertFalse(self.out.exists())
        shown = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=60)
        self.assertEqual(shown.returncode, 0)
        self.assertIn("--held-out", shown.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
