// SPDX-License-Identifier: MIT
// The logits of a small GPT-2 in Hugging Face's names and layout, through heed's layers.
#include "gpt2_model.hpp"

#include <gtest/gtest.h>

namespace conformance {
namespace {

TEST(TinyGpt2, Logits) {
  for (const auto& folder : support::data_folders("models/tiny-random-gpt2")) {
    const safetensors golden(folder / "golden.safetensors");
    const gpt2<double> model(safetensors(folder / "model.safetensors"), 4, stored::inputs_outputs);
    ASSERT_EQ(model.blocks.size(), 5u);
    const tensor& logits = golden["logits"];
    EXPECT_EQ(difference("logits", model(token_batch(golden["tokens"])), logits.rows<float>(),
                         rounded_once(logits)),
              "");
  }
}

}  // namespace
}  // namespace conformance
