// SPDX-License-Identifier: MIT
// The factor on q kᵀ, 1 / sqrt(width) unless a call says otherwise.
//
//   heed::attention(q, k, v, out, heed::scale(0.1f));
#pragma once

#include <heed/core/concepts.hpp>               // setting_kind
#include <heed/modifiers/options/settings.hpp>  // settings

#include <string_view>  // string_view
#include <type_traits>  // is_arithmetic_v

namespace heed {
inline namespace HEED_ABI {

// Any number, zero and negative ones too; applied before every score rule.
struct scale {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "scale";

  double factor;

  template <class Number>
  requires std::is_arithmetic_v<Number>
  constexpr explicit scale(Number number) : factor(static_cast<double>(number)) {}

  template <class Scalar>
  void apply(detail::settings<Scalar>& s) const {
    s.scale = factor;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
