// SPDX-License-Identifier: MIT
// Matrices compared bit by bit, -0 and NaN included.
#pragma once

#include <heed/core/types.hpp>

#include <cstring>

namespace support {

template <class A, class B>
bool same_bits(const A& a, const B& b) {
  using Scalar = typename A::Scalar;
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  for (heed::index i = 0; i < a.rows(); ++i)
    for (heed::index j = 0; j < a.cols(); ++j) {
      const Scalar x = a(i, j), y = b(i, j);
      if (std::memcmp(&x, &y, sizeof(Scalar)) != 0) return false;
    }
  return true;
}

}  // namespace support
