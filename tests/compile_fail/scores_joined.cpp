// SPDX-License-Identifier: MIT
// Two score rules apply one after the other.
// expect: heed: &&, || and ! join masks alone: a function of your own goes into heed::where, a matrix of bool into heed::keep; score rules (heed::soft_cap(c), heed::score(f)) and settings (heed::scale(s)) are arguments of their own
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, out, heed::alibi && heed::soft_cap(3));
}
