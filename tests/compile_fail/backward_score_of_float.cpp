// SPDX-License-Identifier: MIT
// A derivative is not guessed.
// expect: heed: a function in heed::score takes a plain number, so that its derivative is not known; let the function take auto, or give its derivative too: heed::score(f, df)
#include <Eigen/Core>
#include <heed/attention.hpp>
#include <heed/attention_backward.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4), lse(2, 1), d_q(2, 4), d_k(2, 4), d_v(2, 4);
  heed::attention_backward(q, q, q, out, lse, out, d_q, d_k, d_v,
                           heed::score([](float s, heed::at) { return s; }));
}
