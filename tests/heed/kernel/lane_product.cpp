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
template <int Packets, class Scalar, class Layout, class Lanes>
void sweep(const Lanes& lanes_of) {
  constexpr Scalar guard = 4321;
  constexpr index lanes = Packets * heed::simd<Scalar>::size, pitch = lanes + 3;
  const index pitch_of_b = lanes_of(nullptr).pitch;
  std::vector<Scalar> factors(static_cast<std::size_t>(lanes));
  for (index l = 0; l < lanes; ++l) factors[std::size_t(l)] = Scalar(l % 3 - 1);
  for (index rows = 0; rows <= 27; ++rows)
    for (const index depth : {0, 1, 2, 3, 4, 5, 9})
      for (const char* start : {"zero", "memory", "scaled"}) {
        std::vector<Scalar> a(static_cast<std::size_t>(rows * depth + 1)),
            b(static_cast<std::size_t>(depth * pitch_of_b + lanes)),
            c(static_cast<std::size_t>((rows + 2) * pitch), guard);
        for (std::size_t i = 0; i < a.size(); ++i) a[i] = Scalar(int(i * 7 % 11) - 5);
        for (std::size_t i = 0; i < b.size(); ++i) b[i] = Scalar(int(i * 5 % 13) - 6);
        for (index i = 0; i < rows; ++i)
          for (index l = 0; l < lanes; ++l) c[std::size_t((i + 1) * pitch + l)] = Scalar(i + l);
        const auto multiply = [&](const auto& begin) {
          heed::lane_product<Packets>(heed::lane_side<Scalar>{c.data() + pitch, pitch},
                                      side<Layout>(a.data(), rows, depth), lanes_of(b.data()), rows,
                                      depth, begin);
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
                << rows << " " << Packets << " " << depth << " " << start;
          }
      }
}

template <int Packets, class Scalar>
void sweep_layouts() {
  const auto packed = [](const Scalar* b) { return heed::packed_lanes<Scalar, Packets>{b}; };
  const auto spread = [](const Scalar* b) {
    return heed::lane_side<const Scalar>{b, Packets * heed::simd<Scalar>::size + 5};
  };
  sweep<Packets, Scalar, heed::along_rows>(packed);
  sweep<Packets, Scalar, heed::along_rows>(spread);
  if constexpr (Packets <= heed::packets_per_block) {  // others have few rows, as they lie
    sweep<Packets, Scalar, heed::along_columns>(packed);
    sweep<Packets, Scalar, heed::along_columns>(spread);
  }
}

template <class Scalar>
void sweep_packets() {
  sweep_layouts<1, Scalar>();
  sweep_layouts<2, Scalar>();
  sweep_layouts<4, Scalar>();
  sweep_layouts<8, Scalar>();
}

TEST(lane_product, is_exact_on_integers) {
  sweep_packets<float>();
  sweep_packets<double>();
}

}  // namespace
