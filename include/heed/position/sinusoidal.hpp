// SPDX-License-Identifier: MIT
// Sinusoidal positions: a fixed vector for each position, which is not learned.
//
//   heed::sinusoidal<float> places({.model = 4});
//   places(0, 2);  // 0 1 0 1
//                  // 0.8415 0.5403 0.0100 0.9999
//
// PE(position, 2 i) = sin(position / base^(2 i / model)), PE(position, 2 i + 1) = cos(the same).
// Vaswani et al., "Attention Is All You Need", 2017, section 3.5. The code of a place `step` to the
// left is a rotation of every (sin, cos) pair, the same wherever one stands.
#pragma once

#include <heed/core/check.hpp>    // require
#include <heed/storage/view.hpp>  // view

#include <cmath>     // sin, cos, pow
#include <concepts>  // integral

namespace heed {
inline namespace HEED_ABI {

template <class Scalar>
class sinusoidal {
 public:
  struct sizes {
    index model;
    double base = 10000;
  };

  explicit sinusoidal(const sizes& s) : sizes_(s) {
    detail::require_given("heed::sinusoidal", "model", s.model, "the columns of a place's code");
    detail::require(s.model > 0 && s.base > 0, "heed::sinusoidal: model is ", s.model, ", base is ",
                    s.base, "; both must be positive");
  }

  // Radians a place, for columns 2 pair and 2 pair + 1.
  [[nodiscard]] double frequency(index pair) const {
    return std::pow(sizes_.base,
                    -2.0 * static_cast<double>(pair) / static_cast<double>(sizes_.model));
  }

  // The vectors of positions first ... first + count - 1: (count, model). Angles are computed in
  // double.
  template <std::integral Count>
  [[nodiscard]] matrix<Scalar> operator()(index first, Count how_many) const {
    const auto count = static_cast<index>(how_many);
    detail::require(count >= 0, "heed::sinusoidal: count is ", count, ", which is negative");
    matrix<Scalar> codes = matrix<Scalar>::Zero(count, sizes_.model);
    add(codes, first);
    return codes;
  }

  // Adds these vectors to x, (count, model), in place.
  template <class X>
  void add(X&& x, index first) const {
    constexpr bool good = detail::writable_of<X, Scalar>;
    static_assert(good, "heed::sinusoidal: x must be a writable Eigen matrix of the code's scalar");
    if constexpr (good) add_to(detail::view_of(x), first);
  }

 private:
  void add_to(const detail::view<Scalar>& to, index first) const {
    detail::require(to.cols == sizes_.model, "heed::sinusoidal: x is ", to, ", but model is ",
                    sizes_.model);
    for (index f = 0; f < to.cols; ++f) {
      const double step = frequency(f / 2);
      for (index i = 0; i < to.rows; ++i) {
        const double angle = static_cast<double>(first + i) * step;
        to(i, f) += static_cast<Scalar>(f % 2 == 0 ? std::sin(angle) : std::cos(angle));
      }
    }
  }

  sizes sizes_;
};

}  // namespace HEED_ABI
}  // namespace heed
