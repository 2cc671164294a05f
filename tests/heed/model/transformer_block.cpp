// SPDX-License-Identifier: MIT
// Blocks by hand: where norms stand, and in which order the layers are added.
#include "support/guarded.hpp"
#include "support/on_threads.hpp"
#include "support/same_bits.hpp"

#include <heed/model/transformer_block.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace {

using heed::index;
using heed::matrix;
using block = heed::transformer_block<double>;

heed::rms_norm<double> norm_to(double size) {
  heed::rms_norm<double> norm({.model = 2, .epsilon = 0});
  norm.weight.setConstant(size);
  return norm;
}

// Of one token: attention gives the token that it is given, and the feed-forward layer twice that.
block by_hand() {
  block b;
  b.attention = heed::attention_layer<double>({.model = 2, .heads = 1, .bias = false});
  b.attention.value.weight.setIdentity();
  b.attention.output.weight.setIdentity();
  heed::feed_forward<double> feed(
      {.model = 2, .hidden = 2, .activation = heed::activation::identity, .bias = false});
  feed.up.weight.setIdentity();
  feed.down.weight = 2 * matrix<double>::Identity(2, 2);
  b.feed = feed;
  return b;
}

// (1, 7), whose root mean square is 5, and what becomes of it times 5.
void expect(const block& b, double factor) {
  matrix<double> x(1, 2);
  x << 1, 7;
  b(x);
  EXPECT_NEAR(x(0, 0), factor, 1e-13);
  EXPECT_NEAR(x(0, 1), 7 * factor, 1e-12);
}

TEST(transformer_block, by_hand_in_sequence) {
  auto b = by_hand();
  expect(b, (1 + 1) + 2 * (1 + 1));
  b.residual_scale = 0.5;
  expect(b, 1.5 + 0.5 * 2 * 1.5);
  b.residual_scale = 1;
  // A norm to size 5 makes a token of any size (1, 7) again; one to 10 makes (2, 14).
  b.attention_norm = norm_to(10);
  expect(b, (1 + 2) + 2 * 3);
  b.attention_post_norm = norm_to(15);
  expect(b, (1 + 3) + 2 * 4);
  b.attention_norm_of_sum = norm_to(30);
  expect(b, 6 + 2 * 6);
  b.feed_norm = norm_to(5);
  expect(b, 6 + 2);
  b.feed_post_norm = norm_to(20);
  expect(b, 6 + 4);
  b.feed_norm_of_sum = norm_to(35);
  expect(b, 7);
}

TEST(transformer_block, by_hand_in_parallel) {
  auto b = by_hand();
  b.order = block::residual::parallel;
  expect(b, 1 + 1 + 2);
  b.residual_scale = 2;
  expect(b, 1 + 2 * 1 + 2 * 2);
  b.residual_scale = 1;
  b.attention_norm = norm_to(10);
  expect(b, 1 + 2 + 2 * 2);  // both layers are given what attention's norm gives
  b.feed_norm = norm_to(15);
  expect(b, 1 + 2 + 2 * 3);  // or each what its own norm gives
  b.attention_post_norm = norm_to(20);
  expect(b, 1 + 4 + 2 * 3);
  b.feed_post_norm = norm_to(25);
  expect(b, 1 + 4 + 5);
  b.feed_norm_of_sum = norm_to(35);
  expect(b, 7);
}

TEST(transformer_block, by_hand_with_experts) {
  auto b = by_hand();
  heed::experts<double> mixture({.model = 2,
                                 .hidden = 2,
                                 .experts = 2,
                                 .per_token = 2,
                                 .activation = heed::activation::identity,
                                 .gated = false});
  mixture.router.weight.setZero();  // each of them has a share of a half
  for (auto& one : mixture.expert) one.up.weight.setIdentity(), one.down.weight.setIdentity();
  mixture.expert[1].down.weight *= 4;
  b.feed = mixture;
  expect(b, 2 + (1 + 4) / 2. * 2);
}

heed::transformer_block<float> some_block() {
  heed::transformer_block<float> b;
  b.attention = heed::attention_layer<float>({.model = 24, .heads = 3, .seed = 5});
  b.attention.rotary.emplace(heed::rotary_embedding<float>::sizes{.width = 8});
  b.attention_norm = heed::layer_norm<float>({.model = 24});
  b.feed_norm = heed::layer_norm<float>({.model = 24});
  b.feed = heed::feed_forward<float>({.model = 24, .hidden = 50, .seed = 9});
  return b;
}

TEST(transformer_block, has_the_same_bits_with_a_cache_in_any_layout_and_on_threads) {
  const auto b = some_block();
  const matrix<float> x = matrix<float>::Random(40, 24);
  matrix<float> y = x;
  b(y);
  for (const auto order :
       {support::layout::row_major, support::layout::column_major, support::layout::strided}) {
    support::guarded<float> memory(40, 24, order, 7);
    auto in_place = memory.matrix();
    in_place = x;
    b(in_place, heed::on(support::on_threads, 3));
    EXPECT_TRUE(memory.intact());
    EXPECT_TRUE(support::same_bits(in_place, y));
  }
  heed::kv_cache<float> cache({.capacity = 40, .heads = 3, .width = 8});
  heed::scratch room;
  for (index first = 0; const index count : {1, 9, 30}) {
    matrix<float> part = x.middleRows(first, count);
    b(part, cache, heed::in(room));
    EXPECT_TRUE(support::same_bits(part, y.middleRows(first, count))) << first;
    first += count;
  }
  const std::vector<index> starts{0, 40, 40};
  matrix<float> packed = x;
  b(packed, starts);
  EXPECT_TRUE(support::same_bits(packed, y));
}

}  // namespace
