// SPDX-License-Identifier: MIT
// The gradients of attention beside the textbook's.
#include <heed/attention.hpp>
#include <heed/attention_backward.hpp>
#include <heed/reference_backward.hpp>

#include <gtest/gtest.h>

namespace heed {
namespace {

using Eigen::MatrixXf;

TEST(attention_backward, is_the_textbook) {
  const MatrixXf q = MatrixXf::Random(5, 8), k = MatrixXf::Random(7, 8), v = MatrixXf::Random(7, 6),
                 d_out = MatrixXf::Random(5, 6);
  MatrixXf out(5, 6), lse(5, 2), d_q(5, 8), d_k(7, 8), d_v(7, 6);
  attention(q, k, v, out, heads{2}, causal, log_sum_exp(lse));
  attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v, heads{2}, causal);
  Eigen::MatrixXd exact_q(5, 8), exact_k(7, 8), exact_v(7, 6);
  reference::attention_backward(q, k, v, out, lse, d_out, exact_q, exact_k, exact_v, heads{2},
                                causal);
  EXPECT_LT((d_q.cast<double>() - exact_q).cwiseAbs().maxCoeff(), 1e-6);
  EXPECT_LT((d_k.cast<double>() - exact_k).cwiseAbs().maxCoeff(), 1e-6);
  EXPECT_LT((d_v.cast<double>() - exact_v).cwiseAbs().maxCoeff(), 1e-6);
}

}  // namespace
}  // namespace heed
