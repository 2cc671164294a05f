# SPDX-License-Identifier: MIT
"""What a user of examples/listen meets: python3 listen.py PROGRAM. With the environment variable HEED_TEST_DATA,
which names a folder with models/kwt1, also the words that the published model hears."""
import json
import math
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest
import wave

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples"))
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "search"))
sys.dont_write_bytecode = True
import kwt1_from_tflite
from small_model import write_safetensors

PROGRAM = os.path.abspath(sys.argv[1])
DATA = pathlib.Path(os.environ.get("HEED_TEST_DATA", ""), "models", "kwt1")


def listen(*arguments, given=None):
    return subprocess.run([PROGRAM, *map(str, arguments)], input=given, capture_output=True, timeout=120)


def heard(done):
    """[(seconds, word), ...]"""
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    return [(float(line[0]), line[2]) for line in lines]


def write_wav(path, samples, rate=16000, channels=1, width=2):
    """samples: of 16 bits; the same in all channels, each wider by zeros below it."""
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(b"".join(
            (s << 8 * (width - 2)).to_bytes(width, "little", signed=True) * channels for s in samples))


def sweep(seconds):
    return [int(9000 * math.sin(i * i / 40000)) for i in range(int(16000 * seconds))]


def read_tensors(path):
    data = pathlib.Path(path).read_bytes()
    length = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8:8 + length])
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            yield name, entry["shape"], data[8 + length + begin:8 + length + end]


def small_transformer(path, labels=12):
    """One block of random weights, in the names of the published graph."""
    chance, tensors = random.Random(4), {}

    def add(name, *shape, scale=0.3):
        tensors[name] = (list(shape), [chance.gauss(0, scale) for _ in range(math.prod(shape))])

    def norm(name):
        tensors[name + "/gamma"], tensors[name + "/beta"] = ([8], [1] * 8), ([8], [0] * 8)

    add("class_emb", 1, 1, 8)
    add("pos_emb", 1, 99, 8)
    add("kws_transformer/dense/Tensordot/MatMul", 8, 40, scale=0.01)
    add("kws_transformer/dense/bias", 8)
    block = "kws_transformer/transformer_block/"
    for i in range(1, 5):
        add(f"{block}multi_head_self_attention/dense_{i}/Tensordot/MatMul", 8, 8)
    add(block + "multi_head_self_attention/dense_4/bias", 8)
    add(block + "sequential/dense_5/Tensordot/MatMul", 16, 8)
    add(block + "sequential/dense_5/bias", 16)
    add(block + "sequential/dense_6/Tensordot/MatMul", 8, 16)
    add(block + "sequential/dense_6/bias", 8)
    norm(block + "layer_normalization")
    norm(block + "layer_normalization_1")
    add("sequential_1/dense_7/MatMul", labels, 8, scale=3)
    add("sequential_1/dense_7/bias", labels)
    write_safetensors(path, tensors)


class Files(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        self.model = self.root / "model.safetensors"
        self.make_model()

    def make_model(self):
        small_transformer(self.model)

    def wav(self, samples, **how):
        path = self.root / "sound.wav"
        write_wav(path, samples, **how)
        return path

    def listen(self, path, *more):
        return listen(path, "--model", self.model, *more)

    def refused(self, path, words):
        done = self.listen(path)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(words, done.stderr.decode())
        self.assertTrue(done.stderr.startswith(b"listen: "))


class Small(Files):
    def test_a_line_a_second_and_ten_windows(self):
        done = self.listen(self.wav(sweep(2.5)))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([second for second, _ in heard(done)], [0, 1, 2])
        self.assertIn(b"25 windows, ", done.stderr)
        windows = [at for at, _ in heard(self.listen(self.root / "sound.wav", "--windows"))]
        self.assertEqual(sorted(windows), sorted([0, 1, 2] + [round(0.1 * i - 0.5, 1) for i in range(25)]))

    def test_the_same_of_more_channels_and_wider_samples(self):
        sound = sweep(1.7)
        windows = self.listen(self.wav(sound), "--windows").stdout
        self.assertEqual(len(windows.splitlines()), 19)
        for how in ({"channels": 2}, {"width": 3}, {"width": 4}, {"channels": 3, "width": 3}):
            self.assertEqual(self.listen(self.wav(sound, **how), "--windows").stdout, windows, how)
        raw = struct.pack(f"<{len(sound)}h", *sound)
        self.assertEqual(listen("--model", self.model, "--windows", given=raw).stdout, windows)

    def test_two_channels_are_their_mean(self):
        left, right = sweep(1), [7 * i % 3000 for i in range(16000)]
        with wave.open(str(self.root / "two.wav"), "wb") as file:
            file.setparams((2, 2, 16000, 0, "NONE", ""))
            file.writeframes(b"".join(struct.pack("<hh", 2 * (l // 2), 2 * (r // 2)) for l, r in zip(left, right)))
        mean = self.wav([l // 2 + r // 2 for l, r in zip(left, right)])
        self.assertEqual(self.listen(self.root / "two.wav", "--windows").stdout, self.listen(mean, "--windows").stdout)

    def test_a_truncated_file_is_heard_as_far_as_it_goes(self):
        whole = self.wav(sweep(3)).read_bytes()
        for seconds in (0.01, 1, 2.2):
            (self.root / "cut.wav").write_bytes(whole[:44 + int(32000 * seconds) + 1])
            done = self.listen(self.root / "cut.wav", "--windows")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout, self.listen(self.wav(sweep(3)[:int(16000 * seconds)]), "--windows").stdout)

    def test_says_what_cannot_be_heard(self):
        self.refused(self.wav(sweep(1), rate=44100), "sound.wav: has 44100 samples a second, but the model hears 16000")
        self.refused(self.wav([]), "sound.wav: holds no samples")
        (self.root / "sound.wav").write_bytes(b"")
        self.refused(self.root / "sound.wav", "sound.wav: cannot be read as sound: ")
        (self.root / "sound.wav").write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt ")
        self.refused(self.root / "sound.wav", "sound.wav: cannot be read as sound: ")
        self.refused(self.root / "none.wav", "none.wav: cannot be read as sound: ")
        self.refused(self.root, "cannot be read as sound: ")
        floats = [0.5] * 100 + [math.nan] + [0.5] * 100
        data = struct.pack(f"<{len(floats)}f", *floats)
        (self.root / "sound.wav").write_bytes(
            b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " +
            struct.pack("<IHHIIHH", 16, 3, 1, 16000, 64000, 4, 32) + b"data" + struct.pack("<I", len(data)) + data)
        self.refused(self.root / "sound.wav", "sound.wav: sample 100 is no finite number")
        done = listen("--model", self.model, given=b"")
        self.assertEqual((done.returncode, done.stderr), (1, b"listen: standard input: holds no samples\n"))

    def test_says_what_is_no_model(self):
        sound = self.wav(sweep(1))
        small_transformer(self.model, labels=35)
        self.refused(sound, "the model has 35 labels, but this program knows the names of 12")
        self.model.write_bytes(b"")
        self.refused(sound, "model.safetensors: ")
        self.model.unlink()
        self.refused(sound, "model.safetensors: cannot be opened: No such file or directory")


@unittest.skipUnless(DATA.is_dir(), "NOT RUN: HEED_TEST_DATA does not name a folder with models/kwt1")
class Published(Files):
    def make_model(self):
        tensors = {name.split(":", 1)[1]: (shape, data)
                   for name, shape, data in read_tensors(DATA / "kwt1_constants.safetensors")}
        kwt1_from_tflite.write(str(self.model), tensors)
        golden = {name: data for name, _, data in read_tensors(DATA / "kwt1_golden_visible.safetensors")}
        self.sounds = [list(s) for s in struct.iter_unpack("<16000h", golden["sound_int16"])]
        self.words = "yes no up down left right".split()

    def test_hears_each_word(self):
        for sound, word in zip(self.sounds, self.words):
            for how in ({}, {"channels": 2}, {"width": 3}):
                self.assertEqual(heard(self.listen(self.wav(sound, **how))), [(0, word)])

    def test_hears_the_words_of_a_longer_sound(self):
        pause = [0] * 16000
        sounds = self.sounds + [pause] + self.sounds[::-1]
        words = self.words + ["(silence)"] + self.words[::-1]
        done = self.listen(self.wav([s for sound in sounds for s in sound]))
        self.assertEqual(heard(done), list(enumerate(words)))
        print(done.stderr.decode().strip(), file=sys.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
