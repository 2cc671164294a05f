// SPDX-License-Identifier: MIT
// A layer reads memory, as the verb does.
// expect: heed: the x of a layer is an Eigen expression; store it or call .eval()
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const heed::multi_head_attention<float> mha({.model = 4, .heads = 1});
  const Eigen::MatrixXf x = Eigen::MatrixXf::Ones(2, 4);
  (void)mha(2 * x);
}
