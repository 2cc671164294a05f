// SPDX-License-Identifier: MIT
// What the tests of caches share: numbers of any storage, bits compared, sentences of refusals.
#pragma once

#include <heed/core/types.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace support {

using heed::index;

using storages = ::testing::Types<float, double, Eigen::half, Eigen::bfloat16>;

template <class Scalar>
heed::matrix<Scalar> random(index rows, index cols) {
  return heed::matrix<double>::Random(rows, cols).cast<Scalar>();
}

template <class A, class B>
bool same_bits(const A& a, const B& b) {
  using Scalar = typename A::Scalar;
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  for (index i = 0; i < a.rows(); ++i)
    for (index j = 0; j < a.cols(); ++j) {
      const Scalar x = a(i, j), y = b(i, j);
      if (std::memcmp(&x, &y, sizeof(Scalar)) != 0) return false;
    }
  return true;
}

// The sentence of the refusal.
template <class Error, class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace support
