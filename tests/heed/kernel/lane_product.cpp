// SPDX-License-Identifier: MIT
// The micro-kernel: every size around its blocks, with guard values around the result.
#include <heed/kernel/lane_product.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace {

using heed::index;

template <class Scalar, class Start>
void sweep(Start start) {
  constexpr Scalar guard = 4321;
  const index size = heed::simd<Scalar>::size;
  for (index rows = 0; rows <= 27; ++rows)
    for (index packets = 1; packets <= heed::packets_per_block; ++packets)
      for (index depth = 0; depth <= 5; ++depth)
        for (const bool turned : {false, true}) {
          const index lanes = packets * size, pitch = lanes + 3;
          std::vector<Scalar> a(static_cast<std::size_t>(rows * depth + 1)),
              b(static_cast<std::size_t>(depth * pitch + 1)),
              c(static_cast<std::size_t>((rows + 2) * pitch), guard);
          // small integers: every sum is exact
          for (std::size_t i = 0; i < a.size(); ++i) a[i] = Scalar(int(i * 7 % 11) - 5);
          for (std::size_t i = 0; i < b.size(); ++i) b[i] = Scalar(int(i * 5 % 13) - 6);
          for (index i = 0; i < rows; ++i)
            for (index l = 0; l < lanes; ++l) c[std::size_t((i + 1) * pitch + l)] = Scalar(i + l);
          const heed::broadcast_side<Scalar> side{a.data(), turned ? 1 : depth, turned ? rows : 1};
          heed::lane_product<Scalar>({c.data() + pitch, pitch}, side, {b.data(), pitch}, rows,
                                     packets, depth, start);
          for (index i = -1; i <= rows; ++i)
            for (index l = 0; l < pitch; ++l) {
              Scalar want = guard;
              if (i >= 0 && i < rows && l < lanes) {
                want = std::is_same_v<Start, heed::from_memory> ? Scalar(i + l) : Scalar(0);
                for (index j = 0; j < depth; ++j)
                  want += side.data[i * side.row_stride + j * side.step] *
                          b[std::size_t(j * pitch + l)];
              }
              ASSERT_EQ(c[std::size_t((i + 1) * pitch + l)], want)
                  << rows << " " << packets << " " << depth;
            }
        }
}

TEST(lane_product, is_exact_on_integers) {
  sweep<float>(heed::from_zero{});
  sweep<float>(heed::from_memory{});
  sweep<double>(heed::from_zero{});
  sweep<double>(heed::from_memory{});
}

}  // namespace
