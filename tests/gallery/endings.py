#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How programs end where something is wrong: python3 endings.py GENERATE MODEL TOKENIZER."""
import os
import subprocess
import sys
import unittest


def generate(*options, out=subprocess.PIPE):
    return subprocess.run([GENERATE, MODEL, "--tokenizer", TOKENIZER, *options],
                          stdout=out, stderr=subprocess.PIPE, text=True, timeout=60)


class Endings(unittest.TestCase):
    def test_a_full_disk_is_told(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("there is no /dev/full")
        with open("/dev/full", "w") as full:
            done = generate("--tokens", "5", out=full)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.endswith("generate: standard output: cannot be written\n"), done.stderr)

    def test_numbers_out_of_range_are_told_before_anything_is_printed(self):
        for option, value, why in (
                ("--threads", "99999", "not in range 0 to 1024"), ("--threads", "-1", "not in range 0 to 1024"),
                ("--temperature", "-1", "temperature is -1"), ("--stop", "", "one of 1 strings is empty"),
                ("--top-p", "2", "top_p is 2")):
            done = generate("--tokens", "5", option, value)
            self.assertGreater(done.returncode, 0, option)
            self.assertIn(why, done.stdout + done.stderr)
            self.assertNotIn("Once upon a time", done.stdout)


if __name__ == "__main__":
    GENERATE, MODEL, TOKENIZER = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
