// SPDX-License-Identifier: MIT
// A normalisation that is chosen when a model is loaded: none, layer_norm or rms_norm.
//
//   heed::normalisation<float> norm = heed::rms_norm<float>({.model = 768});
//   heed::normalise(norm, x, y);
#pragma once

#include <heed/layer/layer_norm.hpp>  // layer_norm
#include <heed/layer/rms_norm.hpp>    // rms_norm

#include <variant>  // variant, monostate, visit

namespace heed {
inline namespace HEED_ABI {

template <class Scalar>
using normalisation = std::variant<std::monostate, layer_norm<Scalar>, rms_norm<Scalar>>;

template <class Scalar>
[[nodiscard]] bool has_norm(const normalisation<Scalar>& norm) {
  return norm.index() != 0;
}

// y = norm(x), or x where there is none. x and y: (tokens, model), of the same sizes, the same matrix or
// apart in memory.
template <class Scalar, class X, class Y>
void normalise(const normalisation<Scalar>& norm, const X& x, Y&& y) {
  std::visit(
      [&](const auto& n) {
        if constexpr (std::is_same_v<decltype(n), const std::monostate&>) {
          if (static_cast<const void*>(x.data()) != y.data()) y = x;
        } else {
          n(x, y);
        }
      },
      norm);
}

}  // namespace HEED_ABI
}  // namespace heed
