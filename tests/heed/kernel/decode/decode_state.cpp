// SPDX-License-Identifier: MIT
// What two chunks of keys have gathered, put together by hand.
#include <heed/kernel/decode/decode_state.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace heed::detail {
namespace {

// Two heads with one query each and values of width 1. Lanes are heads.
struct state_memory {
  static constexpr index lanes = packets_per_block * simd<double>::size,
                         pitch = decode_output<double>::panel;
  std::vector<double> max = std::vector<double>(std::size_t(lanes)),
                      sum = std::vector<double>(std::size_t(lanes)),
                      rescale = std::vector<double>(std::size_t(lanes)),
                      rows = std::vector<double>(std::size_t(2 * pitch));
  bool seen[2] = {true, true};
  decode_state<double> state{
      {max.data(), sum.data(), rescale.data(), nullptr, 1, 0}, {rows.data(), 0, 1}, seen, 0};

  state_memory() { state.prepare(2, 1); }

  // The head has seen one key with this logarithm to the base 4 and this value.
  void see(index head, double score, double value) {
    const auto place = static_cast<std::size_t>(head);
    max[place] = score;
    sum[place] = 1;
    rows[place * std::size_t(pitch)] = value;
    seen[head] = true;
  }
  [[nodiscard]] double row(index head) const { return rows[std::size_t(head * pitch)]; }
};

TEST(decode_state, of_nothing) {
  state_memory own;
  EXPECT_EQ(own.state.rows.count, 2);
  EXPECT_EQ(own.state.rows_of_head(), 1);
  EXPECT_FALSE(own.state.seen_by_any());
  EXPECT_EQ(own.max[0], -std::numeric_limits<double>::infinity());
  EXPECT_EQ(own.sum[1], 0);
}

// Head 0 has a score of 1 and a value of 8, and then a score of 2 and a value of 40: relative to 2, the
// first counts 1/4. Head 1 has seen only what comes later.
TEST(decode_state, merges_what_a_later_chunk_has_gathered) {
  state_memory own, later;
  own.see(0, 1, 8);
  later.see(0, 2, 40);
  later.see(1, 5, 7);
  EXPECT_TRUE(own.state.seen_by_any());
  std::vector<double> own_factor(static_cast<std::size_t>(state_memory::lanes)),
      their_factor(own_factor);
  own.state.merge(later.state, own_factor.data(), their_factor.data());
  EXPECT_EQ(own.max[0], 2);
  EXPECT_EQ(own.sum[0], 1.25);
  EXPECT_EQ(own.row(0), 42);
  EXPECT_EQ(own.max[1], 5);
  EXPECT_EQ(own.sum[1], 1);
  EXPECT_EQ(own.row(1), 7);
  EXPECT_TRUE(own.seen[1]);
}

TEST(decode_state, keeps_what_it_has_where_a_later_chunk_has_nothing) {
  state_memory own, later;
  own.see(0, 1, 8);
  std::vector<double> own_factor(static_cast<std::size_t>(state_memory::lanes)),
      their_factor(own_factor);
  own.state.merge(later.state, own_factor.data(), their_factor.data());
  EXPECT_EQ(own.max[0], 1);
  EXPECT_EQ(own.sum[0], 1);
  EXPECT_EQ(own.row(0), 8);
  EXPECT_FALSE(own.seen[1]);
}

}  // namespace
}  // namespace heed::detail
