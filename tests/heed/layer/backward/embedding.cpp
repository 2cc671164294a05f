// SPDX-License-Identifier: MIT
// The gradients of tables of tokens and positions, by hand.
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/backward/embedding.hpp>

#include <gtest/gtest.h>

namespace {

using heed::index;
using heed::matrix;

// Token 2 came twice, token 0 not at all.
TEST(backward_of_embedding, sums_the_rows_of_each_token) {
  heed::token_embedding<float> words({.vocabulary = 3, .model = 2}), gradient = words;
  gradient.weight << 0, 0, 1, 1, 2, 2;
  matrix<float> d_x(3, 2), want(3, 2);
  d_x << 10, 20, 30, 40, 50, 60;
  heed::backward(words, {2, 1, 2}, d_x, gradient);
  want << 0, 0, 31, 41, 62, 82;
  EXPECT_EQ(matrix<float>(gradient.weight), want);
}

// Sequences of two and one tokens; the first token of each stands at row 1.
TEST(backward_of_embedding, sums_the_rows_of_each_place) {
  heed::position_embedding<float> places({.positions = 4, .model = 1}), gradient = places;
  gradient.weight.setZero();
  matrix<float> d_x(3, 1), want(4, 1);
  d_x << 1, 10, 100;
  heed::backward(places, {0, 2, 3}, 1, d_x, gradient);
  want << 0, 101, 10, 0;
  EXPECT_EQ(gradient.weight, want);
}

TEST(backward_of_embedding, has_the_same_bits_on_any_number_of_threads) {
  heed::token_embedding<float> words({.vocabulary = 5, .model = 200}), one = words, three = words;
  std::vector<index> ids(100);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = index(i * i % 5);
  matrix<float> d_x(100, 200);
  heed::detail::fill_normal(d_x, 1, 3);
  heed::backward(words, ids, d_x, one);
  heed::backward(words, ids, d_x, three, heed::executor_of(support::on_threads, 3));
  EXPECT_TRUE(support::same_bits(one.weight, three.weight));
}

TEST(backward_of_embedding, refuses_what_is_no_row) {
  heed::token_embedding<float> words({.vocabulary = 3, .model = 2}), gradient = words;
  matrix<float> d_x(1, 2);
  EXPECT_EQ(support::refusal<std::out_of_range>([&] { heed::backward(words, {3}, d_x, gradient); }),
            "heed::backward of token_embedding: id 3 is outside the vocabulary of 3");
  heed::position_embedding<float> places({.positions = 1, .model = 2}), d_places = places;
  EXPECT_EQ(support::refusal<std::out_of_range>([&] {
              heed::backward(places, {0, 1}, 1, d_x, d_places);
            }),
            "heed::backward of position_embedding: positions 1 to 2 are outside the table of 1");
  EXPECT_EQ(
      support::refusal<std::out_of_range>([&] { heed::backward(places, {1}, d_x, d_places); }),
      "heed::backward of position_embedding: row 1 is outside the table of 1");
}

}  // namespace
