// SPDX-License-Identifier: MIT
// Root mean square normalisation: each row divided by its root mean square, times weight.
//
//   heed::rms_norm<float> norm({.model = 768});
//   norm(x, y);  // x and y: (tokens, 768), or the same matrix
//
// Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.
#pragma once

#include <heed/layer/norm_call.hpp>  // norm_call
#include <heed/simd/fused.hpp>       // fused

namespace heed {
inline namespace HEED_ABI {

// y = x / sqrt(mean(x²) + epsilon) * weight; the mean is formed in double. Where x is several times as
// wide as the weight, each part of a row as wide as the weight is normed by itself: so are the heads of
// queries and keys. Models that store weight - 1 have 1 added when they are loaded.
template <class Scalar>
struct rms_norm {
  struct sizes {
    index model;
    double epsilon = 1e-6;
  };

  Eigen::Matrix<Scalar, 1, Eigen::Dynamic> weight;  // (model), 1 at first
  double epsilon = 1e-6;

  rms_norm() = default;
  explicit rms_norm(const sizes& s) : epsilon(s.epsilon) {
    detail::require_given(name, "model", s.model, "the columns of x");
    detail::require(s.model > 0, name, ": model is ", s.model, ", but it must be positive");
    weight.setOnes(s.model);
  }

  // x: (tokens, model) or (tokens, parts * model), y: the same sizes, and x itself or apart from it in memory. Throws shape_error,
  // before anything is written, if sizes do not fit.
  template <class X, class Y>
  requires detail::eigen_object<Y>
  void operator()(const X& x, Y&& y) const {
    if constexpr (detail::norm_call_is_good<Scalar, X, Y>())
      detail::norm_call<Scalar>{name, weight, {}}(
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

  // 0 and 1 / sqrt(mean(x²) + epsilon) of each row.
  template <std::size_t Rows>
  [[nodiscard]] std::array<detail::row_statistics, Rows> statistics_of(
      const detail::view<const Scalar>& rows) const {
    const auto squares = detail::sums_of_rows<Rows>(
        rows,
        [](std::size_t, double sum, double value) { return detail::fused(value, value, sum); });
    std::array<detail::row_statistics, Rows> all;
    for (std::size_t r = 0; r < Rows; ++r)
      all[r] = {0, 1 / std::sqrt(squares[r] / static_cast<double>(rows.cols) + epsilon)};
    return all;
  }

 private:
  static constexpr const char* name = "heed::rms_norm";
};

}  // namespace HEED_ABI
}  // namespace heed
