// SPDX-License-Identifier: MIT
// Hints to the machine: they change nothing, whatever the address.
#include <heed/storage/prefetch.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace heed::detail {
namespace {

TEST(prefetch, changes_nothing_and_takes_any_address) {
  prefetch(nullptr);
  prefetch_for_later(nullptr);
  std::vector<float> memory(5 * 40, 3);
  const view<float> rows{memory.data(), 5, 33, 40, 1};
  prefetch(rows, 1 << 20);
  prefetch(rows);
  prefetch(rows.transposed());
  prefetch_for_later(rows);
  EXPECT_EQ(memory, std::vector<float>(5 * 40, 3));
}

// However rows are shared, and however many more lines are asked for than there are.
TEST(prefetch, fetches_rows_ahead_to_their_end_and_no_further) {
  const std::vector<float> memory(5 * 40, 3);
  for (const index count : {0, 1, 5})
    for (const index parts : {1, 2, 7, 40})
      for (index part = 0; part < parts; ++part) {
        fetch_ahead ahead(view<const float>{memory.data(), count, 33, 40, 1}, part, parts);
        ahead.prefetch_one_in(2);
        for (std::size_t i = 0; i < 40; ++i) ahead.step<128>(index(i % 4), i);
        for (int i = 0; i < 40; ++i) ahead.step<64>();
      }
  EXPECT_EQ(memory, std::vector<float>(5 * 40, 3));
  fetch_ahead().step<64>();
  fetch_nothing().step<64>(0, 0);
}

}  // namespace
}  // namespace heed::detail
