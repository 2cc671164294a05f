// SPDX-License-Identifier: MIT
// Encoders that are written as folders of Hugging Face, and read again: the same vectors.
#include "support/bytes.hpp"
#include "support/learning.hpp"
#include "support/refusal.hpp"

#include <heed/io/hugging_face/load_encoder.hpp>
#include <heed/io/hugging_face/save_encoder.hpp>
#include <heed/model/backward/encoder_parameters.hpp>

#include <gtest/gtest.h>

namespace {

using heed::encoder;
using heed::index;

encoder<float> some_encoder() {
  encoder<float> e({.vocabulary = 9,
                    .positions = 7,
                    .types = 2,
                    .model = 8,
                    .layers = 2,
                    .heads = 2,
                    .hidden = 12});
  support::fill_parameters(heed::parameters_of(e));
  for (auto& block : e.blocks)
    std::get<heed::feed_forward<float>>(block.feed).activation = heed::activation::gelu_tanh;
  return e;
}

heed::token_sequences text() {
  heed::token_sequences s({1, 4, 2, 0, 8});
  s.types = {0, 0, 1, 1, 1};
  return s;
}

TEST(save_encoder, is_read_again) {
  const support::temporary_folder folder;
  encoder<float> e = some_encoder();
  heed::save_encoder(folder / "model", e);
  encoder<float> read = heed::load_encoder(folder / "model");
  EXPECT_EQ(read.hidden(text()), e.hidden(text()));
  EXPECT_FALSE(read.pooler.given());
  // ... and what is read can be learned, given a pooler and written again, over the file that it comes from
  heed::make_learnable(read);
  read.pooler.pooled = heed::pooling::first;
  read.pooler.activation = heed::activation::tanh;
  read.pooler.dense = heed::linear<float>({.inputs = 8, .outputs = 8});
  heed::save_encoder(folder / "model", read);
  const encoder<float> again = heed::load_encoder(folder / "model");
  EXPECT_EQ(again.hidden(text()), e.hidden(text()));
  EXPECT_EQ(again.pooler(again.hidden(text()), {0, 5}), read.pooler(e.hidden(text()), {0, 5}));
}

TEST(save_encoder, refuses_what_bert_has_not) {
  const support::temporary_folder folder;
  const auto refusal = [&](const auto& change) {
    encoder<float> e = some_encoder();
    change(e);
    return support::refusal([&] { heed::save_encoder(folder / "model", e); });
  };
  EXPECT_EQ(refusal([](auto& e) { e.uncounted_id = 1; }),
            "heed::save_encoder: its positions, types or norms are of another kind; only encoders "
            "as BERT's are written");
  EXPECT_EQ(refusal([](auto& e) { e.blocks[1].attention.rules.window = 3; }),
            "heed::save_encoder: attention has rules, rotary positions, norms or no biases; only "
            "encoders as BERT's are written");
  EXPECT_EQ(refusal([](auto& e) { e.blocks[1].feed_norm = heed::layer_norm<float>({.model = 8}); }),
            "heed::save_encoder: a block has other layers, norms elsewhere or both layers at once; "
            "only encoders as BERT's are written");
  EXPECT_EQ(refusal([](auto& e) {
              e.blocks[1].attention.heads = {4, 4};
            }),
            "heed::save_encoder: its blocks differ; only encoders as BERT's are written");
  EXPECT_EQ(refusal([](auto& e) { e.blocks.clear(); }),
            "heed::save_encoder: the encoder has no blocks; only encoders as BERT's are written");
  const float numbers[64] = {};
  EXPECT_EQ(refusal([&](auto& e) {
              e.blocks[0].attention.key.weight.stored = {
                  heed::dtype::f32, 8, 8, reinterpret_cast<const std::byte*>(numbers)};
            }),
            "heed::save_encoder: encoder.layer.0.attention.self.key.weight is stored as a file has "
            "it; heed::make_learnable(model) takes it over");
  EXPECT_EQ(folder.files(), 0u);
}

}  // namespace
