#!/bin/sh
# SPDX-License-Identifier: MIT
# Teaches the model that comes with heed, from nothing: a quarter of an hour of a processor with AVX-512.
#
#   sh examples/world/train.sh              the model in models/world
#   sh examples/world/train.sh FOLDER       ... in another folder
#
# The same instruction set and the same compiler give the same bits, on any number of threads.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
folder=${1:-$root/models/world}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

options='--answers --one-line --weights bf16 --kind llama --vocabulary 1024 --context 256
  --layers 4 --model 96 --heads 6 --hidden 256
  --batch 16 --steps 16000 --warm-up 200 --rate 1e-3 --every 1000 --sample 0'

sh "$root/examples/run" world 400000 >"$work/stories.txt"
# shellcheck disable=SC2086  # the options are words
sh "$root/examples/run" train "$work/stories.txt" --out "$work/model" $options
# ... and once more from a large rate down to a small one.
sh "$root/examples/run" train --out "$work/model" --resume --steps 28000 --rate 2e-3
mkdir -p "$folder"
for file in config.json model.safetensors tokenizer.json tokenizer_config.json; do
  cp "$work/model/$file" "$folder"
done
cp "$root/examples/world/chat_template.jinja" "$folder"
[ $# -gt 0 ] || cp "$work/model/loss.svg" "$root/docs/world_loss.svg"
