// SPDX-License-Identifier: MIT
// Random numbers without a state: a counter and a seed go in, four random words come out.
//
//   heed::philox({0, 0, 0, 0}, 0)[0];  // 0x6627e8d5, on every machine
//
// Philox4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
#pragma once

#include <heed/core/types.hpp>  // HEED_ABI

#include <array>    // array
#include <cstdint>  // uint32_t, uint64_t

namespace heed {
inline namespace HEED_ABI {

inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                           std::uint64_t seed) {
  constexpr std::uint64_t multiplier_0 = 0xD2511F53, multiplier_1 = 0xCD9E8D57;
  constexpr std::uint32_t weyl_0 = 0x9E3779B9, weyl_1 = 0xBB67AE85;
  auto key_0 = static_cast<std::uint32_t>(seed);
  auto key_1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = multiplier_0 * counter[0];
    const std::uint64_t b = multiplier_1 * counter[2];
    counter = {
        static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key_0, static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key_1, static_cast<std::uint32_t>(a)};
    key_0 += weyl_0;
    key_1 += weyl_1;
  }
  return counter;
}

// A random word as a number in [0, 1).
inline double unit(std::uint32_t word) { return word * 0x1p-32; }

}  // namespace HEED_ABI
}  // namespace heed
