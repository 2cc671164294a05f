// SPDX-License-Identifier: MIT
// Random numbers without a state: a counter and a seed go in, four random words come out.
//
//   heed::philox({0, 0, 0, 0}, 0)[0];  // 0x6627e8d5, on every machine
//
// Philox4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
#pragma once

#include <heed/core/types.hpp>   // HEED_ABI
#include <heed/simd/unroll.hpp>  // unroll

#include <array>    // array
#include <cstddef>  // size_t
#include <cstdint>  // uint32_t, uint64_t

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// For Count counters whose second words are counter[1], counter[1] + 1, ...: [w][l] is word w of
// counter l. Rounds are unrolled and lanes are loops, which become vector code.
template <std::size_t Count>
std::array<std::array<std::uint32_t, Count>, 4> philox_side_by_side(
    const std::array<std::uint32_t, 4>& counter, std::uint64_t seed) {
  constexpr std::uint32_t factor_0 = 0xD2511F53, factor_1 = 0xCD9E8D57;
  constexpr std::uint32_t weyl_0 = 0x9E3779B9, weyl_1 = 0xBB67AE85;
  const auto high = [](std::uint32_t a, std::uint32_t b) HEED_INLINED {
    return static_cast<std::uint32_t>((static_cast<std::uint64_t>(a) * b) >> 32);
  };
  std::array<std::array<std::uint32_t, Count>, 4> words;
  for (std::size_t l = 0; l < Count; ++l) {
    words[0][l] = counter[0];
    words[1][l] = counter[1] + static_cast<std::uint32_t>(l);
    words[2][l] = counter[2];
    words[3][l] = counter[3];
  }
  unroll_constants<10>([&](auto round) HEED_INLINED {
    constexpr auto n = static_cast<std::uint32_t>(round());
    const std::uint32_t key_0 = static_cast<std::uint32_t>(seed) + n * weyl_0;
    const std::uint32_t key_1 = static_cast<std::uint32_t>(seed >> 32) + n * weyl_1;
    for (std::size_t l = 0; l < Count; ++l) {
      const std::uint32_t x = words[0][l], y = words[2][l];
      words[0][l] = high(y, factor_1) ^ words[1][l] ^ key_0;
      words[1][l] = y * factor_1;
      words[2][l] = high(x, factor_0) ^ words[3][l] ^ key_1;
      words[3][l] = x * factor_0;
    }
  });
  return words;
}

// The four random words of one counter.
inline std::array<std::uint32_t, 4> philox(const std::array<std::uint32_t, 4>& counter,
                                           std::uint64_t seed) {
  const auto words = philox_side_by_side<1>(counter, seed);
  return {words[0][0], words[1][0], words[2][0], words[3][0]};
}

// A random word as a number in [0, 1).
inline double unit(std::uint32_t word) { return word * 0x1p-32; }

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
