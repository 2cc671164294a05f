// SPDX-License-Identifier: MIT
// The two floating-point types of 8 bits, as PyTorch's float8_e4m3fn and float8_e5m2.
//
//   heed::detail::float_of_e4m3(0x7E);  // 448, the largest
//   heed::detail::float_of_e5m2(0x7C);  // infinity
//
// Micikevicius et al., "FP8 formats for deep learning", 2022.
#pragma once

#include <heed/core/types.hpp>  // half

#include <cstdint>  // uint8_t, uint16_t
#include <cstring>  // memcpy
#include <limits>   // quiet_NaN

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline float float_of_half_bits(unsigned bits) {
  const auto narrow = static_cast<std::uint16_t>(bits);
  Eigen::half number;
  std::memcpy(static_cast<void*>(&number), &narrow, sizeof narrow);
  return static_cast<float>(number);
}

// Sign, 4 bits of exponent with a bias of 7, 3 of mantissa: the number is 2^8 times the half with the
// same bits, whose bias is 15. All bits but the sign set is NaN; there is no infinity.
inline float float_of_e4m3(std::uint8_t bits) {
  if ((bits & 0x7F) == 0x7F) return std::numeric_limits<float>::quiet_NaN();
  return 256 * float_of_half_bits((bits & 0x80U) << 8 | (bits & 0x7FU) << 7);
}

// The upper byte of a half.
inline float float_of_e5m2(std::uint8_t bits) { return float_of_half_bits(unsigned(bits) << 8); }

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
