// SPDX-License-Identifier: MIT
// A normalisation that is chosen while the program runs.
#include "support/guarded.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/normalisation.hpp>

#include <gtest/gtest.h>

namespace {

using heed::matrix;
using heed::normalisation;
using support::refusal;

TEST(normalisation, is_the_one_that_is_held) {
  matrix<float> x(1, 2), y(1, 2), want(1, 2);
  x << 1, 7;
  normalisation<float> norm;
  EXPECT_FALSE(heed::has_norm(norm));
  heed::normalise(norm, x, y);
  EXPECT_EQ(y, x);
  norm = heed::layer_norm<float>({.model = 2, .epsilon = 0});
  EXPECT_TRUE(heed::has_norm(norm));
  heed::normalise(norm, x, y);
  want << -1, 1;
  EXPECT_EQ(y, want);
  norm = heed::rms_norm<float>({.model = 2, .epsilon = 0});
  EXPECT_TRUE(heed::has_norm(norm));
  heed::normalise(norm, x, x);
  want << 0.2f, 1.4f;
  EXPECT_LE((x - want).cwiseAbs().maxCoeff(), 1e-7f);
}

TEST(normalisation, copies_where_there_is_none) {
  const normalisation<double> none;
  using support::layout;
  for (const layout from : {layout::row_major, layout::column_major, layout::strided})
    for (const layout to : {layout::row_major, layout::column_major, layout::strided}) {
      support::guarded<double> x_memory(5, 9, from, 7), y_memory(5, 9, to, 8);
      auto x = x_memory.matrix();
      auto y = y_memory.matrix();
      x.setRandom();
      heed::normalise(none, x, y);
      EXPECT_TRUE(support::same_bits(x, y) && x_memory.intact() && y_memory.intact());
      heed::normalise(none, x, x);
      EXPECT_TRUE(support::same_bits(x, y));
    }
}

TEST(normalisation, refuses_what_does_not_fit) {
  const normalisation<float> none;
  const matrix<float> x = matrix<float>::Zero(3, 4);
  matrix<float> y(2, 4), both(3, 8);
  EXPECT_EQ(refusal([&] { heed::normalise(none, x, y); }),
            "heed::normalise: y is 2x4, but it must be 3x4");
  EXPECT_EQ(refusal([&] { heed::normalise(none, both.leftCols(4), both.middleCols(2, 4)); }),
            "heed::normalise: y (3x4) overlaps x (3x4) in memory");
}

}  // namespace
