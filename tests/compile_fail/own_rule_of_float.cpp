// SPDX-License-Identifier: MIT
// The same of a score rule that is no heed::score.
// expect: heed: a function in heed::score takes a type that cannot hold the scores of this call, and each would be rounded; let the function take auto or double
#include <Eigen/Core>
#include <heed/heed.hpp>

struct halves {
  using heed_kind = heed::score_kind;
  float operator()(float s, heed::at) const { return s / 2; }
};

int main() {
  const Eigen::MatrixXd q = Eigen::MatrixXd::Ones(2, 4);
  (void)heed::attention(q, q, q, halves{});
}
