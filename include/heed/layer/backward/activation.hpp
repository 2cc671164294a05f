// SPDX-License-Identifier: MIT
// The derivatives of the functions between the two halves of a feed-forward layer.
//
//   heed::activate_backward(heed::activation::silu, x, d);  // d = d silu'(x), in place
#pragma once

#include <heed/layer/activation.hpp>  // activation, sigmoid

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// d = d s (1 + x g' (1 - s)) with s = sigmoid(g(x)): the derivative of x sigmoid(g(x)). gate(x) is g,
// slope(x) is x g'.
template <class Scalar, class Gate, class Slope>
void times_sigmoid_backward(const Scalar* x, Scalar* d, index count, const Gate& gate,
                            const Slope& slope) {
  using s = simd<Scalar>;
  const auto one = s::broadcast(Scalar(1));
  const auto some = [&](const Scalar* from, Scalar* to) {
    const auto number = s::load(from);
    const auto share = sigmoid<Scalar>(gate(number));
    const auto inner = s::multiply_add(slope(number), s::subtract(one, share), one);
    s::store(to, s::multiply(s::load(to), s::multiply(share, inner)));
  };
  index i = 0;
  for (; i + s::size <= count; i += s::size) some(x + i, d + i);
  if (i == count) return;
  Scalar last_x[static_cast<std::size_t>(s::size)] = {},
         last_d[static_cast<std::size_t>(s::size)] = {};
  std::copy_n(x + i, count - i, last_x);
  std::copy_n(d + i, count - i, last_d);
  some(last_x, last_d);
  std::copy_n(last_d, count - i, d + i);
}

// d = d f'(x), of numbers that lie next to each other.
template <class Scalar>
void activate_backward_row(activation function, const Scalar* x, Scalar* d, index count) {
  using s = simd<Scalar>;
  const auto each = [&](const auto& f) {
    for (index i = 0; i < count; ++i) d[i] *= f(x[i]);
  };
  switch (function) {
    case activation::identity:
      return;
    case activation::relu:  // f(a) = max(a, 0)
      return each([](Scalar a) { return a > 0 ? Scalar(1) : Scalar(0); });
    case activation::relu_squared:  // f(a) = max(a, 0)²
      return each([](Scalar a) { return a > 0 ? 2 * a : Scalar(0); });
    case activation::
        gelu:  // f(a) = a / 2 (1 + erf(a / √2)); the derivative of erf is 2 / √π exp(-a²)
      return each([](Scalar a) {
        constexpr double root_half = 0.70710678118654752440, density = 0.39894228040143267794;
        return (1 + std::erf(a * Scalar(root_half))) / 2 +
               a * Scalar(density) * std::exp(-a * a / 2);
      });
    case activation::gelu_tanh: {  // f(a) = a sigmoid(2 √(2/π) (a + 0.044715 a³))
      const auto scaled_sum = [](const auto& a, double cubes) {
        constexpr double twice_root = 2 * 0.79788456080286535588;
        const auto cube = s::multiply(s::multiply(a, a), a);
        const auto inner = s::multiply_add(cube, s::broadcast(static_cast<Scalar>(cubes)), a);
        return s::multiply(inner, s::broadcast(Scalar(twice_root)));
      };
      return times_sigmoid_backward(
          x, d, count, [&](const auto& a) { return scaled_sum(a, 0.044715); },
          [&](const auto& a) { return scaled_sum(a, 3 * 0.044715); });
    }
    case activation::quick_gelu: {  // f(a) = a sigmoid(1.702 a)
      const auto gate = [](const auto& a) { return s::multiply(a, s::broadcast(Scalar(1.702))); };
      return times_sigmoid_backward(x, d, count, gate, gate);
    }
    case activation::silu: {  // f(a) = a sigmoid(a)
      const auto gate = [](const auto& a) { return a; };
      return times_sigmoid_backward(x, d, count, gate, gate);
    }
    case activation::tanh:  // f(a) = tanh(a)
      return each([](Scalar a) {
        const Scalar t = std::tanh(a);
        return 1 - t * t;
      });
  }
}

}  // namespace detail

// d = d f'(x), number by number; x and d: row-major matrices of the same sizes.
template <class Scalar>
void activate_backward(activation function, const matrix<Scalar>& x, matrix<Scalar>& d) {
  detail::require(x.rows() == d.rows() && x.cols() == d.cols(), "heed::activate_backward: x is ",
                  detail::view_of(x), ", but d is ", detail::view_of(d));
  detail::activate_backward_row(function, x.data(), d.data(), x.size());
}

}  // namespace HEED_ABI
}  // namespace heed
