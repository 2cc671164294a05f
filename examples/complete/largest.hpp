// SPDX-License-Identifier: MIT
// The places of the largest of some numbers, the largest first.
//
//   complete::largest(Eigen::Vector4f(2, 9, 4, 9), 3);  // 3 1 2: of equal ones the later first
#pragma once

#include <heed/core/types.hpp>  // index

#include <algorithm>  // min, partial_sort
#include <numeric>    // iota
#include <vector>     // vector

namespace complete {

using heed::index;

inline std::vector<index> largest(const Eigen::VectorXf& values, index count) {
  std::vector<index> order(static_cast<std::size_t>(values.size()));
  std::iota(order.begin(), order.end(), index(0));
  const auto end = order.begin() + std::min(count, values.size());
  std::partial_sort(order.begin(), end, order.end(), [&](index a, index b) {
    return values[a] > values[b] || (!(values[b] > values[a]) && a > b);
  });
  order.erase(end, order.end());
  return order;
}

}  // namespace complete
