// SPDX-License-Identifier: MIT
// The list of an encoder's weights: names, sizes, and weights that a file holds.
#include "support/refusal.hpp"

#include <heed/model/backward/encoder_parameters.hpp>

#include <gtest/gtest.h>

namespace {

TEST(encoder_parameters, names_what_is_there) {
  heed::encoder<float> e(
      {.vocabulary = 5, .positions = 4, .types = 2, .model = 6, .layers = 1, .heads = 2});
  std::string names;
  for (const auto& p : heed::parameters_of(e)) names += p.name + (p.is_vector ? "* " : " ");
  EXPECT_EQ(names,
            "words.weight types.weight places.weight embedding_norm.weight* embedding_norm.bias* "
            "blocks.0.attention.query.weight blocks.0.attention.query.bias* "
            "blocks.0.attention.key.weight blocks.0.attention.key.bias* "
            "blocks.0.attention.value.weight blocks.0.attention.value.bias* "
            "blocks.0.attention.output.weight blocks.0.attention.output.bias* "
            "blocks.0.attention_norm_of_sum.weight* blocks.0.attention_norm_of_sum.bias* "
            "blocks.0.feed.up.weight blocks.0.feed.up.bias* blocks.0.feed.down.weight "
            "blocks.0.feed.down.bias* blocks.0.feed_norm_of_sum.weight* "
            "blocks.0.feed_norm_of_sum.bias* ");
  e.blocks[0].attention.rules.distance_bias.setOnes(2, 5);
  heed::encoder<float> zeros = heed::zeros_like(e);
  EXPECT_EQ(zeros.blocks[0].attention.rules.distance_bias.size(),
            0);  // not in the list: not asked for
  for (const auto& p : heed::parameters_of(zeros)) EXPECT_EQ(p.data[p.size() - 1], 0) << p.name;
}

TEST(encoder_parameters, names_convolutions) {
  heed::encoder<float> e;
  e.convolutions = {heed::convolution<float>({.inputs = 2, .outputs = 3})};
  std::string names;
  for (const auto& p : heed::parameters_of(e)) names += p.name + (p.is_vector ? "* " : " ");
  EXPECT_EQ(names, "convolutions.0.weight convolutions.0.bias* ");
}

TEST(encoder_parameters, takes_over_what_a_file_holds) {
  heed::encoder<float> e;
  const float words[] = {1, 2, 3, 4, 5, 6};
  e.words.weight.stored = {heed::dtype::f32, 3, 2, reinterpret_cast<const std::byte*>(words)};
  EXPECT_EQ(support::refusal([&] { (void)heed::parameters_of(e); }),
            "heed::parameters_of: words.weight is stored as a file has it; "
            "heed::make_learnable(model) takes it over");
  heed::make_learnable(e);
  EXPECT_EQ(heed::parameters_of(e).size(), 1u);
  EXPECT_EQ(e.words.weight(2, 1), 6);
}

TEST(encoder_parameters, takes_over_the_layers_of_a_sentence_head) {
  const float numbers[] = {1, 2, 3, 4, 5, 6};
  heed::dense_step<float> step;
  step.layer.weight.stored = {heed::dtype::f32, 2, 3, reinterpret_cast<const std::byte*>(numbers)};
  heed::sentence_head<float> head;
  head.steps = {heed::unit_length{}, step};
  heed::make_learnable(head);
  const auto found = heed::parameters_of(head);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "steps.1.weight");
  EXPECT_EQ(found[0].rows, 3);
  EXPECT_EQ(found[0].data[1], 4);  // of the second output
}

}  // namespace
