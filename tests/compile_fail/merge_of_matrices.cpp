// SPDX-License-Identifier: MIT
// Four matrices do not say which two belong together.
// expect: heed::merge takes parts: heed::merge(heed::partial(out, lse), heed::partial(other_out, other_lse))
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  Eigen::MatrixXf out(2, 4), lse(2, 1);
  heed::merge(out, lse, out, lse);
}
