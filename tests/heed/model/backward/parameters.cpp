// SPDX-License-Identifier: MIT
// The list of a decoder's weights: names, sizes, and weights that a file holds.
#include "support/learning.hpp"
#include "support/refusal.hpp"

#include <heed/model/backward/parameters.hpp>

#include <gtest/gtest.h>

namespace {

using heed::decoder;
using heed::index;

TEST(parameters_of, names_what_is_there) {
  decoder<float> d({.vocabulary = 5, .positions = 4, .model = 6, .layers = 1, .heads = 2});
  std::string names;
  index numbers = 0;
  for (const auto& p : heed::parameters_of(d)) {
    names += p.name + (p.is_vector ? "* " : " ");
    numbers += p.size();
  }
  EXPECT_EQ(names,
            "words.weight places.weight blocks.0.attention_norm.weight* "
            "blocks.0.attention_norm.bias* blocks.0.attention.query.weight "
            "blocks.0.attention.query.bias* blocks.0.attention.key.weight "
            "blocks.0.attention.key.bias* blocks.0.attention.value.weight "
            "blocks.0.attention.value.bias* blocks.0.attention.output.weight "
            "blocks.0.attention.output.bias* blocks.0.feed_norm.weight* blocks.0.feed_norm.bias* "
            "blocks.0.feed.up.weight blocks.0.feed.up.bias* blocks.0.feed.down.weight "
            "blocks.0.feed.down.bias* final_norm.weight* final_norm.bias* ");
  // tables; four projections and two of 24 columns; their biases; three norms
  EXPECT_EQ(numbers, 5 * 6 + 4 * 6 + 4 * 36 + 2 * 144 + 4 * 6 + 24 + 6 + 3 * 12);
  heed::parameters_of(d)[0].data[0] = 7;
  EXPECT_EQ(d.words.weight(0, 0), 7);
}

TEST(parameters_of, names_experts) {
  decoder<float> d({.vocabulary = 5, .model = 6, .layers = 1, .heads = 3});
  d.blocks[0].feed = heed::experts<float>({.model = 6, .hidden = 3, .experts = 2, .per_token = 1});
  std::string names;
  for (const auto& p : heed::parameters_of(d))
    if (p.name.starts_with("blocks.0.feed.")) names += p.name.substr(14) + " ";
  EXPECT_EQ(names,
            "router.weight expert.0.up.weight expert.0.gate.weight expert.0.down.weight "
            "expert.1.up.weight expert.1.gate.weight expert.1.down.weight ");
}

TEST(parameters_of, zeros_have_the_same_sizes) {
  decoder<float> d = support::small_decoder<float>(0);
  decoder<float> zeros = heed::zeros_like(d);
  const auto a = heed::parameters_of(d), b = heed::parameters_of(zeros);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].size(), b[i].size());
    EXPECT_EQ(b[i].data[0], 0) << b[i].name;
  }
}

// A table (3, 2) of words, and a head of which the file has the transpose.
TEST(parameters_of, takes_over_what_a_file_holds) {
  decoder<float> d;
  const float words[] = {1, 2, 3, 4, 5, 6}, head[] = {10, 20, 30, 40, 50, 60};
  d.words.weight.stored = {heed::dtype::f32, 3, 2, reinterpret_cast<const std::byte*>(words)};
  d.head.weight.stored = {heed::dtype::f32, 3, 2, reinterpret_cast<const std::byte*>(head)};
  EXPECT_EQ(support::refusal([&] { (void)heed::parameters_of(d); }),
            "heed::parameters_of: words.weight is stored as a file has it; "
            "heed::make_learnable(model) takes it over");
  heed::make_learnable(d);
  EXPECT_EQ(heed::parameters_of(d).size(), 2u);
  EXPECT_EQ(d.words.weight(2, 1), 6);
  EXPECT_EQ(d.head.weight(1, 2), 60);
  EXPECT_EQ(d.head.inputs(), 2);
}

}  // namespace
