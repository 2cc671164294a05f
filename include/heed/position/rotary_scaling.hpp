// SPDX-License-Identifier: MIT
// Rotary frequencies, and the usual ways of stretching them to contexts longer than were trained.
//
//   heed::rotary_frequencies(64, 10000, heed::yarn_scaling{.factor = 4, .original_positions =
//   4096});
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
};

using rotary_scaling = std::variant<no_scaling, linear_scaling, ntk_scaling, yarn_scaling>;

namespace detail {

// Radians a position for each pair of columns, and the length that a rotated pair is multiplied by.
struct rotary_angles {
  std::vector<double> frequencies;  // (width / 2)
  double length = 1;
};

inline rotary_angles plain_frequencies(index width, double theta) {
  rotary_angles angles;
  for (index i = 0; i < width / 2; ++i)
    angles.frequencies.push_back(
        std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(width)));
  return angles;
}

inline rotary_angles scaled_frequencies(index width, double theta, const no_scaling&) {
  return plain_frequencies(width, theta);
}

inline rotary_angles scaled_frequencies(index width, double theta, const linear_scaling& s) {
  rotary_angles angles = plain_frequencies(width, theta);
  for (double& f : angles.frequencies) f /= s.factor;
  return angles;
}

inline rotary_angles scaled_frequencies(index width, double theta, const ntk_scaling& s) {
  const auto w = static_cast<double>(width);
  return plain_frequencies(width, width > 2 ? theta * std::pow(s.factor, w / (w - 2)) : theta);
}

inline rotary_angles scaled_frequencies(index width, double theta, const yarn_scaling& s) {
  rotary_angles angles = plain_frequencies(width, theta);
  // The pair that turns `turns` times within the trained context.
  const auto pair_of = [&](double turns) {
    constexpr double full_turn = 6.283185307179586477;
    return static_cast<double>(width) * std::log(s.original_positions / (turns * full_turn)) /
           (2 * std::log(theta));
  };
  const double low = (std::max)(std::floor(pair_of(s.beta_fast)), 0.0);
  double high = (std::min)(std::ceil(pair_of(s.beta_slow)), static_cast<double>(width) - 1);
  if (high <= low) high = low + 0.001;  // a step, not a division by 0
  for (std::size_t i = 0; i < angles.frequencies.size(); ++i) {
    const double slow = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    angles.frequencies[i] *= slow / s.factor + (1 - slow);
  }
  angles.length = s.attention_factor > 0 ? s.attention_factor
                                         : (s.factor > 1 ? 0.1 * std::log(s.factor) + 1 : 1);
  return angles;
}

inline rotary_angles rotary_frequencies(index width, double theta, const rotary_scaling& scaling) {
  return std::visit([&](const auto& s) { return detail::scaled_frequencies(width, theta, s); },
                    scaling);
}

}  // namespace detail

}  // namespace HEED_ABI
}  // namespace heed
