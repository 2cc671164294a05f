// SPDX-License-Identifier: MIT
// Dual numbers: a number and its derivative, so that one evaluation of a function gives both
// (forward-mode automatic differentiation).
//
//   const heed::dual<float> x{3, 1};     // x itself: its derivative by x is 1
//   const heed::dual<float> y = x * x;
//   y.value;                             // 9
//   y.slope;                             // 6
//
// Forward-mode differentiation: Wengert, "A Simple Automatic Derivative Evaluation Program", 1964.
#pragma once

#include <heed/core/types.hpp>  // HEED_ABI

#include <cmath>        // exp, log, sqrt, tanh, ...
#include <type_traits>  // common_type_t, is_arithmetic_v

namespace heed {
inline namespace HEED_ABI {

// heed::attention_backward calls the function of heed::score with a dual in place of the score,
// unless the function comes with its derivative. The functions of <cmath> below are found without
// std:: (write `using std::exp; exp(score)`).
template <class Scalar>
struct dual {
  Scalar value = 0;
  Scalar slope = 0;

  constexpr dual() = default;
  // A constant: its slope is 0.
  template <class Number>
  requires std::is_arithmetic_v<Number>
  constexpr dual(Number number) : value(static_cast<Scalar>(number)) {}
  constexpr dual(Scalar number, Scalar by_score) : value(number), slope(by_score) {}
  template <class Other>
  constexpr explicit dual(const dual<Other>& other)
      : value(static_cast<Scalar>(other.value)), slope(static_cast<Scalar>(other.slope)) {}

  constexpr dual operator+() const { return *this; }
  constexpr dual operator-() const { return {-value, -slope}; }

  template <class Other>
  constexpr dual& operator+=(const Other& other) {
    return *this = dual(*this + other);
  }
  template <class Other>
  constexpr dual& operator-=(const Other& other) {
    return *this = dual(*this - other);
  }
  template <class Other>
  constexpr dual& operator*=(const Other& other) {
    return *this = dual(*this * other);
  }
  template <class Other>
  constexpr dual& operator/=(const Other& other) {
    return *this = dual(*this / other);
  }
};

namespace detail {

template <class T>
inline constexpr bool is_dual = false;
template <class Scalar>
inline constexpr bool is_dual<dual<Scalar>> = true;

// Numbers of which at least one is dual.
template <class A, class B>
concept dual_pair = (is_dual<A> && is_dual<B>) || (is_dual<A> && std::is_arithmetic_v<B>) ||
                    (std::is_arithmetic_v<A> && is_dual<B>);

template <class T>
struct plain_number {
  using type = T;
};
template <class Scalar>
struct plain_number<dual<Scalar>> {
  using type = Scalar;
};

// The type that two numbers, one of them dual, are computed in: that of the plain numbers within
// the duals.
template <class A, class B>
using common_number =
    std::common_type_t<typename plain_number<A>::type, typename plain_number<B>::type>;
template <class To, class Number>
constexpr dual<To> as_dual(const Number& number) {
  return dual<To>(number);
}

// f(x) from the value of f and its derivative at x.
template <class Scalar>
constexpr dual<Scalar> chained(const dual<Scalar>& x, Scalar value, Scalar derivative) {
  return {value, derivative * x.slope};
}

// use(a, b) with both numbers as duals of the type that they are computed in.
template <class A, class B, class Use>
constexpr auto with_common(const A& a, const B& b, const Use& use) {
  using To = common_number<A, B>;
  return use(detail::as_dual<To>(a), detail::as_dual<To>(b));
}

}  // namespace detail

template <class A, class B>
requires detail::dual_pair<A, B>
constexpr auto operator+(const A& a, const B& b) {
  return detail::with_common(a, b, []<class S>(const dual<S>& x, const dual<S>& y) {
    return dual<S>(x.value + y.value, x.slope + y.slope);
  });
}
template <class A, class B>
requires detail::dual_pair<A, B>
constexpr auto operator-(const A& a, const B& b) {
  return detail::with_common(a, b, []<class S>(const dual<S>& x, const dual<S>& y) {
    return dual<S>(x.value - y.value, x.slope - y.slope);
  });
}
template <class A, class B>
requires detail::dual_pair<A, B>
constexpr auto operator*(const A& a, const B& b) {
  return detail::with_common(a, b, []<class S>(const dual<S>& x, const dual<S>& y) {
    return dual<S>(x.value * y.value, x.slope * y.value + x.value * y.slope);
  });
}
template <class A, class B>
requires detail::dual_pair<A, B>
constexpr auto operator/(const A& a, const B& b) {
  return detail::with_common(a, b, []<class S>(const dual<S>& x, const dual<S>& y) {
    const S value = x.value / y.value;
    return dual<S>(value, (x.slope - value * y.slope) / y.value);
  });
}

// Comparisons are those of the values.
template <class A, class B>
requires detail::dual_pair<A, B>
constexpr bool operator<(const A& a, const B& b) {
  return detail::with_common(a, b, [](const auto& x, const auto& y) { return x.value < y.value; });
}
template <class A, class B>
requires detail::dual_pair<A, B>
constexpr bool operator>(const A& a, const B& b) { return b < a; }
template <class A, class B>
requires detail::dual_pair<A, B>
constexpr bool operator<=(const A& a, const B& b) {
  return detail::with_common(a, b, [](const auto& x, const auto& y) { return x.value <= y.value; });
}
template <class A, class B>
requires detail::dual_pair<A, B>
constexpr bool operator>=(const A& a, const B& b) { return b <= a; }
template <class A, class B>
requires detail::dual_pair<A, B>
constexpr bool operator==(const A& a, const B& b) { return a <= b && b <= a; }

template <class Scalar>
dual<Scalar> exp(const dual<Scalar>& x) {
  const Scalar value = std::exp(x.value);
  return detail::chained(x, value, value);
}
template <class Scalar>
dual<Scalar> log(const dual<Scalar>& x) {
  return detail::chained(x, std::log(x.value), 1 / x.value);
}
template <class Scalar>
dual<Scalar> log1p(const dual<Scalar>& x) {
  return detail::chained(x, std::log1p(x.value), 1 / (1 + x.value));
}
template <class Scalar>
dual<Scalar> sqrt(const dual<Scalar>& x) {
  const Scalar value = std::sqrt(x.value);
  return detail::chained(x, value, 1 / (2 * value));
}
template <class Scalar>
dual<Scalar> tanh(const dual<Scalar>& x) {
  const Scalar value = std::tanh(x.value);
  return detail::chained(x, value, 1 - value * value);
}
template <class Scalar>
dual<Scalar> sin(const dual<Scalar>& x) {
  return detail::chained(x, std::sin(x.value), std::cos(x.value));
}
template <class Scalar>
dual<Scalar> cos(const dual<Scalar>& x) {
  return detail::chained(x, std::cos(x.value), -std::sin(x.value));
}
// 1, -1, and 0 at 0.
template <class Scalar>
dual<Scalar> abs(const dual<Scalar>& x) {
  const auto sign = static_cast<Scalar>((x.value > 0 ? 1 : 0) - (x.value < 0 ? 1 : 0));
  return detail::chained(x, std::abs(x.value), sign);
}
template <class Scalar>
dual<Scalar> pow(const dual<Scalar>& x, Scalar power) {
  return detail::chained(x, std::pow(x.value, power), power * std::pow(x.value, power - 1));
}

}  // namespace HEED_ABI
}  // namespace heed
