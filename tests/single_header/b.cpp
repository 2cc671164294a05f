// SPDX-License-Identifier: MIT
// The other translation unit of a.cpp.
#include <Eigen/Core>

#include "heed.hpp"

float first_context(const Eigen::MatrixXf& q);

float first_context(const Eigen::MatrixXf& q) {
  return heed::attention(q, q, q, heed::causal)(0, 0);
}
