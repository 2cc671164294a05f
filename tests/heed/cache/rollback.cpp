// SPDX-License-Identifier: MIT
// A cache is as it was unless the call that made it grow ends well.
#include <heed/cache/kv_cache.hpp>
#include <heed/cache/rollback.hpp>

#include <gtest/gtest.h>

namespace {

TEST(rollback, takes_rows_back_unless_they_are_kept) {
  heed::kv_cache<float> cache({.capacity = 5, .width = 2});
  const heed::matrix<float> rows = heed::matrix<float>::Ones(2, 2);
  cache.append(rows, rows);
  {
    const heed::detail::rollback undo(cache);
    cache.append(rows, rows);
    EXPECT_EQ(cache.size(), 4);
  }
  EXPECT_EQ(cache.size(), 2);
  {
    heed::detail::rollback undo(cache);
    cache.append(rows, rows);
    undo.keep();
  }
  EXPECT_EQ(cache.size(), 4);
}

}  // namespace
