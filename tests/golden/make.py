#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes this folder from the larger collection that HEED_TEST_DATA names (needs numpy).

    tests/golden/make.py ../shared/data

Golden values are copied; what is cut away (positions that no token has, words of a vocabulary that no
token is) takes no part in them. Two models are too large or not free to be copied. The values of what
stands for them, a part of one and a smaller relative of the other with random weights, are computed
here, in double and without heed, by programs that must first compute the golden values of the whole.
"""

import json
import math
import pathlib
import shutil
import struct
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent

# Every operator and every rule; where cases differ in the shape of a batch only, the smallest.
ONNX = """
attention_23_boolmask_fullymasked_row_nan_robustness
attention_24_fullymasked_qk_matmul_output_mode3_zero
attention_3d
attention_3d_causal
attention_3d_diff_heads_sizes_attn_mask
attention_3d_gqa_attn_mask
attention_3d_softcap
attention_4d_attn_mask_3d_causal
attention_4d_attn_mask_4d_causal
attention_4d_attn_mask_bool_4d
attention_4d_causal_nonpad_attn_mask_composition
attention_4d_causal_nonpad_continued_prefill
attention_4d_causal_with_past_and_present
attention_4d_diff_heads_sizes_causal
attention_4d_diff_heads_sizes_softcap
attention_4d_fp16
attention_4d_gqa_causal_nonpad_decode
attention_4d_gqa_scaled
attention_4d_softcap_neginf_mask
attention_4d_with_past_and_present_qk_matmul_bias_3d_mask_causal
attention_4d_with_qk_matmul_softmax
flexattention_fp16
flexattention_prob_mod
flexattention_soft_cap
gelu_default_1
gelu_tanh_1
layer_normalization_3d_axis2_epsilon
layer_normalization_4d_axis_negative_3
layer_normalization_default_axis
logsoftmax_axis_0
logsoftmax_negative_axis
rms_normalization_3d_axis2_epsilon
rms_normalization_4d_axis_negative_3
rms_normalization_default_axis
rotary_embedding
rotary_embedding_interleaved
rotary_embedding_no_position_ids_interleaved
rotary_embedding_with_interleaved_rotary_dim
softmax_axis_0
softmax_negative_axis
""".split()


def copy_onnx(data):
    for case in ONNX:
        (HERE / "onnx" / case).mkdir(parents=True)
        for file in sorted((data / "onnx" / case).iterdir()):
            shutil.copyfile(file, HERE / "onnx" / case / file.name)


KINDS = {"F32": np.float32, "I32": np.int32}


def read_safetensors(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    about = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(
            data[8 + size + begin:8 + size + end], KINDS[entry["dtype"]]).reshape(entry["shape"])
    return tensors, about


def write_safetensors(path, tensors, about):
    names = {np.dtype(kind): name for name, kind in KINDS.items()}
    header, offset = ({"__metadata__": about} if about else {}), 0
    for name, t in tensors.items():
        header[name] = {"dtype": names[t.dtype], "shape": list(t.shape),
                        "data_offsets": [offset, offset + t.nbytes]}
        offset += t.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text +
                     b"".join(np.ascontiguousarray(t).tobytes() for t in tensors.values()))


def copy_letter_sorter(data):
    """All of the model, and of its golden values what a test looks at."""
    source, target = data / "models/gpt-nano-sort", HERE / "models/gpt-nano-sort"
    golden, about = read_safetensors(source / "golden_partials.safetensors")
    seen = "idx tok_emb pos_emb x ln1 q k v qkv att attSm y yProj lm_head".split()
    write_safetensors(target / "golden_partials.safetensors", {n: golden[n] for n in seen}, about)
    shutil.copyfile(source / "model.safetensors", target / "model.safetensors")


def copy_tiny_gpt2(data):
    source, target = data / "models/tiny-random-gpt2", HERE / "models/tiny-random-gpt2"
    model, about = read_safetensors(source / "model.safetensors")
    golden, said = read_safetensors(source / "golden.safetensors")
    used = np.unique(golden["tokens"])
    model["transformer.wte.weight"] = model["transformer.wte.weight"][used]
    golden["tokens"] = np.searchsorted(used, golden["tokens"]).astype(np.int32)
    golden["logits"] = golden["logits"][..., used]
    positions = "transformer.wpe.weight"
    model[positions] = model[positions][:golden["tokens"].shape[1]]
    write_safetensors(target / "model.safetensors", model, about)
    write_safetensors(target / "golden.safetensors", golden, said)


def bytes_logits(model, tokens):
    """The logits of a byte-level decoder of two layers and four heads, in double."""
    w = {name: t.astype(np.float64) for name, t in model.items()}

    def linear(name, x):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    def norm(name, x):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * w[name + ".weight"]

    batch, n = tokens.shape
    later = np.triu(np.ones((n, n), bool), 1)
    x = w["token_embed.weight"][tokens] + w["pos_embed.weight"][:n]
    for layer in ("layers.0.", "layers.1."):
        h = norm(layer + "attn_norm", x)
        q, k, v = (linear(layer + m, h).reshape(batch, n, 4, -1) for m in ("wq", "wk", "wv"))
        s = np.einsum("bihd,bjhd->bhij", q, k) / np.sqrt(q.shape[-1])
        s[..., later] = -np.inf
        p = np.exp(s - s.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        x = x + linear(layer + "wo", np.einsum("bhij,bjhd->bihd", p, v).reshape(batch, n, -1))
        h = linear(layer + "fc1", norm(layer + "ffn_norm", x))
        h = h / 2 * (1 + np.vectorize(math.erf)(h / math.sqrt(2)))
        x = x + linear(layer + "fc2", h)
    return linear("output", norm("final_norm", x))


def make_byte_decoder(data):
    """Stands for tinyshakespeare-char: the same layers, smaller, untrained."""
    source, target = data / "models/tinyshakespeare-char", HERE / "models/tinyshakespeare-char"
    whole, _ = read_safetensors(source / "model.safetensors")
    golden, _ = read_safetensors(source / "golden.safetensors")
    assert np.abs(bytes_logits(whole, golden["tokens"]) - golden["logits"]).max() < 1e-5

    smaller = {64: 32, 256: 48, 32: 16}  # width; bytes and hidden units; positions
    chance = np.random.default_rng(1)
    model = {}
    for name, t in whole.items():
        shape = [smaller[n] for n in t.shape]
        size = 1 if "norm" in name else 0.5  # large enough that attention is far from uniform
        model[name] = (chance.normal(size=shape) * size + ("norm" in name)).astype(np.float32)
    tokens = chance.integers(0, smaller[256], (3, smaller[32])).astype(np.int32)
    logits = bytes_logits(model, tokens)
    second, first = np.sort(logits[:, -1])[:, -2:].T
    assert (first - second).min() > 0.01, "two next bytes are as likely"
    write_safetensors(target / "model.safetensors", model, {})
    write_safetensors(target / "golden.safetensors", {
        "tokens": tokens, "logits": logits.astype(np.float32),
        "next": logits[:, -1].argmax(-1).astype(np.int32)}, {})


class Llama:
    """llama2.c's first format, in double."""

    ORDER = ("attention_norm", "wq", "wk", "wv", "wo", "mlp_norm", "w1", "w2", "w3")

    def __init__(self, path):
        data = path.read_bytes()
        (self.model, self.hidden, self.layers, self.heads, self.kv_heads, self.vocabulary,
         self.context) = struct.unpack("<7i", data[:28])
        numbers = np.frombuffer(data[28:], np.float32).astype(np.float64)
        kv = self.model // self.heads * self.kv_heads
        shapes = {"attention_norm": (self.model,), "mlp_norm": (self.model,),
                  "wq": (self.model, self.model), "wk": (kv, self.model), "wv": (kv, self.model),
                  "wo": (self.model, self.model), "w1": (self.hidden, self.model),
                  "w2": (self.model, self.hidden), "w3": (self.hidden, self.model)}
        at = 0

        def take(*shape):
            nonlocal at
            at += int(np.prod(shape))
            return numbers[at - int(np.prod(shape)):at].reshape(shape)

        self.words = take(self.vocabulary, self.model)
        self.weights = {name: take(self.layers, *shapes[name]) for name in self.ORDER}
        self.last_norm = take(self.model)

    def cut(self, layers, context):
        self.layers, self.context = layers, context
        self.weights = {name: t[:layers] for name, t in self.weights.items()}

    def write(self, path):
        turns = np.zeros((2, self.context, self.model // self.heads // 2))  # heed forms its own
        arrays = [self.words, *(self.weights[n] for n in self.ORDER), self.last_norm, turns]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            struct.pack("<7i", self.model, self.hidden, self.layers, self.heads, self.kv_heads,
                        self.vocabulary, self.context) +
            b"".join(np.ascontiguousarray(a).astype(np.float32).tobytes() for a in arrays))

    @staticmethod
    def norm(x, weight):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * weight

    def turn(self, x):
        """Rotary positions, neighbours paired: (tokens, heads, width)."""
        width = x.shape[-1]
        angle = np.arange(len(x))[:, None] * 10000.0 ** (-np.arange(0, width, 2) / width)
        z = (x[..., ::2] + 1j * x[..., 1::2]) * np.exp(1j * angle)[:, None]
        return np.stack([z.real, z.imag], -1).reshape(x.shape)

    def logits(self, tokens):
        n, width, group = len(tokens), self.model // self.heads, self.heads // self.kv_heads
        x = self.words[tokens]
        hidden_keys = np.triu(np.ones((n, n), bool), 1)
        for i in range(self.layers):
            w = {name: t[i] for name, t in self.weights.items()}
            h = self.norm(x, w["attention_norm"])
            q, k, v = ((h @ w[m].T).reshape(n, -1, width) for m in ("wq", "wk", "wv"))
            q, k = self.turn(q), self.turn(k)
            k, v = np.repeat(k, group, 1), np.repeat(v, group, 1)
            s = np.einsum("ihd,jhd->hij", q, k) / np.sqrt(width)
            s[:, hidden_keys] = -np.inf
            p = np.exp(s - s.max(-1, keepdims=True))
            p /= p.sum(-1, keepdims=True)
            x = x + np.einsum("hij,jhd->ihd", p, v).reshape(n, -1) @ w["wo"].T
            h = self.norm(x, w["mlp_norm"])
            gate = h @ w["w1"].T
            x = x + (gate / (1 + np.exp(-gate)) * (h @ w["w3"].T)) @ w["w2"].T
        return self.norm(x, self.last_norm) @ self.words.T

    def greedy(self, tokens, length):
        """The tokens so far and the most likely after them, and the least lead of one over the next."""
        tokens, lead = list(tokens), np.inf
        while len(tokens) <= length:
            last = self.logits(tokens)[-1]
            second, first = np.sort(last)[-2:]
            lead = min(lead, first - second)
            tokens.append(int(last.argmax()))
        return tokens, lead


def pieces_of(path):
    data, at, pieces = path.read_bytes(), 4, []
    while at < len(data):
        size = struct.unpack("<i", data[at + 4:at + 8])[0]
        pieces.append(data[at + 8:at + 8 + size])
        at += 8 + size
    return pieces


def told(tokens, pieces):
    text = b""
    for i, token in enumerate(tokens[1:]):
        piece = pieces[token]
        byte = len(piece) == 6 and piece.startswith(b"<0x")
        text += bytes([token - 3]) if byte else piece[i == 0 and piece[:1] == b" ":]
    return text + b"\n"


def cut_stories(data):
    source, target = data / "models/stories260K", HERE / "models/stories260K"
    story = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426]
    pieces = pieces_of(source / "tok512.bin")
    llama = Llama(source / "stories260K.bin")
    golden = np.fromfile(source / "logits_golden.bin", np.float32).reshape(len(story), -1)
    assert np.abs(llama.logits(story) - golden).max() < 1e-4, "these are not the golden logits"
    text = told(llama.greedy(story[:5], 200)[0], pieces)
    assert text == (source / "golden_greedy_200.txt").read_bytes(), "that is another story"

    llama.cut(layers=1, context=256)
    llama.write(target / "stories260K.bin")
    llama.logits(story).astype(np.float32).tofile(target / "logits_golden.bin")
    tokens, lead = llama.greedy(story[:5], 200)
    assert lead > 1e-3, f"a lead of {lead} is too small for float"
    (target / "golden_greedy_200.txt").write_bytes(told(tokens, pieces))
    shutil.copyfile(source / "tok512.bin", target / "tok512.bin")
    shutil.copyfile(source / "stories260K.bin", target / "whole.bin")  # docs/tour.md is about it
    print(told(tokens, pieces).decode(), "least lead", lead)


def copy_families(data):
    """A random decoder, encoder and encoder-decoder, a file of every GGUF type, a tokenizer."""
    for name in ("families/llama3", "families/bert", "families/bart", "gguf",
                 "tokenizers/spm-unigram"):
        shutil.copytree(data / name, HERE / name)


def main():
    data = pathlib.Path(sys.argv[1])
    for folder in ("onnx", "models", "families", "gguf", "tokenizers"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
    for make in (copy_onnx, copy_letter_sorter, copy_tiny_gpt2, make_byte_decoder, cut_stories,
                 copy_families):
        make(data)
    for path in HERE.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.name == "make.py" else 0o644)
    print(sum(p.stat().st_size for p in HERE.rglob("*") if p.is_file()), "bytes")


if __name__ == "__main__":
    main()
