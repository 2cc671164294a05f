// SPDX-License-Identifier: MIT
// Token codes: a unit vector for every token, such that the product of any two is small.
//
// Random vectors would also work, but among thousands some pairs have a product of 0.4 in 128
// dimensions. These vectors are chirps: the wave 2π (a x + b x²) / p over x = 0 ... p - 1 for a prime
// p, one for each a and b. By Gauss's sum, the product of two of them is at most 1 / √p, and 0 if
// they have the same b.
#pragma once

#include <heed/core/types.hpp>  // matrix, index

#include <cmath>  // cos, sin, sqrt

namespace complete {

using heed::index;

// The least prime that is at least `least` and whose square is at least `square`.
inline index prime_for(index least, index square) {
  const auto is_prime = [](index n) {
    for (index d = 2; d * d <= n; ++d)
      if (n % d == 0) return false;
    return true;
  };
  index p = least;
  while (p * p < square || !is_prime(p)) ++p;
  return p;
}

// Unit rows whose products are at most 1 / √61 = 0.128 in size: (vocabulary, 122), and wider only
// for more than 61² tokens.
inline heed::matrix<float> token_codes(index vocabulary) {
  constexpr index least = 61;
  constexpr double full_turn = 6.283185307179586477;
  const index p = prime_for(least, vocabulary);
  const double length = 1 / std::sqrt(static_cast<double>(p));
  heed::matrix<float> codes(vocabulary, 2 * p);
  for (index token = 0; token < vocabulary; ++token)
    for (index x = 0; x < p; ++x) {
      const index a = token % p, b = token / p;
      const double angle =
          full_turn * static_cast<double>((a * x + b * x * x) % p) / static_cast<double>(p);
      codes(token, 2 * x) = static_cast<float>(length * std::cos(angle));
      codes(token, 2 * x + 1) = static_cast<float>(length * std::sin(angle));
    }
  return codes;
}

}  // namespace complete
