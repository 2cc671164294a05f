// SPDX-License-Identifier: MIT
// A cache rounds float to half, since half's sums are float; double it leaves to the caller.
// expect: heed: a cache takes its own scalar, and float where it holds half, bfloat16 or 8-bit integers; .cast<>() to one of them
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXd k = Eigen::MatrixXd::Ones(2, 4);
  heed::kv_cache<Eigen::half> cache({.capacity = 2, .width = 4});
  cache.append(k, k);
}
