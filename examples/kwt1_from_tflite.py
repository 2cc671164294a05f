#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes of a Keyword Transformer for TensorFlow Lite the safetensors file that examples/listen reads.

    python3 examples/kwt1_from_tflite.py non_stream.tflite models/kwt1.safetensors

The publisher's file is models_data_v2_12_labels/kwt1/tflite_non_stream/non_stream.tflite of
https://github.com/ARM-software/keyword-transformer (Apache License 2.0). Needs Python 3.8 and nothing else.
"""
import json
import os
import struct
import sys

FLOAT32 = 0  # of TensorFlow Lite's types


class Table:
    """A table of a FlatBuffers file: fields are numbered, and found by offsets."""

    def __init__(self, data, at):
        self.data, self.at = data, at
        self.fields = at - struct.unpack_from("<i", data, at)[0]
        self.size = struct.unpack_from("<H", data, self.fields)[0]

    def place(self, field):
        entry = 4 + 2 * field
        if entry + 2 > self.size:
            return None
        offset = struct.unpack_from("<H", self.data, self.fields + entry)[0]
        return self.at + offset if offset else None

    def number(self, field, form, default=0):
        place = self.place(field)
        return default if place is None else struct.unpack_from("<" + form, self.data, place)[0]

    def vector(self, field):
        """Where the elements begin, and how many there are."""
        place = self.place(field)
        if place is None:
            return 0, 0
        at = place + struct.unpack_from("<I", self.data, place)[0]
        return at + 4, struct.unpack_from("<I", self.data, at)[0]

    def tables(self, field):
        first, count = self.vector(field)
        places = range(first, first + 4 * count, 4)
        return [Table(self.data, p + struct.unpack_from("<I", self.data, p)[0]) for p in places]

    def numbers(self, field, form):
        first, count = self.vector(field)
        return list(struct.unpack_from(f"<{count}{form}", self.data, first))

    def bytes(self, field):
        first, count = self.vector(field)
        return self.data[first:first + count]


def constants(data):
    """{name: (shape, bytes)} of the floats that the model's graph holds."""
    if data[4:8] != b"TFL3":
        raise ValueError("it is no TensorFlow Lite model")
    model = Table(data, struct.unpack_from("<I", data)[0])
    buffers = model.tables(4)
    found = {}
    for tensor in model.tables(2)[0].tables(0):
        values = buffers[tensor.number(2, "I")].bytes(0)
        shape = tensor.numbers(0, "i")
        if not values or not shape or tensor.number(1, "b") != FLOAT32:
            continue
        count = 1
        for n in shape:
            count *= n
        name = tensor.bytes(3).decode()
        if 4 * count != len(values):
            raise ValueError(f"{name} has {len(values)} bytes, but its shape is {shape}")
        found[name] = (shape, values)
    return found


def write(path, tensors):
    header, data = {}, b""
    for name, (shape, values) in sorted(tensors.items()):
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path + ".part", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
    os.replace(path + ".part", path)


def main():
    if len(sys.argv) != 3 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    try:
        with open(sys.argv[1], "rb") as file:
            tensors = constants(file.read())
    except (OSError, ValueError, IndexError, struct.error) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
    kept = {n: t for n, t in tensors.items() if n.startswith(("kws_transformer", "sequential", "class_emb", "pos_emb"))}
    if "pos_emb" not in kept:
        sys.exit(f"{sys.argv[1]}: this model has no pos_emb; it is no Keyword Transformer")
    write(sys.argv[2], kept)
    numbers = sum(len(values) // 4 for _, values in kept.values())
    print(f"{sys.argv[2]}: {len(kept)} tensors, {numbers:,} numbers")


if __name__ == "__main__":
    main()
