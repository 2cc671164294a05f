#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The small world and the model that comes with heed, which has learned it: python3 world.py FOLDER, where the folder
has the programs world, train, quiz, generate and chat."""
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "world"
KINDS = ["counting", "giving", "opposites", "ordering", "place", "pronoun"]
HARD = ["doer"]  # who put the key in the box: it often names another of those who put it somewhere


def said(program, *arguments, **more):
    return subprocess.run([PROGRAMS / program, *map(str, arguments)], capture_output=True, text=True, check=True,
                          timeout=120, **more).stdout


def percent(questions, *arguments):
    """{"counting": 98.5, ...}: how many answers are right."""
    table = said("quiz", *arguments, input=questions)
    return {kind: 100 * int(right) / int(of) for kind, right, of in re.findall(r"^(\w+) +(\d+) of +(\d+)", table, re.M)}


class World(unittest.TestCase):
    def test_no_held_out_story_is_told_before_a_question(self):
        known = set()
        for conversation in said("world", 20000).split("\n\n"):
            story = ""
            for line in conversation.splitlines()[::2]:
                story += " " + " ".join(re.findall(r"[^.?]*\.", line)).strip()
                known.add(re.sub(" +", " ", story).strip())
        held_out = [re.match(r"\w+\t([^\t?]*\.)", line)[1] for line in
                    said("world", 2000, "--seed", 1, "--held-out", "--questions").splitlines()]
        self.assertGreater(len(known), 20000)
        self.assertGreater(len(set(held_out)), 1990)
        self.assertEqual(known & set(held_out), set())

    def test_no_story_comes_twice(self):
        stories = re.findall(r"^\w+\t([^\t?]*\.)", said("world", 3000, "--questions"), re.M)
        self.assertEqual(len(set(stories)), 3000)

    def test_a_question_that_nobody_can_answer_is_not_asked(self):
        for line in said("world", 2000, "--questions").splitlines():
            kind, text, answer = line.split("\t")
            self.assertIn(kind, KINDS + HARD)
            if kind not in ("counting", "opposites"):
                self.assertIn(answer.rstrip("."), text)


class Model(unittest.TestCase):
    def test_it_is_small(self):
        self.assertLessEqual(sum(file.stat().st_size for file in MODEL.iterdir()), 1 << 20)

    def test_it_answers_what_it_has_never_seen(self):
        questions = said("world", 200, "--seed", 7, "--held-out", "--questions")
        right = percent(questions)
        self.assertEqual(sorted(right), sorted(KINDS + HARD + ["all"]))
        for kind in KINDS:
            self.assertGreaterEqual(right[kind], 95, kind)
        # ... and not where a token sees four others: attention does it.
        self.assertLess(percent(questions, "--window", 4)["all"], 50)

    def test_it_is_what_generate_and_chat_take(self):
        self.assertEqual(said("generate").splitlines()[1:], ["Lena."])
        self.assertEqual(said("generate", "--prompt", "Mina gave the ball to Tom. Who has the ball?"), "Tom.\n")
        shown = re.search(r"```console\n(> Mina.*?)```", (ROOT / "docs" / "world.md").read_text(), re.S)[1]
        lines = re.findall(r"^> (.*)\n(.*)\n", shown, re.M)
        self.assertGreater(len(lines), 3)
        told = said("chat", input="".join(line + "\n" for line, _ in lines))
        self.assertEqual(re.findall(r"> (.+)\n", told), [answer for _, answer in lines])

    def test_the_page_of_attention_needs_no_model(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.html"
            said("generate", "--attention", page)
            self.assertIn("Lena", page.read_text())

    def test_learning_again_gives_the_same_bits(self):
        with tempfile.TemporaryDirectory() as folder:
            stories = pathlib.Path(folder) / "stories.txt"
            stories.write_text(said("world", 300))
            digests = set()
            for threads in (1, 2, 1):
                out = pathlib.Path(folder) / "out"
                said("train", stories, "--out", out, *TRAINING, "--steps", 5, "--every", 5, "--batch", 8,
                     "--threads", threads)
                digests.add(hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest())
            self.assertEqual(len(digests), 1)


if __name__ == "__main__":
    PROGRAMS = pathlib.Path(sys.argv[1])
    TRAINING = re.search(r"^options='(.*?)'$", (ROOT / "examples/world/train.sh").read_text(), re.M | re.S)[1].split()
    unittest.main(argv=sys.argv[:1])
