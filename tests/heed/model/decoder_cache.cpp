// SPDX-License-Identifier: MIT
// A cache for each block of a decoder.
#include "support/refusal.hpp"

#include <heed/model/decoder_cache.hpp>

#include <gtest/gtest.h>

namespace {

TEST(decoder_cache, grows_and_forgets_in_every_layer) {
  heed::decoder_cache<float> cache;
  EXPECT_EQ(cache.position(), 0);
  EXPECT_EQ(cache.capacity(), 0);
  for (int i = 0; i < 3; ++i)
    cache.layers.emplace_back(heed::kv_cache<float>::sizes{.capacity = 8, .width = 2});
  EXPECT_EQ(cache.capacity(), 8);
  const heed::matrix<float> rows = heed::matrix<float>::Ones(5, 2);
  for (auto& layer : cache.layers) layer.append(rows, rows);
  EXPECT_EQ(cache.position(), 5);
  const heed::decoder_cache<float> copy = cache;
  cache.truncate(3);
  for (const auto& layer : cache.layers) EXPECT_EQ(layer.size(), 3);
  EXPECT_EQ(support::refusal([&] { cache.truncate(4); }),
            "heed::kv_cache: cannot be cut to 4 rows, it has 3");
  cache.clear();
  EXPECT_EQ(cache.position(), 0);
  EXPECT_EQ(copy.position(), 5);
}

}  // namespace
