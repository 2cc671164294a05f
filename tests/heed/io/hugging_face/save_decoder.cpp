// SPDX-License-Identifier: MIT
// Decoders that are written as folders of Hugging Face, and read again: the same logits.
#include "support/bytes.hpp"
#include "support/learning.hpp"
#include "support/refusal.hpp"

#include <heed/io/hugging_face/save_decoder.hpp>
#include <heed/io/load_language_model.hpp>
#include <heed/io/load_language_model_implementation.hpp>

#include <gtest/gtest.h>

namespace {

using heed::decoder;
using heed::index;
using heed::matrix;
using support::learning_ids;
using support::small_decoder;

void check(const decoder<float>& d, index context) {
  const support::temporary_folder folder;
  heed::save_decoder(folder / "model", d, {.context = context, .ends = {3}});
  const heed::language_model read = heed::load_language_model(folder / "model");
  EXPECT_EQ(read.context, context);
  EXPECT_EQ(read.ends, std::vector<index>{3});
  const matrix<float> want = d(std::vector<index>{1, 4, 2, 0}), y = read.logits({1, 4, 2, 0});
  EXPECT_LE((want - y).cwiseAbs().maxCoeff(), 1e-6f * want.cwiseAbs().maxCoeff());
  // ... rounded as they are read, and nearly the same
  const matrix<float> rounded =
      heed::load_language_model(folder / "model", {.weights = heed::dtype::f16})
          .logits({1, 4, 2, 0});
  EXPECT_LE((want - rounded).cwiseAbs().maxCoeff(), 0.01f * want.cwiseAbs().maxCoeff());
  EXPECT_NE(rounded, y);
  // ... and what is read can be learned and written again
  decoder<float> again = read.decoder;
  heed::make_learnable(again);
  EXPECT_EQ(again.head.outputs(), d.head.outputs());
  heed::save_decoder_weights(folder / "model", again);
  EXPECT_EQ(heed::load_language_model(folder / "model").logits({1, 4, 2, 0}), y);
}

TEST(save_decoder, as_gpt2) { check(small_decoder<float>(7), 7); }
TEST(save_decoder, as_llama) { check(small_decoder<float>(0), 12); }
TEST(save_decoder, with_a_head_of_its_own) {
  decoder<float> d = small_decoder<float>(0);
  d.head = heed::linear<float>({.inputs = 6, .outputs = 5, .bias = false});
  check(d, 12);
}

// A weight of 8 bits of precision is within 2^-9 of itself, and 1 + 2^-8 lies in the middle of two of them, of which
// the even one, 1, is taken.
TEST(save_decoder, rounds_to_bfloat16) {
  const support::temporary_folder folder;
  decoder<float> d = small_decoder<float>(0);
  d.words.weight(0, 0) = 1.00390625f;
  heed::save_decoder(folder / "model", d, {.context = 9, .weights = heed::dtype::bf16});
  const heed::tensor_file file = heed::read_tensor_file(folder / "model" / "model.safetensors");
  const heed::tensor_view words = file["model.embed_tokens.weight"];
  EXPECT_EQ(words.type, heed::dtype::bf16);
  matrix<float> read(words.rows(), words.cols());
  heed::detail::to_float(words, read.data());
  EXPECT_EQ(read(0, 0), 1);
  EXPECT_LE(((read - d.words.weight).array() / d.words.weight.array()).abs().maxCoeff(),
            0.00390625f);
  decoder<float> same = heed::load_language_model(folder / "model").decoder;
  heed::make_learnable(same);
  EXPECT_EQ(same.words.weight, read);
}

TEST(save_decoder, refuses_blocks_of_weights) {
  const support::temporary_folder folder;
  EXPECT_EQ(support::refusal([&] {
              heed::save_decoder(folder / "model", small_decoder<float>(0),
                                 {.context = 1, .weights = heed::dtype::q8_0});
            }),
            "heed::save_decoder: weights are saved as F32, F16 or BF16, not as Q8_0");
  EXPECT_EQ(folder.files(), 0u);
}

TEST(save_decoder, refuses_what_neither_family_has) {
  const support::temporary_folder folder;
  decoder<float> d = small_decoder<float>(7);
  d.blocks[1].attention.rules.window = 3;
  EXPECT_EQ(support::refusal([&] { heed::save_decoder(folder / "model", d, {.context = 1}); }),
            "heed::save_decoder: attention has rules beside causal, norms or a clip; only decoders "
            "as GPT-2's and Llama's are written");
  d = small_decoder<float>(7);
  d.blocks[0].attention_norm = heed::rms_norm<float>({.model = 6});
  EXPECT_EQ(support::refusal([&] { heed::save_decoder(folder / "model", d, {.context = 1}); }),
            "heed::save_decoder: its norms, positions, activations or biases are of another kind; "
            "only decoders as GPT-2's and Llama's are written");
  EXPECT_EQ(folder.files(), 0u);
}

}  // namespace
