// SPDX-License-Identifier: MIT
// Layer normalisation: each row to mean 0 and variance 1, then weight and bias.
//
//   heed::layer_norm<float> norm({.model = 768});
//   norm(x, y);  // x and y: (tokens, 768), or the same matrix
//
// Ba, Kiros and Hinton, "Layer Normalization", 2016.
#pragma once

#include <heed/layer/norm_call.hpp>  // norm_call
#include <heed/simd/fused.hpp>       // fused

namespace heed {
inline namespace HEED_ABI {

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias, with the mean and the variance of the row,
// which are formed in double. Where x is several times as wide as the weight, each part of a row as wide
// as the weight is normed by itself: so are the heads of queries and keys.
template <class Scalar>
struct layer_norm {
  struct sizes {
    index model;
    bool bias = true;
    double epsilon = 1e-5;
  };

  Eigen::Matrix<Scalar, 1, Eigen::Dynamic> weight;  // (model), 1 at first
  Eigen::Matrix<Scalar, 1, Eigen::Dynamic> bias;    // (model), 0 at first, or empty
  double epsilon = 1e-5;
  index parts = 1;  // of the weight, each normed by itself: heads with weights of their own

  layer_norm() = default;
  explicit layer_norm(const sizes& s) : epsilon(s.epsilon) {
    detail::require_given(name, "model", s.model, "the columns of x");
    detail::require(s.model > 0, name, ": model is ", s.model, ", but it must be positive");
    weight.setOnes(s.model);
    bias.setZero(s.bias ? s.model : 0);
  }

  // x: (tokens, model) or (tokens, parts * model), y: the same sizes, and x itself or apart from it in memory. Throws shape_error,
  // before anything is written, if sizes do not fit.
  template <class X, class Y>
  requires detail::eigen_object<Y>
  void operator()(const X& x, Y&& y) const {
    if constexpr (detail::norm_call_is_good<Scalar, X, Y>())
      detail::norm_call<Scalar>{name, weight, bias, parts}(
          detail::view_of(x), detail::view_of(y),
          [&](auto count, const detail::view<const Scalar>& rows) {
            return statistics_of<std::size_t{count.value}>(rows);
          });
  }

  // The same by value.
  template <class X>
  [[nodiscard]] matrix<Scalar> operator()(const X& x) const {
    matrix<Scalar> y;
    if constexpr (detail::norm_call_is_good<Scalar, X, matrix<Scalar>&>()) {
      y.resize(x.rows(), x.cols());
      (*this)(x, y);
    }
    return y;
  }

  // The mean of each row and 1 / sqrt(variance + epsilon).
  template <std::size_t Rows>
  [[nodiscard]] std::array<detail::row_statistics, Rows> statistics_of(
      const detail::view<const Scalar>& rows) const {
    const auto count = static_cast<double>(rows.cols);
    auto mean = detail::sums_of_rows<Rows>(
        rows, [](std::size_t, double sum, double value) { return sum + value; });
    for (double& m : mean) m /= count;
    const auto squares =
        detail::sums_of_rows<Rows>(rows, [&mean](std::size_t r, double sum, double value) {
          return detail::fused(value - mean[r], value - mean[r], sum);
        });
    std::array<detail::row_statistics, Rows> all;
    for (std::size_t r = 0; r < Rows; ++r)
      all[r] = {mean[r], 1 / std::sqrt(squares[r] / count + epsilon)};
    return all;
  }

 private:
  static constexpr const char* name = "heed::layer_norm";
};

}  // namespace HEED_ABI
}  // namespace heed
