// SPDX-License-Identifier: MIT
// A plain multiply-add has the bits of a lane of the vector one.
#include <heed/simd/simd.hpp>

#include <gtest/gtest.h>

namespace {

template <class Scalar>
void agrees() {
  using s = heed::detail::simd<Scalar>;
  Scalar lanes[static_cast<std::size_t>(s::size)];
  for (int i = 1; i < 200; ++i) {
    const Scalar a = 1 / Scalar(i), b = Scalar(i) / 7, c = -a * b;
    s::store(lanes, s::multiply_add(s::broadcast(a), s::broadcast(b), s::broadcast(c)));
    EXPECT_EQ(heed::detail::fused(a, b, c), lanes[0]) << i;
  }
}

TEST(fused, rounds_as_vectors_do) {
  agrees<float>();
  agrees<double>();
}

}  // namespace
