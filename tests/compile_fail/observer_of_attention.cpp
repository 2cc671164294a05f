// SPDX-License-Identifier: MIT
// What sees the weights of a model is nothing for a single call, which has heed::weights.
// expect: heed: this argument is no modifier
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, out, heed::observe_weights([](heed::index, const auto&) {}));
}
