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

// p and d_score of three keys in every lane; the third is excluded. delta is 10, d_p is 14.
struct weighed {
  std::vector<float> p = std::vector<float>(3 * lanes), d_score = p;

  weighed(float log_sum_exp, float first, float second) {
    scratch memory;
    scratch::frame frame(memory);
    const auto softmax = softmax_backward<float>::in(frame);
    const index packets = lanes / simd<float>::size;
    const std::vector<float> d_out(lanes, 2), out(lanes, 5);
    softmax.set_delta(d_out.data(), out.data(), 1, packets);
    for (index i = 0; i < lanes; ++i) softmax.set(i, log_sum_exp);
    softmax.prepare(lanes);
    std::vector<float> scores, d_p;
    for (float score : {first, second, -infinity}) {
      scores.insert(scores.end(), std::size_t(lanes), score);
      d_p.insert(d_p.end(), std::size_t(lanes), score < -1e30f ? infinity : 14.0f);
    }
    softmax.run(scores.data(), d_p.data(), {p.data(), lanes}, {d_score.data(), lanes}, 3, packets);
  }

  void expect(float first, float second) const {
    const float want[] = {first, second, 0};  // whatever d_p is
    for (std::size_t i = 0; i < p.size(); ++i) {
      EXPECT_EQ(p[i], want[i / std::size_t(lanes)]);
      EXPECT_EQ(d_score[i], want[i / std::size_t(lanes)] * 4);
    }
  }
};

// Scores are in base 4: 0 and -1 of a log-sum-exp of 1 are 1/4 and 1/16.
TEST(softmax_backward, is_p_times_what_is_above_delta) {
  weighed(1, 0, -1).expect(0.25f, 0.0625f);
  weighed(4e6f, 4e6f - 1, 3e6f).expect(0.25f, 0);
  weighed(-infinity, -infinity, -infinity).expect(0, 0);  // it sees nothing
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
