// SPDX-License-Identifier: MIT
// The gradients of one call beside the textbook's.
#pragma once

#include <heed/attention.hpp>
#include <heed/attention_backward.hpp>
#include <heed/reference_backward.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace support {

struct gradient_sizes {
  heed::index queries, keys, query_heads, kv_heads, width, value_width;
};

// Random q, k, v and d_out, and room for gradients, in Scalar.
template <class Scalar>
struct gradient_case {
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  gradient_sizes n;
  matrix q = matrix::Random(n.queries, n.query_heads* n.width);
  matrix k = matrix::Random(n.keys, n.kv_heads* n.width);
  matrix v = matrix::Random(n.keys, n.kv_heads* n.value_width);
  matrix d_out = matrix::Random(n.queries, n.query_heads* n.value_width);
  matrix out{n.queries, n.query_heads* n.value_width};
  matrix lse{n.queries, n.query_heads};
  matrix d_q{n.queries, n.query_heads* n.width};
  matrix d_k{n.keys, n.kv_heads* n.width};
  matrix d_v{n.keys, n.kv_heads* n.value_width};
  Eigen::MatrixXd exact_q{}, exact_k{}, exact_v{};

  heed::heads heads() const { return {.query = n.query_heads, .kv = n.kv_heads}; }

  template <class... Modifiers>
  void forward(const Modifiers&... modifiers) {
    heed::attention(q, k, v, out, heads(), heed::log_sum_exp(lse), modifiers...);
  }
  template <class... Modifiers>
  void backward(const Modifiers&... modifiers) {
    heed::attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v, heads(), modifiers...);
  }
  template <class... Modifiers>
  void textbook(const Modifiers&... modifiers) {
    exact_q.resize(d_q.rows(), d_q.cols());
    exact_k.resize(d_k.rows(), d_k.cols());
    exact_v.resize(d_v.rows(), d_v.cols());
    heed::reference::attention_backward(q, k, v, out, lse, d_out, exact_q, exact_k, exact_v,
                                        heads(), modifiers...);
  }

  // All three.
  template <class... Modifiers>
  void run(const Modifiers&... modifiers) {
    forward(modifiers...);
    backward(modifiers...);
    textbook(modifiers...);
  }

  // The largest error of any gradient, in units of the last place of the largest gradient.
  double error() const {
    return std::max({error_of(d_q, exact_q), error_of(d_k, exact_k), error_of(d_v, exact_v)});
  }
  static double error_of(const matrix& is, const Eigen::MatrixXd& must) {
    if (must.size() == 0) return 0;
    const double largest = std::max(1.0, must.cwiseAbs().maxCoeff());
    const double error = (is.template cast<double>() - must).cwiseAbs().maxCoeff() / largest;
    return error / static_cast<double>(std::numeric_limits<Scalar>::epsilon());
  }
};

}  // namespace support
