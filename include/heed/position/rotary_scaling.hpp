// SPDX-License-Identifier: MIT
// Rotary frequencies, and the usual ways of stretching them to contexts longer than were trained.
//
//   heed::rotary_embedding<float> rope(
//       {.width = 64, .scaling = heed::yarn_scaling{.factor = 4, .original_positions = 4096}});
#pragma once

#include <heed/core/types.hpp>  // index

#include <algorithm>  // clamp, max, min
#include <cmath>      // pow, log, floor, ceil
#include <variant>    // variant, visit
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {

// Frequencies as trained: theta^(-2 i / width).
struct no_scaling {};

// Position interpolation: every position is divided by the factor.
// Chen et al., "Extending Context Window of Large Language Models via Position Interpolation",
// 2023.
struct linear_scaling {
  double factor = 1;
};

// NTK-aware: theta grows to theta * factor^(width / (width - 2)), so that the lowest frequency is
// divided by the factor and the highest is left alone (bloc97, 2023; see Peng et al. below).
struct ntk_scaling {
  double factor = 1;
};

// YaRN: frequencies that turn more than beta_fast times within the trained context stay, those that
// turn less than beta_slow times are divided by the factor, those between are mixed; the result is
// multiplied by attention_factor, 0.1 ln(factor) + 1 unless given.
// Peng et al., "YaRN: Efficient Context Window Extension of Large Language Models", 2023.
struct yarn_scaling {
  double factor = 1;
  double original_positions = 0;
  double beta_fast = 32;
  double beta_slow = 1;
  double attention_factor = 0;  // 0: 0.1 ln(factor) + 1
  bool truncate = true;         // the first and the last pair that are mixed are whole numbers
};

// Dynamic NTK: as long as a sequence has no more than original_positions tokens, frequencies are as
// trained; for one of n tokens theta grows to theta * (factor n / original_positions - factor + 1)^(width /
// (width - 2)) (emozilla, 2023; see Peng et al.).
struct dynamic_ntk_scaling {
  double factor = 1;
  double original_positions = 0;
};

// Llama 3: wavelengths below original_positions / high_frequency_factor stay, those above
// original_positions / low_frequency_factor are multiplied by the factor, those between are mixed.
// Grattafiori et al., "The Llama 3 Herd of Models", 2024, and its published code.
struct llama3_scaling {
  double factor = 8;
  double low_frequency_factor = 1;
  double high_frequency_factor = 4;
  double original_positions = 8192;
};

// LongRoPE: each frequency is divided by a factor of its own, of short_factors for sequences of at most
// original_positions tokens, of long_factors for longer ones; the result is multiplied by
// attention_factor. Ding et al., "LongRoPE: Extending LLM Context Window Beyond 2 Million Tokens", 2024.
struct longrope_scaling {
  std::vector<double> short_factors;  // (width / 2)
  std::vector<double> long_factors;   // (width / 2)
  double original_positions = 0;
  double attention_factor = 1;
};

using rotary_scaling = std::variant<no_scaling, linear_scaling, ntk_scaling, yarn_scaling,
                                    dynamic_ntk_scaling, llama3_scaling, longrope_scaling>;

namespace detail {

inline constexpr double full_turn = 6.283185307179586477;  // 2 π

// Writes the radians a position of each pair of columns to `to`, (width / 2), and returns the length that
// a rotated pair is multiplied by.
inline double plain_frequencies(index width, double theta, double* to) {
  for (index i = 0; i < width / 2; ++i)
    to[i] = std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(width));
  return 1;
}

// The same with a scaling, for a sequence of so many tokens.
inline double scaled_frequencies(index width, double theta, const no_scaling&, index, double* to) {
  return plain_frequencies(width, theta, to);
}

inline double scaled_frequencies(index width, double theta, const linear_scaling& s, index,
                                 double* to) {
  plain_frequencies(width, theta, to);
  for (index i = 0; i < width / 2; ++i) to[i] /= s.factor;
  return 1;
}

inline double scaled_frequencies(index width, double theta, const ntk_scaling& s, index,
                                 double* to) {
  const auto w = static_cast<double>(width);
  return plain_frequencies(width, width > 2 ? theta * std::pow(s.factor, w / (w - 2)) : theta, to);
}

inline double scaled_frequencies(index width, double theta, const yarn_scaling& s, index,
                                 double* to) {
  plain_frequencies(width, theta, to);
  // The pair that turns `turns` times within the trained context.
  const auto pair_of = [&](double turns) {
    return static_cast<double>(width) * std::log(s.original_positions / (turns * full_turn)) /
           (2 * std::log(theta));
  };
  const auto whole = [&](double pair, double rounded) { return s.truncate ? rounded : pair; };
  const double fast = pair_of(s.beta_fast), slow_pair = pair_of(s.beta_slow);
  const double low = (std::max)(whole(fast, std::floor(fast)), 0.0);
  double high = (std::min)(whole(slow_pair, std::ceil(slow_pair)), static_cast<double>(width) - 1);
  // A step, not a division by 0. Below 0, as a short trained context gives it, all pairs stay as they are.
  if (exactly_equal(high, low)) high = low + 0.001;
  for (index i = 0; i < width / 2; ++i) {
    const double slow = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    to[i] *= slow / s.factor + (1 - slow);
  }
  if (s.attention_factor > 0) return s.attention_factor;
  return s.factor > 1 ? 0.1 * std::log(s.factor) + 1 : 1;
}

inline double scaled_frequencies(index width, double theta, const dynamic_ntk_scaling& s,
                                 index tokens, double* to) {
  const double times = static_cast<double>(tokens) / s.original_positions;
  if (times <= 1 || width <= 2) return plain_frequencies(width, theta, to);
  const auto w = static_cast<double>(width);
  const double growth = s.factor * times - (s.factor - 1);
  return plain_frequencies(width, theta * std::pow(growth, w / (w - 2)), to);
}

inline double scaled_frequencies(index width, double theta, const llama3_scaling& s, index,
                                 double* to) {
  plain_frequencies(width, theta, to);
  for (index i = 0; i < width / 2; ++i) {
    // How many times the pair turns within the trained context.
    const double turns = s.original_positions * to[i] / full_turn;
    const double share = std::clamp(
        (turns - s.low_frequency_factor) / (s.high_frequency_factor - s.low_frequency_factor), 0.0,
        1.0);
    to[i] = (1 - share) * to[i] / s.factor + share * to[i];
  }
  return 1;
}

inline double scaled_frequencies(index width, double theta, const longrope_scaling& s, index tokens,
                                 double* to) {
  plain_frequencies(width, theta, to);
  const auto& factors =
      static_cast<double>(tokens) > s.original_positions ? s.long_factors : s.short_factors;
  for (index i = 0; i < width / 2; ++i) to[i] /= factors[static_cast<std::size_t>(i)];
  return s.attention_factor;
}

inline double rotary_frequencies(index width, double theta, const rotary_scaling& scaling,
                                 index tokens, double* to) {
  return std::visit(
      [&](const auto& s) { return detail::scaled_frequencies(width, theta, s, tokens, to); },
      scaling);
}

// Whether the frequencies depend on how long a sequence is.
inline bool depends_on_length(const rotary_scaling& scaling) {
  return std::holds_alternative<dynamic_ntk_scaling>(scaling) ||
         std::holds_alternative<longrope_scaling>(scaling);
}

}  // namespace detail

}  // namespace HEED_ABI
}  // namespace heed
