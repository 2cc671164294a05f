// SPDX-License-Identifier: MIT
#include <heed/kernel/backward/softmax_backward.hpp>

#include <heed/core/scratch.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace heed::detail {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr index lanes = queries_per_block<float>;

// Scores are in base 4: 0 and -1 of a log-sum-exp of 1 are 1/4 and 1/16.
TEST(softmax_backward, is_p_times_what_is_above_delta) {
  scratch memory;
  scratch::frame frame(memory);
  const auto softmax = softmax_backward<float>::in(frame);
  const index packets = lanes / simd<float>::size;
  std::vector<float> scores(3 * lanes), d_p(scores), p(scores), d_score(scores);
  std::vector<float> d_out(lanes, 2), out(lanes, 5);  // width 1: delta is 10
  softmax.set_delta(d_out.data(), out.data(), 1, packets);
  for (index i = 0; i < lanes; ++i) {
    softmax.set(i, i == 1 ? -infinity : (i == 2 ? 4e6f : 1.0f));
    const float own[] = {i == 2 ? 4e6f - 1 : 0.0f, i == 2 ? 3e6f : -1.0f, -infinity};
    for (index j = 0; j < 3; ++j) {
      scores[std::size_t(j * lanes + i)] = i == 1 ? -infinity : own[j];
      d_p[std::size_t(j * lanes + i)] = j == 2 ? infinity : 14.0f;
    }
  }
  softmax.prepare(lanes);
  softmax.run(scores.data(), d_p.data(), {p.data(), lanes}, {d_score.data(), lanes}, 3, packets);
  const auto at = [&](const std::vector<float>& m, index j, index i) {
    return m[std::size_t(j * lanes + i)];
  };
  EXPECT_EQ(at(p, 0, 0), 0.25f);
  EXPECT_EQ(at(p, 1, 0), 0.0625f);
  EXPECT_EQ(at(d_score, 0, 0), 1);
  EXPECT_EQ(at(d_score, 1, 0), 0.25f);
  EXPECT_EQ(at(p, 0, 1), 0);  // it sees nothing
  EXPECT_EQ(at(p, 0, 2), 0.25f);
  EXPECT_EQ(at(p, 1, 2), 0);
  for (index i = 0; i < lanes; ++i) {
    EXPECT_EQ(at(p, 2, i), 0);  // excluded, whatever d_p is
    EXPECT_EQ(at(d_score, 2, i), 0);
  }
}

TEST(softmax_backward, takes_a_score_above_the_log_sum_exp_for_that) {
  scratch memory;
  scratch::frame frame(memory);
  const auto softmax = softmax_backward<float>::in(frame);
  std::vector<float> scores(lanes, 50), d_p(lanes), p(lanes), d_score(lanes), ones(lanes, 1);
  softmax.set_delta(ones.data(), ones.data(), 1, 1);
  softmax.set(0, 1);
  softmax.prepare(1);
  softmax.run(scores.data(), d_p.data(), {p.data(), lanes}, {d_score.data(), lanes}, 1, 1);
  EXPECT_EQ(p[0], 1);
}

}  // namespace
}  // namespace heed::detail
