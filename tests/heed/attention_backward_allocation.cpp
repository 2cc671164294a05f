// SPDX-License-Identifier: MIT
// The second call of heed::attention_backward allocates nothing, and scratch does not grow with n.
#include "support/allocations.hpp"
#include "support/gradients.hpp"

#include <heed/attention_backward.hpp>

#if __has_include(<Eigen/ThreadPool>)
#include <Eigen/ThreadPool>
#else
#include <unsupported/Eigen/CXX11/ThreadPool>  // where Eigen 3.4 keeps it
#endif

#include <gtest/gtest.h>

#include <vector>

namespace heed {
namespace {

TEST(attention_backward_allocation, nothing_in_a_second_call) {
  support::gradient_case<float> c{{300, 600, 4, 2, 16, 12}};
  c.forward(causal);
  scratch memory;
  const auto count = [&](const auto&... modifiers) {
    return support::second_call([&] { c.backward(in(memory), modifiers...); });
  };
  const Eigen::MatrixXf table = Eigen::MatrixXf::Random(300, 600);
  Eigen::MatrixXf d_table = table;
  std::vector<float> logits{1, 2, 3, 4}, d_logits(4), d_slopes(4);
  EXPECT_EQ(count(causal), 0);
  EXPECT_EQ(count(soft_cap(3), bias(table), alibi(), sink(logits), gradient_of_bias(d_table),
                  gradient_of_sink(d_logits), gradient_of_slopes(d_slopes), accumulate),
            0);
  const matrix<double> distances = matrix<double>::Random(4, 9);
  matrix<double> d_distances = distances;
  EXPECT_EQ(count(detail::distance_bias_rule{&distances},
                  detail::distance_bias_gradient{&distances, &d_distances}),
            0);
  EXPECT_EQ(count(score([](auto s, at) { return s * s; })), 0);
  EXPECT_EQ(count(dropout{.probability = 0.5, .seed = 1}), 0);
  Eigen::ThreadPool pool(2);
  EXPECT_EQ(count(causal, on(pool)), 0);
}

TEST(attention_backward_allocation, scratch_is_for_tiles) {
  const auto bytes = [](index n) {
    support::gradient_case<float> c{{n, n, 1, 1, 16, 16}};
    scratch memory;
    c.forward(window{.left = 3, .right = 3});
    c.backward(window{.left = 3, .right = 3}, in(memory));
    return memory.bytes();
  };
  EXPECT_EQ(bytes(3000), bytes(600));
}

}  // namespace
}  // namespace heed
