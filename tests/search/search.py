# SPDX-License-Identifier: MIT
"""What a user of examples/embed meets: python3 search.py PROGRAM. With the environment variable HEED_MINILM, the
folder of all-MiniLM-L6-v2, also the answers of that model, which are compared with sentence-transformers'.
With --table it prints docs/search.md's table instead."""
import json
import math
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import corpus
import small_model
import texts

HERE = pathlib.Path(__file__).parent
PROGRAM = os.path.abspath(sys.argv[1])
MINILM = os.environ.get("HEED_MINILM")


def embed(*arguments, given=""):
    return subprocess.run([PROGRAM, *map(str, arguments)], input=given, capture_output=True, text=True,
                          encoding="utf-8", timeout=300)


def vectors_of(lines):
    return [[float(x) for x in line.split(" ")] for line in lines.splitlines()]


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def answers_in(printed):
    """{question: [(score, file, line), ...]}"""
    found, last = {}, None
    for line in printed.splitlines():
        if line.startswith("? "):
            last = found.setdefault(line[2:], [])
        elif m := re.fullmatch(r"(-?\d\.\d{3})  (.+):(\d+)", line):
            last.append((float(m[1]), m[2], int(m[3])))
    return found


class Folder(unittest.TestCase):
    """A small folder, and a small model that knows its words."""

    TEXTS = {
        "a.txt": "The cat sleeps on the warm roof.\n",
        "b.md": "Rain falls on the mountain.\n\nBread needs flour and water.\n",
        "deep/c.txt": "Ships carry iron over the sea.\n",
        ".hidden": "A secret word.\n",
    }

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        self.folder = self.root / "texts"
        self.model = self.root / "model"
        small_model.make(self.model, [*self.TEXTS.values(), "dogs bark", "new"])
        for name, text in self.TEXTS.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        self.index = self.folder / ".heed-search.safetensors"

    def age(self):
        """What was written just now counts as changed: say that all of it is old."""
        for path in self.folder.rglob("*"):
            if path.is_file() and path != self.index:
                os.utime(path, (1e9, 1e9))

    def search(self, question="cat", *more):
        done = embed(self.model, "--search", self.folder, question, *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        m = re.search(r": (\d+) files, (\d+) passages; read again: (\d+) files", done.stderr)
        return done, tuple(int(n) for n in m.groups())

    def best(self, question):
        done, _ = self.search(question)
        return re.match(r"-?\d\.\d{3}  (.+)\n", done.stdout)[1]

    def test_finds_words(self):
        self.assertEqual(self.best("the warm cat"), "a.txt:1")
        self.assertEqual(self.best("iron ships"), "deep/c.txt:1")
        self.assertNotIn("secret", self.search("a secret word")[0].stdout)

    def test_reads_only_what_has_changed(self):
        self.age()
        self.assertEqual(self.search()[1], (3, 3, 3))
        self.assertEqual(self.search()[1], (3, 3, 0))
        written = self.index.read_bytes()
        os.utime(self.folder / "a.txt")  # the same bytes
        self.assertEqual(self.search()[1], (3, 3, 0))
        (self.folder / "a.txt").write_text("Dogs bark.\n")
        self.assertEqual(self.search()[1], (3, 3, 1))
        self.assertNotEqual(self.index.read_bytes(), written)
        self.assertEqual(self.best("dogs bark"), "a.txt:1")

    def test_sees_a_change_that_leaves_size_and_time_as_they_were(self):
        self.search()
        before = (self.folder / "a.txt").stat()
        (self.folder / "a.txt").write_text("The dog" + self.TEXTS["a.txt"][7:])
        os.utime(self.folder / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual(self.search()[1], (3, 3, 1))

    def test_drops_what_was_removed(self):
        self.search()
        (self.folder / "b.md").unlink()
        done, counts = self.search("rain bread flour")
        self.assertEqual(counts[0], 2)
        self.assertNotIn("b.md", done.stdout)

    def test_says_what_cannot_be_read_and_goes_on(self):
        (self.folder / "gone.txt").symlink_to("nowhere")
        os.symlink("/proc/self/mem", self.folder / "unread.txt")
        done, counts = self.search()
        self.assertEqual(counts[0], 3)
        self.assertIn("gone.txt is left out: ", done.stderr)
        if os.path.exists("/proc/self/mem"):
            self.assertIn("unread.txt is left out: Input/output error", done.stderr)
        if os.geteuid() != 0:
            os.chmod(self.folder / "a.txt", 0)
            self.age()
            done, counts = self.search()
            self.assertEqual(counts[0], 2)
            self.assertIn("a.txt is left out: Permission denied", done.stderr)

    def test_knows_no_text_in_bytes(self):
        (self.folder / "picture").write_bytes(b"\0\1\2cat cat cat")
        (self.folder / "latin").write_bytes(b"caf\xe9 cat\xff\n")
        done, counts = self.search()
        self.assertEqual(counts, (5, 4, 5))
        self.assertNotIn("picture", done.stdout)

    def test_makes_a_broken_index_anew(self):
        self.search()
        whole = self.index.read_bytes()
        for broken in (b"", b"no index", whole[:100], whole[:-4], whole[:9] + b"}" + whole[10:]):
            self.index.write_bytes(broken)
            done, counts = self.search()
            self.assertEqual(counts, (3, 3, 3))
            self.assertIn("the index is made anew", done.stderr)
        # Shapes that fit each other, but not what they say.
        for name in (b"passage_tokens\":\"100", b'"I64","shape":[3,4]'):
            at = whole.index(name) + len(name) - 1
            self.index.write_bytes(whole[:at] + b"1" + whole[at + 1:])
            self.assertIn("the index is made anew", self.search()[0].stderr)

    def test_refuses_passages_outside_their_files(self):
        self.search()
        whole = bytearray(self.index.read_bytes())
        length = int.from_bytes(whole[:8], "little")
        begin = 8 + length + json.loads(whole[8:8 + length])["passages"]["data_offsets"][0]
        for value in (1 << 62, -1 & (1 << 64) - 1, 1000):
            whole[begin:begin + 8] = value.to_bytes(8, "little")
            self.index.write_bytes(whole)
            done, counts = self.search()
            self.assertIn("a passage lies outside its file; the index is made anew", done.stderr)
            self.assertEqual(counts, (3, 3, 3))

    def test_makes_the_index_of_another_model_anew(self):
        self.search()
        other = self.root / "other"
        small_model.make(other, self.TEXTS.values(), seed=2)
        done = embed(other, "--search", self.folder, "cat")
        self.assertIn("was made with another model; it is made anew", done.stderr)
        self.assertIn("read again: 3 files", done.stderr)

    def test_keeps_the_index_elsewhere(self):
        place = self.root / "index"
        self.search("cat", "--index", place)
        self.assertFalse(self.index.exists())
        self.assertTrue(place.exists())

    @unittest.skipUnless(hasattr(signal, "SIGKILL"), "no SIGKILL")
    def test_is_whole_after_a_kill_while_it_is_written(self):
        for i in range(1500):
            (self.folder / f"{i}.txt").write_text("cat")
        self.age()
        self.search()
        stopped = 0
        for attempt in range(40):
            before = self.index.read_bytes()
            (self.folder / "a.txt").write_text("new " * (1 + attempt))
            running = subprocess.Popen([PROGRAM, self.model, "--search", self.folder, "cat"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            parts = []
            while running.poll() is None and not parts:
                parts = list(self.folder.glob(".heed-search*.part"))
            running.kill()
            running.wait()
            left = list(self.folder.glob(".heed-search*.part"))
            if left and self.index.read_bytes() == before:
                stopped += 1
            for part in left:
                part.unlink()
            done, counts = self.search()
            self.assertNotIn("anew", done.stderr)
            self.assertEqual(counts[0], 1503)
            if stopped == 3:
                break
        self.assertGreater(stopped, 0, "no kill came while the index was written")

    @unittest.skipUnless(os.name == "posix", "no SIGINT")
    def test_ends_at_an_interrupt_with_what_is_done(self):
        for i in range(3000):
            (self.folder / f"{i}.txt").write_text("cat " * 90)
        running = subprocess.Popen([PROGRAM, self.model, "--search", self.folder, "cat", "--threads", "1"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.3)
        running.send_signal(signal.SIGINT)
        printed, said = running.communicate(timeout=60)
        self.assertEqual((running.returncode, printed), (130, b""))
        done = int(re.search(rb": (\d+) files", said)[1])
        self.assertLess(done, 3003)
        self.assertEqual(self.search()[1][0], 3003)

    def test_gives_a_vector_for_each_line(self):
        lines = ["The cat", "", "dogs bark"]
        done = embed(self.model, given="\n".join(lines) + "\n")
        found = vectors_of(done.stdout)
        self.assertEqual([len(v) for v in found], [32] * 3)
        (self.root / "lines").write_text("\r\n".join(lines))
        self.assertEqual(embed(self.model, self.root / "lines").stdout, done.stdout)
        self.assertEqual(embed(self.model, given=lines[2]).stdout, done.stdout.splitlines()[2] + "\n")

    def test_says_errors_in_words(self):
        for arguments, words in (
            ((self.root / "none", ), "none/config.json: cannot be opened: No such file or directory"),
            ((self.model, self.root / "none"), "none: cannot be opened"),
            ((self.model, self.folder), "is a folder; --search looks for passages in one"),
            ((self.model, "--search", self.root / "none", "cat"), "none: there is no such folder"),
            ((self.model, "--search", self.folder, "cat", "--index", "/proc/none"), "cannot be written"),
        ):
            done = embed(*arguments)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("embed: ", done.stderr)
            self.assertIn(words, done.stderr)
        self.assertIn("--search", embed("--help").stdout)


@unittest.skipUnless(MINILM, "NOT RUN: HEED_MINILM does not say where all-MiniLM-L6-v2 lies")
class MiniLM(unittest.TestCase):
    def test_finds_answers_in_the_order_of_sentence_transformers(self):
        made = corpus.make()
        golden = json.loads((HERE / "golden_order.json").read_text())
        right = {question: name for name, _, question in made}
        with tempfile.TemporaryDirectory() as folder:
            corpus.write(folder, made)
            begin = time.time()
            done = embed(MINILM, "--search", folder, given="".join(g["question"] + "\n" for g in golden))
            seconds = time.time() - begin
        found = answers_in(done.stdout)
        first = sum(found[g["question"]][0][1] == right[g["question"]] for g in golden)
        print(f"{first} of {len(golden)} answers first; {len(made)} passages in {seconds:.1f} s", file=sys.stderr)
        self.assertGreaterEqual(first, 0.95 * len(golden))
        for g in golden:
            files = [name for _, name, _ in found[g["question"]]]
            # Where scores are equal up to rounding, neighbours may be exchanged.
            begin = 0
            for place, gap in enumerate(g["gaps"]):
                if gap > 2e-6:
                    self.assertEqual(set(files[begin:place + 1]), set(g["files"][begin:place + 1]), g["question"])
                    begin = place + 1

    def test_gives_the_vectors_of_sentence_transformers(self):
        found = vectors_of(embed(MINILM, given="\n".join(texts.TEXTS)).stdout)
        golden = json.loads((HERE / "golden_texts.json").read_text())
        self.assertEqual(len(found), len(golden))
        for text, a, b in zip(texts.TEXTS, found, golden):
            self.assertLess(max(abs(x - y) for x, y in zip(a, b)), 2e-6, text)
            self.assertEqual(f"{cosine(a, b):.6f}", "1.000000", text)


def table():
    with tempfile.TemporaryDirectory() as folder:
        # The same model with a tokenizer that keeps accents and does not part Chinese characters.
        for path in pathlib.Path(MINILM).iterdir():
            if path.name != "tokenizer.json":
                pathlib.Path(folder, path.name).symlink_to(path)
        tokenizer = json.loads(pathlib.Path(MINILM, "tokenizer.json").read_text())
        tokenizer["normalizer"].update(strip_accents=False, handle_chinese_chars=False)
        pathlib.Path(folder, "tokenizer.json").write_text(json.dumps(tokenizer))
        wrong, right = (vectors_of(embed(m, given="\n".join(texts.TEXTS)).stdout) for m in (folder, MINILM))
    golden = json.loads((HERE / "golden_texts.json").read_text())
    print("| text | heed | accents kept |\n|---|---|---|")
    for text, a, b, c in zip(texts.TEXTS, right, golden, wrong):
        shown = "".join(f"\\u{ord(x):04x}" if ord(x) in (0x200b, 0xa0, 0xfeff) else x for x in text)
        print(f"| {shown} | {cosine(a, b):.6f} | {cosine(c, b):.3f} |")


if __name__ == "__main__":
    if "--table" in sys.argv:
        table()
    else:
        unittest.main(argv=sys.argv[:1] + sys.argv[2:])
