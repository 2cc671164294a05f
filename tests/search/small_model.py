# SPDX-License-Identifier: MIT
"""A small BERT of random weights that knows the words of some texts: enough to find words again."""
import json
import pathlib
import random
import re
import struct


def write_safetensors(path, tensors):
    """tensors: {name: (shape, numbers)}"""
    header, data = {}, b""
    for name, (shape, numbers) in tensors.items():
        part = struct.pack(f"<{len(numbers)}f", *numbers)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def make(folder, texts, width=32, seed=1):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    words = sorted({w for t in texts for w in re.findall(r"\w+|[^\w\s]", t.lower())})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + words
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    (folder / "config.json").write_text(json.dumps({
        "model_type": "bert", "vocab_size": len(vocabulary), "hidden_size": width, "num_hidden_layers": 1,
        "num_attention_heads": 2, "intermediate_size": 2 * width, "max_position_embeddings": 256,
        "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
        "architectures": ["BertModel"], "position_embedding_type": "absolute"}))
    chance = random.Random(seed)
    tensors = {}

    def table(name, *shape, scale):
        count = 1
        for n in shape:
            count *= n
        tensors[name] = (list(shape), [chance.gauss(0, scale) for _ in range(count)])

    def constant(name, value, n):
        tensors[name] = ([n], [value] * n)

    def norm(name):
        constant(name + ".weight", 1, width)
        constant(name + ".bias", 0, width)

    def linear(name, outputs, inputs):
        table(name + ".weight", outputs, inputs, scale=0.1)
        constant(name + ".bias", 0, outputs)

    table("embeddings.word_embeddings.weight", len(vocabulary), width, scale=1)
    table("embeddings.token_type_embeddings.weight", 2, width, scale=0.01)
    table("embeddings.position_embeddings.weight", 256, width, scale=0.01)
    norm("embeddings.LayerNorm")
    layer = "encoder.layer.0."
    for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
        linear(layer + part, width, width)
    norm(layer + "attention.output.LayerNorm")
    linear(layer + "intermediate.dense", 2 * width, width)
    linear(layer + "output.dense", width, 2 * width)
    norm(layer + "output.LayerNorm")
    write_safetensors(folder / "model.safetensors", tensors)
