// SPDX-License-Identifier: MIT
// What a wrong call of heed::attention_backward is told.
#include "support/gradients.hpp"
#include "support/refusal.hpp"

#include <heed/attention_backward.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace heed {
namespace {

using Eigen::MatrixXf;
using support::gradient_case;
using support::refusal;

constexpr support::gradient_sizes sizes{3, 5, 2, 1, 4, 6};

// What is said once `change` has been made.
template <class Change, class... Modifiers>
std::string said(const Change& change, const Modifiers&... modifiers) {
  gradient_case<float> c{sizes};
  change(c);
  return refusal([&] { c.backward(modifiers...); });
}

const std::string verb = "heed::attention_backward: ";

TEST(attention_backward_errors, sizes) {
  EXPECT_EQ(said([](auto& c) { c.q.resize(3, 10); }),
            verb + "head width differs: q is 3x10, k is 5x4, heads: 2 over 1");
  EXPECT_EQ(said([](auto& c) { c.out.resize(3, 8); }), verb + "out is 3x8, but it must be 3x12");
  EXPECT_EQ(said([](auto& c) { c.lse.resize(2, 3); }),
            verb + "log_sum_exp is 2x3, but it must be 3x2; log_sum_exp looks transposed");
  EXPECT_EQ(said([](auto& c) { c.d_out.resize(1, 12); }),
            verb + "d_out is 1x12, but it must be 3x12");
  EXPECT_EQ(said([](auto& c) { c.d_q.resize(3, 9); }), verb + "d_q is 3x9, but it must be 3x8");
  EXPECT_EQ(said([](auto& c) { c.d_k.resize(4, 4); }), verb + "d_k is 4x4, but it must be 5x4");
  EXPECT_EQ(said([](auto& c) { c.d_v.resize(5, 4); }), verb + "d_v is 5x4, but it must be 5x6");
}

TEST(attention_backward_errors, sizes_of_learned_gradients) {
  const auto nothing = [](auto&) {};
  const MatrixXf table = MatrixXf::Zero(3, 5);
  MatrixXf d_table(5, 3);
  EXPECT_EQ(said(nothing, bias(table), gradient_of_bias(d_table)),
            verb +
                "gradient_of_bias is 5x3, but it must be 3x5 (queries x keys), summed over the "
                "heads, or 6x5 (heads * queries x keys)");
  std::vector<float> numbers(3);
  EXPECT_EQ(said(nothing, alibi(), gradient_of_slopes(numbers)),
            verb + "gradient_of_slopes has 3 numbers, but there are 2 query heads");
  EXPECT_EQ(said(nothing, sink(std::vector{1., 2.}), gradient_of_sink(numbers)),
            verb + "gradient_of_sink has 3 numbers, but there are 2 query heads");
}

TEST(attention_backward_errors, memory_that_is_written_and_read) {
  gradient_case<float> c{{4, 4, 1, 1, 4, 4}};
  const auto run = [&](auto& d_q, auto& d_k, auto& d_v, const auto&... modifiers) {
    return refusal([&] {
      attention_backward(c.q, c.k, c.v, c.out, c.lse, c.d_out, d_q, d_k, d_v, modifiers...);
    });
  };
  const auto overlaps = [](const char* one, const char* other) {
    return verb + one + " (4x4) overlaps " + other + " (4x4) in memory";
  };
  EXPECT_EQ(run(c.q, c.d_k, c.d_v), overlaps("d_q", "q"));
  EXPECT_EQ(run(c.d_out, c.d_k, c.d_v), overlaps("d_q", "d_out"));
  EXPECT_EQ(run(c.d_q, c.out, c.d_v), overlaps("d_k", "out"));
  EXPECT_EQ(run(c.d_q, c.d_k, c.v), overlaps("d_v", "v"));
  EXPECT_EQ(run(c.d_q, c.d_q, c.d_v), overlaps("d_k", "d_q"));
  EXPECT_EQ(run(c.d_q, c.d_k, c.d_k), overlaps("d_v", "d_k"));
  EXPECT_EQ(run(c.d_q, c.d_k, c.d_v, bias(c.k), gradient_of_bias(c.d_v)),
            overlaps("gradient_of_bias", "d_v"));
  // Parts of one matrix that share no element are none.
  MatrixXf all(4, 12);
  auto d_q = all.leftCols(4), d_k = all.middleCols(4, 4), d_v = all.rightCols(4);
  EXPECT_EQ(run(d_q, d_k, d_v), "accepted");
}

}  // namespace
}  // namespace heed
