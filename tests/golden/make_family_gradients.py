#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Losses of small models of sixteen families and some of their gradients by PyTorch's autograd, in double.

    python3 make_family_gradients.py FAMILIES   # the folder `families` of the test data; writes gradients/families

Needs torch, transformers and safetensors. Of each weight, under its name in the family's own file, at most 48
derivatives, spread over it: number i is that of weight i * 40503 modulo their number. The loss of a decoder is the mean
cross-entropy of the next token over `all_ids`, and of an encoder-decoder over `decoder_input_ids`, after `input_ids` or
`input_features`; that of an encoder is the sum of hidden(t, f) cos(0.1 (model t + f)) over its tokens, those of the
second text or image after those of the first.
"""
import re
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

DECODERS = "gpt2 llama3 gemma2 qwen3 gpt-neox bloom opt phi cohere olmo2".split()
ENCODERS = "bert modernbert".split()
PAIRS = "bart t5".split()
SOUNDS = ["whisper"]
IMAGES = ["vit"]
NUMBERS, STEP = 48, 40503
IN_FILE = {  # where transformers calls a weight otherwise
    "gpt-neox": {"lm_head.weight": "embed_out.weight"},
    "vit": {r"vit\.layers\.": "vit.encoder.layer.", r"attention\.(q|k|v)_proj": r"attention.attention.\1",
            "attention.o_proj": "attention.output.dense", r"mlp\.fc1": "intermediate.dense",
            r"mlp\.fc2": "output.dense", r"attention\.q\b": "attention.query", r"attention\.k\b": "attention.key",
            r"attention\.v\b": "attention.value"},
}


def loss_of_decoder(model, golden):
    ids = golden["all_ids"].reshape(1, -1).long()
    scores = model(input_ids=ids, use_cache=False).logits[0]
    return torch.nn.functional.cross_entropy(scores[:-1], ids[0, 1:])


def loss_of_encoder(model, golden):
    mask = golden["attention_mask"].long()
    hidden = model(input_ids=golden["input_ids"].long(), attention_mask=mask).last_hidden_state
    return along_cosines(hidden[mask.bool()])


def loss_of_images(model, golden):
    hidden = model.vit(pixel_values=golden["pixel_values"].double()).last_hidden_state
    return along_cosines(hidden.flatten(0, 1))


def loss_of_pair(model, golden):
    ids = golden["decoder_input_ids"].reshape(1, -1).long()
    scores = model(input_ids=golden["input_ids"].long(), decoder_input_ids=ids, use_cache=False).logits[0]
    return torch.nn.functional.cross_entropy(scores[:-1], ids[0, 1:])


def loss_of_sound(model, golden):
    ids = golden["decoder_input_ids"].reshape(1, -1).long()
    features = golden["input_features"].double()
    scores = model(input_features=features, decoder_input_ids=ids, use_cache=False).logits[0]
    return torch.nn.functional.cross_entropy(scores[:-1], ids[0, 1:])


def along_cosines(rows):
    places = torch.arange(rows.numel(), dtype=torch.float64).reshape(rows.shape)
    return (rows * (0.1 * places).cos()).sum()


def main(families):
    out = Path(__file__).parent / "gradients" / "families"
    out.mkdir(exist_ok=True)
    kinds = ((DECODERS, loss_of_decoder), (ENCODERS, loss_of_encoder), (PAIRS, loss_of_pair),
             (SOUNDS, loss_of_sound), (IMAGES, loss_of_images))
    for family, loss_of in ((family, loss_of) for families_of, loss_of in kinds for family in families_of):
        folder = Path(families, family)
        config = transformers.AutoConfig.from_pretrained(folder)
        kind = getattr(transformers, config.architectures[0])
        model = kind.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
        for part in model.modules():
            if isinstance(part, torch.nn.Embedding):
                part.padding_idx = None  # whose row would get no derivative from what is read
        golden = load_file(folder / "golden.safetensors")
        loss = loss_of(model, golden)
        loss.backward()
        tensors = {"loss": loss.detach().reshape(1)}
        for name, weight in model.named_parameters():
            if weight.grad is None:
                continue
            size = weight.numel()
            count = min(size, NUMBERS)
            places = torch.tensor([i * STEP % size if size > NUMBERS else i for i in range(count)])
            for pattern, other in IN_FILE.get(family, {}).items():
                name = re.sub(pattern, other, name)
            tensors[name] = weight.grad.flatten()[places].float()
        save_file(tensors, out / f"{family}.safetensors")
        print(family, loss.item(), len(tensors))


if __name__ == "__main__":
    main(sys.argv[1])
