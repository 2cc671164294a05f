// SPDX-License-Identifier: MIT
// A normalisation that is chosen when a model is loaded: none, layer_norm or rms_norm.
//
//   heed::normalisation<float> norm = heed::rms_norm<float>({.model = 768});
//   heed::normalise(norm, x, y);
#pragma once

#include <heed/layer/layer_norm.hpp>  // layer_norm
#include <heed/layer/rms_norm.hpp>    // rms_norm
#include <heed/storage/copy.hpp>      // copy

#include <variant>  // variant, monostate, get_if

namespace heed {
inline namespace HEED_ABI {

// std::monostate: none.
template <class Scalar>
using normalisation = std::variant<std::monostate, layer_norm<Scalar>, rms_norm<Scalar>>;

template <class Scalar>
[[nodiscard]] bool has_norm(const normalisation<Scalar>& norm) {
  return !std::holds_alternative<std::monostate>(norm);
}

// y = norm(x), or x where there is no norm. x and y: (tokens, model), of the same sizes, the same matrix
// or apart in memory. Throws shape_error if sizes do not fit.
template <class Scalar, class X, class Y>
void normalise(const normalisation<Scalar>& norm, const X& x, Y&& y) {
  if constexpr (detail::norm_call_is_good<Scalar, X, Y>()) {
    if (const auto* const by_mean = std::get_if<layer_norm<Scalar>>(&norm)) return (*by_mean)(x, y);
    if (const auto* const by_square = std::get_if<rms_norm<Scalar>>(&norm))
      return (*by_square)(x, y);
    const detail::view<const Scalar> from = detail::view_of(x);
    const detail::view<Scalar> to = detail::view_of(y);
    detail::check_norm_output("heed::normalise", from, to);
    if (from.data != to.data) detail::copy(to, from);
  }
}

}  // namespace HEED_ABI
}  // namespace heed
