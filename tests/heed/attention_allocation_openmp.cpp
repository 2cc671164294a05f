// SPDX-License-Identifier: MIT
// The second call on OpenMP's threads allocates nothing; this program is built with OpenMP.
#include "support/allocations.hpp"

#include <heed/attention.hpp>

#include <gtest/gtest.h>

namespace {

TEST(attention_allocation_openmp, a_second_call_allocates_nothing) {
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(300, 32);
  Eigen::MatrixXf out(300, 32);
  heed::scratch scratch;
  for (const int threads : {1, 2, 5}) {
    const heed::openmp team{threads};
    EXPECT_EQ(
        support::second_call([&] { heed::attention(x, x, x, out, heed::on(team), heed::causal); }),
        0);
    EXPECT_EQ(support::second_call(
                  [&] { heed::attention(x, x, x, out, heed::on(team), heed::in(scratch)); }),
              0);
  }
}

}  // namespace
