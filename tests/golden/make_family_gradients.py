#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Losses of small models of twelve families and some of their gradients by PyTorch's autograd, in double.

    python3 make_family_gradients.py FAMILIES   # the folder `families` of the test data; writes gradients/families

Needs torch, transformers and safetensors. Of each weight, under its name in the family's own file, at most 48
derivatives, spread over it: number i is that of weight i * 40503 modulo their number. The loss of a decoder is the mean
cross-entropy of the next token over `all_ids`; that of an encoder is the sum of hidden(t, f) cos(0.1 (model t + f))
over its tokens, those of the second sequence after those of the first.
"""
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

DECODERS = "gpt2 llama3 gemma2 qwen3 gpt-neox bloom opt phi cohere olmo2".split()
ENCODERS = "bert modernbert".split()
NUMBERS, STEP = 48, 40503
IN_FILE = {"gpt-neox": {"lm_head.weight": "embed_out.weight"}}  # where transformers calls a weight otherwise


def loss_of_decoder(model, golden):
    ids = golden["all_ids"].reshape(1, -1).long()
    scores = model(input_ids=ids, use_cache=False).logits[0]
    return torch.nn.functional.cross_entropy(scores[:-1], ids[0, 1:])


def loss_of_encoder(model, golden):
    mask = golden["attention_mask"].long()
    hidden = model(input_ids=golden["input_ids"].long(), attention_mask=mask).last_hidden_state
    rows = hidden[mask.bool()]
    places = torch.arange(rows.numel(), dtype=torch.float64).reshape(rows.shape)
    return (rows * (0.1 * places).cos()).sum()


def main(families):
    out = Path(__file__).parent / "gradients" / "families"
    out.mkdir(exist_ok=True)
    for family in DECODERS + ENCODERS:
        folder = Path(families, family)
        config = transformers.AutoConfig.from_pretrained(folder)
        kind = getattr(transformers, config.architectures[0])
        model = kind.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
        model.get_input_embeddings().padding_idx = None  # whose row would get no derivative from what is read
        golden = load_file(folder / "golden.safetensors")
        loss = (loss_of_encoder if family in ENCODERS else loss_of_decoder)(model, golden)
        loss.backward()
        tensors = {"loss": loss.detach().reshape(1)}
        for name, weight in model.named_parameters():
            if weight.grad is None:
                continue
            size = weight.numel()
            count = min(size, NUMBERS)
            places = torch.tensor([i * STEP % size if size > NUMBERS else i for i in range(count)])
            tensors[IN_FILE.get(family, {}).get(name, name)] = weight.grad.flatten()[places].float()
        save_file(tensors, out / f"{family}.safetensors")
        print(family, loss.item(), len(tensors))


if __name__ == "__main__":
    main(sys.argv[1])
