// SPDX-License-Identifier: MIT
// Sums of a layer are formed in its scalar.
// expect: heed: the scalar of a layer must be float or double
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() { heed::qkv_projection<Eigen::half> project({.model = 4, .heads = 1}); }
