// SPDX-License-Identifier: MIT
// Dropout on the probabilities, from a generator that has no state.
//
//   heed::attention(q, k, v, out, heed::causal, heed::dropout{.probability = 0.1, .seed = step});
//
// Srivastava et al., 2014; the generator is Philox4x32-10 of Salmon et al., "Parallel Random
// Numbers: As Easy as 1, 2, 3", SC 2011.
#pragma once

#include <heed/core/concepts.hpp>   // setting_kind
#include <heed/rules/at.hpp>        // at
#include <heed/rules/settings.hpp>  // settings

#include <array>        // array
#include <cstdint>      // uint32_t, uint64_t
#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {

// Four random words for a counter and a key.
inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                           std::uint64_t seed) {
  constexpr std::uint64_t multiplier_0 = 0xD2511F53, multiplier_1 = 0xCD9E8D57;
  constexpr std::uint32_t weyl_0 = 0x9E3779B9, weyl_1 = 0xBB67AE85;
  auto key_0 = static_cast<std::uint32_t>(seed);
  auto key_1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = multiplier_0 * counter[0];
    const std::uint64_t b = multiplier_1 * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key_0,
               static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key_1,
               static_cast<std::uint32_t>(a)};
    key_0 += weyl_0;
    key_1 += weyl_1;
  }
  return counter;
}

// Each probability is set to 0 with the given probability, and the survivors are divided by
// 1 - probability; log-sum-exp and weights are those without dropout. What is dropped depends on
// seed, sequence, head, query position and key alone: not on tiles, threads or chunks.
struct dropout {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "dropout";

  double probability = 0;
  std::uint64_t seed = 0;

  template <class Scalar>
  void apply(settings<Scalar>& s) const {
    s.drop_probability = probability;
    s.drop_seed = seed;
  }

  // Whether the pair keeps its probability.
  bool keeps(at i) const {
    const auto word = [](position p) { return static_cast<std::uint32_t>(p); };
    const auto random = philox({word(i.key) / 4, word(i.query), word(i.head), word(i.sequence)}, seed);
    return random[word(i.key) % 4] * 0x1p-32 >= probability;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
