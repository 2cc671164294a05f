// SPDX-License-Identifier: MIT
// Text encoders that are written as folders of sentence-transformers, and read again: the same vectors.
#include "support/bytes.hpp"
#include "support/refusal.hpp"

#include <heed/text/save_text_encoder.hpp>

#include <gtest/gtest.h>

namespace {

using heed::index;
using heed::text_encoder;

text_encoder some_encoder(heed::pooling kind) {
  text_encoder e{
      heed::encoder<float>(
          {.vocabulary = 9, .positions = 16, .types = 2, .model = 8, .layers = 1, .heads = 2}),
      {{kind}}};
  e.head.steps.push_back(heed::unit_length{});
  e.longest = 12;
  return e;
}

TEST(save_text_encoder, is_read_again_with_every_pooling) {
  const std::vector<index> ids = {1, 4, 2, 0, 8};
  for (const heed::pooling kind :
       {heed::pooling::first, heed::pooling::last, heed::pooling::mean, heed::pooling::largest,
        heed::pooling::mean_sqrt, heed::pooling::weighted_mean}) {
    const support::temporary_folder folder;
    const text_encoder e = some_encoder(kind);
    heed::save_text_encoder(folder / "model", e);
    const text_encoder read = heed::load_text_encoder(folder / "model");
    EXPECT_EQ(read.pooled(ids), e.pooled(ids)) << int(kind);
    EXPECT_EQ(read.longest, 12);
    EXPECT_EQ(read.prompt, "");
  }
}

TEST(save_text_encoder, is_read_again_with_layers_and_a_prompt) {
  const support::temporary_folder folder;
  text_encoder e = some_encoder(heed::pooling::mean);
  e.prompt = "query: \"";
  e.longest = 0;
  for (const heed::activation f : {heed::activation::tanh, heed::activation::identity,
                                   heed::activation::gelu, heed::activation::relu}) {
    heed::dense_step<float> step{heed::linear<float>({.inputs = 8, .outputs = 8}), f};
    step.layer.bias.setConstant(0.1f);
    e.head.steps.push_back(step);
  }
  heed::save_text_encoder(folder / "model", e);
  const text_encoder read = heed::load_text_encoder(folder / "model");
  EXPECT_EQ(read.pooled({1, 2, 3}), e.pooled({1, 2, 3}));
  EXPECT_EQ(read.prompt, "query: \"");
  EXPECT_EQ(read.longest, 16);  // its positions
}

TEST(save_text_encoder, refuses_what_has_no_name) {
  const support::temporary_folder folder;
  text_encoder e = some_encoder(heed::pooling::mean);
  e.head.poolings.push_back(heed::pooling::first);
  EXPECT_EQ(support::refusal([&] { heed::save_text_encoder(folder / "model", e); }),
            "heed::save_text_encoder: there are 2 poolings side by side, but one is written");
  e = some_encoder(heed::pooling::mean);
  e.head.steps.push_back(heed::dense_step<float>{{}, heed::activation::quick_gelu});
  EXPECT_EQ(support::refusal([&] { heed::save_text_encoder(folder / "model", e); }),
            "heed::save_text_encoder: the activation of a linear step is none of torch's that "
            "sentence-transformers names");
  EXPECT_EQ(folder.files(), 0u);
}

}  // namespace
