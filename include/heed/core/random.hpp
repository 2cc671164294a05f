// SPDX-License-Identifier: MIT
// Random numbers without a state: a counter and a seed go in, four random words come out.
//
//   heed::philox({0, 0, 0, 0}, 0)[0];  // 0x6627e8d5, on every machine
//
// Philox4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
#pragma once

#include <heed/core/types.hpp>   // HEED_ABI
#include <heed/core/unroll.hpp>  // unroll

#include <array>    // array
#include <cstddef>  // size_t
#include <cstdint>  // uint32_t, uint64_t

namespace heed {
inline namespace HEED_ABI {

namespace detail {

inline constexpr std::uint32_t philox_factor_0 = 0xD2511F53, philox_factor_1 = 0xCD9E8D57;

constexpr std::uint32_t high_product(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(a) * b) >> 32);
}

// Calls round(keys of the round) ten times, written out.
template <class Round>
EIGEN_ALWAYS_INLINE void philox_rounds(std::uint64_t seed, const Round& round) {
  constexpr std::uint32_t weyl_0 = 0x9E3779B9, weyl_1 = 0xBB67AE85;
  const auto key_0 = static_cast<std::uint32_t>(seed);
  const auto key_1 = static_cast<std::uint32_t>(seed >> 32);
  unroll<10>([&](auto r) HEED_INLINED {
    constexpr auto n = static_cast<std::uint32_t>(r());
    round(key_0 + n * weyl_0, key_1 + n * weyl_1);
  });
}

}  // namespace detail

inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                           std::uint64_t seed) {
  detail::philox_rounds(seed, [&](std::uint32_t key_0, std::uint32_t key_1) HEED_INLINED {
    counter = {detail::high_product(counter[2], detail::philox_factor_1) ^ counter[1] ^ key_0,
               counter[2] * detail::philox_factor_1,
               detail::high_product(counter[0], detail::philox_factor_0) ^ counter[3] ^ key_1,
               counter[0] * detail::philox_factor_0};
  });
  return counter;
}

// The same for Count counters whose second words are counter[1], counter[1] + 1, ...: word w of the
// l-th is [w][l]. Its loops become vector code.
template <std::size_t Count>
std::array<std::array<std::uint32_t, Count>, 4> philox_side_by_side(
    const std::array<std::uint32_t, 4>& counter, std::uint64_t seed) {
  std::array<std::array<std::uint32_t, Count>, 4> words;
  for (std::size_t l = 0; l < Count; ++l) {
    words[0][l] = counter[0];
    words[1][l] = counter[1] + static_cast<std::uint32_t>(l);
    words[2][l] = counter[2];
    words[3][l] = counter[3];
  }
  detail::philox_rounds(seed, [&](std::uint32_t key_0, std::uint32_t key_1) HEED_INLINED {
    for (std::size_t l = 0; l < Count; ++l) {
      const std::uint32_t x = words[0][l], y = words[2][l];
      words[0][l] = detail::high_product(y, detail::philox_factor_1) ^ words[1][l] ^ key_0;
      words[1][l] = y * detail::philox_factor_1;
      words[2][l] = detail::high_product(x, detail::philox_factor_0) ^ words[3][l] ^ key_1;
      words[3][l] = x * detail::philox_factor_0;
    }
  });
  return words;
}

// A random word as a number in [0, 1).
inline double unit(std::uint32_t word) { return word * 0x1p-32; }

}  // namespace HEED_ABI
}  // namespace heed
