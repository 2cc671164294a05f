// SPDX-License-Identifier: MIT
// Which kernel a call takes: the table of route.hpp, row by row.
#include <heed/attention.hpp>
#include <heed/kernel/route.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {

using heed::index;
using heed::detail::path;

// Sizes and circumstances of a call; one head unless said otherwise.
struct sizes {
  index queries;
  index keys;
  index width = 64;
  index heads = 1;
  bool by_rows = true;
  bool weights = false;
  std::vector<index> starts = {};
};

// The kernel of a call of floats.
path of(const sizes& s) {
  using matrix = heed::matrix<float>;
  const matrix q = matrix::Zero(s.queries, s.width * s.heads);
  const matrix k = matrix::Zero(s.keys, s.width * s.heads);
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> by_columns = k;
  matrix w(s.weights ? s.heads * s.queries : 0, s.keys);
  heed::detail::attention_call<float, heed::detail::tiled_view<const float>> call;
  call.q = heed::detail::view_of(q);
  call.k = call.v = s.by_rows ? heed::detail::view_of(k) : heed::detail::view_of(by_columns);
  call.options.query_heads = call.options.kv_heads = s.heads;
  if (s.weights) call.options.weights = heed::detail::view_of(w);
  if (!s.starts.empty()) heed::packed{s.starts}.apply(call.options);
  call.sizes = heed::detail::check_inputs("test", call.q, call.k, call.v, call.options,
                                          heed::detail::gather_rules());
  return heed::detail::route(call);
}

constexpr index half = heed::detail::simd<float>::size / 2;
constexpr index block = heed::detail::queries_per_block<float>;

TEST(route, few_queries_decode_whatever_the_keys) {
  if (half > 0) {
    EXPECT_EQ(of({.queries = half, .keys = 5}), path::decode);
    EXPECT_EQ(of({.queries = half, .keys = 1000}), path::decode);
    EXPECT_EQ(of({.queries = 1, .keys = 5, .width = 16}), path::decode);
  }
  EXPECT_EQ(of({.queries = half + 1, .keys = 5}), path::one_tile);
  if (half > 1) {
    EXPECT_EQ(of({.queries = 2, .keys = 5, .width = 16}), path::one_tile);
  }
}

TEST(route, a_block_of_queries_decodes_over_more_than_a_tile) {
  EXPECT_EQ(of({.queries = block, .keys = 65}), path::decode);
  EXPECT_EQ(of({.queries = block, .keys = 64}), path::one_tile);
  EXPECT_EQ(of({.queries = block + 1, .keys = 65}), path::prefill);
  // Keys by columns have to be copied: three quarters of a block.
  EXPECT_EQ(of({.queries = block * 3 / 4, .keys = 65, .by_rows = false}), path::decode);
  EXPECT_EQ(of({.queries = block * 3 / 4 + 1, .keys = 65, .by_rows = false}), path::prefill);
}

TEST(route, one_tile_is_small) {
  EXPECT_EQ(of({.queries = 64, .keys = 64}), path::one_tile);
  EXPECT_EQ(of({.queries = 64, .keys = 65}), path::prefill);
  EXPECT_EQ(of({.queries = 65, .keys = 64}), path::prefill);
}

TEST(route, probabilities_and_batches_of_sequences_prefill) {
  EXPECT_EQ(of({.queries = 40, .keys = 64, .weights = true}), path::prefill);
  EXPECT_EQ(of({.queries = 1, .keys = 64, .weights = true}), path::prefill);
  EXPECT_EQ(of({.queries = 60, .keys = 60, .starts = {0, 40, 60}}), path::prefill);
}

}  // namespace
