// SPDX-License-Identifier: MIT
// The list of an encoder-decoder's weights: names, order, and the place of its gradient.
#include "support/small_translator.hpp"

namespace {

TEST(parameters_of_encoder_decoder, names_both_parts_and_what_joins_them) {
  heed::encoder_decoder<float> m = support::small_translator<float>(1);
  const auto all = heed::parameters_of(m);
  EXPECT_EQ(all.front().name, "encoder.words.weight");
  EXPECT_EQ(all.front().data, m.encoder.words.weight.data());
  std::vector<std::string> names;
  for (const auto& p : all) names.push_back(p.name);
  for (const char* const name :
       {"encoder.places.weight", "encoder.blocks.0.feed.up.bias", "decoder.words.weight",
        "decoder.blocks.0.attention.query.weight", "cross_blocks.0.attention.key.weight",
        "cross_blocks.0.feed.down.weight"})
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name;
  EXPECT_EQ(std::count(names.begin(), names.end(), "decoder.blocks.0.feed.up.weight"), 0);
}

TEST(parameters_of_encoder_decoder, zeros_are_of_the_same_sizes) {
  heed::encoder_decoder<float> m = support::small_translator<float>(1);
  heed::encoder_decoder<float> zeros = heed::zeros_like(m);
  const auto all = heed::parameters_of(m), of_zeros = heed::parameters_of(zeros);
  ASSERT_EQ(all.size(), of_zeros.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].size(), of_zeros[i].size());
    EXPECT_TRUE(std::all_of(of_zeros[i].data, of_zeros[i].data + of_zeros[i].size(),
                            [](float x) { return std::abs(x) <= 0; }));
  }
}

}  // namespace
