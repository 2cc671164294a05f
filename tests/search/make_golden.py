# SPDX-License-Identifier: MIT
"""What sentence-transformers answers to the corpus' questions: golden_order.json; and its vectors of texts in
other scripts: golden_texts.json.

    python3 -m venv v && v/bin/pip install sentence-transformers
    sh examples/get minilm && v/bin/python tests/search/make_golden.py models/minilm
"""
import json
import pathlib
import sys

import corpus
import texts
from sentence_transformers import SentenceTransformer

model = SentenceTransformer(sys.argv[1], device="cpu")
here = pathlib.Path(__file__).parent
made = corpus.make()
asked = made[9::10]
passages = model.encode([p for _, p, _ in made], batch_size=64)
questions = model.encode([q for _, _, q in asked], batch_size=64)
scores = questions @ passages.T
order = (-scores).argsort(axis=1, kind="stable")[:, :6]
answers = [
    {
        "question": asked[i][2],
        "files": [made[j][0] for j in order[i][:5]],
        # Of the score to the next one: places closer than rounding may be exchanged.
        "gaps": [round(float(scores[i, a] - scores[i, b]), 7) for a, b in zip(order[i][:5], order[i][1:])],
    }
    for i in range(len(asked))
]
lines = ",\n".join(json.dumps(a) for a in answers)
(here / "golden_order.json").write_text("[\n" + lines + "\n]\n")

vectors = model.encode(texts.TEXTS)
lines = ",\n".join(json.dumps([float(f"{x:.9g}") for x in v], separators=(",", ":")) for v in vectors.tolist())
(here / "golden_texts.json").write_text("[\n" + lines + "\n]\n")
