// SPDX-License-Identifier: MIT
// The micro-kernel: every size around its blocks, with guard values around the result.
#include <heed/kernel/lane_product.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace {

using heed::index;

// a in memory as Layout says.
template <class Layout, class Scalar>
heed::broadcast_side<Scalar, Layout> side(const Scalar* a, index rows, index depth) {
  return {a, Layout::by_rows ? depth : rows};
}

// b as `lanes` (given its data), against sums of small integers, which are exact.
template <class Scalar, class Layout, class Lanes>
void sweep(const Lanes& lanes_of) {
  constexpr Scalar guard = 4321;
  using s = heed::simd<Scalar>;
  const index most = heed::packets_per_block * s::size;
  const index pitch_of_b = lanes_of(nullptr).pitch;
  std::vector<Scalar> factors(static_cast<std::size_t>(most));
  for (index l = 0; l < most; ++l) factors[std::size_t(l)] = Scalar(l % 3 - 1);
  for (index rows = 0; rows <= 27; ++rows)
    for (index packets = 1; packets <= heed::packets_per_block; ++packets)
      for (index depth = 0; depth <= 9; ++depth)
        for (const char* start : {"zero", "memory", "scaled"}) {
          const index lanes = packets * s::size, pitch = lanes + 3;
          std::vector<Scalar> a(static_cast<std::size_t>(rows * depth + 1)),
              b(static_cast<std::size_t>(depth * pitch_of_b + most)),
              c(static_cast<std::size_t>((rows + 2) * pitch), guard);
          for (std::size_t i = 0; i < a.size(); ++i) a[i] = Scalar(int(i * 7 % 11) - 5);
          for (std::size_t i = 0; i < b.size(); ++i) b[i] = Scalar(int(i * 5 % 13) - 6);
          for (index i = 0; i < rows; ++i)
            for (index l = 0; l < lanes; ++l) c[std::size_t((i + 1) * pitch + l)] = Scalar(i + l);
          const auto multiply = [&](const auto& begin) {
            heed::lane_product<Scalar>({c.data() + pitch, pitch},
                                       side<Layout>(a.data(), rows, depth), lanes_of(b.data()),
                                       rows, packets, depth, begin);
          };
          if (start[0] == 'z') multiply(heed::from_zero<Scalar>{});
          if (start[0] == 'm') multiply(heed::from_memory<Scalar>{});
          if (start[0] == 's') multiply(heed::onto_scaled<Scalar>{factors.data()});
          for (index i = -1; i <= rows; ++i)
            for (index l = 0; l < pitch; ++l) {
              Scalar want = guard;
              if (i >= 0 && i < rows && l < lanes) {
                want = start[0] == 'z'   ? Scalar(0)
                       : start[0] == 'm' ? Scalar(i + l)
                                         : Scalar(i + l) * factors[std::size_t(l)];
                for (index j = 0; j < depth; ++j)
                  want += a[std::size_t(Layout::by_rows ? i * depth + j : j * rows + i)] *
                          b[std::size_t(j * pitch_of_b + l)];
              }
              ASSERT_EQ(c[std::size_t((i + 1) * pitch + l)], want)
                  << rows << " " << packets << " " << depth << " " << start;
            }
        }
}

template <class Scalar>
void sweep_layouts() {
  const auto packed = [](const Scalar* b) { return heed::packed_lanes<Scalar>{b}; };
  const auto spread = [](const Scalar* b) { return heed::lane_side<const Scalar>{b, 37}; };
  sweep<Scalar, heed::along_rows>(packed);
  sweep<Scalar, heed::along_rows>(spread);
  sweep<Scalar, heed::along_columns>(packed);
  sweep<Scalar, heed::along_columns>(spread);
}

TEST(lane_product, is_exact_on_integers) {
  sweep_layouts<float>();
  sweep_layouts<double>();
}

}  // namespace
