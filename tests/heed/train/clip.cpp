// SPDX-License-Identifier: MIT
// Norms of gradients by hand.
#include "support/on_threads.hpp"

#include <heed/train/clip.hpp>

#include <gtest/gtest.h>

namespace {

TEST(clip, by_hand) {
  double a[] = {3, 0}, b[] = {4};
  const heed::parameter_list<double> list = {{"a", a, 1, 2, false}, {"b", b, 1, 1, true}};
  EXPECT_EQ(heed::norm_of(list), 5);
  EXPECT_EQ(heed::clip_by_norm(list, 5), 5);
  EXPECT_EQ(a[0], 3);
  EXPECT_EQ(heed::clip_by_norm(list, 1), 5);
  EXPECT_DOUBLE_EQ(a[0], 0.6);
  EXPECT_DOUBLE_EQ(b[0], 0.8);
}

TEST(clip, has_the_same_bits_on_any_number_of_threads) {
  std::vector<float> numbers(100000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = 1 / float(i + 1);
  const heed::parameter_list<float> list = {{"a", numbers.data(), 1000, 50, false},
                                            {"b", numbers.data() + 50000, 500, 100, false}};
  EXPECT_EQ(heed::norm_of(list), heed::norm_of(list, heed::executor_of(support::on_threads, 3)));
}

}  // namespace
