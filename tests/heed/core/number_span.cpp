// SPDX-License-Identifier: MIT
// Lists read numbers of any type from any contiguous range or Eigen vector.
#include <heed/core/number_span.hpp>

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <vector>

namespace {

TEST(list, reads_ranges_and_eigen_vectors) {
  const std::vector<int> v{1, 2, 3};
  const std::array<short, 3> a{1, 2, 3};
  const float c[] = {1, 2, 3};
  const Eigen::Vector3d e(1, 2, 3);
  Eigen::MatrixXf m(3, 3);
  m << 1, 9, 9, 2, 9, 9, 3, 9, 9;
  for (const auto& l :
       {heed::detail::number_span<double>(v), heed::detail::number_span<double>(a),
        heed::detail::number_span<double>(c), heed::detail::number_span<double>(std::span(v)),
        heed::detail::number_span<double>(e), heed::detail::number_span<double>(m.col(0)),
        heed::detail::number_span<double>(m.transpose().row(0))}) {
    ASSERT_EQ(l.size(), 3);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(l[i], i + 1);
  }
  EXPECT_FALSE(heed::detail::number_span<double>().given());
}

}  // namespace
