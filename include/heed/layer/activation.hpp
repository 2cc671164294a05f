// SPDX-License-Identifier: MIT
// Activation functions, which stand between the two matrices of a feed-forward layer.
//
//   Eigen::MatrixXf x = Eigen::MatrixXf::Constant(1, 1, 1);
//   heed::activate(heed::activation::silu, x);  // 0.7310586
#pragma once

#include <heed/core/check.hpp>         // require
#include <heed/simd/normal_tails.hpp>  // normal_tails
#include <heed/simd/sigmoid.hpp>       // sigmoid
#include <heed/storage/view.hpp>       // view, view_of

#include <algorithm>  // copy_n, max, min
#include <cmath>      // erfc, tanh

namespace heed {
inline namespace HEED_ABI {

enum class activation {
  identity,
  relu,          // max(x, 0)
  relu_squared,  // max(x, 0)²; So et al., "Primer", 2021
  gelu,  // x Φ(x), by the error function; Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016
  gelu_tanh,   // its approximation x / 2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
  quick_gelu,  // x sigmoid(1.702 x)
  silu,        // x sigmoid(x); Elfwing et al., 2017
  tanh         // (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ)
};

namespace detail {

// f of some numbers, a packet at a time; the last packet is padded with zeros.
template <class Scalar, class Function>
void each_packet(Scalar* x, index count, const Function& f) {
  using s = simd<Scalar>;
  const auto one = [&](Scalar* place) { s::store(place, f(s::load(place))); };
  index i = 0;
  for (; i + s::size <= count; i += s::size) one(x + i);
  if (i == count) return;
  Scalar last[static_cast<std::size_t>(s::size)] = {};
  std::copy_n(x + i, count - i, last);
  one(last);
  std::copy_n(last, count - i, x + i);
}

// x sigmoid(gate(x)).
template <class Scalar, class Gate>
void times_sigmoid(Scalar* x, index count, const Gate& gate) {
  each_packet(x, count, [&](const auto& number) {
    return simd<Scalar>::multiply(number, sigmoid<Scalar>(gate(number)));
  });
}

// x Φ(x). For x < 0 computed from the tail itself, which loses no digits.
inline void times_normal(float* x, index count) {
  using s = simd<float>;
  each_packet(x, count, [](const auto& number) {
    const auto zero = s::broadcast(0);
    const auto tails = normal_tails(s::maximum(number, s::subtract(zero, number)));
    const auto tail = s::rounded(s::multiply(tails, s::broadcast(0.5f)));
    return s::multiply(number,
                       s::where_less(number, zero, tail, s::subtract(s::broadcast(1), tail)));
  });
}
inline void times_normal(double* x, index count) {
  constexpr double root_half = 0.70710678118654752440;
  for (index i = 0; i < count; ++i) x[i] *= std::erfc(-x[i] * root_half) / 2;
}

// Applies a function in place to contiguous numbers.
template <class Scalar>
void activate_row(activation function, Scalar* x, index count) {
  using s = simd<Scalar>;
  const auto each = [&](const auto& f) {
    for (index i = 0; i < count; ++i) x[i] = f(x[i]);
  };
  switch (function) {
    case activation::identity:
      return;
    case activation::relu:
      return each([](Scalar a) { return a < 0 ? Scalar(0) : a; });
    case activation::relu_squared:
      return each([](Scalar a) { return a < 0 ? Scalar(0) : a * a; });
    case activation::gelu:
      return times_normal(x, count);
    case activation::gelu_tanh:
      // (1 + tanh u) / 2 = sigmoid(2 u)
      return times_sigmoid(x, count, [](const auto& a) {
        constexpr double twice_root = 2 * 0.79788456080286535588;
        const auto cube = s::multiply(s::multiply(a, a), a);
        const auto inner = s::multiply_add(cube, s::broadcast(Scalar(0.044715)), a);
        return s::multiply(inner, s::broadcast(Scalar(twice_root)));
      });
    case activation::quick_gelu:
      return times_sigmoid(
          x, count, [](const auto& a) { return s::multiply(a, s::broadcast(Scalar(1.702))); });
    case activation::silu:
      return times_sigmoid(x, count, [](const auto& a) { return a; });
    case activation::tanh:
      return each([](Scalar a) { return std::tanh(a); });
  }
}

}  // namespace detail

// Applies the function to every number of x, in place: any writable Eigen matrix of float or double with
// rows or columns next to each other. The result of a number does not depend on its neighbours.
template <class X>
void activate(activation function, X&& x) {
  static_assert(detail::writable<X>, "heed::activate: x must be a writable Eigen matrix");
  if constexpr (detail::writable<X>) {
    auto rows = detail::view_of(x);
    if (rows.col_stride != 1) rows = rows.transposed();
    detail::require(rows.cols <= 1 || rows.col_stride == 1,
                    "heed::activate: neither rows nor columns of x (", detail::view_of(x),
                    ") lie next to each other");
    for (index row = 0; row < rows.rows; ++row)
      detail::activate_row(function, rows.data + row * rows.row_stride, rows.cols);
  }
}

}  // namespace HEED_ABI
}  // namespace heed
