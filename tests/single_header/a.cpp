// SPDX-License-Identifier: MIT
// The one file and its verb; b.cpp makes the same call in a second translation unit.
#include <Eigen/Core>

#include "heed.hpp"

float first_context(const Eigen::MatrixXf& q);

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Identity(3, 4);
  const Eigen::MatrixXf out = heed::attention(q, q, q, heed::causal);
  return heed::detail::exactly_equal(out(0, 0), 1.f) &&
                 heed::detail::exactly_equal(first_context(q), 1.f)
             ? 0
             : 1;
}
