// SPDX-License-Identifier: MIT
// What the tests of caches share: storages, and numbers of any of them.
#pragma once

#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <gtest/gtest.h>

namespace support {

using storages = ::testing::Types<float, double, Eigen::half, Eigen::bfloat16>;

template <class Scalar>
heed::matrix<Scalar> random(heed::index rows, heed::index cols) {
  return heed::matrix<double>::Random(rows, cols).cast<Scalar>();
}

}  // namespace support
