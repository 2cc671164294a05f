// SPDX-License-Identifier: MIT
// Nearest neighbours: the rows of a matrix that are most similar to a vector.
//
//   heed::nearest(vectors, question, 3);  // rows and scores: {{17, 0.71f}, {4, 0.65f}, {90, 0.65f}}
#pragma once

#include <heed/core/check.hpp>  // require

#include <algorithm>  // partial_sort
#include <cmath>      // isnan
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {

struct neighbour {
  index row;
  float score;

  friend bool operator==(const neighbour& a, const neighbour& b) {
    return a.row == b.row && detail::exactly_equal(a.score, b.score);
  }
};

// vectors: (rows, width), to: (width), a row or a column. The score is the inner product, which is the cosine
// for vectors of length 1. Returns at most `count` rows, the largest score first; of equal scores the lower row is
// first, and rows with the score NaN are left out. Throws shape_error if the widths differ or count is negative.
template <class Vectors, class To>
[[nodiscard]] std::vector<neighbour> nearest(const Vectors& vectors, const To& to, index count) {
  detail::require(to.size() == vectors.cols(), "heed::nearest: the vector has ", to.size(),
                  " elements, but vectors are ", detail::extent{vectors.rows(), vectors.cols()},
                  " (rows x width)");
  detail::require(count >= 0, "heed::nearest: count is ", count, "; it may not be negative");
  const Eigen::VectorXf scores = vectors * to.reshaped();
  std::vector<neighbour> all;
  all.reserve(static_cast<std::size_t>(scores.size()));
  for (index i = 0; i < scores.size(); ++i)
    if (!std::isnan(scores(i))) all.push_back({i, scores(i)});
  const auto some = (std::min)(count, static_cast<index>(all.size()));
  std::partial_sort(all.begin(), all.begin() + some, all.end(),
                    [](const neighbour& a, const neighbour& b) {
                      return a.score > b.score || (a.score >= b.score && a.row < b.row);
                    });
  all.resize(static_cast<std::size_t>(some));
  return all;
}

}  // namespace HEED_ABI
}  // namespace heed
