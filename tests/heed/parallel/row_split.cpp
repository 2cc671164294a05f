// SPDX-License-Identifier: MIT
#include <heed/parallel/row_split.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using heed::index;
using heed::detail::runs_of;

std::string text(const std::vector<heed::interval>& intervals) {
  std::string all;
  for (const auto& i : intervals)
    all += std::to_string(i.first) + '-' + std::to_string(i.last) + ' ';
  return all;
}
std::string text(const std::vector<heed::detail::run_of_rows>& runs) {
  std::string all;
  for (const auto& r : runs)
    all += std::to_string(r.rank) + ':' + std::to_string(r.local) + '+' + std::to_string(r.count) +
           ' ';
  return all;
}

TEST(row_split, even_parts) {
  EXPECT_EQ(text(heed::rows_of_rank(10, 0, 3)), "0-4 ");
  EXPECT_EQ(text(heed::rows_of_rank(10, 2, 3)), "7-10 ");
  EXPECT_EQ(text(heed::rows_of_rank(10, 0, 2, heed::zigzag)), "0-3 8-10 ");
  EXPECT_EQ(text(heed::rows_of_rank(10, 1, 2, heed::zigzag)), "3-6 6-8 ");
  EXPECT_EQ(text(heed::rows_of_rank(2000, 1, 2, heed::dealt)), "512-1024 1536-2000 ");
  EXPECT_EQ(text(heed::rows_of_rank(1, 1, 2)), "");
}

// What one is told to hold is what a call takes one to hold.
TEST(row_split, runs_are_those_of_even_parts) {
  for (const heed::split how : {heed::in_order, heed::zigzag, heed::dealt})
    for (const index rows : {0, 1, 7, 512, 513, 3000, 5121})
      for (const index ranks : {1, 2, 3, 4, 7}) {
        std::vector<index> counts;
        for (index r = 0; r < ranks; ++r) {
          counts.push_back(0);
          for (const auto& i : heed::rows_of_rank(rows, r, ranks, how)) counts.back() += i.size();
        }
        std::vector<index> taken(counts.size(), 0);
        index first = 0;
        for (const auto& run : runs_of("", "q", how, counts)) {
          EXPECT_EQ(run.first, first);
          first += run.count;
          index local = 0;
          bool found = false;
          for (const auto& i : heed::rows_of_rank(rows, run.rank, ranks, how)) {
            found = found || (i.first == run.first && local == run.local);
            local += i.size();
          }
          EXPECT_TRUE(found) << rows << ' ' << ranks << ' ' << run.first;
        }
        EXPECT_EQ(first, rows);
      }
}

TEST(row_split, any_number_of_rows) {
  EXPECT_EQ(text(runs_of("", "q", heed::in_order, {3, 0, 5})), "0:0+3 2:0+5 ");
  EXPECT_EQ(text(runs_of("", "q", heed::zigzag, {3, 0, 5})), "0:0+2 2:0+3 2:3+2 0:2+1 ");
  EXPECT_EQ(text(runs_of("", "q", heed::dealt, {612, 512})), "0:0+512 1:0+512 0:512+100 ");
}

TEST(row_split, refuses_what_cannot_be_dealt) {
  try {
    runs_of("verb", "k", heed::dealt, {10, 20});
    FAIL();
  } catch (const heed::shape_error& error) {
    EXPECT_STREQ(
        error.what(),
        "verb: rank 0 holds 10 rows of k, but of 30 rows that are dealt 512 at a time to 2 "
        "ranks it is dealt 30");
  }
}

}  // namespace
