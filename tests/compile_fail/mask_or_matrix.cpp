// SPDX-License-Identifier: MIT
// A matrix alone does not say what it is.
// expect: heed: &&, || and ! join masks alone: a function of your own goes into heed::where, a matrix of bool into heed::keep; score rules (heed::soft_cap(c), heed::score(f)) and settings (heed::scale(s)) are arguments of their own
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  const Eigen::Matrix<bool, 2, 2> seen = Eigen::Matrix<bool, 2, 2>::Constant(true);
  heed::attention(q, q, q, out, seen || heed::causal);
}
