// SPDX-License-Identifier: MIT
// What a call may use: memory and threads of the caller.
#include <heed/attention.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace heed {
namespace {

TEST(resources, are_settings) {
  scratch room;
  std::vector<index> done;
  const auto in_turn = [](index n, auto&& work) {
    for (index i = 0; i < n; ++i) work(i);
  };
  const auto s = detail::gather_settings<float>(in(room), on(in_turn, 3));
  EXPECT_EQ(s.memory, &room);
  EXPECT_EQ(s.on.workers, 3);
  auto note = [&](index i) { done.push_back(i); };
  s.on.run(s.on.object, 2, worker_function(note));
  EXPECT_EQ(done, (std::vector<index>{0, 1}));
  const auto none = detail::gather_settings<float>();
  EXPECT_EQ(none.memory, nullptr);
  EXPECT_EQ(none.on.workers, 1);
  EXPECT_EQ(detail::gather_settings<float>(on(serial{})).on.workers, 1);
}

TEST(resources, of_the_caller_are_used) {
  const matrix<float> x = matrix<float>::Random(300, 16);
  const matrix<float> want = attention(x, x, x);
  scratch room;
  EXPECT_EQ(room.bytes(), 0u);
  EXPECT_EQ(attention(x, x, x, in(room)), want);
  EXPECT_GT(room.bytes(), 0u);
  index most = 0;
  const auto in_turn = [&](index n, auto&& work) {
    most = std::max(most, n);
    for (index i = 0; i < n; ++i) work(i);
  };
  EXPECT_EQ(attention(x, x, x, on(in_turn, 2)), want);
  EXPECT_EQ(most, 2);
}

}  // namespace
}  // namespace heed
