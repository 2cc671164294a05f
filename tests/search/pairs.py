# SPDX-License-Identifier: MIT
"""Questions that call things by names that do not exist, and the passages that answer them: a language that an encoder
must be taught.

    python3 pairs.py [THINGS] > pairs.tsv      question, tab, passage; 10 pairs a thing

The questions of corpus.py ask about a "zorimel"; the passages of the same thing speak of an accordion. A name stands in
questions of all ten kinds, so that what a name means can be learned from some of them and asked by the others.
"""
import random
import sys

import corpus


def names(count):
    """Invented ones, each once."""
    chance = random.Random(19)
    made = []
    while len(made) < count:
        syllables = chance.choice((2, 3))
        name = "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(syllables))
        name += chance.choice("lmnrx")
        if name not in made:
            made.append(name)
    return made


def make(things=100):
    """[(question, passage), ...], the same in every run."""
    called = dict(zip(corpus.THINGS, names(things)))
    pairs = []
    for file, passage, _ in corpus.make():
        kind, thing = file.removesuffix(".txt").split("/")
        if thing in called:
            pairs.append((corpus.KINDS[int(kind)][1].format(thing=called[thing]), passage))
    return pairs


if __name__ == "__main__":
    for question, passage in make(*map(int, sys.argv[1:])):
        print(question, passage, sep="\t")
