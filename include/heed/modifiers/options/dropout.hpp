// SPDX-License-Identifier: MIT
// Dropout on the probabilities, from a generator that has no state.
//
//   heed::attention(q, k, v, out, heed::causal, heed::dropout{.probability = 0.1, .seed = step});
//
// Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
#pragma once

#include <heed/core/concepts.hpp>               // setting_kind
#include <heed/modifiers/at.hpp>                // at
#include <heed/modifiers/options/settings.hpp>  // settings
#include <heed/simd/philox.hpp>                 // philox, philox_side_by_side, unit

#include <array>        // array
#include <cmath>        // ceil
#include <cstdint>      // uint32_t, uint64_t
#include <string_view>  // string_view
#include <type_traits>  // is_same_v

namespace heed {
inline namespace HEED_ABI {

// Each probability is set to 0 with the given probability, and the survivors are divided by
// 1 - probability; log-sum-exp and weights are those without dropout. What is dropped depends on
// seed, sequence, head, query position and key alone: not on tiles, threads or chunks.
struct dropout {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "dropout";

  double probability = 0;
  std::uint64_t seed = 0;

  template <class Scalar>
  void apply(detail::settings<Scalar>& s) const {
    s.drop_probability = probability;
    s.drop_seed = seed;
  }

  // Whether the probability of the pair survives.
  bool keeps(at i) const {
    return detail::unit(detail::philox(counter(i), seed)[word(i.key) % 4]) >= probability;
  }

  // The same for Count queries from i.query on, and four keys from i.key on, a multiple of four: query
  // i.query + l keeps its probability of key i.key + w where [w][l] > dropped_up_to(). The probability
  // is positive.
  template <std::size_t Count>
  std::array<std::array<std::uint32_t, Count>, 4> draw(at i) const {
    return detail::philox_side_by_side<Count>(counter(i), seed);
  }
  std::uint32_t dropped_up_to() const {
    return static_cast<std::uint32_t>(std::ceil(probability * 0x1p32) - 1);
  }

 private:
  // The counter's word for a position; one draw of random words serves four keys.
  static std::uint32_t word(position p) { return static_cast<std::uint32_t>(p); }
  static std::array<std::uint32_t, 4> counter(at i) {
    return {word(i.key) / 4, word(i.query), word(i.head), word(i.sequence)};
  }
};

namespace detail {

// Whether dropout is among the modifiers of a call.
template <class... Modifiers>
inline constexpr bool has_dropout = (false || ... ||
                                     std::is_same_v<std::remove_cvref_t<Modifiers>, dropout>);

}  // namespace detail

}  // namespace HEED_ABI
}  // namespace heed
