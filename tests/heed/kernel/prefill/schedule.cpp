// SPDX-License-Identifier: MIT
// How a call is cut into tasks, by hand.
#include <heed/kernel/prefill/schedule.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace heed::detail {
namespace {

constexpr index lanes = packed_pitch<float>;

problem sized(index queries, index query_heads, index kv_heads, index width) {
  return {queries, queries, query_heads, kv_heads, width, width, 1,
          queries, queries, {},          {},       {},    {}};
}

std::vector<query_range> all_of(const schedule<float>& cut) {
  std::vector<query_range> ranges;
  schedule<float>::cursor at{0, 0};
  for (index task = 0; task < cut.tasks(); ++task) ranges.push_back(cut.range(at, task));
  return ranges;
}

void expect(const query_range& is, index sequence, index kv_head, index first_row, index rows) {
  EXPECT_EQ(is.sequence, sequence);
  EXPECT_EQ(is.kv_head, kv_head);
  EXPECT_EQ(is.first_row, first_row);
  EXPECT_EQ(is.row_count, rows);
}

TEST(schedule, one_worker_does_a_small_call_at_once) {
  const problem g = sized(3 * lanes, 1, 1, 8);
  const schedule<float> cut(g, 1);
  EXPECT_EQ(cut.most_rows(), 3 * lanes);
  const auto ranges = all_of(cut);
  ASSERT_EQ(ranges.size(), 1u);
  expect(ranges[0], 0, 0, 0, 3 * lanes);
}

// Two workers want 8 tasks; there are 2 whole blocks and a part of one. The last rows come first.
TEST(schedule, workers_get_blocks_of_lanes_from_the_end_on) {
  const problem g = sized(2 * lanes + 1, 1, 1, 8);
  const schedule<float> cut(g, 2);
  EXPECT_EQ(cut.most_rows(), lanes);
  const auto ranges = all_of(cut);
  ASSERT_EQ(ranges.size(), 3u);
  expect(ranges[0], 0, 0, 2 * lanes, 1);
  expect(ranges[1], 0, 0, lanes, lanes);
  expect(ranges[2], 0, 0, 0, lanes);
}

// Two heads of keys are tasks of their own; the query heads of a group are not.
TEST(schedule, each_head_of_keys_is_a_task) {
  const problem g = sized(lanes + 1, 6, 2, 8);
  const auto ranges = all_of(schedule<float>(g, 8));
  ASSERT_EQ(ranges.size(), 4u);
  expect(ranges[0], 0, 0, lanes, 1);
  expect(ranges[1], 0, 1, lanes, 1);
  expect(ranges[2], 0, 0, 0, lanes);
  expect(ranges[3], 0, 1, 0, lanes);
}

// Queries and results of a block fill 384 KiB: a task is one block, though one worker does them all.
TEST(schedule, queries_of_a_task_stay_in_a_cache) {
  const problem g = sized(4 * lanes, 1, 1, 384 * 1024 / (2 * 4 * lanes));
  EXPECT_EQ(schedule<float>(g, 1).tasks(), 4);
  const problem half = sized(4 * lanes, 1, 1, 384 * 1024 / (4 * 4 * lanes));
  EXPECT_EQ(schedule<float>(half, 1).tasks(), 2);
}

// Sequences of 1, 0 and lanes + 2 queries; a worker that gets only some of the tasks finds its sequence.
TEST(schedule, goes_through_the_sequences_of_a_batch) {
  const std::vector<index> starts{0, 1, 1, lanes + 3};
  problem g = sized(lanes + 3, 1, 1, 8);
  g.query_starts = g.key_starts = number_span<index>(starts);
  g.sequences = 3;
  const schedule<float> cut(g, 2);
  ASSERT_EQ(cut.tasks(), 3);
  const auto ranges = all_of(cut);
  expect(ranges[0], 0, 0, 0, 1);
  expect(ranges[1], 2, 0, lanes, 2);
  expect(ranges[2], 2, 0, 0, lanes);
  schedule<float>::cursor at{0, 0};
  expect(cut.range(at, 2), 2, 0, 0, lanes);
}

TEST(schedule, of_nothing_is_nothing) {
  EXPECT_EQ(schedule<float>(sized(0, 1, 1, 8), 4).tasks(), 0);
}

}  // namespace
}  // namespace heed::detail
