// SPDX-License-Identifier: MIT
// Copies between every pair of layouts and types, at every size around a packet, with guards.
#include <heed/storage/copy.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {

using heed::index;
using heed::detail::view;

// Four layouts of a (rows, cols) matrix in memory with gaps.
struct layout {
  index row_stride, col_stride;
};
std::vector<layout> layouts(index rows, index cols) {
  return {{cols + 3, 1}, {1, rows + 2}, {2 * cols + 1, 2}, {3, 3 * rows + 1}};
}

template <class To, class From>
void sweep() {
  using Scalar = heed::detail::copy_scalar<To, From>;
  const index size = heed::detail::simd<Scalar>::size;
  constexpr int room = 4096;
  for (const index rows : {index(0), index(1), size - 1, size, size + 1, 2 * size + 1})
    for (const index cols : {index(0), index(1), size, size + 1, 2 * size + 1})
      for (const layout& from_layout : layouts(rows, cols))
        for (const layout& to_layout : layouts(rows, cols)) {
          std::vector<From> source(room);
          for (int i = 0; i < room; ++i)
            source[std::size_t(i)] = static_cast<From>(float(i % 61 - 30) / 4);
          std::vector<To> result(room, static_cast<To>(99.0f)), want = result;
          const view<const From> from{source.data(), rows, cols, from_layout.row_stride,
                                      from_layout.col_stride};
          const view<To> to{result.data() + 5, rows, cols, to_layout.row_stride,
                            to_layout.col_stride};
          for (index i = 0; i < rows; ++i)
            for (index j = 0; j < cols; ++j)
              want[std::size_t(5 + i * to.row_stride + j * to.col_stride)] =
                  static_cast<To>(Scalar(0.5) * static_cast<Scalar>(from(i, j)));
          heed::detail::copy(to, from, Scalar(0.5));
          ASSERT_EQ(result, want) << rows << "x" << cols << " from " << from.row_stride << ","
                                  << from.col_stride << " to " << to.row_stride << ","
                                  << to.col_stride;
        }
}

TEST(copy, is_exact_between_any_layouts_and_types) {
  sweep<float, float>();
  sweep<double, double>();
  sweep<float, Eigen::half>();
  sweep<Eigen::half, float>();
  sweep<float, Eigen::bfloat16>();
  sweep<Eigen::bfloat16, float>();
}

// Every number that half and bfloat16 can hold, infinities and subnormal numbers among them.
template <class Small>
void widens_everything() {
  std::vector<Small> all(65536);
  for (std::uint32_t i = 0; i < 65536; ++i)
    all[i] = Eigen::numext::bit_cast<Small>(static_cast<std::uint16_t>(i));
  std::vector<float> wide(all.size());
  heed::detail::copy(view<float>{wide.data(), 1, 65536, 65536, 1},
                     view<const Small>{all.data(), 1, 65536, 65536, 1});
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto want = static_cast<float>(all[i]);
    if (std::isnan(want))
      EXPECT_TRUE(std::isnan(wide[i]));
    else
      EXPECT_EQ(wide[i], want);
  }
}

TEST(copy, widens_every_number_of_the_smaller_types) {
  widens_everything<Eigen::half>();
  widens_everything<Eigen::bfloat16>();
}

}  // namespace
